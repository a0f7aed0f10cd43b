"""Experiments: typical sizes against means."""
