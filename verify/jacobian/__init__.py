"""Experiments: the input-output Jacobian."""
