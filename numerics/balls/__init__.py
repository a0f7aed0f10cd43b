"""Certified values: expressions in Arb balls, and the integrals that those need."""
