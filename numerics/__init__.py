"""Values of what the theory states: closed forms in balls, certified and naive quadrature, float64."""
