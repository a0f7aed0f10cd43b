"""Write init/table.py: M_K = E[Ξ_K²] in float64, K = 1 to 128, from certified values.

Run it with the package installed: ``python tools/make_table.py``. The table audits itself on the
way, in exact arithmetic, or nothing is written:

* both ends of the enclosure of M_K round to the float that is written;
* the 128 enclosures, which are computed one by one, satisfy the identity that ties them together,
  M_K = -Σ_{j=1..K} (-1)^j C(K, j) M_j. Its terms reach 10^{0.3 K} times their sum, so that an error
  in any M_j far below a float's last digit would show at K = 128.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb
from pathlib import Path

from maxout.numerics.order.order_moments import moment

LARGEST = 128
DIGITS = 60  # 38 are lost in the identity at K = 128
TABLE = Path(__file__).resolve().parents[1] / "init" / "table.py"
HEADER = '''"""M_K = E[Ξ_K²], Ξ_K the largest of K standard normals, for K = 1, 2, 3, ...

Correctly rounded; written, and audited against certified values, by tools/make_table.py.
"""

SECOND_MOMENTS: tuple[float, ...] = (
'''


def certified() -> list[tuple[Fraction, Fraction]]:
    """Proved lower and upper ends of M_1, ..., M_128."""
    found = []
    for rank in range(1, LARGEST + 1):
        enclosure = moment(rank, order=2, digits=DIGITS)
        if not enclosure.certified:
            raise ArithmeticError(f"M_{rank} is not certified: {enclosure}")
        middle, radius = Fraction(enclosure.midpoint), Fraction(enclosure.radius)
        found.append((middle - radius, middle + radius))
    return found


def rounded(lower: Fraction, upper: Fraction) -> float:
    """The float that everything between two fractions rounds to."""
    if float(lower) != float(upper):
        raise ArithmeticError(f"{DIGITS} digits do not decide how to round {float(lower)!r}")
    return float(lower)


def check_identity(enclosures: list[tuple[Fraction, Fraction]]) -> None:
    """Raise ArithmeticError unless every M_K agrees with the alternating sum of M_1 to M_K.

    An even moment of the largest of K is -Σ_j (-1)^j C(K, j) times that of the largest of j: by
    symmetry it is the moment of the smallest, and inclusion and exclusion express that.
    """
    for rank in range(2, len(enclosures) + 1):
        terms = [((-1) ** (j + 1) * comb(rank, j), *enclosures[j - 1]) for j in range(1, rank + 1)]
        lower = sum(a * (low if a > 0 else high) for a, low, high in terms)
        upper = sum(a * (high if a > 0 else low) for a, low, high in terms)
        known = enclosures[rank - 1]
        if lower > known[1] or known[0] > upper:
            raise ArithmeticError(f"M_1 to M_{rank} contradict each other")
        if upper - lower > Fraction(1, 10**18):
            raise ArithmeticError(f"{DIGITS} digits are too few to audit M_{rank}")


def text(enclosures: list[tuple[Fraction, Fraction]]) -> str:
    """The text of init/table.py, after the audit."""
    check_identity(enclosures)
    values = [repr(rounded(*pair)) for pair in enclosures]
    return HEADER + "".join(f"    {value},\n" for value in values) + ")\n"


if __name__ == "__main__":
    TABLE.write_text(text(certified()))
    print(f"{TABLE.name}: {LARGEST} values")
