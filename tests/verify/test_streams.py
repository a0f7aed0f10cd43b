"""Streams: every draw has a key of its own, nothing but the key decides it, and laws are right."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats

from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.streams import BIASES, INPUTS, UNITS, WEIGHTS, Stream

CPU = torch.device("cpu")
FALSE_ALARM = 1e-4  # of each test of a law, under its fixed seed
COUNT = 1 << 20

KNOWN_FINE = [-1.2185113525138345, 1.233918971559956]
KNOWN_ROUGH = [0.024214908480644226, -1.7339951992034912]


def first(stream: Stream, layer: int, role: int) -> bytes:
    return stream.generator(layer, role).standard_normal(4).tobytes()


def test_every_part_of_the_key_matters() -> None:
    keys = itertools.product(
        (0, 1, 2**64),
        ("a", "b", "networks/a"),
        (0, 1, 2),
        (0, 1, 2),
        (WEIGHTS, BIASES, INPUTS, UNITS),
    )
    draws = [
        first(Stream(seed, name, shard), layer, role) for seed, name, shard, layer, role in keys
    ]
    draws += [Stream(0, "a", 0).symbol(label).standard_normal(4).tobytes() for label in "xy"]
    assert len(set(draws)) == len(draws)


def test_a_stream_starts_anew_each_time_it_is_asked_for() -> None:
    assert first(Stream(3, "a", 5), 1, WEIGHTS) == first(Stream(3, "a", 5), 1, WEIGHTS)


def test_known_draws_stay_what_they_were() -> None:
    """Seeds are promises; ``test_philox`` says the same of all by another program."""
    stream = Stream(7, "name", 2)
    assert stream.generator(1).standard_normal(2).tolist() == KNOWN_FINE
    assert stream.generator(1).standard_normal(2, np.float32).tolist() == KNOWN_ROUGH


@pytest.mark.parametrize(("dtype", "counter"), [(np.float32, 4), (np.float64, 2)])
def test_draws_are_read_on_counter_by_counter(dtype, counter) -> None:
    whole = Stream(0, "a", 0).generator(1).standard_normal(1000 * counter, dtype)
    generator = Stream(0, "a", 0).generator(1)
    parts = [generator.standard_normal(n * counter, dtype) for n in (1, 332, 667)]
    assert np.array_equal(whole, np.concatenate(parts))
    uneven = Stream(0, "a", 0).generator(1)
    assert uneven.standard_normal((1, 1), dtype) == whole[0]
    assert uneven.standard_normal((), dtype) == whole[counter]  # a started counter is left


def test_the_size_of_a_tile_does_not_change_a_network(monkeypatch) -> None:
    sampler = Sampler(Network(3, (4, 5), 2, 3, bias="gaussian"), "gaussian")
    stream = Stream(1, "x", 0)

    def parts(tile_bytes: int) -> list[torch.Tensor]:
        monkeypatch.setattr("maxout.verify.sampling.networks.TILE_BYTES", tile_bytes)
        tiles = list(sampler.tiles(stream, 23, CPU, torch.float64))
        layers = range(len(sampler.shapes))
        weights = [torch.cat([tile.layers[layer].weights for tile in tiles]) for layer in layers]
        biases = [torch.cat([tile.layers[layer].biases for tile in tiles]) for layer in layers[:-1]]
        return [*weights, *biases, torch.cat([tile.x for tile in tiles])]

    for small, large in zip(parts(1), parts(1 << 20), strict=True):
        assert len(small) == 23
        assert torch.equal(small, large)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": 2**128}, {"shard": -1}, {"shard": 2**32}])
def test_keys_outside_their_range_are_refused(wrong) -> None:
    with pytest.raises(MaxoutError, match="must be"):
        Stream(**{"seed": 0, "name": "a", "shard": 0, **wrong})


def test_what_the_counters_do_not_reach_is_refused() -> None:
    draws = Stream(0, "a", 0).generator(1)
    with pytest.raises(MaxoutError, match="a layer of .* too large"):
        draws.weights(0, (1, 2**27, 2**8), np.float32)
    for freedom in (-1, 0.5, 1.5, math.inf, math.nan):
        with pytest.raises(MaxoutError, match="degrees of freedom"):
            draws.chisquare(freedom, 3)
    draws._next = 2**32 - 1
    assert draws.random() > 0
    with pytest.raises(MaxoutError, match="32 bits"):
        draws.random()


NORMALS = {
    "float32": lambda d: d.standard_normal(COUNT, np.float32).astype(float),
    "float64": lambda d: d.standard_normal(COUNT),
    "weights": lambda d: d.weights(0, (64, 128, 128), np.float32).astype(float).ravel(),
    "biases": lambda d: d.of_networks(0, (1024, 1024)).astype(float).ravel(),
}


@pytest.mark.parametrize("draw", NORMALS.values(), ids=NORMALS)
def test_normals_are_normal_and_independent(draw) -> None:
    found = draw(Stream(3, "law", 0).generator(1))
    other = draw(Stream(3, "law", 1).generator(1))
    assert stats.kstest(found, "norm").pvalue > FALSE_ALARM
    assert stats.kstest(1.01 * found, "norm").pvalue < FALSE_ALARM
    # Five standard deviations each; E X^{2t} = (2t - 1)!!.
    for power, mean, square in ((1, 0, 1), (2, 1, 3), (3, 0, 15), (4, 3, 105), (6, 15, 10395)):
        deviation = math.sqrt((square - mean**2) / COUNT)
        assert abs(np.mean(found**power) - mean) < 5 * deviation, power
    # Within a counter's four, across counters, rows, networks, and from shard to shard: also of
    # squares, which share a radius. Of those all correlations are N(0, 1/COUNT).
    pairs = [(found[lag:], found[:-lag]) for lag in (1, 2, 3, 4, 16, 128, 512, 1024, 2048, 16384)]
    for one, two in [*pairs, (found, other)]:
        for a, b in ((one, two), (one**2, two**2), (one**2, two)):
            assert abs(np.corrcoef(a, b)[0, 1]) < 5 / math.sqrt(COUNT)


def test_uniforms_and_chisquares_have_their_laws() -> None:
    draws = Stream(3, "law", 0).generator(1, UNITS)
    uniform = draws.random(COUNT)
    assert 0 < uniform.min() < uniform.max() < 1
    assert stats.kstest(uniform, "uniform").pvalue > FALSE_ALARM
    for freedom in (1, 2, 3.5, 9, 1000):
        found = draws.chisquare(freedom, COUNT // 4)
        assert stats.kstest(found, stats.chi2(freedom).cdf).pvalue > FALSE_ALARM
        assert stats.kstest(found, stats.chi2(1.02 * freedom).cdf).pvalue < FALSE_ALARM
        half = found.size // 2
        assert abs(np.corrcoef(found[:half], found[half:])[0, 1]) < 5 / math.sqrt(half)
    assert not draws.chisquare(0, 5).any()


def test_the_angle_of_a_pair_is_uniform() -> None:
    """Eight eighths of a turn are put together from one: all of them, and evenly within."""
    for dtype in (np.float32, np.float64):
        pairs = Stream(3, "law", 2).generator(1).standard_normal((COUNT // 2, 2), dtype)
        turns = np.arctan2(pairs[:, 1], pairs[:, 0]).astype(float) / (2 * np.pi) % 1
        assert stats.kstest(turns, "uniform").pvalue > FALSE_ALARM
        radius = np.sum(pairs.astype(float) ** 2, axis=1)
        assert abs(np.corrcoef(turns, radius)[0, 1]) < 5 / math.sqrt(len(turns))
