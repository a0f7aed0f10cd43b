"""Experiments: gradients with respect to parameters."""
