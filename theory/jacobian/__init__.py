"""Formulas and statements: the input-output Jacobian."""
