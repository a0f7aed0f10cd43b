"""The second moment of the tangent kernel's diagonal: known values, special cases, a ladder."""

from __future__ import annotations

import pytest
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.theory import symbols
from maxout.theory.errors import MaxoutError
from maxout.theory.kernels import diagonal_second, tangent_diagonal
from maxout.theory.network import Network


def value(expression: sp.Expr, network: Network, norm: str = "17/10") -> float:
    return float(enclose(expression, {**network.environment(), symbols.x_norm: sp.Rational(norm)}))


def zero(*sizes: int, rank: int, c: str | None = None) -> Network:
    inputs, *widths, outputs = sizes
    return Network(inputs, widths, outputs, rank, c and sp.Rational(c), bias="zero")


CASES = {  # E tr K and E (tr K)^2 of another derivation, and of simulated networks
    (zero(6, 8, 5, 7, 1, rank=4), "17/10"): ("10.065639", "154.00408"),
    (zero(4, 10, 10, 1, rank=2, c="4/5"), "1"): ("4.4", "24.49920"),
    (zero(5, 12, 9, 8, 10, 1, rank=5), "13/10"): ("10.113839", "146.17332"),
    (zero(3, 6, 4, 9, 3, rank=3, c="9/10"), "13/10"): ("47.900004", "3670.9959"),
    (zero(4, 5, 7, 2, rank=6, c="3/10"), "2"): ("14.105812", "240.33123"),
}


@pytest.mark.parametrize(("at", "stated"), CASES.items(), ids=str)
def test_known_values(at: tuple[Network, str], stated: tuple[str, str]) -> None:
    network, norm = at
    moments = diagonal_second.trace_mean(), diagonal_second.trace_second()
    for moment, decimals in zip(moments, stated, strict=True):
        last = 10.0 ** -len(decimals.partition(".")[2])
        assert value(moment, network, norm) == pytest.approx(float(decimals), abs=last / 2)
    mean, second = (value(moment, network, norm) for moment in moments)
    variance = value(diagonal_second.trace_variance(), network, norm)
    assert variance == pytest.approx(second - mean**2, rel=1e-12)
    if network.outputs == 1:
        for one, alike in (
            (diagonal_second.diagonal_second(), second),
            (diagonal_second.diagonal_variance(), variance),
        ):
            assert value(one, network, norm) == pytest.approx(alike, rel=1e-13)
    else:
        assert value(diagonal_second.diagonal_second(), network, norm) < second / 2


def test_one_linear_layer() -> None:
    """tr K = |x|^2 |W_2|^2 + n_L |W_1 x|^2 at rank 1: two independent chi squares."""
    inputs, units, outputs, c, norm = 5, 4, 3, sp.Rational(6, 5), sp.Rational(17, 10)
    weights = sp.Integer(outputs * units) / units, sp.Integer(outputs * units + 2) * outputs / units
    length = c * units / inputs, (c / inputs) ** 2 * units * (units + 2)
    by_hand = weights[1] + 2 * outputs * weights[0] * length[0] + outputs**2 * length[1]
    found = value(
        diagonal_second.trace_second(), zero(inputs, units, outputs, rank=1, c="6/5"), str(norm)
    )
    assert found == pytest.approx(float(norm**4 * by_hand), rel=1e-14)


def test_many_outputs_make_the_trace_certain_of_its_weights() -> None:
    """Per output the variance falls to what all outputs share, the networks below them."""
    shares = []
    for outputs in (1, 100, 10_000):
        network = zero(4, 6, 5, outputs, rank=3, c="6/5")
        shares.append(value(diagonal_second.trace_variance(), network) / outputs**2)
    assert shares[0] > 1.5 * shares[1] > 1.5 * shares[2]
    assert shares[1] - shares[2] == pytest.approx((shares[0] - shares[2]) / 100, rel=0.01)


@pytest.mark.parametrize("bias", ["zero", "gaussian"])
@pytest.mark.parametrize("shape", [(6, 8, 5, 7, 1), (4, 6, 1), (4, 3, 9, 2, 1)], ids=str)
def test_the_bounds_are_a_ladder(bias: str, shape: tuple[int, ...]) -> None:
    network = zero(*shape, rank=4, c="6/5").but(bias=bias)

    def bound(side: str, sharp: bool) -> float:
        return value(diagonal_second.diagonal_second_bound(side, bias, sharp), network)

    steps = [bound("lower", False), bound("lower", True), bound("upper", True), bound("upper", 0)]
    if bias == "zero":
        steps.insert(2, value(diagonal_second.diagonal_second(), network))
    assert steps == sorted(steps)
    # Behind a single hidden layer no maxout unit is left: the bounds from below are one.
    assert len(set(steps)) == len(steps) - (len(shape) == 3)


def test_the_square_of_the_mean_is_below() -> None:
    network = zero(6, 8, 5, 7, 1, rank=4)
    square = value(tangent_diagonal.diagonal_mean(), network) ** 2
    assert value(diagonal_second.diagonal_second_bound("lower", sharp=True), network) < square
    assert square < value(diagonal_second.diagonal_second(), network)


def test_sides() -> None:
    with pytest.raises(MaxoutError, match="side must be 'lower' or 'upper'; got 'left'"):
        diagonal_second.diagonal_second_bound("left")
