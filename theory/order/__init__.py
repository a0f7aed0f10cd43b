"""Formulas and statements: order statistics."""
