"""Exact expressions and statements about maxout networks. SymPy only: no floats, no I/O."""
