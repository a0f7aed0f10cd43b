"""Values: images of curves and their breakpoints."""
