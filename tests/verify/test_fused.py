"""The fused layer against the reference stream: integers bitwise, values to rounding."""

import importlib.util
import math

import numpy as np
import pytest
import torch

pytest.importorskip("triton", reason="Triton has no wheel for this platform")

from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.verify.sampling import fused, philox, populations
from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Networks, Setting
from maxout.verify.sampling.streams import Stream
from maxout.verify.suite_errors import DeviceError

CPU = torch.device("cpu")
KEY = philox.key_of(7, "a population")
# Sums of up to fan_in products of order one in float32, in another order.
ROUNDING = 2**-23


@pytest.mark.parametrize("key", [KEY, (0xFFFFFFFF, 0xFFFFFFFF), (0, 0x80000000), (3, 0)])
def test_integers_are_those_of_the_reference(key) -> None:
    count, rest = 200, (3, 2**32 - 1, 8 * 5 + 1)
    counters = np.empty((count, 4), dtype=np.uint32)
    counters[:, 0], counters[:, 1:] = np.arange(count), rest
    expected = philox.reference(counters, key).astype(np.int64)
    assert np.array_equal(fused.words(key, count, *rest, CPU).numpy(), expected)


def by_reference(rows, shard, layer, network, units, pieces, scale, biases):
    """The layer in float64 from weights that are written down, one piece after the other."""
    networks, _, fan_in = rows.shape
    weights = torch.empty((networks, units, pieces, fan_in), dtype=torch.float64)
    philox.fill_weights(weights, KEY, shard, layer, 0, network)
    products = scale * torch.einsum("nukf,nvf->nvuk", weights, rows.double())
    scores = products[:, 0] if biases is None else products[:, 0] + biases.double()
    winner = scores.argmax(dim=-1)
    values = scores.max(dim=-1).values
    slopes = torch.stack(
        [
            torch.stack([products[n, 1:, u, winner[n, u]] for u in range(units)], dim=1)
            for n in range(networks)
        ]
    )
    return values, slopes


@pytest.mark.parametrize("fan_in", [1, 7, 150])
@pytest.mark.parametrize(("units", "pieces", "directions"), [(1, 1, 1), (20, 3, 2)])
@pytest.mark.parametrize("biased", [False, True])
def test_a_layer(fan_in, units, pieces, directions, biased) -> None:
    generator = torch.Generator().manual_seed(fan_in + units)
    rows = torch.randn((3, 1 + directions, fan_in), generator=generator)
    biases = torch.randn((3, units, pieces), generator=generator) if biased else None
    scale = 1 / math.sqrt(fan_in)
    arguments = (2, 4, 9, units, pieces, scale, biases)
    values, slopes = fused.push_layer(rows, KEY, *arguments)
    expected, derivatives = by_reference(rows, *arguments)
    # float32 words carry a relative error of 2^-24 into the angle 2 pi b / 2^32 as well.
    tolerance = 40 * ROUNDING * math.sqrt(fan_in) + 4e-4 / math.sqrt(fan_in)
    assert (values.double() - expected).abs().max() < tolerance
    assert (slopes.double() - derivatives).abs().max() < tolerance


def test_another_counter_gives_another_layer() -> None:
    """A kernel that ignored a word of the counter would pass on single layers."""
    rows = torch.ones((1, 2, 6))
    base = {"shard": 1, "layer": 2, "network": 3}
    first, _ = fused.push_layer(rows, KEY, **base, units=4, pieces=2, scale=1.0)
    for word in base:
        other, _ = fused.push_layer(
            rows, KEY, **{**base, word: base[word] + 1}, units=4, pieces=2, scale=1.0
        )
        assert not torch.equal(first, other), word


@pytest.mark.parametrize("biases", ["zero", "gaussian", "one-hot"])
def test_whole_networks_match_the_population(biases) -> None:
    """Automatic differentiation of written weights, and the kernels' own derivative."""
    network = Network(5, (6, 4), 3, 3, bias="any")
    sampler = Sampler(network, biases, 0.6, 2.0)
    stream = Stream(11, "fused", 1, "philox")
    drawn = list(fused.squared_norms(sampler, stream, 8, CPU))
    expected = {}
    tiles = sampler.tiles(stream, 8, CPU, torch.float32)
    for tile in tiles:
        (length, _), (hidden, outputs) = tile.push()
        for name, value in (("gain", outputs), ("hidden", hidden), ("length", length)):
            expected.setdefault(name, []).append(value.double().square().sum(1))
    for name, parts in expected.items():
        found = torch.cat([part[name] for part in drawn])
        # A tie broken otherwise would be an error of order one; rounding is 1e-6 of the sum.
        assert torch.allclose(found, torch.cat(parts), rtol=1e-4), name


def test_a_population_by_the_kernel_is_the_one_by_philox(monkeypatch) -> None:
    monkeypatch.setattr(populations, "SHARD_DRAWS", 600)  # the interpreter is slow
    sampler = Sampler(Network(5, (6, 4), 3, 3, bias="gaussian"), "gaussian", 0.6, 2.0, (0.9,))
    population = Networks(sampler)
    setting = Setting(CPU, torch.float32)
    by_kernel, written = (
        population.draw(Stream(3, population.name, 1, kind), setting)
        for kind in ("fused", "philox")
    )
    assert set(by_kernel) == set(written) >= {"gain", "gain/0.9", "hidden", "length"}
    for name, values in written.items():
        assert len(values) == population.shard_size
        # As above: rounding is 1e-6 of the sum.
        assert np.allclose(by_kernel[name], values, rtol=1e-4), name


def test_the_kernel_is_refused_where_it_cannot_run(monkeypatch) -> None:
    with pytest.raises(DeviceError, match="--dtype float32"):
        Collector(0, "cpu", "float64", stream="fused")
    assert Collector(0, "cpu", "float32", stream="fused").stream == "fused"
    monkeypatch.delenv("TRITON_INTERPRET")
    with pytest.raises(DeviceError, match="--stream philox draws the same weights"):
        Collector(0, "cpu", "float32", stream="fused")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DeviceError, match="pip install triton"):
        Collector(0, "cpu", "float32", stream="fused")


def test_bad_input() -> None:
    with pytest.raises(TypeError, match="rows must be float32"):
        fused.push_layer(torch.ones((2, 1, 4)), KEY, 0, 1, 0, 3, 2, 1.0)
    with pytest.raises(TypeError, match="rows must be float32"):
        fused.push_layer(torch.ones((2, 2, 4), dtype=torch.float64), KEY, 0, 1, 0, 3, 2, 1.0)
    with pytest.raises(MaxoutError, match="too large"):
        fused.push_layer(torch.ones((1, 2, 2**17)), KEY, 0, 1, 0, 2**16, 8, 1.0)
    sampler = Sampler(Network(3, (4,), 1, 2), "zero")
    with pytest.raises(RuntimeError, match="Philox"):
        next(fused.squared_norms(sampler, Stream(0, "x", 0), 3, CPU))
