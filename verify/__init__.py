"""Statements checked against sampled networks (PyTorch)."""
