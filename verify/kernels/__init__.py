"""Experiments: infinite-width kernels."""
