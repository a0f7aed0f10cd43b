"""The weights of affine maps, each once however often it runs, and where their rows go."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from maxout.nn.reading.affine import Affine
from maxout.nn.reading.nodes import Node, Nodes
from maxout.nn.reading.tape import View

_PARTS = ("weight", "weight_g", "weight_v", "weight_orig")


@dataclass(eq=False)
class Weight:
    """One weight.

    Attributes:
      number: among the weights of a graph.
      name: of the layer, or of the parameter where it is no layer's "weight".
      parameters: it is computed from; one, and ``own``, where it is a parameter itself.
      first: number of its first row among the rows of all weights.
      runs: the nodes that apply it.
      shift: a constant added right behind all of its runs.
    """

    number: int
    name: str
    parameters: tuple[str, ...]
    own: bool
    first: int
    runs: list[Node] = field(default_factory=list)
    shift: View | None = None

    @property
    def affine(self) -> Affine:
        found = self.runs[0].affine
        assert found is not None
        return found

    @property
    def count(self) -> int:
        """How many rows it has."""
        return int(self.affine.channel.max()) + 1


class Weights:
    """All weights that live nodes apply.

    Attributes:
      all: by number.
    """

    def __init__(self, nodes: Nodes, live: set[int]) -> None:
        self._tape = nodes.tape
        self.all: list[Weight] = []
        known: dict[Hashable, Weight] = {}
        sources: dict[Hashable, int] = {}
        self._rows: dict[int, Tensor] = {}
        self._places: dict[int, Tensor] = {}
        self._base = {node.index: node.base for node in nodes.nodes}
        first = 0
        for node in nodes.nodes:
            if node.affine is None or node.index not in live:
                continue
            key = nodes.origins.identity(node.affine)
            if key not in known:
                own = node.affine.matrix.storage in self._tape.parameters
                name = layer_name(node.parameters) or f"the {node.name} of no parameter"
                known[key] = Weight(len(self.all), name, node.parameters, own, first)
                self.all.append(known[key])
            weight = known[key]
            weight.runs.append(node)
            if len(weight.runs) == 1:
                first += weight.count
            source = node.affine.source
            where = (source.storage, source.offset, source.size, source.stride, node.version)
            number = sources.setdefault(where, len(sources))
            self._rows[node.index] = weight.first + node.affine.channel
            self._places[node.index] = (number << 32) + node.affine.position
        self._firsts = torch.tensor([w.first for w in self.all])

    def coordinates(self, labels: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
        """Row and place of labels of affine nodes; -1 where there is none."""
        row, place = torch.full_like(labels, -1), torch.full_like(labels, -1)
        for k in owners[labels > 0].unique().tolist():
            here = (owners == k) & (labels > 0)
            element = labels[here] - self._base[k]
            row[here] = self._rows[k][element]
            place[here] = self._places[k][element]
        return row, place

    def owner(self, rows: Tensor) -> Tensor:
        """Number of the weight of each row."""
        return torch.searchsorted(self._firsts, rows.contiguous(), right=True) - 1

    def matrix(self, weight: Weight) -> Tensor:
        """(rows, inputs): what the weight was in the run."""
        view = weight.affine.matrix
        kept = self._tape.storages[view.storage]
        return weight.affine.rows(view.of(self._tape.flat(kept)))

    def bias(self, weight: Weight) -> Tensor | None:
        """(rows,): what is added to its results, or None; also where it is not one per row."""
        view = weight.affine.bias or weight.shift
        if view is None:
            return None
        x = view.of(self._tape.flat(self._tape.storages[view.storage]))
        if weight.affine.bias is None:
            node = weight.runs[0]
            x = x.broadcast_to(node.view.size).reshape(-1)
        elif weight.affine.spatial == 0 and x.numel() != weight.count:
            x = x.broadcast_to(weight.runs[0].view.size).reshape(-1)
        else:
            return x.reshape(-1)
        # One value for each row, where all places have the same.
        channel = weight.affine.channel
        found = x.new_zeros(weight.count).scatter_(0, channel, x)
        return found if torch.equal(found[channel], x) else None


def layer_name(parameters: tuple[str, ...]) -> str:
    """The layer of parameters such as "a.weight" or "a.weight_g" and "a.weight_v"."""
    names = []
    for parameter in parameters:
        owner, _, key = parameter.rpartition(".")
        if ".parametrizations." in f".{parameter}":
            owner, key = f".{parameter}".split(".parametrizations.")[0][1:], "weight"
        names.append((owner or "(model)") if key in _PARTS else parameter)
    return "+".join(dict.fromkeys(names))
