"""The integrand shared by the moments and the probabilities: p(x) e^{-beta x^2/2} H(x)^n.

H is Phi on the real line, or F = 2 Phi - 1 (folded) or G = 2 - 2 Phi on x >= 0; p is a polynomial
with non-negative coefficients. With p_t(x) = x^{t-1} + (t-1) x^{t-3} + (t-1)(t-3) x^{t-5} + ...,
integration by parts gives (docs/constants.md, "Moments by one integral")

    E Xi_K^t = a_t + K(K-1)/(2 pi) int p_t e^{-x^2} Phi^{K-2},
    E max(chi^2_1)^t = a_{2t} + 4K(K-1)/(2 pi) int_{x>0} p_{2t} e^{-x^2} F^{K-2},

a_t = (t-1)!! for even t and 0 for odd t.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from flint import arb, arb_poly

Coefficients = tuple[int, ...]


def by_parts(order: int) -> tuple[int, Coefficients]:
    """(a_t, p_t): the number and the polynomial above, coefficients constant first."""
    coefficients = [0] * order
    factor = 1
    for power in range(order - 1, -1, -2):
        coefficients[power] = factor
        factor *= power
    return (0 if order % 2 else double_factorial(order - 1)), tuple(coefficients)


def double_factorial(n: int) -> int:
    """n (n-2) (n-4) ..., 1 for n <= 0."""
    return math.prod(range(n, 0, -2))


@dataclass(frozen=True)
class Weighted:
    """p(x) e^{-beta x^2/2} H(x)^power.

    Attributes:
      weight: coefficients of p, constant first, all >= 0.
      beta: positive ball; 2 for the moments, (1 - rho)/rho for the probabilities.
      power: n.
      size: lower bound, or guess, of what the integral is added to; errors need only be small
        against the sum.
    """

    weight: Coefficients
    beta: arb
    power: int
    size: float = 0.0

    @property
    def polynomial(self) -> arb_poly:
        return arb_poly(list(self.weight))

    @property
    def degree(self) -> int:
        return len(self.weight) - 1

    def log_weight(self, x: float) -> float:
        """ln p(x) for x > 0, for choosing parameters; orders whose p overflows are no trouble."""
        logs = [math.log(c) + k * math.log(x) for k, c in enumerate(self.weight) if c]
        top = max(logs)
        return top + math.log(sum(math.exp(v - top) for v in logs))
