"""Formulas and statements: linear regions."""
