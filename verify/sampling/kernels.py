"""The stream of draws, compiled: Philox's words, normals from them, and layers of such weights.

A counter-based generator has no state: the four 32-bit words at a counter of four words are a fixed
bijection under a key of two. So any device makes any weight, without those before it. What follows
the words are single IEEE operations in the order written, in float32 or float64: no library's
logarithm or sine, no fused multiply-add, no reassociated sum. The compiler vectorizes over counters
and over the rows of a layer, whose sums have nothing to do with each other. Hence the same bits on
every processor, and on a GPU whose kernel does the same.

``place`` is (shard, 8 * layer + role, key, key), the last two words of the counter and the key.

Everything compiled stands in this one file: Numba's cache looks at the file of a function, and not
at those of the functions that it calls.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011);
Box and Muller 1958; Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_AT_ONCE = 512
"""Counters at a time: their words and normals, 16 KiB, stay in a core's first cache."""
_LANES = 16
"""Counters are made in multiples: what is left over would be made one by one."""

_LOW, _BITS32 = np.uint64(0xFFFFFFFF), np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)


def _is_kept() -> bool:
    """Whether compiled code can be kept: beside this file, or in a home, one of them writable."""
    try:
        njit(cache=True)(_is_kept)
    except RuntimeError:  # compiled anew in each process then
        return False
    return True


_options = {"cache": _is_kept(), "nogil": True, "error_model": "numpy"}


@njit(inline="always")
def _philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    for _ in range(10):
        p0, p1 = _M0 * np.uint64(c0), _M1 * np.uint64(c2)
        c0, c2 = np.uint32(p1 >> _BITS32) ^ c1 ^ k0, np.uint32(p0 >> _BITS32) ^ c3 ^ k1
        c1, c3 = np.uint32(p1 & _LOW), np.uint32(p0 & _LOW)
        k0, k1 = np.uint32(k0 + _W0), np.uint32(k1 + _W1)
    return c0, c1, c2, c3


@njit(**_options)
def words(out, start, count, network, place):  # type: ignore[no-untyped-def]
    """Fill the first ``count`` places of uint32 (4, _) with the words at counters
    (start + i, network, place[0], place[1])."""
    first, c1 = np.uint32(start), np.uint32(network)
    c2, c3, k0, k1 = place[0], place[1], place[2], place[3]
    for i in range(count):
        w = _philox(np.uint32(first + np.uint32(i)), c1, c2, c3, k0, k1)
        out[0, i], out[1, i], out[2, i], out[3, i] = w


# float32 normals ---------------------------------------------------------------------------------

# ln(1 + t) = t - t^2/2 + t^3 P(t) between sqrt(1/2) and sqrt(2), to a relative 3.2e-8; the sine and
# cosine of |a| <= pi/4, to 3.7e-9 and 1e-10 of themselves: minimax polynomials (Remez).
_P0, _P1, _P2, _P3, _P4, _P5, _P6 = np.array([
    0.3333391073656857, -0.2500133703516043, 0.19963063832649827, -0.16577584733236805,
    0.14914767597174086, -0.14267486594720002, 0.0870043643166235,
], np.float32)  # fmt: skip
_S0, _S1, _S2 = np.array(
    [-0.1666665500197038, 0.008332180857208866, -0.00019517592820615873], np.float32
)
_C0, _C1, _C2 = np.array(
    [0.0416666471201206, -0.0013887377909533219, 2.4439483044488707e-05], np.float32
)
_ONE, _HALF, _MINUS_TWO = np.float32(1), np.float32(0.5), np.float32(-2)
_LN2 = np.float32(math.log(2))
_STEP = np.float32(2.0**-31)
_ANGLE = np.float32(2 * math.pi * 2.0**-34)
_ROOT_HALF, _MANTISSA, _EXPONENT = np.int32(0x3F3504F3), np.int32(0x7FFFFF), np.int32(23)
_BIT30, _NONE, _SHIFT1, _SHIFT2 = np.uint32(1 << 30), np.uint32(0), np.uint32(1), np.uint32(2)


