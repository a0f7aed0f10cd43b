"""Values: gradients with respect to parameters."""
