"""Philox4x32-10: published known answers, its two implementations, the layout of its counters."""

import hashlib
import math

import numpy as np
import pytest
import torch

from maxout.theory.errors import MaxoutError
from maxout.verify.sampling import philox
from maxout.verify.sampling.streams import WEIGHTS, Stream

# Random123, tests/kat_vectors: counter, key, words after 7 and after 10 rounds.
PI = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
KNOWN = {
    "zeros": (
        (0,) * 4, (0, 0),
        (0x5F6FB709, 0x0D893F64, 0x4F121F81, 0x4F730A48),
        (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    ),
    "ones": (
        (0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2,
        (0x5207DDC2, 0x45165E59, 0x4D8EE751, 0x8C52F662),
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    "pi": (
        PI, (0xA4093822, 0x299F31D0),
        (0x4DFCCABA, 0x190A87F0, 0xC47362BA, 0xB6B5242A),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("counter", "key", "seven", "ten"), KNOWN.values(), ids=KNOWN)
def test_known_answers(counter, key, seven, ten) -> None:
    row = np.array([counter], dtype=np.uint32)
    assert tuple(philox.reference(row, key, 7)[0]) == seven
    assert tuple(philox.reference(row, key)[0]) == ten
    words = philox.words(tuple(torch.tensor([word]) for word in counter), key)
    assert tuple(int(word) for word in words) == ten


def test_torch_agrees_with_the_reference_bit_for_bit() -> None:
    generator = np.random.default_rng(1)
    counters = generator.integers(0, 2**32, (10_000, 4), dtype=np.uint32)
    key = (0xDEADBEEF, 0x12345678)
    columns = tuple(torch.from_numpy(column.astype(np.int64)) for column in counters.T)
    found = torch.stack(philox.words(columns, key), dim=1).numpy()
    assert np.array_equal(found, philox.reference(counters, key))


def weight(seed, name, shard, layer, shape, network, unit, piece, entry) -> float:
    """One weight from its documented counter alone, in Python numbers."""
    _, pieces, fan_in = shape
    digest = hashlib.sha256(f"maxout/philox/1/{seed}/{name}".encode()).digest()
    key = (int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little"))
    row = unit * pieces + piece
    counter = (row * math.ceil(fan_in / 4) + entry // 4, network, shard, 8 * layer + WEIGHTS)
    words = philox.reference(np.array([counter], dtype=np.uint32), key)[0]
    a, b = (int(word) for word in words[2 * (entry % 4 // 2) :][:2])
    radius = math.sqrt(-2 * math.log((a + 0.5) / 2**32))
    return radius * (math.cos, math.sin)[entry % 2](2 * math.pi * b / 2**32)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3, 2, 5), (2, 3, 8), (1, 1, 1)])
def test_every_weight_is_where_the_layout_says(shape, dtype) -> None:
    source = Stream(11, "networks/x", 4, "philox").weights(2)
    # In two tiles, so that the second starts at network 3.
    drawn = torch.cat([source.fill(torch.empty((n, *shape), dtype=dtype)) for n in (3, 2)])
    # float32: a radius near 0 is off by sqrt(2 * 2^-24); else a few units in the last place of 7
    tolerance = 3.5e-4 if dtype == torch.float32 else 1e-14
    for index in np.ndindex(*drawn.shape):
        expected = weight(11, "networks/x", 4, 2, shape, *index)
        assert abs(float(drawn[index]) - expected) <= tolerance, index


def test_chunks_do_not_show(monkeypatch) -> None:
    out = torch.empty(7, 3, 2, 6)
    whole = philox.fill_weights(out, (1, 2), 0, 1, WEIGHTS, 0).clone()
    monkeypatch.setitem(philox._CHUNK, "cpu", 8)
    assert torch.allclose(whole, philox.fill_weights(out, (1, 2), 0, 1, WEIGHTS, 0), atol=1e-6)


def test_the_weights_are_standard_normal() -> None:
    drawn = torch.empty(100, 50, 5, 40, dtype=torch.float64)
    philox.fill_weights(drawn, (3, 4), 0, 1, WEIGHTS, 0)
    n = drawn.numel()
    # Five standard deviations each: Var of the mean 1/n, of the square 2/n, of the fourth 96/n.
    for power, expected, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(float((drawn**power).mean()) - expected) < 5 * math.sqrt(variance / n)
    flat = drawn.flatten()
    for lag in (1, 2, 3, 4, 40, 200):  # within a counter's four, across counters, rows and units
        assert abs(float((flat[lag:] * flat[:-lag]).mean())) < 5 / math.sqrt(n)


def test_a_layer_too_large_for_the_layout_is_refused() -> None:
    with pytest.raises(MaxoutError, match="too large"):
        philox.fill_weights(torch.empty(0, 2**20, 2**7, 2**7), (0, 0), 0, 1, WEIGHTS, 0)
