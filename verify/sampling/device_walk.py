"""Whole networks in one launch on a GPU: the walk of ``kernels``, bit for bit, by Triton.

One program walks all layers of one network. It makes weights in registers from their counters,
takes their products with the activations and with every direction at once, and then keeps of each
unit the winning piece; what goes from layer to layer stays in a scratch of a few kilobytes, which
the cache keeps. Operations are the single IEEE operations of ``kernels`` in their order, none of
them fused, so that a GPU run can be repeated weight by weight on any processor.

Triton runs on a GPU, or anywhere in its interpreter (``TRITON_INTERPRET=1`` before the import).
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
import triton
import triton.language as tl

from maxout.theory.errors import DomainError
from maxout.verify.sampling import kernels, streams

VECTORS = 8
"""Activations and directions of one launch at most."""
LANES = 32
"""Rows that a program does at once: one warp. Wider programs leave more lanes idle in narrow
layers, and on an H200 gained 4 % at most in wide ones."""

_constants = {
    name: tl.constexpr(float(getattr(kernels, f"_{name}")))
    for name in ("P0", "P1", "P2", "P3", "P4", "P5", "P6", "S0", "S1", "S2", "C0", "C1", "C2")
}
P0, P1, P2, P3, P4, P5, P6, S0, S1, S2, C0, C1, C2 = _constants.values()
LN2, STEP = tl.constexpr(float(kernels._LN2)), tl.constexpr(float(kernels._STEP))
ANGLE = tl.constexpr(float(kernels._ANGLE))
ROOT_HALF = tl.constexpr(int(kernels._ROOT_HALF))
WEIGHTS, BIASES = tl.constexpr(streams.WEIGHTS), tl.constexpr(streams.BIASES)


@triton.jit
def _pair(a, b):  # type: ignore[no-untyped-def]
    """``kernels._pair32``."""
    u = ((a >> 1).to(tl.int32).to(tl.float32) + 0.5) * STEP
    bits = u.to(tl.int32, bitcast=True) - ROOT_HALF
    exponent = (bits >> 23).to(tl.float32)
    t = ((bits & 0x7FFFFF) + ROOT_HALF).to(tl.float32, bitcast=True) - 1.0
    p = P0 + t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * (P5 + t * P6)))))
    z = t * t
    log = (p * t * z - 0.5 * z) + t
    radius = tl.sqrt_rn(-2.0 * (log + exponent * LN2))
    radius = tl.where((b & 0x40000000) != 0, -radius, radius)
    angle = (b << 2).to(tl.int32, bitcast=True).to(tl.float32) * ANGLE
    z = angle * angle
    sine = angle + angle * z * (S0 + z * (S1 + z * S2))
    cosine = (1.0 - 0.5 * z) + z * z * (C0 + z * (C1 + z * C2))
    swap = (b & 0x80000000) != 0
    return radius * tl.where(swap, sine, cosine), radius * tl.where(swap, cosine, sine)


@triton.jit
def _four(c0, c1, c2, c3, key0, key1):  # type: ignore[no-untyped-def]
    """The four normals of each counter."""
    a, b, c, d = tl.philox_impl(c0, c1, c2, c3, key0, key1)
    z0, z1 = _pair(a, b)
    z2, z3 = _pair(c, d)
    return z0, z1, z2, z3


@triton.jit
def _squares(out, state, size, stride, vectors: tl.constexpr, padded: tl.constexpr):  # type: ignore[no-untyped-def]
    """Sums of squares of the first ``size`` entries of each vector, in order, in float64."""
    vector = tl.arange(0, padded)
    total = tl.zeros((padded,), tl.float64)
    for i in range(size):
        value = tl.load(state + vector * stride + i, vector < vectors, 0.0).to(tl.float64)
        total += value * value
    tl.store(out + vector, total, vector < vectors)


_INTEGERS = (
    "key0",
    "key1",
    "first_shard",
    "first_network",
    "per_shard",
    "role",
    "layers",
    "inputs",
    "stride",
    "row_stride",
    "bias_stride",
)


# Specialized on integers, Triton would compile a kernel for each that is 1 or a multiple of 16.
@triton.jit(do_not_specialize=_INTEGERS)
def _walk(  # type: ignore[no-untyped-def]
    rows,
    shapes,
    scales,
    biases,
    deviations,
    scratch,
    row_scratch,
    squares,
    key0,
    key1,
    first_shard,
    first_network,
    per_shard,
    role,
    layers,
    inputs,
    stride,
    row_stride,
    bias_stride,
    law: tl.constexpr,
    vectors: tl.constexpr,
    padded: tl.constexpr,
    lanes: tl.constexpr,
):
    """One network; see ``walk``.

    ``padded`` is the power of two that holds ``vectors``; ``law`` is 0 without biases, 1 where they
    are given and 2 where they are drawn.
    """
    program = tl.program_id(0).to(tl.int64)
    c1_word = (first_network + program % per_shard).to(tl.uint32)
    c2_word = (first_shard + program // per_shard).to(tl.uint32)
    vector = tl.arange(0, padded)[:, None]
    lane = tl.arange(0, lanes)
    real = vector < vectors
    now = rows + program * vectors * inputs
    step = inputs  # between vectors of the activations that a layer reads
    after = scratch + program * 2 * vectors * stride
    other = after + vectors * stride
    all_rows = row_scratch + program * vectors * row_stride
    offset = 0
    for layer in range(layers):
        units = tl.load(shapes + 3 * layer)
        pieces = tl.load(shapes + 3 * layer + 1)
        fan_in = tl.load(shapes + 3 * layer + 2)
        scale = tl.load(scales + layer)
        if layer == layers - 1:
            _squares(squares + program * 2 * vectors, now, fan_in, step, vectors, padded)
        c3_word = (role + 8 * (layer + 1)).to(tl.uint32)
        rows_here = units * pieces
        # Lanes hold rows, pieces of a unit side by side: units would leave more lanes idle.
        for first in range(0, rows_here, lanes):
            row = first + lane
            inside = row < rows_here
            sums = tl.zeros((padded, lanes), tl.float32)
            for block in range((fan_in + 3) // 4):
                c0 = (block * rows_here + row).to(tl.uint32)
                c1 = tl.zeros_like(c0) + c1_word
                c2 = tl.zeros_like(c0) + c2_word
                c3 = tl.zeros_like(c0) + c3_word
                z0, z1, z2, z3 = _four(c0, c1, c2, c3, key0.to(tl.uint32), key1.to(tl.uint32))
                entry = tl.zeros_like(vector) + 4 * block
                at = now + vector * step + entry
                x0 = tl.load(at, real & (entry < fan_in), 0.0) * scale
                x1 = tl.load(at + 1, real & (entry + 1 < fan_in), 0.0) * scale
                x2 = tl.load(at + 2, real & (entry + 2 < fan_in), 0.0) * scale
                x3 = tl.load(at + 3, real & (entry + 3 < fan_in), 0.0) * scale
                sums += (z0[None, :] * x0 + z1[None, :] * x1) + (
                    z2[None, :] * x2 + z3[None, :] * x3
                )
            if law > 0:  # noqa: SIM102 (decided when compiled)
                if layer < layers - 1:
                    if law == 1:
                        bias = tl.load(biases + program * bias_stride + offset + row, inside, 0)
                    else:
                        word = tl.zeros_like(row).to(tl.uint32)
                        z0, z1, z2, z3 = _four(
                            (row // 4).to(tl.uint32),
                            word + c1_word,
                            word + c2_word,
                            word + c3_word + (BIASES - WEIGHTS),
                            key0.to(tl.uint32),
                            key1.to(tl.uint32),
                        )
                        low = tl.where(row % 4 == 0, z0, z1)
                        high = tl.where(row % 4 == 2, z2, z3)
                        normal = tl.where(row % 4 < 2, low, high).to(tl.float64)
                        bias = (normal * tl.load(deviations + layer)).to(tl.float32)
                    sums = tl.where(vector == 0, sums + bias[None, :], sums)
            tl.store(all_rows + vector * row_stride + row[None, :], sums, real & inside[None, :])
        tl.debug_barrier()  # what these threads wrote the others read
        for first in range(0, units, lanes):
            unit = first + lane
            inside = unit < units
            winner = unit * pieces
            score = tl.load(all_rows + winner, inside, 0.0)
            for piece in range(1, pieces):
                value = tl.load(all_rows + unit * pieces + piece, inside, 0.0)
                winner = tl.where(value > score, unit * pieces + piece, winner)
                score = tl.where(value > score, value, score)
            best = tl.load(
                all_rows + vector * row_stride + winner[None, :], real & inside[None, :], 0.0
            )
            tl.store(after + vector * stride + unit[None, :], best, real & inside[None, :])
        tl.debug_barrier()  # what these threads wrote the others read
        if layer < layers - 1:
            offset += units * pieces
        if layer == layers - 1:
            _squares(squares + (program * 2 + 1) * vectors, after, units, stride, vectors, padded)
        now, step, after, other = after, stride, other, after


def walk(
    rows: torch.Tensor,
    shapes: np.ndarray,
    scales: np.ndarray,
    biases: torch.Tensor | None,
    place: np.ndarray,
    deviations: np.ndarray | None = None,
    per_shard: int | None = None,
    network: int = 0,
) -> torch.Tensor:
    """Push activations and directions through all layers of networks, in one launch.

    Args:
      rows: float32 (networks, 1 + directions, n_0), the activations first; on the device.
      shapes: integers (layers, 3), units, pieces and fan_in; the last layer has one piece.
      scales: (layers,), standard deviations of the layers' weights.
      biases: float32 (1 or networks, all hidden pieces), layer after layer; on the device. None
        where they are zero, or drawn.
      place: uint32 (4,), shard, 8 * 0 + role, and the key, as ``kernels.walk`` takes it.
      deviations: float64 (hidden layers,): biases are the stream's normals times these; None where
        they are zero, or given.
      per_shard: networks of one shard, where ``rows`` has those of several shards that follow one
        another; all of them by default.
      network: number in its shard of the first network, where all are of one shard.

    Returns:
      float64 (networks, 2, 1 + directions) on the device: squared norms at the last hidden layer
      and of the outputs.

    Raises:
      DomainError: for more than ``VECTORS`` vectors, or a layer too large for the counters.
    """
    return launch(rows, shapes, scales, biases, place, deviations, per_shard, network)[0]


def launch(
    rows: torch.Tensor,
    shapes: np.ndarray,
    scales: np.ndarray,
    biases: torch.Tensor | None,
    place: np.ndarray,
    deviations: np.ndarray | None = None,
    per_shard: int | None = None,
    network: int = 0,
) -> tuple[torch.Tensor, Any]:
    """``walk``, and the kernel that was launched (None in the interpreter)."""
    networks, vectors, inputs = rows.shape
    if vectors > VECTORS:
        raise DomainError(f"a walk takes up to {VECTORS - 1} directions; got {vectors - 1}")
    largest = max(int(units) * int(pieces) * -(-int(fan) // 4) for units, pieces, fan in shapes)
    if largest >= 2**31:
        raise DomainError(f"a layer of {4 * largest:,} weights is too large for a GPU's counters")
    widest = int(np.max(np.asarray(shapes)[:, 0]))
    most = int(np.max(np.prod(np.asarray(shapes)[:, :2], axis=1)))
    device = rows.device
    squares = torch.empty((networks, 2, vectors), dtype=torch.float64, device=device)
    scratch = torch.empty((networks, 2, vectors, widest), dtype=torch.float32, device=device)
    row_scratch = torch.empty((networks, vectors, most), dtype=torch.float32, device=device)
    shard, role, key0, key1 = (_signed(int(word)) for word in place)
    law = 1 if biases is not None else 2 if deviations is not None else 0
    some = rows if biases is None else biases.contiguous()
    spread = [0.0] if deviations is None else deviations
    arguments: dict[str, Any] = {
        "rows": rows.contiguous(),
        "shapes": _on(device, shapes, np.int32),
        "scales": _on(device, scales, np.float32),
        "biases": some,
        "deviations": _on(device, spread, np.float64),
        "scratch": scratch,
        "row_scratch": row_scratch,
        "squares": squares,
        "key0": key0,
        "key1": key1,
        "first_shard": shard,
        "first_network": network,
        "per_shard": per_shard or networks,
        "role": role,
        "layers": len(shapes),
        "inputs": inputs,
        "stride": widest,
        "row_stride": most,
        "bias_stride": some.shape[1] if biases is not None and len(biases) > 1 else 0,
        "law": law,
        "vectors": vectors,
        "padded": 1 << (vectors - 1).bit_length(),
        "lanes": LANES,
    }
    # Triton launches on the current device, which need not be the tensors'.
    with torch.cuda.device(device) if device.type == "cuda" else nullcontext():
        kernel = _walk[(networks,)](**arguments, num_warps=1, enable_fp_fusion=False)
    return squares, kernel


def _on(device: torch.device, values: Any, dtype: Any) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype)).to(device)


def _signed(word: int) -> int:
    """The word as the int32 of its bits: an integer above would have another type in Triton."""
    return word - (1 << 32) if word >= 1 << 31 else word
