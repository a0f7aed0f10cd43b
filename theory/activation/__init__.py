"""Formulas and statements: activation lengths and the constants that set their scale."""
