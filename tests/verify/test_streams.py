"""Streams: every draw has a key of its own, and nothing but the key decides it."""

import hashlib
import itertools

import numpy as np
import pytest
import torch

from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.streams import BIASES, INPUTS, UNITS, WEIGHTS, Stream, fill_normal

CPU = torch.device("cpu")


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
    assert len(set(draws)) == len(draws)


def test_a_stream_starts_anew_each_time_it_is_asked_for() -> None:
    assert first(Stream(3, "a", 5), 1, WEIGHTS) == first(Stream(3, "a", 5), 1, WEIGHTS)


def test_a_known_stream_stays_what_it_was() -> None:
    """Seeds are promises: the keying, written out."""
    words = np.frombuffer(hashlib.sha256(b"name").digest()[:16], "<u4")
    expected = np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(7, spawn_key=(*map(int, words), 2, 1, WEIGHTS)))
    )
    drawn = Stream(7, "name", 2).generator(1).standard_normal(9)
    assert drawn.tobytes() == expected.standard_normal(9).tobytes()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_reading_in_pieces_changes_nothing(dtype) -> None:
    whole = fill_normal(Stream(0, "a", 0).generator(1), torch.empty(1000, dtype=dtype))
    generator = Stream(0, "a", 0).generator(1)
    parts = [fill_normal(generator, torch.empty(n, dtype=dtype)) for n in (1, 332, 667)]
    assert torch.equal(whole, torch.cat(parts))


@pytest.mark.parametrize("kind", ["pcg", "philox"])
def test_the_size_of_a_tile_does_not_change_a_weight(monkeypatch, kind) -> None:
    sampler = Sampler(Network(3, (4, 5), 2, 3, bias="gaussian"), "gaussian")
    stream = Stream(1, "x", 0, kind)

    def weights(tile_bytes: int) -> list[torch.Tensor]:
        monkeypatch.setattr("maxout.verify.sampling.networks.TILE_BYTES", tile_bytes)
        tiles = list(sampler.tiles(stream, 23, CPU, torch.float64))
        return [
            torch.cat([tile.layers[layer].weights for tile in tiles])
            for layer in range(len(sampler.shapes))
        ]

    for small, large in zip(weights(1), weights(1 << 20), strict=True):
        assert len(small) == 23
        assert torch.equal(small, large)


@pytest.mark.parametrize(
    "wrong", [{"seed": -1}, {"seed": 2**128}, {"shard": -1}, {"shard": 2**32}, {"kind": "mt"}]
)
def test_keys_outside_their_range_are_refused(wrong) -> None:
    with pytest.raises(MaxoutError, match="must be"):
        Stream(**{"seed": 0, "name": "a", "shard": 0, **wrong})
