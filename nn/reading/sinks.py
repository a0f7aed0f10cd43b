"""Second pass: of which sources every element that is read may come, and by which choice.

Each reader of data is a sink. Only what lies between the sink and the nodes before it is repeated,
on labels, and the winners are collected. In every other draw those that won before are pushed down,
so that each draw shows new ones; a run of draws without anything new ends it. Which choice it is
(the largest, the least, another) is then judged on fresh draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from maxout.nn.reading import affine
from maxout.nn.reading.labels import Labels
from maxout.nn.reading.memory import Memory
from maxout.nn.reading.nodes import Node, Nodes
from maxout.nn.reading.tape import View

_CALM = 8  # draws without anything new
_LIMIT = 256  # draws after which the number of members is estimated
_SAMPLE = 4096  # elements of a larger sink that are looked at
_PER_LABEL = 4
_JUDGED = 12  # fresh draws


@dataclass(frozen=True, eq=False)
class Sink:
    """What one reader reads.

    Attributes:
      reader: a node, or None for an output of the model.
      view: what it reads.
      sources: nodes that it comes of.
      members: (most, elements) labels of which each element is one; 0 where there are fewer.
      zero: (elements,) whether the constant zero is a member too.
      kinds: (elements,) of KINDS, as numbers.
      count: members of an element where there are too many to be seen; else None.
      whole: whether every element was looked at.
      dropouts: indices of the tape's dropouts on the way.
    """

    reader: Node | None
    view: View
    sources: tuple[Node, ...]
    members: Tensor
    zero: Tensor
    kinds: Tensor
    count: float | None
    whole: bool
    dropouts: tuple[int, ...]


KINDS = ("constant", "unknown", "same", "max", "min", "pick")


def sinks(nodes: Nodes) -> list[Sink]:
    """All sinks, readers in the order they ran, outputs last; those of probes of dropout too."""
    found = []
    for node in nodes.nodes:
        found += [_sink(nodes, node, view, node.at) for view in node.ins]
    end = len(nodes.tape.ops)
    return found + [_sink(nodes, None, view, end) for view in dict.fromkeys(nodes.tape.outputs)]


def probe(nodes: Nodes, dropout: int) -> Sink:
    """What a dropout reads."""
    at = nodes.tape.dropouts[dropout].op
    return _sink(nodes, None, nodes.tape.ops[at].ins[0], at)


def _region(nodes: Nodes, end: int, view: View) -> tuple[list[int], list[tuple[int, Node]]]:
    """Operations between a sink and its nodes, and the nodes with where they stand."""
    tape = nodes.tape
    need, ops, sources = {view.storage}, [], []
    for n in range(end - 1, -1, -1):
        if not need:
            break
        op = tape.ops[n]
        if not op.data or op.is_view:
            continue
        if n in nodes.at:
            for node in nodes.at[n]:
                if node.view.storage in need:
                    sources.append((n, node))
                    if node.view.numel == _count(nodes, node.view):
                        need.discard(node.view.storage)
            continue
        if op.scope or op.name in affine.NAMES or not any(v.storage in need for v in op.results):
            continue
        ops.append(n)
        read = {v.storage for v in op.ins}
        need -= {v.storage for v in op.outs} - read
        need |= {s for s in read if s in tape.data}
    sources += [(-1, node) for node in nodes.at.get(-1, ()) if node.view.storage in need]
    return sorted(ops), sorted(sources, key=lambda s: (s[0], s[1].index))


def _count(nodes: Nodes, view: View) -> int:
    kept = nodes.tape.storages[view.storage]
    return int(kept.untyped_storage().nbytes() // kept.element_size())


class _Region:
    """The way from nodes to a sink, to be repeated."""

    def __init__(self, nodes: Nodes, reader: Node | None, view: View, end: int) -> None:
        self._nodes, self.view = nodes, view
        local = nodes.local.get((None if reader is None else reader.index, view))
        if local is not None:
            self.ops: list[int] = []
            self.sources = [(local.at, local)]
        else:
            self.ops, self.sources = _region(nodes, end, view)
        self.bases, self.labels = [], 1
        for _, node in self.sources:
            self.bases.append(self.labels)
            self.labels += node.view.numel

    def run(self, labels: Labels) -> Tensor | None:
        memory = Memory(self._nodes.tape)
        steps = [(n, 0, k) for k, (n, _) in enumerate(self.sources)]
        steps += [(n, 1, 0) for n in self.ops]
        for n, what, k in sorted(steps):
            if what:
                memory.run(self._nodes.tape.ops[n])
                continue
            view = self.sources[k][1].view
            if view.is_floating:
                memory.write(view, labels.draw(self.bases[k], view.numel).view(view.size))
            else:
                memory.flats[view.storage] = None
        x = memory.read(self.view)
        return None if x is None else x.reshape(-1)

    def outside(self, members: Tensor) -> Tensor:
        """From labels of the region to those of the nodes."""
        shift = torch.zeros(self.labels, dtype=torch.long)
        for base, (_, node) in zip(self.bases, self.sources, strict=True):
            shift[base : base + node.view.numel] = node.base - base
        return torch.where(members > 0, members + shift[members.clamp(min=0)], 0)


def _sink(nodes: Nodes, reader: Node | None, view: View, end: int) -> Sink:
    region = _Region(nodes, reader, view, end)
    sources = tuple(node for _, node in region.sources)
    passed = set(region.ops)
    dropouts = tuple(k for k, d in enumerate(nodes.tape.dropouts) if d.op in passed)
    first = region.run(Labels(100, False)) if view.is_floating else None
    if first is None:
        empty = torch.zeros(1, dtype=torch.long)
        kinds = torch.full((1,), KINDS.index("unknown"))
        return Sink(reader, view, sources, empty[None], empty > 0, kinds, None, False, dropouts)
    picked = _picked(region, first)
    seen, count = _collected(region, picked)
    constant = torch.stack([x for _, x in seen]).eq(seen[0][1]).all(0)
    ids = torch.stack([i for i, _ in seen])
    members = _distinct(ids.clamp(min=0))
    zero = (ids == 0).any(0)
    kinds = _judged(region, picked, members, zero)
    kinds[(ids < 0).any(0)] = KINDS.index("unknown")
    kinds[constant & (len(seen) > 1)] = KINDS.index("constant")
    return Sink(
        reader, view, sources, region.outside(members), zero, kinds, count,
        len(picked) == view.numel, dropouts,
    )  # fmt: skip


def _picked(region: _Region, first: Tensor) -> Tensor:
    """Which elements are looked at: all, or a sample in which no winner's kind is missing."""
    count = len(first)
    if count <= _SAMPLE:
        return torch.arange(count)
    labels = Labels(100, False)
    region.run(labels)
    winners = labels.decode(first).clamp(min=0)
    kinds = torch.zeros(region.labels, dtype=torch.long)
    for base, (_, node) in zip(region.bases, region.sources, strict=True):
        span = slice(base, base + node.view.numel)
        if node.affine is not None:
            kinds[span] = base + node.affine.channel
        else:
            kinds[span] = base
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    kind = kinds[winners[order]]
    by_kind = torch.argsort(kind, stable=True)
    sorted_kind = kind[by_kind]
    starts = torch.ones(count, dtype=torch.bool)
    starts[1:] = sorted_kind[1:] != sorted_kind[:-1]
    place = torch.arange(count)
    first_of = torch.where(starts, place, 0).cummax(0).values
    kept = order[by_kind[place - first_of < _PER_LABEL]]
    return torch.cat([kept, order[:_SAMPLE]]).unique()


