"""Formulas and statements: gradients with respect to parameters."""
