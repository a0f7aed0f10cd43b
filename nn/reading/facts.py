"""How the rows of weights are read: which are maximized into one element, over how many places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from maxout.nn.reading.nodes import KEEPING, Node, Nodes
from maxout.nn.reading.sinks import KINDS, Sink
from maxout.nn.reading.weights import Weights

# Between a map and its maximum these change no rank and no constant but by what they say.
LINEAR = frozenset(["sum", "shift", "scale"])


_FEW = 8  # members that are seen for certain


@dataclass(frozen=True)
class Fact:
    """One reader's view of some weights.

    Attributes:
      weights: numbers of the weights whose rows meet in one element.
      ranks, windows: rows, and places, that meet in one element; more than one where they differ.
      groups: (units, rank) rows of each unit, numbered over all weights; None where ranks differ.
      kinds: of KINDS.
      zero: whether zero is among what is chosen of, as behind ReLU.
      between: nodes other than sums, shifts and scalings between the map and the choice.
      factor: product of the scalings.
      sink: the reader.
      branch, branches: which summand it is, of how many.
      mixed: whether the rows of a unit each read another place.
      about: whether the window is an estimate.
    """

    weights: frozenset[int]
    ranks: tuple[int, ...]
    windows: tuple[int, ...]
    groups: Tensor | None
    kinds: frozenset[str]
    zero: bool
    between: tuple[str, ...]
    factor: float
    sink: Sink
    branch: int = 0
    branches: int = 1
    mixed: bool = False
    about: bool = False


class Labelled:
    """Which node a label belongs to, and what it was made of."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes.nodes
        self._bases = torch.tensor([node.base for node in self.nodes])

    def owners(self, labels: Tensor) -> Tensor:
        """Index of the node of each label; -1 for none."""
        found = torch.searchsorted(self._bases, labels.contiguous(), right=True) - 1
        return torch.where(labels > 0, found, -1)

    def paths(
        self, members: Tensor, passed: tuple[Node, ...] = ()
    ) -> Iterator[tuple[Tensor, tuple[Node, ...], bool]]:
        """Follow labels through nodes that keep elements; one path for every summand.

        Yields (labels of other nodes, the nodes passed, whether all of it could be followed).
        """
        owners = self.owners(members)
        met = [self.nodes[k] for k in owners.unique().tolist() if k >= 0]
        keeping = [n for n in met if n.kind in KEEPING and any(m is not None for m in n.maps)]
        if not keeping:
            yield members, passed, True
            return
        sums = [n for n in keeping if n.kind == "sum"]
        branches = max((len(n.maps) for n in sums), default=1)
        for branch in range(branches):
            onward, whole = members.clone(), True
            for node in keeping:
                maps = [m for m in node.maps if m is not None]
                chosen = node.maps[branch : branch + 1] if node.kind == "sum" else maps[:1]
                here = owners == node.index
                if not chosen or chosen[0] is None:
                    onward[here], whole = 0, False
                else:
                    onward[here] = chosen[0][members[here] - node.base]
            for labels, nodes, inner in self.paths(onward, (*passed, *keeping)):
                yield labels, nodes, whole and inner


def passes_on(sink: Sink) -> bool:
    """Whether the reader hands its elements on one by one, so that its own readers say the rest."""
    reader = sink.reader
    if reader is None or reader.kind not in KEEPING:
        return False
    mapped = dict(zip(reader.ins, reader.maps, strict=False)).get(sink.view)
    return mapped is not None and bool((sink.kinds == KINDS.index("same")).all())


def facts_of(sink: Sink, labelled: Labelled, weights: Weights) -> list[Fact]:
    """What one sink says of the weights that reach it."""
    paths = list(labelled.paths(sink.members))
    found = []
    for branch, (members, passed, _) in enumerate(paths):
        owners = labelled.owners(members)
        affine = torch.zeros_like(members, dtype=torch.bool)
        for k in owners.unique().tolist():
            if k >= 0 and labelled.nodes[k].affine is not None:
                affine |= owners == k
        kept = affine.any(0)
        if not bool(kept.any()):
            continue
        channel, place = weights.coordinates(torch.where(affine, members, 0), owners)
        between = tuple(sorted({n.name for n in passed if n.kind not in LINEAR}))
        factor = 1.0
        for n in passed:
            factor *= n.factor
        found += _facts(
            sink, channel[:, kept], place[:, kept], kept, weights, between, factor,
            branch, len(paths),
        )  # fmt: skip
    return found


def _facts(
    sink: Sink, channel: Tensor, place: Tensor, kept: Tensor, weights: Weights,
    between: tuple[str, ...], factor: float, branch: int, branches: int,
) -> list[Fact]:  # fmt: skip
    rows, rank = _sets(channel)
    _, window = _sets(place)
    count = (channel >= 0).sum(0)
    kinds, zero = sink.kinds[kept], sink.zero[kept]
    mixed = (rank == count) & (window == count) & (count > 1)
    window = torch.where(mixed, 1, window)
    # Overlapping windows show their members only by chance, and the last few may be missing.
    most = rank * window
    ragged = torch.where(most > _FEW, count < 0.7 * most, count != most) & ~mixed
    if sink.count is not None:
        window = (sink.count / rank).round().long().clamp(min=1)
        ragged = torch.zeros_like(ragged)
    units = torch.unique(rows.T, dim=0)
    found = []
    for part in _components(units, weights):
        inside = torch.isin(rows[0], units[part][:, 0])
        ranks = tuple(rank[inside].unique().tolist())
        groups = units[part][:, : ranks[0]] if len(ranks) == 1 else None
        found.append(
            Fact(
                frozenset(weights.owner(units[part][units[part] >= 0]).unique().tolist()),
                ranks,
                tuple(window[inside].unique().tolist()),
                None if bool(ragged[inside].any()) else groups,
                frozenset(KINDS[k] for k in kinds[inside].unique().tolist()),
                bool(zero[inside].any()),
                between,
                factor,
                sink,
                branch,
                branches,
                bool(mixed[inside].any()),
                sink.count is not None,
            )
        )
    return found


def _sets(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """(sorted distinct numbers of each column, -1 behind; how many)."""
    top = torch.iinfo(torch.long).max
    ordered = torch.where(numbers < 0, top, numbers).sort(0).values
    ordered[1:][ordered[1:] == ordered[:-1]] = top
    ordered = ordered.sort(0).values
    return torch.where(ordered == top, -1, ordered), (ordered < top).sum(0)


def _components(units: Tensor, weights: Weights) -> list[Tensor]:
    """Indices of the units, split by the weights that meet in them."""
    root = list(range(len(weights.all)))

    def find(k: int) -> int:
        while root[k] != k:
            root[k] = root[root[k]]
            k = root[k]
        return k

    owners = torch.where(units >= 0, weights.owner(units.clamp(min=0)), -1)
    for row in torch.unique(owners, dim=0).tolist():
        met = [k for k in row if k >= 0]
        for k in met[1:]:
            root[find(k)] = find(met[0])
    roots = torch.tensor([find(k) for k in range(len(root))])[owners[:, 0]]
    return [(roots == k).nonzero().flatten() for k in roots.unique().tolist()]
