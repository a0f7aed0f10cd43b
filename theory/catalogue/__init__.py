"""The catalogue of statements, one module per subject."""
