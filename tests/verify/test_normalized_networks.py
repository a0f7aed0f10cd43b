"""Normalized networks against naive ones of PyTorch's modules, differences, and each other."""

import math
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
import torch

from maxout.numerics.predict import predict
from maxout.theory.block import Block
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.verify import normalized_facts as facts
from maxout.verify.sampling.networks import Tile
from maxout.verify.sampling.normalized_networks import (
    NormalizedNetworks,
    NormalizedSampler,
    normalize,
    normalized_forward,
)
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

SETTING = Setting(torch.device("cpu"), torch.float64)
CASES = pytest.mark.parametrize("norm", ["rms", "layer"])
PLACED = pytest.mark.parametrize("place", ["behind", "before", "linear"])


def sampler(norm: str, place: str, bias: str = "zero") -> NormalizedSampler:
    block = Block(norm=norm, norm_place=place, inner=6 if place == "linear" else None)
    network = Network(3, (4, 5), 2, 3, c=sp.Rational(3, 5), bias=bias, block=block)
    return NormalizedSampler(network, bias, 0.6, 1.7)


def tile(sampler: NormalizedSampler, count: int = 5) -> Tile:
    (only,) = sampler.tiles(Stream(5, "t", 0), count, SETTING.device, SETTING.dtype)
    return only


def naive(sampler: NormalizedSampler, t: Tile, index: int, x: torch.Tensor) -> torch.Tensor:
    """One network, layer by layer, with PyTorch's own normalizations."""
    block = sampler.network.block
    own = {"rms": torch.nn.functional.rms_norm, "layer": torch.nn.functional.layer_norm}[block.norm]

    def norm(values: torch.Tensor) -> torch.Tensor:
        return own(values, values.shape, eps=0.0)

    *hidden, readout = t.layers
    for number, layer in enumerate(hidden):
        features = (layer.weights[index] * layer.scale) @ x
        if layer.biases is not None:
            features = features + layer.biases[index]
        if block.norm_place == "before":
            features = norm(features)
        x = features.max(dim=1).values
        if block.norm_place == "behind" or (block.norm_place == "linear" and number % 2):
            x = norm(x)
    return (readout.weights[index, :, 0] * readout.scale) @ x


@CASES
@PLACED
def test_forward_is_the_naive_network(norm: str, place: str) -> None:
    s = sampler(norm, place)
    t = tile(s)
    _, outputs = normalized_forward(s, t.layers, t.x)
    for index in range(len(t.x)):
        assert torch.allclose(outputs[index], naive(s, t, index, t.x[index]), rtol=1e-12)


@CASES
def test_biases_are_added(norm: str) -> None:
    s = sampler(norm, "behind", "gaussian")
    t = tile(s)
    _, outputs = normalized_forward(s, t.layers, t.x)
    assert t.layers[0].biases is not None
    assert torch.allclose(outputs[2], naive(s, t, 2, t.x[2]), rtol=1e-12)


def test_a_linear_layer_is_one_of_rank_one_with_weights_of_its_own() -> None:
    s = sampler("rms", "linear")
    assert s.shapes == [(6, 3, 3), (4, 1, 6), (6, 3, 4), (5, 1, 6), (2, 1, 5)]
    c = 0.6
    expected = [c / 3, 1 / 6, c / 4, 1 / 6, 1 / 5]
    assert np.square(s.scales) == pytest.approx(expected, rel=1e-14)
    assert np.square(sampler("rms", "behind").scales) == pytest.approx([c / 3, c / 4, 1 / 5])


@CASES
@PLACED
def test_what_a_population_holds(norm: str, place: str) -> None:
    """Gain by differences, gradients by PyTorch's autograd on the naive network."""
    s = sampler(norm, place)
    t = tile(s)
    found = NormalizedNetworks(s)._differentiated(t)
    step = 1e-6
    for index in range(len(t.x)):
        ahead, behind = (
            naive(s, t, index, t.x[index] + sign * step * t.u[index]) for sign in (1, -1)
        )
        gain = float((((ahead - behind) / (2 * step)) ** 2).sum())
        # The outputs are of order one: rounding 1e-16 over the step, and its square.
        assert found["gain"][index] == pytest.approx(gain, rel=1e-6, abs=1e-8)
        layers = [
            replace(layer, weights=(layer.weights * layer.scale).requires_grad_(), scale=1.0)
            for layer in t.layers
        ]
        naive(s, replace(t, layers=layers), index, t.x[index])[0].backward()
        squares = [float(layer.weights.grad.square().sum()) for layer in layers]
        assert found["weights"][index] == pytest.approx(squares, rel=1e-9)
    if place != "before":
        assert found["length"] == pytest.approx(1, rel=1e-12)


