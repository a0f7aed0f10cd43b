"""Parameter gradients of sampled networks, the decision about medians, what a finite width adds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from maxout.numerics.kernels import nngp, ntk
from maxout.theory.network import Network
from maxout.verify.decisions import INCONCLUSIVE, REFUTED, VERIFIED, MedianEquality
from maxout.verify.gradients.gradient_variances import bias_second, diagonal_second, weight_second
from maxout.verify.gradients.sampled_gradients import (
    ParameterGradients,
    TangentPairs,
    TangentTraces,
    output_gradient,
)
from maxout.verify.kernels.diagonal_moments import central_fourth, diagonal_fourth
from maxout.verify.kernels.pairs import UnitPairs
from maxout.verify.kernels.tangent_kernel_experiments import finite_width
from maxout.verify.sampling.networks import Layer, Sampler, forward
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

CPU = Setting(torch.device("cpu"), torch.float64)
CASE = Network(6, (8, 5, 7), 2, 4, bias="gaussian")


def draw(population, shard: int = 0):
    return population.draw(Stream(11, population.name, shard), CPU)


def test_gradients_against_difference_quotients() -> None:
    """Each parameter of a small network moved by hand."""
    network = Network(2, (3, 2), 2, 3, bias="gaussian")
    sampler = Sampler(network, "gaussian", 1.0, 1.3)
    tile = next(sampler.tiles(Stream(2, "quotients", 0), 1, CPU.device, CPU.dtype))
    (weights, biases), _ = output_gradient(tile.layers, tile.x)
    step = 1e-6
    for index, layer in enumerate(tile.layers):
        for gradient, name in ((weights[index], "weights"), (biases[index], "biases")):
            base = getattr(layer, name)
            base = torch.zeros_like(gradient) if base is None else base.expand(gradient.shape)
            for where in np.ndindex(*base.shape):
                ends = []
                for sign in (1, -1):
                    moved = base.clone()
                    moved[where] += sign * step
                    parts = {"weights": layer.weights, "biases": layer.biases, name: moved}
                    layers = [*tile.layers]
                    layers[index] = Layer(parts["weights"], layer.scale, parts["biases"])
                    ends.append(forward(layers, tile.x)[1][0, 0])
                quotient = float((ends[0] - ends[1]) / (2 * step))
                # Piecewise linear in each parameter: rounding of 1e-16/step is all that is left.
                assert quotient == pytest.approx(float(gradient[where]), abs=1e-8)


def test_weights_are_lengths_times_biases() -> None:
    arrays = draw(ParameterGradients(Sampler(CASE, "gaussian", 1.0, 1.7)))
    ratio = arrays["weights"][:, 0] / arrays["biases"][:, 0]
    assert ratio == pytest.approx(np.full(len(ratio), 1.7**2), rel=1e-12)
    assert np.all(arrays["biases"][:, -1] == 1)


@pytest.mark.parametrize("bias", ["zero", "gaussian"])
def test_second_moments_are_those_of_networks_or_above(bias: str) -> None:
    network = Network(6, (8, 5, 7), 2, 4, bias=bias)
    arrays = draw(ParameterGradients(Sampler(network, bias, 1.0, 1.7)))
    count = len(arrays["weights"])
    for layer in (1, 2, 3, 4):
        pairs = [("weights", weight_second(network, layer, 1.7))]
        if layer < 4:
            pairs.append(("biases", bias_second(network, layer)))
        for name, bound in pairs:
            squares = arrays[name][:, layer - 1] ** 2
            error = squares.std() / np.sqrt(count)
            assert squares.mean() < bound + 4.5 * error
            if bias == "zero":  # exact there
                assert squares.mean() > bound - 4.5 * error
            else:
                assert bound < 3 * squares.mean()  # and of use
    total = arrays["weights"].sum(axis=1)
    assert (total**2).mean() < diagonal_second(network, 1.7)
    fourth = diagonal_fourth(network, 1.7)
    assert (total**4).mean() < fourth < 10 * (total**4).mean()  # and of use
    if bias == "zero":
        central = ((total - total.mean()) ** 4).mean()
        assert central < central_fourth(network, 1.7) < 10 * central


def test_the_trace_adds_up_the_outputs() -> None:
    """Each output's kernel in turn is that of the first one, the outputs' weights exchanged."""
    network = CASE.but(outputs=3)
    population = TangentTraces(Sampler(network, "gaussian", 1.0, 1.7))
    stream = Stream(11, population.name, 0)
    arrays = population.draw(stream, CPU)
    tile = next(population.sampler.tiles(stream, population.shard_size, CPU.device, CPU.dtype))
    total = np.zeros(len(tile.x))
    for one in range(3):
        last = tile.layers[-1]
        turned = replace(last, weights=last.weights.roll(-one, dims=1))
        (weights, _), _ = output_gradient([*tile.layers[:-1], turned], tile.x)
        for gradient, layer in zip(weights, tile.layers, strict=True):
            total += ((gradient / layer.scale) ** 2).flatten(1).sum(1).numpy()
        if one == 0:
            assert arrays["one"][: len(total)] == pytest.approx(total, rel=1e-12)
    assert arrays["trace"][: len(total)] == pytest.approx(total, rel=1e-12)


def test_slope_of_unit_pairs_against_a_difference_of_means() -> None:
    """Common draws at two correlations; the bias of the quotient is O(step^2), about 1e-4."""
    pairs, step = UnitPairs(5, 0.3), 0.02
    slope = draw(pairs)["slope"]
    rng = np.random.default_rng(3)
    x, z = rng.standard_normal((2, 400_000, 5))
    ends = [
        (x.max(1) * (r * x + np.sqrt(1 - r**2) * z).max(1)).mean() for r in (0.3 + step, 0.3 - step)
    ]
    error = slope.std() / np.sqrt(slope.size)
    assert abs(slope.mean() - (ends[0] - ends[1]) / (2 * step)) < 6 * error


@pytest.mark.slow
def test_narrow_networks_stay_within_what_the_deep_kernels_are_allowed() -> None:
    """Two layers of 12 units: the median's deviation shows, and is below the allowance."""
    network = Network(6, (12, 12), 1, 3, bias="any")
    off, spread = finite_width(network)
    for variance in (0.0, 0.25):
        for cosine in (-0.5, 0.6):
            population = TangentPairs(Sampler(network, "zero", cosine, 1.7), 1.2, variance**0.5)
            arrays = [draw(population, shard) for shard in range(3)]
            x, y = np.zeros((2, 1, 6))
            x[0, 0] = 1.7
            y[0, :2] = 1.2 * cosine, 1.2 * (1 - cosine**2) ** 0.5
            for name, kernel in (("nngp", nngp), ("ntk", ntk)):
                values = np.concatenate([part[name] for part in arrays])
                limit = kernel(x, y, depth=3, rank=3, bias_variance=variance).item()
                assert abs(np.median(values) - limit) < (off + spread) * abs(limit), (name, cosine)


