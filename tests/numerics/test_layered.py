"""Sizes with constants of their own for each layer: against the one-constant theory and samples."""

import math

import numpy as np
import pytest
import sympy as sp

from maxout.init.constants import second_moment
from maxout.numerics.activation.layered import (
    LayerConstants,
    gradient_repetitions,
    log_activations,
    log_gradient_bounds,
    log_gradients,
    repetitions,
)
from maxout.numerics.gradients.layer_gradients import gradient_profile
from maxout.theory.network import Network


def test_equal_layers_agree_with_the_profile_of_one_constant() -> None:
    widths, rank, c = (8, 5, 7), 4, 0.7
    network = Network(6, widths, 1, rank, sp.Rational(7, 10), "zero")
    layers = [LayerConstants(n, c, second_moment(rank)) for n in widths]
    layers.append(LayerConstants(1, 1.0, 1.0))
    profile = gradient_profile(network)
    # A few dozen float64 operations on logarithms of order one.
    np.testing.assert_allclose(log_gradients(layers), profile.biases, rtol=0, atol=1e-13)
    lengths = [0.0, *log_activations(layers[:-1], 0.0)]
    fan_ins = np.log([6, *widths])
    np.testing.assert_allclose(
        lengths + fan_ins + log_gradients(layers), profile.weights, rtol=0, atol=1e-13
    )


def test_unequal_layers_by_matrices() -> None:
    """The slow and obvious way: the map of (A, B), applied to each unit direction in floats."""
    layers = [
        LayerConstants(n, c, second_moment(k))
        for n, c, k in [(4, 0.5, 2), (9, 1.3, 5), (3, 0.8, 1), (6, 0.2, 12), (2, 1.0, 1)]
    ]
    for start in range(len(layers)):
        n = layers[start].units
        state = np.array([1.0, n - 1.0])  # summed over the n unit directions
        inputs = n
        for layer in layers[start + 1 :]:
            m, c, moment = layer.units, layer.c, layer.second_moment
            state = c / inputs * np.array([[m * moment, 1.0], [0.0, m - 1.0]]) @ state
            inputs = m
        expected = math.log(state.sum() / layers[-1].units)
        assert log_gradients(layers)[start] == pytest.approx(expected, abs=1e-13)
        low, high = log_gradient_bounds(layers)[start]
        assert low - 1e-13 <= expected <= high + 1e-13


def test_biases_and_extremes() -> None:
    layer = LayerConstants(5, 0.5, 2.0, bias_variance=3.0)
    assert math.exp(log_activations([layer], math.log(4.0))[0]) == pytest.approx(2 * (0.5 * 4 + 3))
    assert math.exp(log_activations([layer], -math.inf)[0]) == pytest.approx(6.0)
    dead = LayerConstants(5, 0.0, 2.0)
    assert log_activations([dead], 0.0) == [-math.inf]
    assert log_gradients([dead, dead])[0] == -math.inf
    # Far outside float64: nothing overflows.
    assert log_activations([LayerConstants(5, 1e6, 2.0)] * 1000, 0.0)[-1] == pytest.approx(
        1000 * math.log(2e6), rel=1e-12
    )


@pytest.mark.parametrize("c", [0.01, 0.3, 0.5555, 0.56, 2.0, 30.0])
@pytest.mark.parametrize(("rank", "units"), [(1, 3), (2, 4), (5, 1), (5, 20), (12, 300)])
def test_depths_by_counting(c: float, rank: int, units: int) -> None:
    layer = LayerConstants(units, c, second_moment(rank))
    # By depth 1, 2, ..., 400; the gradient behind the first of d + 1 layers goes through d.
    activations = log_activations([layer] * 400, 0.0)
    gradients = log_gradients([layer] * 401)[-2::-1]
    for log_limit in (2 * math.log(65504.0), 2 * math.log(6.103515625e-05)):
        for sizes, found in (
            (activations, repetitions(layer, log_limit)),
            (gradients, gradient_repetitions(layer, log_limit)),
        ):
            gone = [s >= log_limit if log_limit > 0 else s <= log_limit for s in sizes]
            if any(gone):
                assert found == gone.index(True) + 1
            else:
                assert found is None or found > 400


@pytest.mark.parametrize(("gain", "power"), [(0.1, 3), (10.0, 3), (0.001, 5), (0.2, 6), (5.0, 9)])
def test_a_limit_that_is_a_power_of_the_gain_is_passed_one_layer_later(gain, power) -> None:
    """The quotient of the logarithms is 2.9999999999999996 for 0.1^3, on some processors."""
    layer = LayerConstants(5, gain, 1.0)
    assert repetitions(layer, math.log(gain**power)) == power + 1
    for off in (-1e-9, 1e-9):
        assert repetitions(layer, (power + off) * math.log(gain)) == power + (off > 0)
