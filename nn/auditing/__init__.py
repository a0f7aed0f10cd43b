"""Audit of existing weights: what they do to activations and gradients, and what to change."""