def test_median_decisions() -> None:
    rng = np.random.default_rng(1)
    decision = MedianEquality(deviation=1.0, margin=0.1, bias=0.05)
    data = rng.standard_cauchy(decision.samples_needed(1e-4) * 3) + 2.0  # no mean, no variance
    assert decision.decide(data, 2.0, 1e-4).status == VERIFIED
    assert decision.decide(data, 2.05, 1e-4).status == VERIFIED
    assert decision.decide(data, 2.3, 1e-4).status == REFUTED
    assert decision.decide(data[:200], 2.0, 1e-4).status == INCONCLUSIVE
    few = decision.decide(data[:5], 2.0, 1e-4)
    assert few.status == INCONCLUSIVE
    assert few.interval == (None, None)


def test_median_intervals_cover() -> None:
    """Skewed draws, many small samples: the interval misses at most alpha of the time."""
    rng, alpha, runs = np.random.default_rng(4), 0.1, 4000
    decision = MedianEquality(1.0, 0.1)
    median = np.log(2)
    missed = sum(
        decision.decide(rng.exponential(size=40), median, alpha).status == REFUTED
        for _ in range(runs)
    )
    # Binomial(4000, at most 0.1): 4.5 standard deviations above 400.
    assert missed < 400 + 4.5 * (400 * 0.9) ** 0.5
    assert missed > 100  # a bound that is not idle
