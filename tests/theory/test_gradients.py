"""Parameter gradients: the backward frame against brute-force sums and plain NumPy networks."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.theory import symbols
from maxout.theory.errors import MaxoutError
from maxout.theory.gradients import parameter_gradients
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment

NORM = sp.Rational(17, 10)
CASE = Network(6, (8, 5, 7), 1, 4, bias="zero")


def value(expression: sp.Expr, net: Network = CASE, layer: int | None = None) -> float:
    values = {**net.environment(), symbols.x_norm: NORM}
    if layer is not None:
        values[symbols.l] = layer
    return float(enclose(expression, values))


def naive_bias_gradient(net: Network, layer: int) -> float:
    """F_l forwards: the unit directions of layer l, one by one, through (A, B)."""
    second = float(enclose(LargestNormalMoment(sp.Integer(net.rank), 2)))
    c = float(enclose(net.c))
    units = net.widths[layer - 1]
    total = 0.0
    for cosine2 in np.full(units, 1 / units):  # only their sum, one, matters
        a, b, before = cosine2, 1 - cosine2, units
        for after in net.widths[layer:]:
            a, b = c / before * (after * second * a + b), c / before * (after - 1) * b
            before = after
        total += (a + b) / before
    return total


@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize(
    "net",
    [CASE, Network(3, (2, 9, 4), 5, 3, c=sp.Rational(7, 10), bias="zero"), Network(2, (1, 3, 1))],
    ids=str,
)
def test_second_moment_against_directions_one_by_one(net: Network, layer: int) -> None:
    stated = value(parameter_gradients.bias_gradient(), net, layer)
    assert stated == pytest.approx(naive_bias_gradient(net, layer), rel=1e-13)
    first = value(
        parameter_gradients.bias_gradient_moment(1), net, layer
    )  # the frame read backwards
    assert first == pytest.approx(stated, rel=1e-13)


def test_the_four_layers_of_the_case() -> None:
    layers = [value(parameter_gradients.weight_gradient(), layer=k) for k in (1, 2, 3)]
    layers.append(value(parameter_gradients.output_weight_gradient()))
    assert layers == pytest.approx([1.5279, 2.7578, 2.4083, 3.3717], abs=5e-5)
    same = [value(parameter_gradients.weight_gradient_moment(1), layer=k) for k in (1, 2, 3)]
    assert same == pytest.approx(layers[:3], rel=1e-13)


def sample(net: Network, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Squared gradients by weights and by biases, (count, L-1), backpropagated by hand."""
    rng = np.random.default_rng(seed)
    c = float(enclose(net.c))
    x = np.zeros((count, net.inputs))
    x[:, 0] = float(NORM)
    lengths, rows = [], []
    for fan_in, units in net.hidden():
        lengths.append(np.sum(x**2, axis=1))
        w = rng.standard_normal((count, units, net.rank, fan_in)) * np.sqrt(c / fan_in)
        pieces = np.einsum("nukf,nf->nuk", w, x)
        won = pieces.argmax(axis=2)
        rows.append(np.take_along_axis(w, won[:, :, None, None], axis=2)[:, :, 0])
        x = pieces.max(axis=2)
    delta = rng.standard_normal((count, net.widths[-1])) / np.sqrt(net.widths[-1])
    squares = []
    for index in reversed(range(len(rows))):
        squares.append(np.sum(delta**2, axis=1))
        delta = np.einsum("nu,nuf->nf", delta, rows[index])
    biases = np.stack(squares[::-1], axis=1)
    return biases * np.stack(lengths, axis=1), biases


def test_moments_against_sampled_networks() -> None:
    weights, biases = sample(CASE, 40_000, 3)
    for order in (1, 2):
        for layer in (1, 2, 3):
            for sampled, stated in (
                (weights, parameter_gradients.weight_gradient_moment(order)),
                (biases, parameter_gradients.bias_gradient_moment(order)),
            ):
                powers = sampled[:, layer - 1] ** order
                error = powers.std() / np.sqrt(len(powers))
                # 4.5 standard errors; second powers have heavy tails, and their error with them.
                assert abs(powers.mean() - value(stated, layer=layer)) < 4.5 * error
    # Known wrong: the layer above.
    error = biases[:, 0].std() / np.sqrt(len(biases))
    assert (
        abs(biases[:, 0].mean() - value(parameter_gradients.bias_gradient(), layer=2)) > 20 * error
    )


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_ladder(layer: int) -> None:
    def rungs(bound: object) -> list[float]:
        return [
            value(bound(side, sharp=sharp), layer=layer)  # type: ignore[operator]
            for side, sharp in (
                ("lower", False), ("lower", True), ("upper", True), ("upper", False)
            )
        ]  # fmt: skip

    for bound, exact in (
        (parameter_gradients.bias_gradient_bound, parameter_gradients.bias_gradient()),
        (parameter_gradients.weight_gradient_bound, parameter_gradients.weight_gradient()),
    ):
        low, low_sharp, high_sharp, high = rungs(bound)
        middle = value(exact, layer=layer)
        assert low <= low_sharp <= middle * (1 + 1e-14)
        assert middle <= high_sharp * (1 + 1e-14)
        assert high_sharp <= high
        if layer < 3:
            assert low < low_sharp < middle < high_sharp < high


def test_rank_one_is_the_linear_network() -> None:
    net = Network(6, (8, 5, 7), 1, 1, c=1, bias="zero")
    for layer in (1, 2, 3):
        assert value(parameter_gradients.bias_gradient(), net, layer) == pytest.approx(1, rel=1e-14)


def test_bad_arguments() -> None:
    with pytest.raises(MaxoutError, match="side must be 'lower' or 'upper'"):
        parameter_gradients.bias_gradient_bound("left")
    with pytest.raises(MaxoutError, match="order must be an integer >= 1"):
        parameter_gradients.bias_gradient_moment(0)
