"""Networks layer by layer against automatic differentiation of the same weights."""

import math

import numpy as np
import pytest
import torch

from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.verify.sampling import layerwise
from maxout.verify.sampling.network_populations import Networks
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

CPU = torch.device("cpu")

SAMPLERS = [
    Sampler(Network(5, (7, 4), 3, 3, bias="any"), "mixed", 0.6, 2.0),
    Sampler(Network(4, (6, 6, 6), 2, 4, bias="gaussian"), "gaussian", -0.3, 1.0, (0.9, 0.0)),
    Sampler(Network(3, (5,), 1, 1, bias="zero"), "zero", 1.0, 1.0),
]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: str(s.network))
@pytest.mark.parametrize(
    ("dtype", "relative", "absolute"),
    # A wrong winner or bias would be an error of order one; what cancels in a sum of at most 7
    # products is a few thousandths of the largest.
    [(torch.float32, 1e-4, 1e-5), (torch.float64, 1e-12, 1e-13)],
)
def test_derivatives_are_those_of_automatic_differentiation(
    monkeypatch, sampler, dtype, relative, absolute
) -> None:
    """In float64, where rounding changes no winner; whatever the tiles of either way."""
    monkeypatch.setattr("maxout.verify.sampling.networks.TILE_BYTES", 1 << 14)
    stream, count = Stream(5, "layerwise", 2), 300
    tiles = [*layerwise.squared_norms(sampler, stream, count, dtype)]
    assert len(tiles) > 1
    names = tiles[0].keys()
    found = {name: np.concatenate([tile[name] for tile in tiles]) for name in names}
    expected: dict[str, list[torch.Tensor]] = {name: [] for name in names}
    for tile in sampler.tiles(stream, count, CPU, torch.float64):
        (activations, _), along = tile.push_all()
        expected["length"].append(activations.square().sum(1))
        for ending, (hidden, outputs) in zip(sampler.endings, along, strict=True):
            expected[f"hidden{ending}"].append(hidden.square().sum(1))
            expected[f"gain{ending}"].append(outputs.square().sum(1))
    for name, parts in expected.items():
        assert np.allclose(found[name], torch.cat(parts), rtol=relative, atol=absolute), name


def test_float32_agrees_with_the_exact_mean() -> None:
    """Zero biases, along the input, c = 1/M_K: the mean is n_L/n_0 at every width."""
    population = Networks(Sampler(Network(6, (12, 12), 6, 3, bias="zero"), "zero", 1.0))
    gain = population.draw(Stream(1, "mean", 0), Setting(CPU, torch.float32))["gain"]
    assert gain.size == population.shard_size
    assert abs(gain.mean() - 1) < 5 * gain.std() / math.sqrt(gain.size)


def test_a_layer_too_large_for_the_counters_is_refused() -> None:
    sampler = Sampler(Network(2**9, (2**19,), 1, 2**7, bias="zero"), "zero")
    with pytest.raises(MaxoutError, match="too large for a counter"):
        next(layerwise.squared_norms(sampler, Stream(0, "x", 0), 1, torch.float32))
