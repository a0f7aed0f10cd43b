"""The stream of draws in plain NumPy, operation by operation: what any device must repeat.

Arrays stand for many counters at once; every operation on them is one rounding, the same on every
processor, and sums are written out. Nothing here is imported from the package.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

Key = tuple[int, int]

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
MASK = 0xFFFFFFFF

f32, f64 = np.float32, np.float64


def key_of(text: str) -> Key:
    """The first eight bytes of SHA-256, as two little-endian words."""
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")


def words(counters: np.ndarray, key: Key, rounds: int = 10) -> np.ndarray:
    """Philox4x32 at counters (n, 4): words (n, 4), uint32. Its authors publish 7 rounds as well."""
    c0, c1, c2, c3 = counters.astype(np.uint64).T
    k0, k1 = key
    low, half = np.uint64(MASK), np.uint64(32)
    for _ in range(rounds):
        p0, p1 = np.uint64(MULTIPLIERS[0]) * c0, np.uint64(MULTIPLIERS[1]) * c2
        c0, c1, c2, c3 = (
            (p1 >> half) ^ c1 ^ np.uint64(k0),
            p1 & low,
            (p0 >> half) ^ c3 ^ np.uint64(k1),
            p0 & low,
        )
        k0, k1 = (k0 + WEYL[0]) & MASK, (k1 + WEYL[1]) & MASK
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


def at(c0: np.ndarray, network: int, shard: int, layer: int, role: int, key: Key) -> np.ndarray:
    """The words at many first words of the counter."""
    c0 = np.asarray(c0)
    rest = [np.full_like(c0, word) for word in (network, shard, 8 * layer + role)]
    return words(np.stack([c0, *rest], axis=1), key)


LOG = [
    0.3333391073656857, -0.2500133703516043, 0.19963063832649827, -0.16577584733236805,
    0.14914767597174086, -0.14267486594720002, 0.0870043643166235,
]  # fmt: skip
SINE = [-0.1666665500197038, 0.008332180857208866, -0.00019517592820615873]
COSINE = [0.0416666471201206, -0.0013887377909533219, 2.4439483044488707e-05]


def polynomial(x: np.ndarray, coefficients: list[float]) -> np.ndarray:
    """Horner's rule, the constant first in the list, in the precision of ``x``."""
    total = x.dtype.type(coefficients[-1])
    for c in coefficients[-2::-1]:
        total = x.dtype.type(c) + x * total
    return total


def rotated(radius, sine, cosine, negative, swap) -> np.ndarray:
    """Pairs (n, 2) of an angle within an eighth of a turn, a sign and an exchange."""
    radius = np.where(negative, -radius, radius)
    return np.stack(
        [radius * np.where(swap, sine, cosine), radius * np.where(swap, cosine, sine)], axis=1
    )


