"""Facts that plans rest on, against the catalogue's right sides: two ways to the same numbers."""

import math

import pytest
import sympy as sp

from maxout.numerics.kernels import winner
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.jacobian import moving_frame
from maxout.theory.kernels import tangent_diagonal
from maxout.theory.kernels.infinite_width import near_one_remainder
from maxout.theory.network import Network
from maxout.verify import facts
from maxout.verify.kernels import diagonal_moments
from maxout.verify.sampling.scales import (
    aligned_moment,
    aligned_second_moment,
    evaluate,
    ordered_moment,
    rank2_second_moment,
)

C = sp.Rational(3, 5)
ZERO = Network(6, (8, 5, 7), 2, 4, c=C, bias="zero")
GAUSSIAN = Network(6, (8, 5, 7), 2, 4, c=C, bias="gaussian")
UNIT = Network(1, (1,), 1, 1, c=1, bias="zero")
NORM = 1.7


def value(key: str, network: Network, **given: float) -> float:
    return float(predict(CATALOGUE[key], network, **given))


# Sums of some hundred positive terms: rounding is some 1e-14.
CLOSE = 1e-12


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_gains(order) -> None:
    found = facts.gain_moment(ZERO, order, 0.6)
    assert found == pytest.approx(
        value("jacobian.moment.exact", ZERO, order=order, cosine=0.6), rel=CLOSE
    )
    if order == 1:
        assert found == pytest.approx(value("jacobian.mean.exact", ZERO, cosine=0.6), rel=CLOSE)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_a_gain_along_the_input_is_the_aligned_one(order) -> None:
    """Half or double the moment would pass as a looser or a false bound of a variance."""
    assert aligned_moment(ZERO, order) == pytest.approx(
        facts.gain_moment(ZERO, order, 1.0), rel=CLOSE
    )
    assert aligned_second_moment(ZERO) == aligned_moment(ZERO, 2)
    for cosine in (0.0, 0.5, 0.9):
        assert facts.gain_moment(ZERO, order, cosine) < aligned_moment(ZERO, order)


def test_the_stochastic_bound_is_the_papers() -> None:
    assert ordered_moment(ZERO, 1) == pytest.approx(value("jacobian.mean.upper", ZERO), rel=CLOSE)
    assert ordered_moment(ZERO, 2) > aligned_second_moment(ZERO)


def test_at_rank_two_no_direction_differs() -> None:
    network = Network(6, (8, 5, 7), 2, 2, c=C, bias="zero")
    for cosine in (0.0, 0.6, 1.0):
        assert facts.gain_moment(network, 2, cosine) == pytest.approx(
            rank2_second_moment(network), rel=CLOSE
        )


@pytest.mark.parametrize("widths", [(8, 5, 7), (8,)])
@pytest.mark.parametrize("order", [1, 2])
def test_features(widths, order) -> None:
    network = Network(3, widths, 1, 4, c=C, bias="zero")
    assert facts.feature_moment(network, order) == pytest.approx(
        value("regions.gradient.exact", network, order=order), rel=CLOSE
    )


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_gradients(layer) -> None:
    for array, found in (
        ("bias", lambda order: facts.bias_gradient_moment(ZERO, layer, order)),
        ("weights", lambda order: facts.weight_gradient_moment(ZERO, layer, NORM, order)),
    ):
        given = {"layer": layer} | ({"norm": NORM} if array == "weights" else {})
        exact = value(f"gradients.{array}.exact", ZERO, **given)
        assert found(1) == pytest.approx(exact, rel=CLOSE)
        for order in (2, 4):
            exact = value(f"gradients.{array}.moment", ZERO, order=order, **given)
            assert found(order) == pytest.approx(exact, rel=CLOSE)


@pytest.mark.parametrize("network", [ZERO, GAUSSIAN], ids=["zero", "gaussian"])
def test_lengths(network) -> None:
    for order in (1, 2, 4):
        exact = value(f"activation.length.moment.{network.bias}", network, order=order, norm=NORM)
        found = facts.length_moment(network, 3, NORM, order) / 7**order
        assert found == pytest.approx(exact, rel=CLOSE)
    output = value(f"gradients.output.{network.bias}", network, norm=NORM)
    assert facts.weight_gradient_moment(network, 4, NORM, 1) == pytest.approx(output, rel=CLOSE)


