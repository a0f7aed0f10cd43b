"""Read a model: run it once on an example, and say which layers it has and who feeds whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from maxout.nn.reading.facts import Fact, Labelled, facts_of, passes_on
from maxout.nn.reading.nests import tensors_in
from maxout.nn.reading.nodes import Node, Nodes
from maxout.nn.reading.sinks import Sink, probe, sinks
from maxout.nn.reading.tape import Tape, record
from maxout.nn.reading.weights import Weights
from maxout.theory.errors import MaxoutError


@dataclass(frozen=True)
class Graph:
    """What a run showed.

    Attributes:
      tape: the record of the run, with its numbers.
      nodes: all nodes, in the order they ran.
      sinks: of nodes that reach an output, and of the outputs.
      live: indices of those nodes.
      weights: of their affine maps.
      facts: how their rows are read, sink by sink.
      probes: of each dropout of the tape, what it reads.
      notes: what to tell a person.
    """

    tape: Tape
    nodes: list[Node]
    sinks: list[Sink]
    live: frozenset[int]
    weights: Weights
    facts: list[Fact]
    probes: list[Sink]
    labelled: Labelled
    notes: list[str]

    def readers(self, node: Node) -> list[Sink]:
        return [s for s in self.sinks if node in s.sources]

    def read_by(self, node: Node) -> list[Sink]:
        return [s for s in self.sinks if s.reader is node]


def read(
    model: nn.Module, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
) -> Graph:
    """Run the model once and read it.

    Args:
      args, kwargs: of the call: tensors in any nests of tuples, lists, dictionaries, dataclasses.

    Raises:
      MaxoutError: for parameters that hold no numbers, an example that is not finite, a model that
        does not run on it, or whose numbers leave PyTorch on the way.
    """
    check_numbers_of(model)
    given = tensors_in([list(args), dict(kwargs or {})])
    if any(x.is_floating_point() and not bool(x.isfinite().all()) for x in given):
        raise MaxoutError("the example input holds NaN or infinite numbers")
    tape = record(model, args, kwargs or {})
    if not any(v.storage in tape.data for v in tape.outputs):
        raise MaxoutError(
            "the model's outputs do not depend on the example as far as PyTorch sees: NumPy or "
            "another thread computes in between, or the model returns no tensor"
        )
    nodes = Nodes(tape)
    found = sinks(nodes)
    live = _live(found)
    kept = [s for s in found if s.reader is None or s.reader.index in live]
    weights = Weights(nodes, live)
    for node in nodes.nodes:
        _note_shift(node, nodes, weights)
    labelled = Labelled(nodes)
    facts = [f for s in kept if not passes_on(s) for f in facts_of(s, labelled, weights)]
    probes = [probe(nodes, k) for k in range(len(tape.dropouts))]
    notes = list(nodes.notes)
    if lost := [v for v in tape.outputs if v.storage not in tape.data]:
        notes.append(f"{len(lost)} of the outputs do not depend on the example")
    notes += _unread(model, tape, nodes, weights)
    return Graph(tape, nodes.nodes, kept, frozenset(live), weights, facts, probes, labelled, notes)


def check_numbers_of(model: nn.Module) -> None:
    """Refuse what would break the run with a message about something else."""
    for name, parameter in model.named_parameters():
        if nn.parameter.is_lazy(parameter):
            raise MaxoutError(f"parameter {name}: run the model once, so that it gets a shape")
        if parameter.is_meta:
            raise MaxoutError(f"parameter {name} is on the meta device and holds no numbers")


def _live(found: list[Sink]) -> set[int]:
    """Nodes that reach an output. Readers come in the order they ran, local ones anywhere."""
    by_reader: dict[int | None, list[Sink]] = {}
    for sink in found:
        by_reader.setdefault(None if sink.reader is None else sink.reader.index, []).append(sink)
    live: set[int] = set()
    ahead: list[int | None] = [None]
    while ahead:
        for sink in by_reader.get(ahead.pop(), []):
            fresh = {node.index for node in sink.sources} - live
            live |= fresh
            ahead += fresh
    return live


def _note_shift(node: Node, nodes: Nodes, weights: Weights) -> None:
    """A constant parameter added right behind a map is its bias."""
    if node.kind != "shift" or node.constant is None or node.maps[0] is None:
        return
    if not nodes.origins.names(node.constant.storage):
        return
    for weight in weights.all:
        run = weight.runs[0]
        if (
            run.affine is not None
            and run.affine.bias is None
            and run.view.numel == len(node.maps[0])
            and torch.equal(node.maps[0], torch.arange(run.base, run.end))
        ):
            weight.shift = node.constant


def _unread(model: nn.Module, tape: Tape, nodes: Nodes, weights: Weights) -> list[str]:
    """Parameters of two dimensions or more that no map was seen to use, with what used them."""
    used = {name for weight in weights.all for name in weight.parameters}
    by: dict[str, str] = {}
    for node in nodes.nodes:
        if node.affine is None:
            by |= dict.fromkeys(node.parameters, node.name)
    notes = []
    for name, parameter in model.named_parameters():
        if parameter.dim() >= 2 and name not in used:
            how = (
                f"used by {by[name]}, which is not looked into"
                if name in by
                else ("not seen in a linear layer or convolution")
            )
            notes.append(f"parameter {name} {tuple(parameter.shape)}: {how}; left out")
    return notes


def content(tape: Tape, node_view: Any) -> Tensor:
    """The numbers of a view in the recorded run, as they were at its end."""
    x: Tensor = node_view.of(tape.flat(tape.storages[node_view.storage]))
    return x
