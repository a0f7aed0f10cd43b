"""Formulas and statements: infinite-width kernels."""
