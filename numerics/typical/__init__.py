"""Values: typical sizes against means."""
