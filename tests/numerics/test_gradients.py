"""Gradient size by layer: exact theory, sums by brute force, sampled networks, extreme sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp

from maxout.numerics.gradients.layer_gradients import COLUMNS, gradient_profile
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network


def case(bias: str, c: object = None, rank: int = 4) -> Network:
    return Network(6, (8, 5, 7), 2, rank, c, bias)


def stated(key: str, network: Network, **given: object) -> float:
    return math.log(float(predict(CATALOGUE[key], network, norm=1.7, **given)))


@pytest.mark.parametrize("bias", ["zero", "gaussian"])
def test_agrees_with_the_catalogue(bias: str) -> None:
    network = case(bias, c=sp.Rational(3, 4))
    profile = gradient_profile(network, norm=1.7)
    prefix = "gradients." if bias == "zero" else "gradients.gaussian."
    for layer in (1, 2, 3):
        given = {"layer": layer}
        for name in ("lower", "upper"):
            for column, rung in ((name, name), (f"{name}_sharp", f"{name}.sharp")):
                logs = stated(f"{prefix}weights.{rung}", network, **given)
                assert getattr(profile, column)[layer - 1] == pytest.approx(logs, abs=1e-13)
        if bias == "zero":
            weights = stated("gradients.weights.exact", network, **given)
            biases = stated("gradients.bias.exact", network, **given)
            assert profile.weights[layer - 1] == pytest.approx(weights, abs=1e-13)
            assert profile.biases[layer - 1] == pytest.approx(biases, abs=1e-13)
    output = stated(f"gradients.output.{bias}", network)
    assert profile.weights[-1] == pytest.approx(output, abs=1e-13)
    assert profile.biases[-1] == 0


def naive_gaussian(network: Network, norm: float, layer: int, count: int) -> tuple[np.ndarray, ...]:
    """Squared gradients by a layer's weights and biases: networks drawn and differentiated here."""
    rng = np.random.default_rng(layer)
    c = float(network.c.evalf(17))
    x = np.zeros((count, network.inputs))
    x[:, 0] = norm
    rows, length = [], np.zeros(count)
    for index, (fan_in, units) in enumerate(network.hidden(), start=1):
        if index == layer:
            length = np.sum(x**2, axis=1)
        scale = np.sqrt(c / fan_in)
        w = rng.standard_normal((count, units, network.rank, fan_in)) * scale
        pieces = np.einsum("nukf,nf->nuk", w, x)
        pieces += rng.standard_normal(pieces.shape) * scale
        won = pieces.argmax(axis=2)
        rows.append(np.take_along_axis(w, won[:, :, None, None], axis=2)[:, :, 0])
        x = pieces.max(axis=2)
    delta = rng.standard_normal((count, network.widths[-1])) / np.sqrt(network.widths[-1])
    for row in rows[: layer - 1 : -1]:
        delta = np.einsum("nu,nuf->nf", delta, row)
    biases = np.sum(delta**2, axis=1)
    return length * biases, biases


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_gaussian_biases_against_sampled_networks(layer: int) -> None:
    network, norm = case("gaussian"), 0.7
    profile = gradient_profile(network, norm)
    samples = naive_gaussian(network, norm, layer, 60_000)
    for found, logs in zip(samples, (profile.weights, profile.biases), strict=True):
        error = found.std() / np.sqrt(found.size)
        assert abs(found.mean() - np.exp(logs[layer - 1])) < 4.5 * error
    zero = gradient_profile(case("zero"), norm)
    # The zero-bias value is told apart, but in layer 1's weights, where few biases have entered.
    error = samples[0].std() / np.sqrt(60_000)
    assert layer == 1 or abs(samples[0].mean() - np.exp(zero.weights[layer - 1])) > 8 * error


def test_gaussian_biases_without_effect() -> None:
    """Rank 1 chooses nothing, and a huge input drowns the biases."""
    linear = gradient_profile(case("gaussian", c=1, rank=1), 1.0)
    assert linear.biases == pytest.approx(np.zeros(4), abs=1e-12)
    far, zero = (gradient_profile(case(bias), 1e8) for bias in ("gaussian", "zero"))
    assert far.weights == pytest.approx(zero.weights, abs=1e-11)
    assert far.biases == pytest.approx(zero.biases, abs=1e-11)


def test_error_covers_a_finer_grid_at_rank_2() -> None:
    """M_2 = 1 makes every squared gradient's mean c^(L-1-l), with any biases."""
    network = Network(5, (7, 3, 6, 4), 1, 2, sp.Rational(9, 10), "gaussian")
    profile = gradient_profile(network, 0.3)
    exact = np.array([3, 2, 1, 0, 0]) * math.log(0.9)
    assert np.max(np.abs(profile.biases - exact)) <= profile.error
    assert profile.error < 1e-12


@pytest.mark.parametrize("bias", ["zero", "gaussian"])
def test_ladder_and_rows(bias: str) -> None:
    profile = gradient_profile(case(bias), 2.0)
    columns = np.array([getattr(profile, name) for name in COLUMNS])
    assert np.all(np.diff(columns, axis=0) >= -1e-12)
    rows = profile.rows()
    assert [row["layer"] for row in rows] == [1, 2, 3, 4]
    assert rows[0]["weights"] == pytest.approx(profile.weights[0] / math.log(10))
    assert 0 < profile.error < 1e-11


def test_no_depth_overflows() -> None:
    deep = Network(10, (64,) * 2000, 1, 5, c=100, bias="zero")
    profile = gradient_profile(deep)
    assert np.all(np.isfinite(profile.weights))
    assert profile.weights[0] > 1000 * math.log(100)


def test_input_zero() -> None:
    for bias, finite in (("zero", False), ("gaussian", True)):
        profile = gradient_profile(case(bias), 0)
        assert profile.weights[0] == -np.inf
        assert np.isfinite(profile.weights[1]) == finite
        assert np.all(np.isfinite(profile.biases))


def test_refused() -> None:
    with pytest.raises(MaxoutError, match="'gaussian' or 'zero'; got 'any'"):
        gradient_profile(case("any"))
    for norm in (-1, math.nan, math.inf):
        with pytest.raises(MaxoutError, match="norm must be"):
            gradient_profile(case("zero"), norm)


@pytest.mark.parametrize("c", [sp.Integer(10) ** 300, 1 / sp.Integer(10) ** 300])
def test_no_size_leaves_the_range(c: sp.Expr) -> None:
    """Huge and tiny constants and inputs, without a warning."""
    for norm in (0, sp.Integer(10) ** 300, 1 / sp.Integer(10) ** 300):
        profile = gradient_profile(case("gaussian", c), norm)
        assert np.all(np.isfinite(profile.weights[1:]))
        assert np.all(np.isfinite(profile.biases))
        assert profile.error < 1e-10
