"""Layer by layer against automatic differentiation, and the stream of PyTorch's own generator."""

import math

import numpy as np
import pytest
import torch

from maxout.theory.network import Network
from maxout.verify import layerwise, torch_stream
from maxout.verify.errors import StreamError
from maxout.verify.networks import Sampler
from maxout.verify.populations import Networks, Setting
from maxout.verify.streams import Stream

CPU = torch.device("cpu")


SAMPLERS = [
    Sampler(Network(5, (7, 4), 3, 3, bias="any"), "one-hot", 0.6, 2.0),
    Sampler(Network(4, (6, 6, 6), 2, 4, bias="gaussian"), "gaussian", -0.3, 1.0),
    Sampler(Network(3, (5,), 1, 1, bias="zero"), "zero", 1.0, 1.0),
]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: str(s.network))
@pytest.mark.parametrize("kind", ["pcg", "philox"])
def test_derivatives_are_those_of_automatic_differentiation(sampler, kind) -> None:
    """The same weights in float64: whatever the tiles, they are read on from where they ended."""
    count = 3 * layerwise.tile_size(sampler, torch.float64) // 2
    count = min(count, 3000)
    stream = Stream(5, "layerwise", 2, kind)
    found = [*layerwise.squared_norms(sampler, stream, count, CPU, torch.float64)]
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


@pytest.mark.parametrize("kind", ["pcg", "philox", "torch"])
def test_float32_agrees_with_the_exact_mean(kind) -> None:
    """Zero biases, along the input, c = 1/M_K: the mean is n_L/n_0 at every width."""
    population = Networks(Sampler(Network(6, (12, 12), 6, 3, bias="zero"), "zero", 1.0))
    gain = population.draw(Stream(1, "mean", 0, kind), Setting(CPU, torch.float32))["gain"]
    assert gain.size == population.shard_size
    assert abs(gain.mean() - 1) < 5 * gain.std() / math.sqrt(gain.size)


def test_streams_are_repeated_and_told_apart() -> None:
    def draw(**changed):
        stream = Stream(**{"seed": 1, "name": "a", "shard": 2, "kind": "torch", **changed})
        out = torch.empty((4, 2, 3, 5), dtype=torch.float32)
        return stream.weights(changed.pop("layer", 1)).fill(out)

    assert torch.equal(draw(), draw())
    for other in ({"seed": 2}, {"name": "b"}, {"shard": 3}):
        assert not torch.equal(draw(), draw(**other))
    first, second = (Stream(1, "a", 2, "torch").weights(layer) for layer in (1, 2))
    assert not torch.equal(
        first.fill(torch.empty(1, 1, 1, 32)), second.fill(torch.empty(1, 1, 1, 32))
    )


def test_the_whole_state_is_keyed() -> None:
    """Seeds that differ beyond 32 bits, which manual_seed cannot tell apart."""
    draws = {
        tuple(
            torch.empty(8)
            .normal_(generator=torch_stream.generator(np.random.SeedSequence(s)))
            .tolist()
        )
        for s in (1, 1 + 2**32, 1 + 2**64)
    }
    assert len(draws) == 3


def test_a_generator_of_another_form_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(torch_stream, "_STATE", torch_stream._STATE + 8)
    torch_stream._check.cache_clear()
    with pytest.raises(StreamError, match="--stream pcg"):
        torch_stream.generator(np.random.SeedSequence(1))
    monkeypatch.undo()
    torch_stream._check.cache_clear()
    torch_stream.generator(np.random.SeedSequence(1))