@CASES
def test_epsilon_does_not_add_up(norm: str) -> None:
    """docs/normalization.md, "Epsilon": the part across is v/(v+eps) of that at 0, pathwise."""
    s = sampler(norm, "behind")
    t = tile(s, 40)
    epsilon = 0.3

    def last(x: torch.Tensor, eps: float) -> torch.Tensor:
        return normalized_forward(s, t.layers, x, eps)[0]

    def before_last(x: torch.Tensor) -> torch.Tensor:
        """What the last normalization is given, epsilon in all before it."""
        first, second, _ = t.layers
        values = torch.einsum("nupi,ni->nup", first.weights, x) * first.scale
        y = normalize(values.max(dim=-1).values, norm, epsilon)
        return (torch.einsum("nupi,ni->nup", second.weights, y) * second.scale).max(-1).values

    def derivative(eps: float) -> tuple[torch.Tensor, torch.Tensor]:
        y = last(t.x, eps)
        step = 1e-6
        return y, (last(t.x + step * t.u, eps) - last(t.x - step * t.u, eps)) / (2 * step)

    h = before_last(t.x)
    v = h.square().mean(1) if norm == "rms" else h.var(1, correction=0)
    assert v.max() < 5  # so epsilon matters
    y, along = derivative(epsilon)
    unit = y / y.norm(dim=1, keepdim=True)
    parallel = (along * unit).sum(1)
    across = (along - parallel[:, None] * unit).square().sum(1)
    _, exact = derivative(0.0)
    expected = exact.square().sum(1) * v / (v + epsilon)
    assert torch.allclose(across, expected, rtol=1e-6)
    assert not torch.allclose(across, exact.square().sum(1), rtol=0.05)
    # And where epsilon is small, what is along y is of its order.
    small = 1e-6
    y, along = derivative(small)
    parallel = (along * y).sum(1) / y.norm(dim=1)
    assert (parallel.abs() <= 50 * small / v * (1 + along.norm(dim=1)) + 1e-8).all()


@pytest.mark.parametrize(
    ("block", "bias", "message"),
    [
        (Block(), "zero", "needs a normalization"),
        (Block(norm="rms", dropout=0.1), "zero", "no dropout and no skip"),
        (Block(norm="rms", norm_place="linear"), "gaussian", "have zero biases here"),
    ],
)
def test_other_networks_are_refused(block: Block, bias: str, message: str) -> None:
    network = Network(3, (4, 5), 2, 3, bias=bias, block=block)
    with pytest.raises(DoesNotApplyError, match=message):
        NormalizedSampler(network, bias)


PARAMETERS = {"cosine": 0.6, "norm": 1.7}
CLOSE = 1e-12


@CASES
@pytest.mark.parametrize("bias", ["zero", "gaussian"])
def test_facts_of_gains_are_the_catalogues(norm: str, bias: str) -> None:
    end = "" if bias == "zero" else ".gaussian"
    network = Network(3, (8, 9), 5, 4, c=sp.Rational(3, 5), bias=bias, block=Block(norm=norm))
    expected = predict(CATALOGUE[f"jacobian.{norm}.mean{end}"], network, **PARAMETERS)
    assert facts.gain_moment(network, 1, 0.6, 1.7) == pytest.approx(float(expected), rel=CLOSE)
    if bias == "zero":
        expected = predict(CATALOGUE[f"jacobian.{norm}.moment"], network, **PARAMETERS)
        assert facts.gain_moment(network, 2, 0.6, 1.7) == pytest.approx(float(expected), rel=CLOSE)
        expected = predict(CATALOGUE[f"jacobian.{norm}.log.variance"], network, **PARAMETERS)
        assert facts.log_cumulants(network)[0] == pytest.approx(float(expected), rel=CLOSE)


@CASES
def test_facts_of_gradients_are_the_catalogues(norm: str) -> None:
    network = Network(3, (8, 9), 5, 4, c=sp.Rational(3, 5), bias="zero", block=Block(norm=norm))
    total = 9.0
    for layer in (1, 2):
        expected = predict(CATALOGUE[f"gradients.{norm}.weights.mean"], network, layer=layer)
        mean = facts.gradient_moment(network, layer, 1)
        assert mean == pytest.approx(float(expected), rel=CLOSE)
        assert mean**2 < facts.gradient_moment(network, layer, 2)
        total += mean
    diagonal = float(predict(CATALOGUE[f"kernel.diagonal.{norm}"], network))
    assert diagonal == pytest.approx(total, rel=CLOSE)
    assert diagonal**2 < facts.diagonal_second(network) < 4 * diagonal**2


def test_the_second_moment_of_the_diagonal_at_rank_one() -> None:
    """At rank 1 and one hidden layer: n_1 + (n_0/c) F, F = chi^2_{m-1}/chi^2_m."""
    network = Network(3, (9,), 5, 1, c=sp.Rational(3, 5), bias="zero", block=Block(norm="rms"))
    first, second = 8 / 7, 8 * 10 / (7 * 5)
    expected = 81 + 2 * 9 * 5 * first + 25 * second
    assert facts.diagonal_second(network) == pytest.approx(expected, rel=CLOSE)


@CASES
def test_the_fourth_cumulant_is_bounded_from_above_and_not_by_much(norm: str) -> None:
    """Of ln r^2 at rank 1, a chi-square's: psi'''."""
    network = Network(3, (9,), 5, 1, c=sp.Rational(3, 5), bias="zero", block=Block(norm=norm))
    lost = norm == "layer"
    exact = float(
        sp.polygamma(3, sp.Rational(5, 2))
        + sp.polygamma(3, sp.Rational(8 - lost, 2))
        + sp.polygamma(3, sp.Rational(9 - lost, 2))
    )
    assert exact < facts.log_cumulants(network)[1] < 1.5 * exact


@CASES
def test_bounds_before_the_maximum_hold(norm: str) -> None:
    block = Block(norm=norm, norm_place="before")
    network = Network(3, (6,), 5, 3, c=sp.Rational(3, 5), bias="zero", block=block)
    exact = float(predict(CATALOGUE[f"jacobian.{norm}.before.mean"], network, **PARAMETERS))
    least, second = facts.features_gain(network, 0.6, 1.7)
    assert 0.7 * exact < least < exact
    assert exact**2 < second < 8 * exact**2
    assert math.isfinite(second)
