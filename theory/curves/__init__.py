"""Formulas and statements: images of curves and their breakpoints."""