@njit(inline="always")
def _pair32(a, b):  # type: ignore[no-untyped-def]
    """Two N(0, 1) of two words, sqrt(-2 ln u) (cos, sin): 31 bits of ``a`` make u, never 0; ``b``
    an angle of 30 bits within an eighth of a turn of 0, a sign, and whether cosine and sine swap.
    """
    u = (np.float32(np.int32(a >> _SHIFT1)) + _HALF) * _STEP
    bits = np.int32(np.float32(u).view(np.int32) - _ROOT_HALF)
    exponent = np.float32(bits >> _EXPONENT)
    t = np.int32((bits & _MANTISSA) + _ROOT_HALF).view(np.float32) - _ONE
    p = _P0 + t * (_P1 + t * (_P2 + t * (_P3 + t * (_P4 + t * (_P5 + t * _P6)))))
    z = t * t
    log = (p * t * z - _HALF * z) + t
    radius = np.float32(math.sqrt(_MINUS_TWO * (log + exponent * _LN2)))
    radius = -radius if (b & _BIT30) != _NONE else radius
    angle = np.float32(np.int32(b << _SHIFT2)) * _ANGLE
    z = angle * angle
    sine = angle + angle * z * (_S0 + z * (_S1 + z * _S2))
    cosine = (_ONE - _HALF * z) + z * z * (_C0 + z * (_C1 + z * _C2))
    swap = np.int32(b) < np.int32(0)
    return radius * (sine if swap else cosine), radius * (cosine if swap else sine)


@njit(**_options)
def _normals32(drawn, out, count):  # type: ignore[no-untyped-def]
    for half in range(2):
        for i in range(count):
            pair = _pair32(drawn[2 * half, i], drawn[2 * half + 1, i])
            out[2 * half, i], out[2 * half + 1, i] = pair


