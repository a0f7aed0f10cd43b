"""Layer by layer against automatic differentiation, by NumPy and by PyTorch."""

import math

import numpy as np
import pytest
import torch

from maxout.theory.network import Network
from maxout.verify.sampling import layerwise, weight_tiles
from maxout.verify.sampling.network_populations import Networks
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

CPU = torch.device("cpu")
KINDS = ("pcg", "philox", "sfc64")  # the fused layer has tests of its own


SAMPLERS = [
    Sampler(Network(5, (7, 4), 3, 3, bias="any"), "one-hot", 0.6, 2.0),
    Sampler(Network(4, (6, 6, 6), 2, 4, bias="gaussian"), "gaussian", -0.3, 1.0),
    Sampler(Network(3, (5,), 1, 1, bias="zero"), "zero", 1.0, 1.0),
]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: str(s.network))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("drawn", [weight_tiles.numpy_layers, weight_tiles.torch_layers])
def test_derivatives_are_those_of_automatic_differentiation(
    monkeypatch, sampler, kind, drawn
) -> None:
    """The same weights in float64: whatever the tiles, they are read on from where they ended."""
    monkeypatch.setattr(layerwise, "LAYER_BYTES", 1 << 18)
    size = layerwise.tile_size(sampler, torch.float64)
    count = 5 * size // 2
    if kind == "sfc64":  # whose tiles belong to the stream: they agree where there is only one
        count = min(size, sampler.tile_size(torch.float64))
    stream = Stream(5, "layerwise", 2, kind)
    push_layer = drawn(sampler, stream, size, CPU, torch.float64)
    found = [*layerwise.squared_norms(sampler, stream, count, CPU, torch.float64, push_layer)]
    expected: dict[str, list[torch.Tensor]] = {"gain": [], "hidden": [], "length": []}
    for tile in sampler.tiles(stream, count, CPU, torch.float64):
        (length, _), (hidden, outputs) = tile.push()
        for name, value in (("gain", outputs), ("hidden", hidden), ("length", length)):
            expected[name].append(value.square().sum(1))
    for name, parts in expected.items():
        # Sums of at most 7 products of order one, in another order.
        assert torch.allclose(
            torch.cat([tile[name] for tile in found]), torch.cat(parts), rtol=1e-12
        ), name


@pytest.mark.parametrize("kind", KINDS)
def test_float32_agrees_with_the_exact_mean(kind) -> None:
    """Zero biases, along the input, c = 1/M_K: the mean is n_L/n_0 at every width."""
    population = Networks(Sampler(Network(6, (12, 12), 6, 3, bias="zero"), "zero", 1.0))
    gain = population.draw(Stream(1, "mean", 0, kind), Setting(CPU, torch.float32))["gain"]
    assert gain.size == population.shard_size
    assert abs(gain.mean() - 1) < 5 * gain.std() / math.sqrt(gain.size)


@pytest.mark.parametrize("pieces", [1, 2, 5, weight_tiles.FEW, weight_tiles.FEW + 1])
@pytest.mark.parametrize("networks", [1, weight_tiles.MANY])
def test_the_first_of_the_largest_wins(networks, pieces) -> None:
    """Small integers, so that many pieces tie."""
    scores = np.random.default_rng(1).integers(0, 4, (networks, 3, pieces)).astype(np.float32)
    expected = [[row.tolist().index(row.max()) for row in network] for network in scores]
    assert np.array_equal(weight_tiles.winners_of(scores), expected)


@pytest.mark.parametrize("outputs", [1, 3])
def test_large_products_are_those_of_small_ones(monkeypatch, outputs) -> None:
    sampler = Sampler(Network(5, (7, 4), outputs, 3, bias="gaussian"), "gaussian")

    def gain() -> torch.Tensor:
        found = layerwise.squared_norms(sampler, Stream(1, "a", 0), 50, CPU, torch.float64)
        return torch.cat([tile["gain"] for tile in found])

    small = gain()
    monkeypatch.setattr(weight_tiles, "SERIAL", 0)
    # Sums of at most 7 products of order one, in another order.
    assert torch.allclose(small, gain(), rtol=1e-12)
