"""Experiments: images of curves and their breakpoints."""