@njit(**_options)
def _block32(drawn, out, start, count, network, place):  # type: ignore[no-untyped-def]
    """Make the normals of ``count`` counters from ``start`` on, in the first places of (4, _)."""
    padded = -(-count // _LANES) * _LANES
    words(drawn, start, padded, network, place)
    _normals32(drawn, out, padded)


@njit(**_options)
def normals32(out, start, network, place):  # type: ignore[no-untyped-def]
    """Fill (networks, n): number j of a row is normal j % 4 of counter start + j // 4."""
    drawn = np.empty((4, _AT_ONCE), np.uint32)
    made = np.empty((4, _AT_ONCE), np.float32)
    for row in range(out.shape[0]):
        for first in range(0, out.shape[1], 4 * _AT_ONCE):
            size = min(4 * _AT_ONCE, out.shape[1] - first)
            _block32(drawn, made, start + first // 4, -(-size // 4), network + row, place)
            for j in range(size):
                out[row, first + j] = made[j & 3, j >> 2]


@njit(**_options)
def weights(out, network, place):  # type: ignore[no-untyped-def]
    """Fill (networks, fan_in, rows): weight (row, input) is normal input % 4 of counter
    (input // 4) * rows + row."""
    drawn = np.empty((4, _AT_ONCE), np.uint32)
    made = np.empty((4, _AT_ONCE), np.float32)
    networks, fan_in, rows = out.shape
    for n in range(networks):
        for block in range(-(-fan_in // 4)):
            inputs = min(4, fan_in - 4 * block)
            for first in range(0, rows, _AT_ONCE):
                size = min(_AT_ONCE, rows - first)
                _block32(drawn, made, block * rows + first, size, network + n, place)
                for h in range(inputs):
                    out[n, 4 * block + h, first : first + size] = made[h, :size]


# A layer whose weights are never written ----------------------------------------------------------


@njit(**_options)
def walk(rows, shapes, scales, biases, network, place, squares):  # type: ignore[no-untyped-def]
    """Push activations and directions through all layers of networks.

    Args:
      rows: float32 (networks, 1 + directions, n_0), the activations first.
      shapes: int64 (layers, 3), units, pieces and fan_in; the last layer has one piece.
      scales: float32 (layers,), standard deviations of weights: inputs are multiplied by them.
      biases: float32 (1 or networks, all hidden pieces or 0), layer after layer.
      network: number in the shard of the first network.
      place: of layer 0; its second word grows by 8 a layer.
      squares: float64 (networks, 2, 1 + directions), filled with the squared norms at the last
        hidden layer and of the outputs, summed in order.

    The four products of a counter are summed in pairs and added to the row's sum in order of the
    inputs; a bias comes last. Of equal pieces the first wins.
    """
    networks, vectors, inputs = rows.shape
    drawn = np.empty((4, _AT_ONCE), np.uint32)
    made = np.empty((4, _AT_ONCE), np.float32)
    most = max(np.max(shapes[:, 0] * shapes[:, 1]), np.max(shapes[:, 2])) + 4
    values = np.empty((vectors, most), np.float32)
    sums = np.empty((vectors, most), np.float32)
    here = place.copy()
    for n in range(networks):
        offset, biased = 0, min(n, len(biases) - 1)
        for v in range(vectors):
            for i in range(inputs):
                values[v, i] = rows[n, v, i]
        for layer in range(len(shapes)):
            units, pieces, fan_in = shapes[layer, 0], shapes[layer, 1], shapes[layer, 2]
            here[1] = place[1] + np.uint32(8 * (layer + 1))
            if layer == len(shapes) - 1:
                _squared_norms(values, fan_in, squares, n, 0)
            for v in range(vectors):
                for i in range(fan_in):
                    values[v, i] *= scales[layer]
                for i in range(fan_in, fan_in + 4):
                    values[v, i] = 0
            _products(values, sums, drawn, made, units * pieces, fan_in, network + n, here)
            if biases.shape[1] > 0 and layer < len(shapes) - 1:
                for row in range(units * pieces):
                    sums[0, row] += biases[biased, offset + row]
                offset += units * pieces
            _winners(sums, values, units, pieces)
        _squared_norms(values, shapes[-1, 0], squares, n, 1)


@njit(**_options)
def _products(values, sums, drawn, made, rows, fan_in, network, place):  # type: ignore[no-untyped-def]
    blocks = -(-fan_in // 4)
    together = max(1, _AT_ONCE // rows)  # blocks of inputs
    sums[:, :rows] = 0
    for first in range(0, rows, _AT_ONCE):
        size = min(_AT_ONCE, rows - first)
        for start in range(0, blocks, together):
            count = min(together, blocks - start)
            # Either count is 1 or size all rows: the counters follow each other.
            _block32(drawn, made, start * rows + first, count * size, network, place)
            for b in range(count):
                i = 4 * (start + b)
                for v in range(len(values)):
                    x = values[v, i], values[v, i + 1], values[v, i + 2], values[v, i + 3]
                    _add_products(sums, v, first, size, made, b * size, x)


@njit(**_options)
def _add_products(sums, v, first, size, z, at, x):  # type: ignore[no-untyped-def]
    # Unsigned: an index that might be negative would be looked at one by one.
    to, of = np.uintp(first), np.uintp(at)
    for r in range(np.uintp(size)):
        i = of + r
        sums[v, to + r] += (z[0, i] * x[0] + z[1, i] * x[1]) + (z[2, i] * x[2] + z[3, i] * x[3])


@njit(**_options)
def _winners(sums, values, units, pieces):  # type: ignore[no-untyped-def]
    for unit in range(units):
        best = unit * pieces
        for row in range(unit * pieces + 1, (unit + 1) * pieces):
            best = row if sums[0, row] > sums[0, best] else best
        for v in range(len(values)):
            values[v, unit] = sums[v, best]


@njit(**_options)
def _squared_norms(values, size, squares, network, which):  # type: ignore[no-untyped-def]
    for v in range(len(values)):
        total = 0.0
        for i in range(size):
            total += np.float64(values[v, i]) * np.float64(values[v, i])
        squares[network, which, v] = total


# Finer draws, in float64 --------------------------------------------------------------------------

_LN2_64, _QUARTER = math.log(2), math.pi / 2
_ROOT_HALF_64, _MANTISSA_64 = np.int64(0x3FE6A09E667F3BCD), np.int64((1 << 52) - 1)
_FROM_1 = np.uint64(0x3FF << 52)
_BITS12, _BITS2, _BITS52 = np.uint64(12), np.uint64(2), np.int64(52)
_SIGN_64 = np.uint64(1 << 62)


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
    bits = np.int64(np.float64(u).view(np.int64) - _ROOT_HALF_64)
    t = np.int64((bits & _MANTISSA_64) + _ROOT_HALF_64).view(np.float64) - 1.0
    s = t / (t + 2.0)
    z = s * s
    p = 1 / 19 + z * (1 / 21)
    p = 1 / 11 + z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * p)))
    p = 1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * p)))
    return np.float64(bits >> _BITS52) * _LN2_64 + (2.0 * s + 2.0 * s * z * p)


@njit(inline="always")
def _pair64(a, b):  # type: ignore[no-untyped-def]
    """``_pair32`` of two words of 64 bits: Taylor's terms of sine and cosine to a^17 and a^18."""
    radius = math.sqrt(-2.0 * _log(_uniform(a)))
    radius = -radius if (b & _SIGN_64) != np.uint64(0) else radius
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
def fine(out, start, network, place, normal):  # type: ignore[no-untyped-def]
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
                    made[0, i], made[1, i] = _pair64(a, b)
                else:
                    made[0, i], made[1, i] = _uniform(a), _uniform(b)
            for j in range(size):
                out[row, first + j] = made[j & 1, j >> 1]


@njit(inline="always")
def _attempt(a, b, c, d, uniform, freedom):  # type: ignore[no-untyped-def]
    """A chi-square of a normal and a uniform, or -1 where they are rejected."""
    third = freedom / 2 - 1 / 3
    x, _ = _pair64(_word64(a, b), _word64(c, d))
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
