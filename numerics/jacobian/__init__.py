"""Values: the input-output Jacobian."""
