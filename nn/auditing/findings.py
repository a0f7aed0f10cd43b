"""What a whole model does to sizes and gradients beside its layers' gains, with what to do.

Every number comes from the second moment and the mean of the largest of K normals; the rules and
their proofs are in docs/audit.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch

from maxout.init.constants import second_moment
from maxout.nn.auditing.layer import Found
from maxout.nn.auditing.reading import is_norm
from maxout.nn.auditing.report import LayerAudit
from maxout.nn.reading.graph import Graph
from maxout.nn.reading.layers import Layer
from maxout.nn.reading.surroundings import Surroundings

LIMIT = 10.0
"""A mean square or a squared gradient may change by this factor over a model: 3.2 in size."""


@dataclass(frozen=True)
class Finding:
    """One thing about the model.

    Attributes:
      subject: "dropout", "residual", "normalization", "padding", "pooling", "repeated", "path".
      layers: names of those it is about.
      verdict: False where it is wrong, None where theory does not say, True where it is harmless.
      text: what is the matter, in numbers, and what to do.
    """

    subject: str
    layers: tuple[str, ...]
    verdict: bool | None
    text: str


@lru_cache(maxsize=256)
def mean(rank: int) -> float:
    """E Ξ_K, correctly rounded up to a last digit."""
    # Here, not above: importing the layers must not cost what computing a moment costs.
    from maxout.numerics.order.order_moments import moment

    return float(moment(rank, order=1, digits=20))


def variance(rank: int) -> float:
    """Var Ξ_K."""
    return second_moment(rank) - mean(rank) ** 2


def findings(
    graph: Graph, layers: list[Layer], found: list[Found], audited: list[LayerAudit]
) -> tuple[Finding, ...]:
    """All findings about a model that was read."""
    by_name = {x.name: x for x in audited}
    told = [(layer, by_name[layer.name]) for layer in layers if layer.name in by_name]
    kept = {f.name: f for f in found}
    around = Surroundings(graph, layers)
    every = [
        *_dropout([(kept[a.name], a) for _, a in told]),
        *_residual([(kept[a.name], a) for _, a in told]),
        *_normalized(graph, told, around),
        *_padding(graph, told),
        *_pooling([(kept[a.name], a) for _, a in told]),
    ]
    for layer, one in told:
        if layer.calls > 1:
            text = f"runs {layer.calls} times with the same weights, which are not independent"
            every.append(
                Finding("repeated", (one.name,), None, f"{text}: measured only, no theory")
            )
        if layer.several:
            every.append(Finding("path", (one.name,), None, layer.notes[0]))
    return tuple(every)


def _dropout(told: list[tuple[Found, LayerAudit]]) -> list[Finding]:
    dropped = [(f, a) for f, a in told if f.keeps < 1]
    if not dropped:
        return []
    training = evaluation = 1.0
    for f, a in dropped:
        if not math.isnan(a.gain):
            training *= a.gain / a.target / f.keeps
            evaluation *= a.gain / a.target
    f, a = dropped[0]
    constant = second_moment(a.rank * a.window)
    text = (
        f"dropout in front multiplies mean squares in training: by {training:.4g} over these "
        f"layers, and by {evaluation:.4g} in evaluation. At {a.name} c = {f.keeps / constant:.4g} "
        f"(keep probability {f.keeps:.4g} over M_K) keeps them in training, c = "
        f"{1 / constant:.4g} in evaluation; no c does both: init_model_(mode='train' or 'eval')"
    )
    fine = 1 / LIMIT <= training <= LIMIT
    return [Finding("dropout", tuple(x.name for _, x in dropped), fine, text)]


def _residual(told: list[tuple[Found, LayerAudit]]) -> list[Finding]:
    found = []
    for linear in (True, False):
        ends = [(f, a) for f, a in told if f.branch is not None and f.branch.linear is linear]
        if not ends:
            continue
        growth = math.prod(_block(a, linear) for _, a in ends)
        f, a = ends[0]
        assert f.branch is not None
        names = tuple(x.name for _, x in ends)
        blocks = f.branch.blocks
        if linear:
            text = (
                f"{blocks} residual branches end in a linear layer: mean squares grow by "
                f"{growth:.4g} over them. c = {a.target:.4g} there (1/L, scale "
                f"{math.sqrt(a.target):.4g} on c = 1) lets them grow by at most e"
            )
        else:
            text = (
                f"{blocks} residual branches end in the maximum, whose mean is positive: mean "
                f"squares grow by {growth:.4g} over them in wide layers. Scale each branch by 1/L "
                f"= {1 / blocks:.4g} (c M_K = {a.target:.4g}), or end it in a linear layer of "
                f"c = {1 / blocks:.4g}"
            )
        found.append(Finding("residual", names, growth <= LIMIT, text))
    return found


def _block(layer: LayerAudit, linear: bool) -> float:
    """Growth of the mean square by one residual block."""
    if linear:
        return 1 + layer.gain
    # Behind the maximum, in wide layers: the fixed point t of the stream's mean over its size.
    rank = layer.rank * layer.window
    shift = math.sqrt(layer.c) * mean(rank) if rank > 1 else 0.0
    t = 1.0
    for _ in range(200):
        t = (t + shift) / math.sqrt(1 + 2 * shift * t + layer.gain)
    return 1 + 2 * shift * t + layer.gain


def _normalized(
    graph: Graph, told: list[tuple[Layer, LayerAudit]], around: Surroundings
) -> list[Finding]:
    behind: dict[str, list[LayerAudit]] = {"layer": [], "rms": []}
    residual = {s.index for n in around.residual for k in graph.read_by(n) for s in k.sources}
    for layer, one in told:
        for reader in layer.readers:
            if reader is None or reader.kind != "norm" or layer.rank * layer.window == 1:
                continue
            if reader.index in residual or not is_norm(reader.name):
                continue
            kind = "rms" if "rms" in reader.name else "layer" if "layer" in reader.name else ""
            if kind:
                behind[kind].append(one)
    found = []
    if ends := behind["layer"]:
        growth = math.prod(1 / variance(x.rank * x.window) for x in ends)
        rate = 1 / variance(ends[0].rank * ends[0].window)
        text = (
            f"LayerNorm directly behind the maximum multiplies squared gradients by 1/Var Ξ_K = "
            f"{rate:.4g} a layer, {growth:.4g} over these, whatever c is; a skip connection, "
            "RMSNorm, or a linear layer between changes that"
        )
        found.append(Finding("normalization", tuple(x.name for x in ends), growth <= LIMIT, text))
    if ends := behind["rms"]:
        text = (
            "RMSNorm behind the maximum multiplies squared gradients by 1/M_K = "
            f"{1 / second_moment(ends[0].rank * ends[0].window):.4g} a layer, whatever c is"
        )
        found.append(Finding("normalization", tuple(x.name for x in ends), True, text))
    return found


def _padding(graph: Graph, told: list[tuple[Layer, LayerAudit]]) -> list[Finding]:
    """Share of kernel cells that lie on the map, of inputs of uniform energy."""
    share, names = 1.0, []
    for layer, one in told:
        run = layer.summands[0][0].runs[0]
        affine = run.affine
        assert affine is not None
        if not affine.spatial or affine.transposed:
            continue
        _, weight, _, stride, padding, dilation = graph.tape.ops[run.at].args[:6]
        if not any(padding):
            continue
        ones = torch.ones(1, 1, *run.ins[0].size[-affine.spatial :], dtype=torch.float64)
        kernel = torch.ones(1, 1, *weight.size[2:], dtype=torch.float64)
        covered = torch.convolution(
            ones, kernel, None, stride, padding, dilation, False, [0] * affine.spatial, 1
        )
        share *= float(covered.mean()) / kernel.numel()
        names.append(one.name)
    if not names:
        return []
    text = (
        f"zero padding: of maps of even energy these layers keep {share:.3g} of the mean square; "
        "circular padding keeps all"
    )
    return [Finding("padding", tuple(names), True, text)]


def _pooling(told: list[tuple[Found, LayerAudit]]) -> list[Finding]:
    found = []
    for f, a in told:
        if a.window == 1 or not f.output_size or not f.input_size or not a.c or f.norm:
            continue
        moment = f.output_size / f.input_size / a.c
        independent = second_moment(a.rank * a.window)
        text = (
            f"the {a.window} cells of its window count as independent (M = {independent:.4g}); on "
            f"this example, with padding, M = {moment:.3g} was measured, which c = {1 / moment:.3g}"
            " would keep"
        )
        found.append(Finding("pooling", (a.name,), True, text))
    return found
