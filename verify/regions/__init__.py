"""Experiments: linear regions."""
