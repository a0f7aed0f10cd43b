"""Values of what the theory states: closed forms in balls, quadrature, float64."""
