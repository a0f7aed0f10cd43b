"""Finer draws of the same words, in float64: normals, uniforms of 53 bits, chi-squares, directions.

As in ``kernels``: single IEEE operations in the order written, the same bits everywhere.

Source: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from maxout.verify.sampling.kernels import is_kept, words

_AT_ONCE, _LANES = 512, 16  # as in ``kernels``
_options = {"cache": is_kept(), "nogil": True, "error_model": "numpy"}

_BITS32 = np.uint64(32)
_LN2, _QUARTER = math.log(2), math.pi / 2
_ROOT_HALF, _MANTISSA = np.int64(0x3FE6A09E667F3BCD), np.int64((1 << 52) - 1)
_FROM_1 = np.uint64(0x3FF << 52)
_BITS12, _BITS2, _BITS52 = np.uint64(12), np.uint64(2), np.int64(52)
_SIGN = np.uint64(1 << 62)


@njit(inline="always")
def _word64(a, b):  # type: ignore[no-untyped-def]
    return np.uint64(a) << _BITS32 | np.uint64(b)


@njit(inline="always")
def _uniform(word):  # type: ignore[no-untyped-def]
    """An odd multiple of 2^-53 in (0, 1), exact."""
    return np.uint64(word >> _BITS12 | _FROM_1).view(np.float64) - 1.0 + 2.0**-53


@njit(inline="always")
def _log(u):  # type: ignore[no-untyped-def]
    """ln u = e ln 2 + 2 artanh s, s = (m - 1)/(m + 1) with s^2 < 0.03: Taylor's terms to s^21."""
    bits = np.int64(np.float64(u).view(np.int64) - _ROOT_HALF)
    t = np.int64((bits & _MANTISSA) + _ROOT_HALF).view(np.float64) - 1.0
    s = t / (t + 2.0)
    z = s * s
    p = 1 / 19 + z * (1 / 21)
    p = 1 / 11 + z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * p)))
    p = 1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * p)))
    return np.float64(bits >> _BITS52) * _LN2 + (2.0 * s + 2.0 * s * z * p)


@njit(inline="always")
def _pair(a, b):  # type: ignore[no-untyped-def]
    """The pair of ``kernels``, of two words of 64 bits: Taylor's sine and cosine to a^17, a^18."""
    radius = math.sqrt(-2.0 * _log(_uniform(a)))
    radius = -radius if (b & _SIGN) != np.uint64(0) else radius
    angle = (_uniform(b << _BITS2) - 0.5) * _QUARTER
    z = angle * angle
    s = -1 / 1307674368000 + z * (1 / 355687428096000)
    s = -1 / 5040 + z * (1 / 362880 + z * (-1 / 39916800 + z * (1 / 6227020800 + z * s)))
    sine = angle + angle * z * (-1 / 6 + z * (1 / 120 + z * s))
    c = 1 / 20922789888000 + z * (-1 / 6402373705728000)
    c = 1 / 40320 + z * (-1 / 3628800 + z * (1 / 479001600 + z * (-1 / 87178291200 + z * c)))
    cosine = (1.0 - 0.5 * z) + z * z * (1 / 24 + z * (-1 / 720 + z * c))
    swap = np.int64(b) < np.int64(0)
    return radius * (sine if swap else cosine), radius * (cosine if swap else sine)


@njit(**_options)
def draw(out, start, network, place, normal):  # type: ignore[no-untyped-def]
    """Fill float64 (networks, n) with two numbers a counter: normals, or uniforms in (0, 1)."""
    drawn = np.empty((4, _AT_ONCE), np.uint32)
    made = np.empty((2, _AT_ONCE), np.float64)
    for row in range(out.shape[0]):
        for first in range(0, out.shape[1], 2 * _AT_ONCE):
            size = min(2 * _AT_ONCE, out.shape[1] - first)
            count = -(-size // (2 * _LANES)) * _LANES
            words(drawn, start + first // 2, count, network + row, place)
            for i in range(count):
                a, b = _word64(drawn[0, i], drawn[1, i]), _word64(drawn[2, i], drawn[3, i])
                if normal:
                    made[0, i], made[1, i] = _pair(a, b)
                else:
                    made[0, i], made[1, i] = _uniform(a), _uniform(b)
            for j in range(size):
                out[row, first + j] = made[j & 1, j >> 1]


@njit(inline="always")
def _attempt(a, b, c, d, uniform, freedom):  # type: ignore[no-untyped-def]
    """A chi-square of a normal and a uniform, or -1 where they are rejected."""
    third = freedom / 2 - 1 / 3
    x, _ = _pair(_word64(a, b), _word64(c, d))
    t = 1.0 + x / math.sqrt(9 * third)
    v = t * t * t
    bound = (0.5 * x * x + third) - third * v + third * _log(v)
    accepted = (v > 0.0) & (_log(_uniform(uniform)) < bound)
    return 2.0 * third * v if accepted else -1.0


@njit(**_options)
def chisquares(out, freedom, start, place):  # type: ignore[no-untyped-def]
    """Fill float64 (n,) with chi-squares of ``freedom`` >= 2: try k = 0, 1, ... of number i takes
    its normal from counter (start + i, 2 k + 1) and its uniform from (start + i, 2 k + 2)."""
    drawn = np.empty((4, _AT_ONCE), np.uint32)
    other = np.empty((4, _AT_ONCE), np.uint32)
    made = np.empty(_AT_ONCE, np.float64)
    for first in range(0, len(out), _AT_ONCE):
        size = min(_AT_ONCE, len(out) - first)
        count = -(-size // _LANES) * _LANES
        words(drawn, start + first, count, 1, place)
        words(other, start + first, count, 2, place)
        for i in range(count):
            w = drawn[0, i], drawn[1, i], drawn[2, i], drawn[3, i]
            word = _word64(other[0, i], other[1, i])
            made[i] = _attempt(w[0], w[1], w[2], w[3], word, freedom)
        for i in range(size):
            k = 3
            while made[i] < 0:  # some percent
                words(drawn, start + first + i, 1, k, place)
                words(other, start + first + i, 1, k + 1, place)
                w = drawn[0, 0], drawn[1, 0], drawn[2, 0], drawn[3, 0]
                word = _word64(other[0, 0], other[1, 0])
                made[i] = _attempt(w[0], w[1], w[2], w[3], word, freedom)
                k += 2
            out[first + i] = made[i]


@njit(**_options)
def orthonormal(pairs):  # type: ignore[no-untyped-def]
    """Make the two vectors of (n, 2, d) orthonormal in place, the first one's direction kept; a
    second one in one dimension is left as it is. Sums go in order."""
    n, _, size = pairs.shape
    for i in range(n):
        first, second = pairs[i, 0], pairs[i, 1]
        _normalize(first)
        if size > 1:
            along = 0.0
            for j in range(size):
                along += first[j] * second[j]
            for j in range(size):
                second[j] -= along * first[j]
            _normalize(second)


@njit(**_options)
def _normalize(vector):  # type: ignore[no-untyped-def]
    total = 0.0
    for value in vector:
        total += value * value
    norm = math.sqrt(total)
    for j in range(len(vector)):
        vector[j] /= norm
