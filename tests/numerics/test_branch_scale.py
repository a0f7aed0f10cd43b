"""The branch's factor keeps what it says, by recursions that are written out here."""

import math

import numpy as np
import pytest

from maxout.numerics.jacobian.branch_scale import KINDS, branch_scale, growth
from maxout.numerics.order.order_moments import moment
from maxout.theory.errors import MaxoutError


def moments(rank: int) -> tuple[float, float]:
    return float(moment(rank, 1)), float(moment(rank, 2))


def grown(kind: str, rank: int, blocks: int, beta: float, c: float) -> float:
    """Block by block, with |x|^2 = n and u across x."""
    mean, second = moments(rank)
    variance = second - mean**2
    v, m, u = 1.0, 0.0, 1.0
    for _ in range(blocks):
        added = beta * math.sqrt(c * v)
        if kind == "plain":
            v, m = v + 2 * added * mean * m + added**2 * second, m + added * mean
        elif kind == "linear":
            v += added**2 * second
        elif kind == "normalized":
            u, v = u + beta**2 * u / (variance * v), v + beta**2
        else:
            u, v = u + beta**2 * c * u / v, v + beta**2 * c * variance
    return v if kind in ("plain", "linear") else u


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("rank", "blocks", "c"), [(2, 1, None), (3, 7, 0.3), (5, 40, 1.9)])
def test_so_many_blocks_stay_within_e(kind: str, rank: int, blocks: int, c: float | None) -> None:
    found = branch_scale(kind, rank, blocks, c)
    exact = c or 1 / moments(rank)[1]
    # Some hundred roundings, and the root's 12 digits, which the growth hardly magnifies.
    assert found.factor == pytest.approx(grown(kind, rank, blocks, found.beta, exact), rel=1e-10)
    expected = (1 + 1 / blocks) ** blocks if kind == "linear" else math.e
    assert found.factor == pytest.approx(expected, rel=1e-10)
    assert found.factor < math.e * (1 + 1e-10)
    assert found.unscaled == pytest.approx(grown(kind, rank, blocks, 1.0, exact), rel=1e-10)


def test_the_orders_of_the_factor_in_the_depth() -> None:
    """1/L where the maximum ends the branch, 1/sqrt(L) elsewhere."""
    for kind in KINDS:
        small, large = (branch_scale(kind, 5, blocks).beta for blocks in (100, 400))
        order = math.log(small / large) / math.log(4)
        assert order == pytest.approx(1.0 if kind == "plain" else 0.5, abs=0.05), kind


@pytest.mark.parametrize(("rank", "expected"), [(2, 2.904), (3, 3.352), (5, 3.650), (10, 3.826)])
def test_growth_of_a_block_at_its_fixed_point(rank: int, expected: float) -> None:
    """t sqrt(g(t)) = t + d by its roots, and by 60 blocks."""
    mean, second = moments(rank)
    d = mean / math.sqrt(second)
    # t^2 (2 + 2 d t) = (t + d)^2
    roots = np.roots([2 * d, 1, -2 * d, -(d**2)])
    (t,) = (r.real for r in roots if abs(r.imag) < 1e-12 and r.real > 0)
    found = growth("plain", rank, 61, 1) / growth("plain", rank, 60, 1)
    assert found == pytest.approx(2 + 2 * d * t, rel=1e-10)
    assert round(found, 3) == expected


@pytest.mark.parametrize(("rank", "expected"), [(2, 14.008), (3, 21.473), (5, 36.981)])
def test_growth_of_six_normalized_blocks(rank: int, expected: float) -> None:
    assert round(growth("normalized", rank, 6, 1), 3) == expected


def test_what_cannot_be_asked() -> None:
    for wrong in (
        {"kind": "none"},
        {"blocks": 0},
        {"rank": 0},
        {"blocks": 10**9},
    ):
        with pytest.raises(MaxoutError):
            branch_scale(**{"kind": "plain", "rank": 3, "blocks": 4, **wrong})
