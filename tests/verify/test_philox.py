"""The compiled stream against its plain reference: words, normals, weights, layers, bit by bit."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
import torch

from maxout.theory.network import Network
from maxout.verify.sampling import kernels, layerwise
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import concatenate
from maxout.verify.sampling.streams import BIASES, INPUTS, UNITS, WEIGHTS, Stream

from . import philox_reference as reference

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
STREAM = Stream(7, "networks/x", 3)
KEY = reference.key_of("maxout/draws/1/7/networks/x")


@pytest.mark.parametrize(("counter", "key", "seven", "ten"), KNOWN.values(), ids=KNOWN)
def test_known_answers(counter, key, seven, ten) -> None:
    row = np.array([counter], dtype=np.uint32)
    assert tuple(reference.words(row, key, 7)[0]) == seven
    assert tuple(reference.words(row, key)[0]) == ten
    out = np.empty((4, 1), np.uint32)
    kernels.words(out, counter[0], 1, counter[1], np.array([*counter[2:], *key], np.uint32))
    assert tuple(out[:, 0]) == ten


def same(found, expected) -> bool:
    return np.asarray(found).tobytes() == np.ascontiguousarray(expected).tobytes()


@pytest.mark.parametrize("size", [1, 5, 64, 4 * 512, 4 * 512 + 3])
@pytest.mark.parametrize("layer", [0, 9])
def test_normals_and_uniforms(size, layer) -> None:
    """Blocks, a part of one, a part of a counter."""
    place = (0, STREAM.shard, layer, UNITS, KEY)
    generator = STREAM.generator(layer, UNITS)
    rough = generator.standard_normal(size, np.float32)
    fine, uniform = generator.standard_normal(size), generator.random(size)
    start = -(-size // 4)
    assert same(rough, reference.normals32(reference.at(np.arange(start), *place)).ravel()[:size])
    two = -(-size // 2)
    drawn = reference.at(start + np.arange(two), *place)
    assert same(fine, reference.normals64(drawn).ravel()[:size])
    drawn = reference.at(start + two + np.arange(two), *place)
    pairs = np.stack([reference.uniforms(w) for w in reference.words64(drawn)], axis=1)
    assert same(uniform, pairs.ravel()[:size])
    assert generator.seed() == int(reference.words64(reference.at([start + 2 * two], *place))[0][0])


@pytest.mark.parametrize("freedom", [2, 2.5, 7, 400])
def test_chisquares(freedom) -> None:
    found = STREAM.generator(2, UNITS).chisquare(freedom, 700)
    expected = [reference.chisquare(freedom, i, STREAM.shard, 2, UNITS, KEY) for i in range(700)]
    assert same(found, expected)


@pytest.mark.parametrize("rows", [1, 6, 515])
@pytest.mark.parametrize("fan_in", [1, 4, 7, 30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_weight_is_where_the_layout_says(rows, fan_in, dtype) -> None:
    found = STREAM.generator(4, WEIGHTS).weights(2, (2, rows, fan_in), dtype)
    for n in range(2):
        expected = reference.weights(rows, fan_in, 2 + n, STREAM.shard, 4, KEY)
        assert same(found[n].copy(), expected.astype(dtype))


def test_biases_inputs_and_symbols_are_where_the_layout_says() -> None:
    biases = STREAM.generator(4, BIASES).of_networks(5, (2, 3, 2))
    inputs = STREAM.generator(0, INPUTS).fine_of_networks(5, (2, 2, 3))
    for n in range(2):
        drawn = reference.at(np.arange(2), 5 + n, STREAM.shard, 4, BIASES, KEY)
        assert same(biases[n], reference.normals32(drawn).ravel()[:6])
        drawn = reference.at(np.arange(3), 5 + n, STREAM.shard, 0, INPUTS, KEY)
        assert same(inputs[n], reference.normals64(drawn).ravel())
    key = reference.key_of("maxout/draws/1/symbol/7/Z,1/networks/x")
    drawn = reference.at(np.arange(2), 0, STREAM.shard, 0, UNITS, key)
    assert same(STREAM.symbol("Z,1").standard_normal(4), reference.normals64(drawn).ravel())


def test_inputs_and_directions_are_orthonormal_by_sums_in_order() -> None:
    sampler = Sampler(Network(20, (2,), 1, 2, bias="zero"), "zero", 0.6, 1.7)
    draws = STREAM.generator(0, INPUTS)
    for (first, second), x, u in zip(
        draws.fine_of_networks(4, (50, 2, 20)), *sampler.directions(draws, 4, 50), strict=True
    ):
        along = reference.unit(first)
        assert same(x, 1.7 * along)
        assert same(u, 0.6 * along + 0.8 * reference.across(second, along))


SAMPLERS = [
    Sampler(Network(5, (7, 4), 3, 3, bias="any"), "one-hot", 0.6, 2.0),
    Sampler(Network(6, (9, 5, 8), 2, 4, bias="gaussian"), "gaussian", -0.3, 1.0, (0.9, 0.0)),
    Sampler(Network(3, (130,), 1, 5, bias="zero"), "zero", 1.0, 1.0),  # more rows than a block
]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: str(s.network))
def test_layers_whose_weights_are_never_written(monkeypatch, sampler) -> None:
    """Every product and sum again; the tiles are of two networks and of one."""
    two = 2 * sampler.bytes_per_network(torch.float32)
    monkeypatch.setattr("maxout.verify.sampling.networks.TILE_BYTES", two)
    tiles = [*layerwise.squared_norms(sampler, STREAM, 3, torch.float32)]
    assert [len(tile["length"]) for tile in tiles] == [2, 1]
    found = concatenate(tiles)
    inputs = sampler.directions(STREAM.generator(0, INPUTS), 0, 3)
    biases = [draw(0, 3, np.float32) for draw in sampler.biases_of(STREAM)]
    for n in range(3):
        x = np.stack([v[n] for v in inputs]).astype(np.float32)
        for layer, (units, pieces, _) in enumerate(sampler.shapes, start=1):
            if layer == len(sampler.shapes):
                assert found["length"][n] == reference.squared_norm(x[0])
                for v, ending in enumerate(sampler.endings, start=1):
                    assert found[f"hidden{ending}"][n] == reference.squared_norm(x[v])
            bias = None if layer > len(biases) else biases[layer - 1]
            bias = None if bias is None else bias[min(n, len(bias) - 1)]
            scale = sampler.scales[layer - 1]
            x = reference.push(x, units, pieces, scale, bias, n, STREAM.shard, layer, KEY)
        for v, ending in enumerate(sampler.endings, start=1):
            assert found[f"gain{ending}"][n] == reference.squared_norm(x[v])


def test_the_first_of_equal_pieces_wins() -> None:
    """Without inputs all pieces are 0, and a bias decides which direction is seen."""
    rows = np.zeros((1, 2, 4), np.float32)
    rows[0, 1] = 1
    shapes, scales = np.array([[1, 3, 4], [1, 1, 1]]), np.ones(2, np.float32)
    place = np.array([0, 0, *KEY], np.uint32)

    def hidden(*biases: float) -> float:
        out = np.empty((1, 2, 2))
        kernels.walk(rows, shapes, scales, np.array([biases], np.float32), 0, place, out)
        return float(out[0, 0, 1])

    slopes = [hidden(*np.eye(3)[piece]) for piece in range(3)]
    assert len(set(slopes)) == 3
    assert hidden(0, 0, 0) == slopes[0]
    assert hidden(-1, 2, 2) == slopes[1]


def exactly(a: int, b: int, bits: int) -> tuple[float, float, float]:
    """The two normals of words in 50 digits, and the radius; ``bits`` of the word of the angle."""
    with mp.workdps(50):
        angle = mp.pi / 2 * ((mp.mpf(b % 2 ** (bits - 2)) + 2 ** (bits - 3)) % 2 ** (bits - 2))
        angle = angle / 2 ** (bits - 2) - mp.pi / 4
        radius = mp.sqrt(-2 * mp.log(a))
        radius = -radius if b >> (bits - 2) & 1 else radius
        pair = (radius * mp.cos(angle), radius * mp.sin(angle))
        return (*(pair[::-1] if b >> (bits - 1) else pair), abs(radius))


EDGES = [0, 1, 2**30 - 1, 2**30, 2**31 - 1, 2**31, 2**32 - 2**30, 2**32 - 2, 2**32 - 1]


def test_float32_normals_are_accurate() -> None:
    drawn = reference.at(np.arange(1000), 0, 0, 1, WEIGHTS, KEY)
    a = np.concatenate([drawn[:, 0], np.repeat(EDGES, len(EDGES)).astype(np.uint32)])
    b = np.concatenate([drawn[:, 1], np.tile(EDGES, len(EDGES)).astype(np.uint32)])
    found = reference.pairs32(a, b)
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 6.67
    worst = 0.0
    for pair, first, second in zip(found, a.tolist(), b.tolist(), strict=True):
        with mp.workdps(50):
            u = (mp.mpf(first >> 1) + 0.5) / 2**31
        x, y, radius = exactly(u, second, 32)
        error = max(abs(float(pair[0] - x)), abs(float(pair[1] - y)))
        # Near 1 the uniform is rounded by 2^-25, which moves a small radius.
        assert error < 8e-7 + min(2.0**-25 / float(radius), 3.5e-4)
        worst = max(worst, error if radius > 0.1 else 0)
    assert 1e-7 < worst < 1e-6


def test_float64_normals_are_accurate() -> None:
    drawn = reference.at(np.arange(700), 0, 0, 1, WEIGHTS, KEY)
    edges = np.array([(a, a, b, b) for a in EDGES for b in EDGES], np.uint32)
    drawn = np.concatenate([drawn, edges])
    found = reference.normals64(drawn)
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 8.66
    for pair, a, b in zip(found, *map(np.ndarray.tolist, reference.words64(drawn)), strict=True):
        with mp.workdps(50):
            u = (mp.mpf(a >> 12) + 0.5) / 2**52
        # The angle has 52 bits and a half step.
        angle = b >> 62 << 62 | ((b % 2**62) >> 10 << 10) + 2**9
        x, y, _ = exactly(u, (angle - 2**61) % 2**62 | b >> 62 << 62, 64)
        assert max(abs(float(pair[0] - x)), abs(float(pair[1] - y))) < 5e-15


def test_rounding_moves_no_moment() -> None:
    """float32 normals against exact ones of the same words: what is common to both cancels."""
    drawn = reference.at(np.arange(1 << 20), 0, 1, 1, WEIGHTS, KEY)
    u = ((drawn[:, 0] >> 1) + 0.5) * 2.0**-31
    squares = np.sum(reference.pairs32(drawn[:, 0], drawn[:, 1]).astype(float) ** 2, axis=1)
    exact = -2 * np.log(u)
    for power in (1, 2, 3):
        assert abs(np.mean(squares**power - exact**power)) < 1e-7 * math.factorial(power) * 2**power


def test_networks_of_either_precision_have_the_same_weights() -> None:
    sampler = SAMPLERS[1]
    tiles = [
        next(sampler.tiles(STREAM, 4, torch.device("cpu"), dtype))
        for dtype in (torch.float32, torch.float64)
    ]
    for rough, fine in zip(*(tile.layers for tile in tiles), strict=True):
        assert torch.equal(rough.weights.double(), fine.weights)
