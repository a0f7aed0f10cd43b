"""Values: order statistics."""
