"""Philox4x32-10: the weights of networks from counters, so that any of them can be had anywhere.

A counter-based generator has no state: the four 32-bit words at a counter are a fixed bijection of
it under a key. A GPU kernel, PyTorch on either device and plain NumPy therefore make the same
words, and the weight of (shard, network, layer, unit, piece, input) needs no other weight first.

Layout. The key is the first 64 bits, little-endian, of SHA-256 of ``maxout/philox/1/SEED/NAME``;
NAME is the population's. The counter's words are

    c0 = row * ceil(fan_in/4) + input // 4,   row = unit * pieces + piece
    c1 = network, counted from 0 within the shard
    c2 = shard
    c3 = 8 * layer + role                     layer from 1, roles of ``streams``

and the weight is normal number ``input % 4`` of the four that the words give (``normals``).

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), and its
library Random123, whose known answers the tests hold.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import torch

from maxout.theory.errors import DomainError

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
MASK = 0xFFFFFFFF
ROLES = 8
"""Streams of one layer that the layout can tell apart."""

# Counters at a time: what they take stays in a core's cache; a GPU wants more to do at once.
_CHUNK = {"cpu": 1 << 14, "cuda": 1 << 20}

Words = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def key_of(seed: int, name: str) -> tuple[int, int]:
    """Return the two words of the key of a population under a root seed."""
    digest = hashlib.sha256(f"maxout/philox/1/{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")


def reference(counters: np.ndarray, key: tuple[int, int], rounds: int = ROUNDS) -> np.ndarray:
    """Return the words at counters, one counter a row: the definition, in NumPy.

    Args:
      counters: (n, 4) of uint32.
      key: two words.
      rounds: 10 is the generator; its authors give known answers at 7 too.

    Returns:
      (n, 4) of uint32.
    """
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


def words(counter: Words, key: tuple[int, int]) -> Words:
    """Return the words at counters: int64 tensors of values below 2^32, on any device.

    The product of two words may exceed an int64; it wraps around modulo 2^64, so that its halves
    are right all the same, the high one after masking the sign that the shift drags in.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        p0, p1 = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0 = ((p1 >> 32) & MASK) ^ c1 ^ k0
        c2 = ((p0 >> 32) & MASK) ^ c3 ^ k1
        c1, c3 = p1 & MASK, p0 & MASK
        k0, k1 = (k0 + WEYL[0]) & MASK, (k1 + WEYL[1]) & MASK
    return c0, c1, c2, c3


def normals(drawn: Words, dtype: torch.dtype) -> torch.Tensor:
    """Return four N(0, 1) of each counter's words (..., 4), by Box and Muller's transform.

    Words (a, b) give sqrt(-2 ln((a + 1/2)/2^32)) times the cosine and the sine of 2 pi b/2^32. No
    draw exceeds 6.77; that and the grid of 2^32 radii move a moment by about 1e-9 of itself, far
    below what sampling can see. In float32 the radius is off by up to 3.5e-4 where it is near 0.
    """
    pairs = []
    for a, b in (drawn[:2], drawn[2:]):
        radius = torch.sqrt(-2 * torch.log((a.to(dtype) + 0.5) * 2.0**-32))
        angle = b.to(dtype) * (2 * math.pi * 2.0**-32)
        pairs += [radius * torch.cos(angle), radius * torch.sin(angle)]
    return torch.stack(pairs, dim=-1)


def fill_weights(
    out: torch.Tensor, key: tuple[int, int], shard: int, layer: int, role: int, network: int
) -> torch.Tensor:
    """Fill weights (networks, units, pieces, fan_in) from their counters, and return them.

    Args:
      out: contiguous, float32 or float64, on any device.
      key: ``key_of`` the population.
      network: index within the shard of the first network.

    Raises:
      DomainError: for a layer too large for the layout, 2^34 weights a network and more.
    """
    networks, units, pieces, fan_in = out.shape
    blocks = -(-fan_in // 4)
    counters = units * pieces * blocks
    if counters >= 2**32:
        raise DomainError(
            f"a layer of {units} x {pieces} x {fan_in} weights is too large for Philox"
        )
    padded = out if fan_in % 4 == 0 else out.new_empty((networks, units, pieces, 4 * blocks))
    flat = padded.view(-1, 4)
    chunk = _CHUNK.get(out.device.type, _CHUNK["cpu"])
    for start in range(0, len(flat), chunk):
        stop = min(start + chunk, len(flat))
        index = torch.arange(start, stop, device=out.device)
        counter = (
            index % counters,
            index // counters + network,
            torch.full_like(index, shard),
            torch.full_like(index, ROLES * layer + role),
        )
        flat[start:stop] = normals(words(counter, key), out.dtype)
    if padded is not out:
        out.copy_(padded[..., :fan_in])
    return out
