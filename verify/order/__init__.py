"""Experiments: order statistics."""
