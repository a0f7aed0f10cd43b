"""Normals in bulk on the CPU: words of NumPy's SFC64, and Box and Muller's transform in NumPy.

The ziggurat takes its draws one after the other, with branches; here every step is one pass of a
vector unit over a piece of memory that stays in the cache. In float32 that is faster than any
generator of normals in NumPy or PyTorch (``benchmarks/bench_verify.py`` measures it).

A generator's state is the first 24 bytes, as little-endian words, of SHA-256 of
``maxout/sfc64/1/SEED/SHARD/LAYER/NAME``, which it then runs on as NumPy does for any seed. Words
make normals as in ``normals``: 32 bits for the radius and 32 for the angle.
They are the same on every run on one kind of processor, and on another equal up to the rounding
of NumPy's logarithms and cosines there.
"""

from __future__ import annotations

import hashlib
import math
import threading
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence

PAIRS = 1 << 17
"""Pairs of normals made at a time: fewer cost more calls than a smaller cache saves."""


class _Words(ISeedSequence):
    """Hands a bit generator the words it was given: they are keyed already."""

    def __init__(self, words: np.ndarray) -> None:
        self.words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> np.ndarray:
        return self.words[:n_words].astype(dtype)


def generator(seed: int, name: str, shard: int, layer: int) -> np.random.Generator:
    """Return the generator of a layer's weights, from its beginning."""
    key = hashlib.sha256(f"maxout/sfc64/1/{seed}/{shard}/{layer}/{name}".encode()).digest()
    words = _Words(np.frombuffer(key, "<u8"))
    # NumPy takes any ISeedSequence; its annotations know one of them.
    return np.random.Generator(np.random.SFC64(words))  # type: ignore[arg-type]


def fill_normal(generator: np.random.Generator, out: np.ndarray) -> np.ndarray:
    """Fill a contiguous array with N(0, 1) in its own precision, and return it.

    Draws are made in pairs, ``PAIRS`` at a time: pieces filled one after the other are not the
    whole filled at once.
    """
    flat = out.reshape(1, -1)
    for start in range(0, flat.size, 2 * PAIRS):
        _fill_rows([generator], flat[:, start : start + 2 * PAIRS])
    return out


def together(size: int) -> int:
    """Return how many rows of such a size ``fill_rows`` can fill in one go, 1 at least."""
    return max(1, PAIRS // _pairs(size))


def fill_rows(generators: list[np.random.Generator], out: np.ndarray) -> None:
    """Fill each row of a contiguous matrix from a generator of its own, as ``fill_normal`` does.

    Python runs one thread at a time between NumPy's operations, and one that has to wait sleeps
    longer than an operation on a short row takes: so all rows go into each.
    """
    step = together(out.shape[1])
    if out.shape[1] > 2 * PAIRS:
        for generator, row in zip(generators, out, strict=True):
            fill_normal(generator, row)
        return
    for start in range(0, len(out), step):
        _fill_rows(generators[start : start + step], out[start : start + step])


def _pairs(size: int) -> int:
    return (size + 1) // 2


def _fill_rows(generators: list[np.random.Generator], out: np.ndarray) -> None:
    pairs = _pairs(out.shape[1])
    tools = _tools(out.dtype)
    drawn = [g.integers(0, 2**64, size=pairs, dtype=np.uint64) for g in generators]
    words = drawn[0] if len(drawn) == 1 else np.concatenate(drawn)
    halves = words.view(np.uint32).reshape(-1, 2 * pairs)
    # sqrt(-2 ln u) with u = (word + 1/2) / 2^32, never 0.
    radii = tools.radii[: words.size].reshape(-1, pairs)
    radii[:] = halves[:, :pairs]
    radii *= tools.unit
    radii += tools.half_unit
    np.log(radii, out=radii)
    radii *= tools.minus_two
    np.sqrt(radii, out=radii)
    # As signed words, which are converted faster, angles go from -pi to pi; they lie where the
    # sines will.
    both = out if out.shape[1] % 2 == 0 else np.empty(halves.shape, dtype=out.dtype)
    cosines, angles = both[:, :pairs], both[:, pairs:]
    angles[:] = halves[:, pairs:].view(np.int32)
    angles *= tools.turn
    np.cos(angles, out=cosines)
    cosines *= radii
    np.sin(angles, out=angles)
    angles *= radii
    if both is not out:
        out[:] = both[:, :-1]


class _Tools:
    """Room for ``PAIRS`` radii, and the constants as arrays, which NumPy takes faster."""

    def __init__(self, dtype: np.dtype) -> None:
        self.radii = np.empty(PAIRS, dtype=dtype)
        self.unit = np.array(2.0**-32, dtype=dtype)
        self.half_unit = np.array(2.0**-33, dtype=dtype)
        self.minus_two = np.array(-2, dtype=dtype)
        self.turn = np.array(2 * math.pi * 2.0**-32, dtype=dtype)


class _Kept(threading.local):
    def __init__(self) -> None:
        self.tools: dict[np.dtype, _Tools] = {}


_kept = _Kept()


def _tools(dtype: np.dtype) -> _Tools:
    """Return the same tools at every call of a thread.

    Fresh memory would come from the operating system page by page, which takes longer than what is
    done with it.
    """
    if dtype not in _kept.tools:
        _kept.tools[dtype] = _Tools(dtype)
    return _kept.tools[dtype]
