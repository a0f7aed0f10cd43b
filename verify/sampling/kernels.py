"""The stream of draws, compiled: Philox's words, normals from them, and layers of such weights.

A counter-based generator has no state: the four 32-bit words at a counter of four words are a fixed
bijection under a key of two. So any device makes any weight, without those before it. What follows
the words are single IEEE operations in the order written, in float32 here and in float64 in
``fine_kernels``: no library's logarithm or sine, no fused multiply-add, no reassociated sum. The
compiler vectorizes over counters and over the rows of a layer, whose sums have nothing to do with
each other. Hence the same bits on every processor, and on a GPU whose kernel does the same.

``place`` is (shard, 8 * layer + role, key, key), the last two words of the counter and the key.

Numba's cache looks at the file of a function, not at those of the functions that it calls: so what
is compiled takes nothing from another file but ``words``, which published answers hold to what it
is, and how it is compiled stands in each.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011);
Box and Muller 1958.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

AT_ONCE = 512
"""Counters at a time: their words and normals, 16 KiB, stay in a core's first cache."""
LANES = 16
"""Counters are made in multiples: what is left over would be made one by one."""

_LOW, BITS32 = np.uint64(0xFFFFFFFF), np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)


def is_kept() -> bool:
    """Whether compiled code can be kept: beside this file, or in a home, one of them writable."""
    try:
        njit(cache=True)(is_kept)
    except RuntimeError:  # compiled anew in each process then
        return False
    return True


_options = {"cache": is_kept(), "nogil": True, "error_model": "numpy"}


@njit(inline="always")
def _philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    for _ in range(10):
        p0, p1 = _M0 * np.uint64(c0), _M1 * np.uint64(c2)
        c0, c2 = np.uint32(p1 >> BITS32) ^ c1 ^ k0, np.uint32(p0 >> BITS32) ^ c3 ^ k1
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
    padded = -(-count // LANES) * LANES
    words(drawn, start, padded, network, place)
    _normals32(drawn, out, padded)


@njit(**_options)
def normals32(out, start, network, place):  # type: ignore[no-untyped-def]
    """Fill (networks, n): number j of a row is normal j % 4 of counter start + j // 4."""
    drawn = np.empty((4, AT_ONCE), np.uint32)
    made = np.empty((4, AT_ONCE), np.float32)
    for row in range(out.shape[0]):
        for first in range(0, out.shape[1], 4 * AT_ONCE):
            size = min(4 * AT_ONCE, out.shape[1] - first)
            _block32(drawn, made, start + first // 4, -(-size // 4), network + row, place)
            for j in range(size):
                out[row, first + j] = made[j & 3, j >> 2]


@njit(**_options)
def weights(out, network, place):  # type: ignore[no-untyped-def]
    """Fill (networks, fan_in, rows): weight (row, input) is normal input % 4 of counter
    (input // 4) * rows + row."""
    drawn = np.empty((4, AT_ONCE), np.uint32)
    made = np.empty((4, AT_ONCE), np.float32)
    networks, fan_in, rows = out.shape
    for n in range(networks):
        for block in range(-(-fan_in // 4)):
            inputs = min(4, fan_in - 4 * block)
            for first in range(0, rows, AT_ONCE):
                size = min(AT_ONCE, rows - first)
                _block32(drawn, made, block * rows + first, size, network + n, place)
                for h in range(inputs):
                    out[n, 4 * block + h, first : first + size] = made[h, :size]


@njit(**_options)
def walk(rows, shapes, scales, biases, network, place, squares):  # type: ignore[no-untyped-def]
    """Push activations and directions through all layers of networks.

    Args:
      rows: (networks, 1 + directions, n_0), the activations first; in their precision everything
        but the normals is computed, float32 or float64.
      shapes: int64 (layers, 3), units, pieces and fan_in; the last layer has one piece.
      scales: (layers,), standard deviations of weights: inputs are multiplied by them.
      biases: (1 or networks, all hidden pieces or 0), layer after layer.
      network: number in the shard of the first network.
      place: of layer 0; its second word grows by 8 a layer.
      squares: float64 (networks, 2, 1 + directions), filled with the squared norms at the last
        hidden layer and of the outputs, summed in order.

    The four products of a counter are summed in pairs and added to the row's sum in order of the
    inputs; a bias comes last. Of equal pieces the first wins.
    """
    networks, vectors, inputs = rows.shape
    drawn = np.empty((4, AT_ONCE), np.uint32)
    made = np.empty((4, AT_ONCE), np.float32)
    most = max(np.max(shapes[:, 0] * shapes[:, 1]), np.max(shapes[:, 2])) + 4
    values = np.empty((vectors, most), rows.dtype)
    sums = np.empty((vectors, most), rows.dtype)
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
    together = max(1, AT_ONCE // rows)  # blocks of inputs
    sums[:, :rows] = 0
    for first in range(0, rows, AT_ONCE):
        size = min(AT_ONCE, rows - first)
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
