"""Formulas and statements: typical sizes against means."""