def pairs32(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Two float32 normals (n, 2) of two words each."""
    u = ((a >> 1).astype(np.int32).astype(f32) + f32(0.5)) * f32(2.0**-31)
    bits = u.view(np.int32) - np.int32(0x3F3504F3)  # sqrt(1/2)
    exponent = (bits >> 23).astype(f32)
    t = ((bits & np.int32(0x7FFFFF)) + np.int32(0x3F3504F3)).view(f32) - f32(1)
    z = t * t
    log = (polynomial(t, LOG) * t * z - f32(0.5) * z) + t
    radius = np.sqrt(f32(-2) * (log + exponent * f32(math.log(2))))
    angle = (b << 2).astype(np.uint32).view(np.int32).astype(f32) * f32(2 * math.pi * 2.0**-34)
    z = angle * angle
    sine = angle + angle * z * polynomial(z, SINE)
    cosine = (f32(1) - f32(0.5) * z) + z * z * polynomial(z, COSINE)
    return rotated(radius, sine, cosine, b >> 30 & 1 == 1, b >> 31 == 1)


def normals32(drawn: np.ndarray) -> np.ndarray:
    """Four float32 normals (n, 4) of words (n, 4)."""
    return np.concatenate([pairs32(*drawn[:, :2].T), pairs32(*drawn[:, 2:].T)], axis=1)


def words64(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two words of 64 bits of words (n, 4)."""
    a, b, c, d = drawn.astype(np.uint64).T
    return a << np.uint64(32) | b, c << np.uint64(32) | d


def uniforms(word: np.ndarray) -> np.ndarray:
    """Odd multiples of 2^-53."""
    return ((word >> np.uint64(12)).astype(f64) + 0.5) * 2.0**-52


def log64(u: np.ndarray) -> np.ndarray:
    bits = u.view(np.int64) - np.int64(0x3FE6A09E667F3BCD)  # sqrt(1/2)
    t = ((bits & np.int64(2**52 - 1)) + np.int64(0x3FE6A09E667F3BCD)).view(f64) - 1.0
    s = t / (t + 2.0)
    z = s * s
    p = polynomial(z, [1 / n for n in range(3, 23, 2)])
    return (bits >> 52).astype(f64) * math.log(2) + (2.0 * s + 2.0 * s * z * p)


def normals64(drawn: np.ndarray) -> np.ndarray:
    """Two float64 normals (n, 2) of words (n, 4)."""
    a, b = words64(drawn)
    radius = np.sqrt(-2.0 * log64(uniforms(a)))
    angle = (uniforms(b << np.uint64(2)) - 0.5) * (math.pi / 2)
    z = angle * angle
    s = [(-1) ** k / math.factorial(2 * k + 1) for k in range(1, 9)]
    c = [(-1) ** k / math.factorial(2 * k) for k in range(2, 10)]
    sine = angle + angle * z * polynomial(z, s)
    cosine = (1.0 - 0.5 * z) + z * z * polynomial(z, c)
    one, top = np.uint64(1), np.uint64(62)
    return rotated(radius, sine, cosine, b >> top & one == one, b >> np.uint64(63) == one)


def chisquare(freedom: float, place: int, shard: int, layer: int, role: int, key: Key) -> float:
    """One chi-square of at least 2 degrees of freedom, attempt after attempt."""
    d = freedom / 2 - 1 / 3
    attempt = 1
    while True:
        x = normals64(at([place], attempt, shard, layer, role, key))[0, 0]
        u = uniforms(words64(at([place], attempt + 1, shard, layer, role, key))[0])
        t = 1.0 + x / math.sqrt(9 * d)
        v = np.array([t * t * t])
        if v[0] > 0 and log64(u)[0] < ((0.5 * x * x + d) - d * v + d * log64(v))[0]:
            return float(2.0 * d * v[0])
        attempt += 2


def weights(rows: int, fan_in: int, network: int, shard: int, layer: int, key: Key) -> np.ndarray:
    """The float32 weights of one layer, (rows, fan_in)."""
    blocks = -(-fan_in // 4)
    c0 = np.arange(blocks)[:, None] * rows + np.arange(rows)  # (blocks, rows)
    z = normals32(at(c0.ravel(), network, shard, layer, 0, key)).reshape(blocks, rows, 4)
    return z.transpose(1, 0, 2).reshape(rows, -1)[:, :fan_in]


def push(x, units, pieces, scale, biases, network, shard, layer, key) -> np.ndarray:
    """One layer, float32: vectors (1 + directions, fan_in) to (1 + directions, units)."""
    fan_in = x.shape[1]
    drawn = np.zeros((units * pieces, fan_in + -fan_in % 4), f32)
    drawn[:, :fan_in] = weights(units * pieces, fan_in, network, shard, layer, key)
    inputs = np.zeros((len(x), drawn.shape[1]), f32)
    inputs[:, :fan_in] = x * f32(scale)
    sums = np.zeros((len(x), units * pieces), f32)
    for i in range(0, drawn.shape[1], 4):
        p = [drawn[:, i + h] * inputs[:, i + h, None] for h in range(4)]
        sums = sums + ((p[0] + p[1]) + (p[2] + p[3]))
    sums[0] += 0 if biases is None else biases.ravel()
    winners = sums[0].reshape(units, pieces).argmax(axis=1) + pieces * np.arange(units)
    return sums[:, winners]


def unit(vector: np.ndarray) -> np.ndarray:
    """The direction of a float64 vector; its norm is summed in order."""
    return vector / np.sqrt(squared_norm(vector))


def across(vector: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The direction of what of a vector is orthogonal to a unit vector."""
    along = 0.0
    for a, b in zip(direction, vector, strict=True):
        along += float(a) * float(b)
    return unit(vector - along * direction)


def squared_norm(values: np.ndarray) -> float:
    """In float64, in order."""
    total = 0.0
    for value in values:
        total += float(value) * float(value)
    return total
