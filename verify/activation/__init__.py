"""Experiments: activation lengths and the constants that set their scale."""