@pytest.mark.parametrize(("m", "rho"), [(4, 0.25), (8, 0.2), (3, 0.6)])
def test_probabilities(m, rho) -> None:
    for key, chance, close in (
        ("order.orthant", facts.orthant(m, rho), CLOSE),
        ("order.half_normal", facts.half_normal(m, rho), CLOSE),
        ("order.half_normal.survival", facts.half_normal(m, rho, above=True), CLOSE),
        # A central difference, its step 1e-4.
        ("order.orthant.derivative", facts.slope(facts.orthant, m, rho), 1e-6),
        ("order.half_normal.derivative", facts.slope(facts.half_normal, m, rho), 1e-6),
    ):
        assert chance == pytest.approx(value(key, UNIT, m=m, rho=rho), rel=close)


@pytest.mark.parametrize("layers", [2, 5, 9])
def test_the_alignments_remainder_is_what_depth_leaves(layers) -> None:
    """It bounds the distance to the floor, and not by much."""
    network = Network(5, (5,) * layers, 16, 5, bias="zero")
    floor = value("jacobian.alignment", network)
    left = facts.gain_moment(network, 1, 0.0) - floor
    bound = evaluate(network, moving_frame.alignment_remainder())
    assert 0 < left <= bound < 1.5 * left


@pytest.mark.parametrize("width", [6, 60, 600])
def test_the_diagonals_remainder_is_what_width_leaves(width) -> None:
    network = Network(4, (width, width - 1, width + 1), 1, 4, c=C, bias="zero")
    left = value("kernel.diagonal.scaled", network, norm=NORM) - value(
        "kernel.diagonal.limit", network, norm=NORM
    )
    bound = evaluate(network, tangent_diagonal.scaled_diagonal_remainder(), x_norm=NORM)
    assert 0 < left <= bound < 1.2 * left


@pytest.mark.parametrize("angle", [0.01, 0.1, 0.6, 1.0])
@pytest.mark.parametrize("rank", [3, 4, 9, 100])
def test_close_inputs_remainder_is_what_the_angle_leaves(rank, angle) -> None:
    exact = (1 - float(winner(rank, math.cos(angle)))) / angle
    left = value("kernel.winner.near_one", Network(1, (1,), 1, rank, c=1, bias="zero")) - exact
    bound = evaluate(UNIT, near_one_remainder(sp.Rational(str(angle)), sp.Integer(rank)))
    assert 0 < left <= bound < (1 + 3 * angle) * left


def test_two_pieces_part_at_one_rate() -> None:
    assert evaluate(UNIT, near_one_remainder(sp.Rational(1, 2), sp.Integer(2))) == 0


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("widths", [(8, 5, 7), (4,)], ids=str)
def test_the_trace_of_the_tangent_kernel(outputs: int, widths: tuple[int, ...]) -> None:
    """Two layers at a time against all layers in one pass."""
    network = ZERO.but(outputs=outputs, widths=widths)
    for key, found in (
        ("kernel.trace.mean", diagonal_moments.trace_mean(network, NORM)),
        ("kernel.trace.second", diagonal_moments.trace_second(network, NORM)),
    ):
        assert found == pytest.approx(value(key, network, norm=NORM), rel=CLOSE)


@pytest.mark.parametrize("network", [ZERO, GAUSSIAN], ids=str)
def test_bounds_of_fourth_moments_of_the_tangent_kernel(network: Network) -> None:
    """Above the square of the mean square and of the variance; by samples in test_parameters."""
    square = diagonal_moments.trace_second(ZERO.but(outputs=1), NORM)
    assert diagonal_moments.diagonal_fourth(network, NORM) > square**2
    if network == ZERO:
        variance = square - diagonal_moments.trace_mean(ZERO.but(outputs=1), NORM) ** 2
        central = diagonal_moments.central_fourth(ZERO, NORM)
        assert variance**2 < central < diagonal_moments.diagonal_fourth(ZERO, NORM)