def _collected(region: _Region, picked: Tensor) -> tuple[list[tuple[Tensor, Tensor]], float | None]:
    """Winners and numbers of the draws; how many members there are, where not all were seen."""
    wins = torch.zeros(region.labels, dtype=torch.long)
    known = torch.zeros((0, len(picked)), dtype=torch.long)
    seen: list[tuple[Tensor, Tensor]] = []
    logs: list[float] = []
    calm, needed = 0, _CALM if region.ops else 2
    for r in range(_LIMIT):
        pushed = r % 2 == 1
        labels = Labels(100 + r, r % 4 in (1, 2), wins if pushed else None, up=r % 8 == 7)
        x = region.run(labels)
        assert x is not None
        x = x[picked]
        ids = labels.decode(x)
        new = ~(known == ids).any(0)
        calm = 0 if bool(new.any()) else calm + 1
        if bool(new.any()):
            known = torch.cat([known, ids[None]])
            seen.append((ids, x))
        elif len(seen) < 2:
            seen.append((ids, x))
        winners = ids[ids > 0].unique()
        wins[winners] += 1
        if not pushed and r % 4 == 0:
            # Uniform on (0.05, 1.05): of n members the largest has E ln F = -1/n.
            level = (x[ids > 0] * 2 - 0.05).clamp(min=1e-12, max=1)
            logs.append(float(level.log().mean()) if len(level) else math.nan)
        if calm >= needed:
            return seen, None
    mean = sum(logs) / len(logs)
    return seen, -1 / mean if mean < 0 else math.nan


def _distinct(ids: Tensor) -> Tensor:
    """(most, elements): the labels of each column without repetition, zeros last."""
    ordered = ids.sort(0).values
    new = torch.ones_like(ordered, dtype=torch.bool)
    new[1:] = ordered[1:] != ordered[:-1]
    kept = torch.where(new, ordered, 0).sort(0, descending=True).values
    most = max(int((kept > 0).sum(0).max()), 1)
    return kept[:most]


def _judged(region: _Region, picked: Tensor, members: Tensor, zero: Tensor) -> Tensor:
    """Which choice it is, element by element, on fresh draws."""
    count = (members > 0).sum(0)
    largest = torch.ones(len(picked), dtype=torch.bool)
    least = largest.clone()
    single = count == 1
    for r in range(_JUDGED if bool((zero | ~single).any()) else 2):
        labels = Labels(7000 + r, r % 2 == 1)
        x = region.run(labels)
        assert x is not None
        x = x[picked]
        numbers = labels.table[members]
        hole = members == 0
        top = numbers.masked_fill(hole, -math.inf).amax(0)
        low = numbers.masked_fill(hole, math.inf).amin(0)
        # Of overlapping windows some members may be unseen: they may win, but no less may.
        largest &= x >= torch.where(zero, top.clamp(min=0), top)
        least &= x <= torch.where(zero, low.clamp(max=0), low)
    kinds = torch.full((len(picked),), KINDS.index("pick"))
    kinds[least & ~largest] = KINDS.index("min")
    kinds[largest] = KINDS.index("max")
    kinds[largest & single & ~zero] = KINDS.index("same")
    kinds[count == 0] = KINDS.index("constant")
    return kinds
