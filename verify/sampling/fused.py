"""A maxout layer in one Triton kernel: weights made in registers, used, and never written.

The normals are those of ``philox`` at the same counters, so that a GPU run can be repeated
weight by weight on the CPU. One program makes the weights of a block of units of one network, takes
their products with the activations and with every direction at once, and keeps of each unit the
winner's value and its derivatives. Memory sees the activations only: what limits the layer is the
arithmetic of the generator.

Triton runs on a GPU, or anywhere in its interpreter (``TRITON_INTERPRET=1`` before the import).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl

from maxout.theory.errors import DomainError
from maxout.verify.sampling import layerwise, philox
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.streams import WEIGHTS, Stream
from maxout.verify.sampling.weight_tiles import Shape

_UNITS = 16
_BLOCKS = 32  # of four inputs


@triton.jit
def _four_normals(key, c0, c1, c2, c3):  # type: ignore[no-untyped-def]
    """Four N(0, 1) of the counters, as ``philox.normals`` makes them in float32."""
    a, b, c, d = tl.philox(key, c0, c1, c2, c3)
    first = tl.sqrt(-2.0 * tl.log((a.to(tl.float32) + 0.5) * 2.3283064365386963e-10))
    second = tl.sqrt(-2.0 * tl.log((c.to(tl.float32) + 0.5) * 2.3283064365386963e-10))
    turn, other = b.to(tl.float32) * 1.4629180792671596e-9, d.to(tl.float32) * 1.4629180792671596e-9
    return (
        first * tl.cos(turn),
        first * tl.sin(turn),
        second * tl.cos(other),
        second * tl.sin(other),
    )


@triton.jit
def _layer(  # type: ignore[no-untyped-def]
    rows,
    biases,
    values,
    slopes,
    key,
    shard,
    stream_word,
    first_network,
    units,
    pieces,
    fan_in,
    scale,
    has_biases: tl.constexpr,
    directions: tl.constexpr,
    block_units: tl.constexpr,
    block_inputs: tl.constexpr,
):
    """One network and block of units.

    rows: (networks, 1 + directions, fan_in), the activations and then the directions; values
    (networks, units); slopes (networks, directions, units); biases (networks, units, pieces).
    """
    network = tl.program_id(0)
    unit = tl.program_id(1) * block_units + tl.arange(0, block_units)
    inside = unit < units
    blocks = (fan_in + 3) // 4
    vectors: tl.constexpr = 1 + directions
    lane = tl.arange(0, block_inputs)
    which = tl.arange(0, triton.next_power_of_2(vectors))
    real = which < vectors
    best = tl.full((block_units,), float("-inf"), tl.float32)
    kept = tl.zeros((block_units, triton.next_power_of_2(vectors)), tl.float32)
    for piece in range(pieces):
        row = unit * pieces + piece
        total = tl.zeros((block_units, triton.next_power_of_2(vectors)), tl.float32)
        for start in range(0, blocks, block_inputs):
            block = start + lane
            c0 = (row[:, None] * blocks + block[None, :]).to(tl.uint32)
            c1 = tl.zeros_like(c0) + (network + first_network).to(tl.uint32)
            c2 = tl.zeros_like(c0) + shard.to(tl.uint32)
            c3 = tl.zeros_like(c0) + stream_word.to(tl.uint32)
            n0, n1, n2, n3 = _four_normals(key, c0, c1, c2, c3)
            for vector in tl.static_range(vectors):
                base = rows + (network * vectors + vector) * fan_in + 4 * block
                part = n0 * tl.load(base, 4 * block < fan_in, 0.0)[None, :]
                part += n1 * tl.load(base + 1, 4 * block + 1 < fan_in, 0.0)[None, :]
                part += n2 * tl.load(base + 2, 4 * block + 2 < fan_in, 0.0)[None, :]
                part += n3 * tl.load(base + 3, 4 * block + 3 < fan_in, 0.0)[None, :]
                total += tl.where(which[None, :] == vector, tl.sum(part, 1)[:, None], 0.0)
        total = total * scale
        value = tl.sum(tl.where(which[None, :] == 0, total, 0.0), 1)
        if has_biases:
            value += tl.load(biases + (network * units + unit) * pieces + piece, inside, 0.0)
        wins = value > best
        best = tl.where(wins, value, best)
        kept = tl.where(wins[:, None], total, kept)
    tl.store(values + network * units + unit, best, inside)
    place = slopes + (network * directions + which[None, :] - 1) * units + unit[:, None]
    tl.store(place, kept, inside[:, None] & (which[None, :] > 0) & real[None, :])


@triton.jit
def _words(out, key, count, c1, c2, c3, block: tl.constexpr):  # type: ignore[no-untyped-def]
    """The four words at counters (0..count-1, c1, c2, c3), for the test of the integers."""
    index = tl.program_id(0) * block + tl.arange(0, block)
    c0 = index.to(tl.uint32)
    zero = tl.zeros_like(c0)
    a, b, c, d = tl.philox(
        key, c0, zero + c1.to(tl.uint32), zero + c2.to(tl.uint32), zero + c3.to(tl.uint32)
    )
    inside = index < count
    tl.store(out + 4 * index, a.to(tl.int64), inside)
    tl.store(out + 4 * index + 1, b.to(tl.int64), inside)
    tl.store(out + 4 * index + 2, c.to(tl.int64), inside)
    tl.store(out + 4 * index + 3, d.to(tl.int64), inside)


def _seed(key: tuple[int, int]) -> int:
    """The key as the signed 64-bit seed that ``tl.philox`` splits into its two words."""
    joined = key[0] | key[1] << 32
    return joined - (1 << 64) if joined >= 1 << 63 else joined


def words(
    key: tuple[int, int], count: int, c1: int, c2: int, c3: int, device: torch.device
) -> torch.Tensor:
    """Return the kernel's words (count, 4) as int64, at counters (0..count-1, c1, c2, c3)."""
    out = torch.empty((count, 4), dtype=torch.int64, device=device)
    seed = torch.tensor(_seed(key), dtype=torch.int64)
    _words[(triton.cdiv(count, 64),)](out, int(seed), count, c1, c2, c3, block=64)
    return out


