"""From how rows are read to layers: rank, window, and what stands around them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from maxout.nn.reading.facts import Fact
from maxout.nn.reading.graph import Graph
from maxout.nn.reading.nodes import Node
from maxout.nn.reading.weights import Weight


@dataclass(frozen=True, eq=False)
class Layer:
    """Affine maps whose rows are maximized together; one linear map where the rank is 1.

    Attributes:
      summands: the weights, of each of the maps that are summed before the maximum; several
        weights in one summand are separate pieces.
      groups: of each summand (units, rank), the rows of each unit among all weights; empty where
        ``reason`` says why they cannot be told.
      rank, windows: pieces of a unit, and cells of the max pooling behind, more where they differ.
      zero: whether zero is one of what the maximum is of, as with ReLU.
      between: normalizations and maps between the affine map and its maximum, or what reads it.
      readers: nodes that read it; None is an output of the model.
      plain: whether some reader reads it with nothing in between.
      factor: what its results are multiplied by before that.
      order: number of its first run among the nodes.
      several: whether readers differ in the window.
      reason: why rank or window cannot be told; None where they can.
      notes: what else was seen.
    """

    summands: tuple[tuple[Weight, ...], ...]
    groups: tuple[Tensor, ...]
    rank: int
    windows: tuple[int, ...]
    zero: bool
    between: tuple[str, ...]
    readers: tuple[Node | None, ...]
    plain: bool
    factor: float
    order: int
    several: bool = False
    reason: str | None = None
    notes: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = field(default=())

    @property
    def weights(self) -> list[Weight]:
        return [weight for summand in self.summands for weight in summand]

    @property
    def name(self) -> str:
        names = list(dict.fromkeys(weight.name for weight in self.weights))
        if len(names) > 3:
            return f"{names[0]}+...+{names[-1]}"
        return "+".join(names)

    @property
    def fan_in(self) -> int:
        """Inputs of one piece, over all summands."""
        return sum(summand[0].affine.fan_in for summand in self.summands)

    @property
    def window(self) -> int:
        """The largest; where readers differ, the smallest, of which the others are made."""
        return min(self.windows) if self.several else max(self.windows)

    @property
    def calls(self) -> int:
        return max(len(weight.runs) for weight in self.weights)

    @property
    def layout(self) -> str:
        """ "contiguous", "strided", "separate" or "permuted"; "" at rank 1."""
        if self.rank == 1 or not self.groups:
            return ""
        if len(self.summands[0]) > 1:
            return "separate"
        groups = self.groups[0] - self.groups[0].min()
        units, rank = groups.shape
        rows = torch.arange(units * rank)
        if torch.equal(groups, rows.view(units, rank)):
            return "contiguous"
        return "strided" if torch.equal(groups, rows.view(rank, units).T) else "permuted"


def layers_of(graph: Graph) -> list[Layer]:
    """All layers in the order they ran, those that cannot be told with the reason."""
    by_weight: dict[int, set[int]] = {w.number: {w.number} for w in graph.weights.all}
    for fact in graph.facts:
        joined = set().union(*(by_weight[k] for k in fact.weights))
        for k in joined:
            by_weight[k] = joined
    found = []
    for numbers in {id(s): s for s in by_weight.values()}.values():
        facts = [f for f in graph.facts if f.weights & numbers]
        if facts:
            found.append(_layer([graph.weights.all[k] for k in sorted(numbers)], facts))
    return sorted(_joined(graph, found), key=lambda layer: layer.order)


def _layer(weights: list[Weight], facts: list[Fact]) -> Layer:
    order = min(w.runs[0].index for w in weights)
    readers = tuple(dict.fromkeys(f.sink.reader for f in facts))
    direct = [f for f in facts if not f.between]
    telling = direct or facts
    # Constants, such as padding, say nothing of the rest.
    ways = {(f.ranks, f.groups is None, f.kinds - {"constant"}, f.zero) for f in telling}
    windows = tuple(sorted({w for f in telling for w in f.windows}))
    first = telling[0]
    notes = []
    reason = _unreadable(telling)
    if reason is None and not _alike(telling):
        reason = f"its output is used in several ways: {'; '.join(sorted(map(_way, telling)))}"
    several = len({f.windows for f in telling}) > 1
    if reason is None and several:
        notes.append(f"read in several ways: {'; '.join(sorted(set(map(_way, telling))))}")
    elif reason is None and len(windows) > 1:
        notes.append(
            f"read over windows of {', '.join(map(str, windows))} cells; the largest is described"
        )
    if any(f.about for f in telling):
        notes.append("its window has too many cells to see each: their number is an estimate")
    if any(f.mixed for f in telling):
        notes.append("its pieces read different inputs, and count as pieces of one")
    if reason is None and "min" in first.kinds:
        notes.append("it is a minimum, which has the sizes of a maximum")
    if len({w[2] for w in ways}) > 1:
        notes.append("its minimum is read as well as its maximum")
    shared = [w.name for w in weights if len({n.name for n in w.runs}) > 1]
    notes += [f"{name} is applied by operations of different kinds" for name in shared]
    layer = Layer(
        (tuple(weights),),
        () if reason or first.groups is None else (first.groups,),
        first.ranks[0],
        windows,
        any(f.zero for f in telling),
        () if direct else tuple(sorted({b for f in facts for b in f.between})),
        readers,
        bool(direct),
        first.factor,
        order,
        several,
        reason,
        tuple(notes),
        tuple(telling),
    )
    if reason is None and (read := first.groups) is not None:
        rows = sum(w.count for w in weights)
        if read.numel() < rows:
            note = f"only {read.numel()} of its {rows} rows were seen to be read"
            layer = replace(layer, notes=(*layer.notes, note))
    return layer


def _unreadable(facts: list[Fact]) -> str | None:
    kinds = frozenset[str]().union(*(f.kinds for f in facts))
    if "pick" in kinds:
        return "one of its rows is selected, and it is not always the largest"
    if "unknown" in kinds and not kinds & {"same", "max", "min"}:
        return "what is read of it cannot be followed"
    if any(len(f.ranks) > 1 for f in facts):
        found = sorted({r for f in facts for r in f.ranks})
        return f"its maximum is over {' and '.join(map(str, found))} rows"
    if any(f.groups is None for f in facts):
        return "its maximum does not split the channels into units of rows and cells"
    for f in facts:
        assert f.groups is not None
        if f.groups.unique().numel() != f.groups.numel():
            return "its maximum does not split the channels into units: they overlap"
    return None


def _alike(facts: list[Fact]) -> bool:
    """Whether all readers make the same units of the rows."""
    first = max(facts, key=lambda f: 0 if f.groups is None else f.groups.numel())
    whole = {tuple(row) for row in first.groups.tolist()} if first.groups is not None else set()
    for f in facts:
        assert f.groups is not None
        if f.ranks != first.ranks or f.zero != first.zero:
            return False
        if not {tuple(row) for row in f.groups.tolist()} <= whole:
            return False
    return True


def _way(fact: Fact) -> str:
    reader = fact.sink.reader
    by = "an output" if reader is None else reader.name
    rank, window = fact.ranks[-1], max(fact.windows)
    if rank * window == 1:
        return f"plainly by {by}" if not fact.zero else f"behind ReLU by {by}"
    zero = " and zero" if fact.zero else ""
    return f"as the largest of {rank} rows x {window} cells{zero} by {by}"


def _joined(graph: Graph, found: list[Layer]) -> list[Layer]:
    """Layers that are only ever summed with one another are one layer of the joined inputs."""
    by_weight = {w.number: layer for layer in found for w in layer.weights}
    owners: dict[int, int] = {}
    for sink in graph.sinks:
        for node in sink.sources:
            owners[node.index] = owners.get(node.index, 0) + 1
    kept = dict.fromkeys(found)
    for group in _summed(graph):
        layers = list(dict.fromkeys(by_weight[k] for k in group if k in by_weight))
        alike = len({(x.rank, x.windows, x.zero, x.between) for x in layers}) == 1
        shapes = {tuple(map(tuple, (g.shape for g in x.groups))) for x in layers}
        once = all(
            owners.get(run.index, 0) == 1 for x in layers for w in x.weights for run in w.runs
        )
        if len(layers) < 2 or not alike or len(shapes) > 1 or not once:
            continue
        if any(x.reason or len(x.summands) > 1 or x not in kept for x in layers):
            continue
        first = layers[0]
        merged = replace(
            first,
            summands=tuple(x.summands[0] for x in layers),
            groups=tuple(x.groups[0] for x in layers),
            order=min(x.order for x in layers),
            notes=tuple(dict.fromkeys(n for x in layers for n in x.notes))
            + ("a sum of maps, which is one map of their joined inputs",),
        )
        for x in layers:
            del kept[x]
        kept[merged] = None
    return list(kept)


def _summed(graph: Graph) -> list[list[int]]:
    """Weights whose results meet in one sum, summand by summand, where all of it is affine."""
    by_sink: dict[int, list[Fact]] = {}
    for fact in graph.facts:
        if fact.branches > 1:
            by_sink.setdefault(id(fact.sink), []).append(fact)
    groups = []
    for facts in by_sink.values():
        if {f.branch for f in facts} == set(range(facts[0].branches)):
            groups.append([min(f.weights) for f in facts])
    return groups
