"""What stands around a layer: what feeds it, dropout in front, and branches that it ends."""

from __future__ import annotations

from dataclasses import dataclass

from maxout.nn.reading.facts import LINEAR
from maxout.nn.reading.graph import Graph
from maxout.nn.reading.layers import Layer
from maxout.nn.reading.nodes import Node
from maxout.nn.reading.sinks import KINDS, Sink


@dataclass(frozen=True, eq=False)
class Feed:
    """What a layer reads.

    Attributes:
      layers: that it reads with nothing but maxima in between.
      others: nodes of other kinds that it reads, such as a normalization.
      size: mean square of it in the run.
      keeps: chance that an input survives the dropout on the way.
      sinks: the readings themselves, one for each summand.
    """

    layers: tuple[Layer, ...]
    others: tuple[Node, ...]
    size: float | None
    keeps: float
    sinks: tuple[Sink, ...]


class Surroundings:
    """Of the layers of a graph.

    Attributes:
      residual: the sums of a stream with a branch that began in it.
    """

    def __init__(self, graph: Graph, layers: list[Layer]) -> None:
        self._graph = graph
        self._layer = {run.index: x for x in layers for w in x.weights for run in w.runs}
        self._before: dict[int, int] = {}
        self._ends: dict[int, bool] | None = None
        self.residual = [n for n in graph.nodes if n.index in graph.live and self._adds(n)]

    def feed(self, layer: Layer) -> Feed:
        """What the first run of the layer reads."""
        sinks, sizes = [], []
        for summand in layer.summands:
            run = summand[0].runs[0]
            sink = next(s for s in self._graph.read_by(run) if s.view == run.ins[0])
            sinks.append(sink)
            size = self._graph.tape.sizes.get((run.at, sink.view))
            sizes.append((summand[0].affine.fan_in, size))
        found: dict[Layer, None] = {}
        others: dict[Node, None] = {}
        keeps = 1.0
        for sink in sinks:
            for rate in {k: self._graph.tape.dropouts[k].rate for k in sink.dropouts}.values():
                keeps *= 1 - rate
            for labels, passed, _ in self._graph.labelled.paths(sink.members):
                others |= dict.fromkeys(n for n in passed if n.kind not in LINEAR)
                others |= dict.fromkeys(n for n in passed if n.kind == "sum")
                owners = self._graph.labelled.owners(labels).unique().tolist()
                for node in (self._graph.nodes[k] for k in owners if k >= 0):
                    if node.index in self._layer:
                        found[self._layer[node.index]] = None
                    else:
                        others[node] = None
            if not others and not found:
                others |= dict.fromkeys(sink.sources)
        size = None
        if all(s is not None for _, s in sizes):
            total = sum(n for n, _ in sizes)
            size = sum(n * (s or 0.0) for n, s in sizes) / total
        joined = [n for n in others if n.kind == "sum" and self._is_joined(n)]
        for node in joined:
            del others[node]
        return Feed(tuple(found), tuple(others), size, keeps, tuple(sinks))

    def output_size(self, layer: Layer) -> float | None:
        """Mean square of the layer's units in the run, where something reads only them."""
        for fact in layer.facts:
            sink = fact.sink
            at = len(self._graph.tape.ops) if sink.reader is None else sink.reader.at
            owners = {self._layer.get(n.index) for n in sink.sources}
            alone = len(sink.sources) == 1 and sink.sources[0].kind in LINEAR
            told = max(fact.windows) == layer.window and (fact.between or not layer.between)
            if told and (alone or owners == {layer}):
                return self._graph.tape.sizes.get((at, sink.view))
        return None

    def branch(self, layer: Layer) -> bool | None:
        """Whether the layer ends a branch of a residual sum as a linear map (True) or by its
        maximum (False); None where it ends none."""
        if self._ends is None:
            self._ends = self._find_ends()
        for weight in layer.weights:
            for run in weight.runs:
                if run.index in self._ends:
                    return self._ends[run.index]
        return None

    def _find_ends(self) -> dict[int, bool]:
        """Node that ends a branch -> whether it is linear there."""
        found: dict[int, bool] = {}
        for node in self.residual:
            for sink in self._graph.read_by(node):
                if self._starts_stream(node, sink):
                    continue
                linear = bool((sink.kinds == KINDS.index("same")).all())
                for labels, passed, _ in self._graph.labelled.paths(sink.members):
                    if all(n.kind in ("scale", "shift") for n in passed):
                        owners = self._graph.labelled.owners(labels).unique().tolist()
                        found |= {k: linear for k in owners if k in self._layer}
        return found

    # Ancestry, as bits of an integer.

    def _ancestors(self, node: Node) -> int:
        if node.index not in self._before:
            self._before[node.index] = 0
            bits = 0
            for sink in self._graph.read_by(node):
                for source in sink.sources:
                    bits |= 1 << source.index | self._ancestors(source)
            self._before[node.index] = bits
        return self._before[node.index]

    def _above(self, sink: Sink) -> int:
        bits = 0
        for source in sink.sources:
            bits |= 1 << source.index | self._ancestors(source)
        return bits

    def _adds(self, node: Node) -> bool:
        """Whether one of the summands is made of what another one is."""
        if node.kind != "sum":
            return False
        sinks = [s for s in self._graph.read_by(node) if s.sources]
        return any(self._starts_stream(node, s) for s in sinks)

    def _starts_stream(self, node: Node, sink: Sink) -> bool:
        """Whether this summand is the stream: the other summands were computed from it."""
        direct = 0
        for source in sink.sources:
            direct |= 1 << source.index
        for other in self._graph.read_by(node):
            if other is not sink and direct and self._above(other) & direct == direct:
                own = {s.index for s in other.sources}
                if own != {s.index for s in sink.sources}:
                    return True
        return False

    def _is_joined(self, node: Node) -> bool:
        """Whether the sum's maps are one layer of joined inputs."""
        sources = [s for sink in self._graph.read_by(node) for s in sink.sources]
        layers = [self._layer.get(s.index) for s in sources]
        return all(
            x is not None and len(x.summands) > 1 or s.kind == "sum" and self._is_joined(s)
            for x, s in zip(layers, sources, strict=True)
        )