def push_layer(
    rows: torch.Tensor,
    key: tuple[int, int],
    shard: int,
    layer: int,
    network: int,
    units: int,
    pieces: int,
    scale: float,
    biases: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Push activations and directions through one layer of freshly made weights.

    Args:
      rows: (networks, 1 + directions, fan_in), float32, contiguous: activations first.
      key, shard, layer, network: of the stream and of the first network; see ``philox``.
      units, pieces: of the layer; pieces 1 is a linear layer.
      scale: standard deviation of the weights.
      biases: (networks, units, pieces), float32, or None where zero.

    Returns:
      Values (networks, units) and derivatives along the directions (networks, directions, units).
      Where two pieces tie the first wins.

    Raises:
      TypeError: for rows of another shape or type.
    """
    if rows.ndim != 3 or rows.shape[1] < 2 or rows.dtype != torch.float32:
        raise TypeError(
            "rows must be float32 (networks, 1 + directions, fan_in) with one direction at least; "
            f"got {tuple(rows.shape)} {rows.dtype}"
        )
    networks, vectors, fan_in = rows.shape
    if units * pieces * -(-fan_in // 4) >= 2**31:
        raise DomainError(f"a layer of {units} x {pieces} x {fan_in} weights is too large")
    values = rows.new_empty((networks, units))
    slopes = rows.new_empty((networks, vectors - 1, units))
    _layer[(networks, triton.cdiv(units, _UNITS))](
        rows.contiguous(),
        values if biases is None else biases.contiguous(),
        values,
        slopes,
        _seed(key),
        shard,
        philox.ROLES * layer + WEIGHTS,
        network,
        units,
        pieces,
        fan_in,
        scale,
        has_biases=biases is not None,
        directions=vectors - 1,
        block_units=_UNITS,
        block_inputs=_BLOCKS,
    )
    return values, slopes


def squared_norms(
    sampler: Sampler, stream: Stream, count: int, device: torch.device
) -> Iterator[dict[str, torch.Tensor]]:
    """Yield what ``layerwise.squared_norms`` does, through layers whose weights are never written.

    Inputs, directions and biases come from the same streams as there; weights agree with
    ``--stream philox`` in float32 to rounding, and so do the results.

    Raises:
      RuntimeError: for a stream whose weights do not come from counters.
    """
    if stream.kind not in ("philox", "fused"):
        raise RuntimeError("fused layers make their weights by Philox: use a stream of that kind")
    key = philox.key_of(stream.seed, stream.name)

    def layer(
        rows: torch.Tensor,
        index: int,
        network: int,
        shape: Shape,
        scale: float,
        biases: torch.Tensor | None,
    ) -> torch.Tensor:
        units, pieces, _ = shape
        place = (key, stream.shard, index, network)
        values, slopes = push_layer(rows, *place, units, pieces, scale, biases)
        return torch.cat([values.unsqueeze(1), slopes], dim=1)

    return layerwise.squared_norms(sampler, stream, count, device, torch.float32, layer)
