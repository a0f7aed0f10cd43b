"""First pass: which operations are nodes of the graph, and which only move and choose numbers.

The tape is repeated on labels (:mod:`labels`), three draws in step. An affine map, a normalization
and whatever is not looked into gets fresh labels instead of its results. Everything else is
computed; where the results are no labels, and nothing that depends on them becomes labels again
(as in relu(b - a) + a), the operation is a node as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from torch import Tensor

from maxout.nn.reading import affine, tape
from maxout.nn.reading.affine import Affine, Origins
from maxout.nn.reading.draws import Draws
from maxout.nn.reading.labels import MAX_LABELS
from maxout.nn.reading.memory import Memory
from maxout.nn.reading.scopes import leaving
from maxout.nn.reading.tape import Op, Tape, View
from maxout.theory.errors import MaxoutError

_NORMS = frozenset(
    ["native_layer_norm", "native_batch_norm", "_native_batch_norm_legit", "native_group_norm"]
    + ["_native_batch_norm_legit_no_training", "cudnn_batch_norm", "miopen_batch_norm"]
    + ["_fused_rms_norm", "batch_norm", "instance_norm"]
)
_ADDING = frozenset(["add", "sub", "rsub"])
_SCALING = frozenset(["mul", "div"])
_REACH = 24  # operations within which a writing of a maximum must be complete
# Nodes whose elements each belong to one element of what they read.
KEEPING = frozenset(["norm", "sum", "shift", "scale", "elementwise", "product", "dropout"])


@dataclass(eq=False)
class Node:
    """Something with a result of its own, which the labels from ``base`` on stand for.

    Attributes:
      kind: "input", "affine", "norm", "sum" (of two paths), "shift" (a constant added), "scale"
        (times a number), "product" (of two paths), "average", "elementwise", "dropout", "opaque".
      name: of the operation or function.
      at: the operation it stands for; -1 for an input.
      view: the result.
      ins: the data it reads.
      maps: of each of ``ins`` the label that every element of the result is made of; None where
        that is not one.
      parameters: names of parameters it uses.
      factor: of a scale.
      constant: of a shift, what is added.
    """

    index: int
    kind: str
    name: str
    at: int
    view: View
    base: int
    ins: tuple[View, ...] = ()
    maps: tuple[Tensor | None, ...] = ()
    parameters: tuple[str, ...] = ()
    affine: Affine | None = None
    version: int = 0
    factor: float = 1.0
    constant: View | None = None

    @property
    def end(self) -> int:
        return self.base + self.view.numel


class Nodes:
    """The nodes of a tape, found when made.

    Attributes:
      nodes: in the order they ran.
      at: operation -> its nodes.
      local: (node or None for an output, what it reads) -> a node that only that reader sees.
      notes: what to tell a person.
    """

    def __init__(self, recorded: Tape) -> None:
        self.tape = recorded
        self.origins = Origins(recorded)
        self.nodes: list[Node] = []
        self.at: dict[int, list[Node]] = {}
        self.local: dict[tuple[int | None, View], Node] = {}
        self.notes: list[str] = []
        self._next = 1
        self._written: Counter[int] = Counter()
        self._pending: dict[int, int] = {}
        self._draws = Draws(recorded)
        self._leaving = leaving(recorded)
        for view in recorded.inputs:
            if view.is_floating and view.numel:
                self._add("input", "input", -1, view, ())
        for n, op in enumerate(recorded.ops):
            if op.data and not op.is_view:
                self._step(n, op)
        for view in recorded.outputs:
            self._look_at(None, view, len(recorded.ops))

    # Nodes.

    def _add(
        self, kind: str, name: str, at: int, view: View, ins: tuple[View, ...],
        before: list[Memory] | None = None, local: bool = False,
    ) -> Node:  # fmt: skip
        node = Node(len(self.nodes), kind, name, at, view, self._next, ins)
        self._next += view.numel
        if self._next > MAX_LABELS:
            raise MaxoutError(
                f"the run makes more than {MAX_LABELS:,} numbers: pass a smaller example (fewer "
                "samples, smaller images)"
            )
        if kind in KEEPING and before is not None:
            node.maps = tuple(self._draws.labels_of(view, i, before) for i in ins)
        self.nodes.append(node)
        if not local:
            self.at.setdefault(at, []).append(node)
            if view.is_floating:
                self._draws.hand_out(view, node.base)
        for i in ins:
            self._look_at(node, i, at, before)
        return node

    def _look_at(
        self, reader: Node | None, view: View, end: int, before: list[Memory] | None = None
    ) -> None:
        """Give a reader of numbers in the middle of a writing a node of its own to read."""
        if not view.is_floating or view.storage not in self.tape.data:
            return
        memories = before or self._draws.memories
        if self._draws.is_moved(view, memories):
            return
        for n in range(min(end, len(self.tape.ops)) - 1, -1, -1):
            op = self.tape.ops[n]
            made = next((v for v in op.results if v.storage == view.storage), None)
            if made is None or op.is_view or not op.data:
                continue
            if n in self.at or made.numel != view.numel or made in op.writes:
                return
            node = self._add(self._kind(op), op.name, n, view, self._data(op), None, local=True)
            self.local[None if reader is None else reader.index, view] = node
            return

    def _data(self, op: Op) -> tuple[View, ...]:
        return tuple(dict.fromkeys(v for v in op.ins if v.storage in self.tape.data))

    # Steps.

    def _step(self, n: int, op: Op) -> None:
        for view in op.writes:
            self._written[view.storage] += 1
        if op.scope:
            self._inside(n, op)
            return
        if not op.results:
            if op.name in ("_local_scalar_dense", "item", "is_nonzero", "equal"):
                self._note(
                    "a number is read out of a tensor: the path may depend on the values, and "
                    "only the one that was run is read"
                )
            return
        before = self._draws.copies()
        if op.name in affine.NAMES and op.outs and op.outs[0].is_floating:
            self._affine(n, op)
        elif op.name in _NORMS:
            self._draws.forget(op)
            self._add("norm", op.name, n, op.results[0], self._data(op), before)
        elif not self._compute(op):
            self._opaque(n, op, before)
        else:
            for view in op.results:
                if view.is_floating and view.numel:
                    self._soft(n, op, view, before)

    def _inside(self, n: int, op: Op) -> None:
        self._draws.forget(op)
        last, entering, leaving = self._leaving[op.scope]
        if n != last:
            return
        name = op.scope.partition("#")[0]
        kind = "norm" if name in tape.NORMS else "dropout" if name in tape.DROPOUTS else "opaque"
        before = self._draws.copies()
        for view in leaving:
            node = self._add(kind, name, n, view, entering, before)
            node.parameters = self._matrices(op.scope)

    def _affine(self, n: int, op: Op) -> None:
        found = affine.describe(self.tape, op)
        view = op.outs[0]
        if found is None:
            self._add("product", op.name, n, view, self._data(op))
            return
        others = tuple(v for v in self._data(op) if v != found.weight and v != found.source)
        source = next(v for v in self._data(op) if v.storage == found.source.storage)
        ins = (source, *(v for v in others if v != source))
        node = self._add("affine", op.name, n, view, ins)
        node.affine = found
        node.version = self._written[found.source.storage]
        node.parameters = self.origins.names(found.weight.storage)

    def _soft(self, n: int, op: Op, view: View, before: list[Memory]) -> None:
        """Decide on one result of an operation that was computed."""
        memories = self._draws.memories
        if self._draws.is_moved(view, memories):
            return
        if self._draws.is_constant(view, memories):
            if self._takes_matrix(op):
                self._opaque(n, op, before)
            return
        pending = max((self._pending.get(v.storage, -1) for v in op.ins), default=-1)
        if pending < n:
            pending = self._ahead(n, view)
        if pending > n:
            self._pending[view.storage] = pending
            return
        node = self._add(self._kind(op), op.name.rstrip("_"), n, view, self._data(op), before)
        if node.kind == "scale":
            node.factor = self._factor(op)
        elif node.kind == "shift":
            given = [a for a in op.args[:2] if isinstance(a, View)]
            node.constant = next((v for v in given if v.storage not in self.tape.data), None)

    def _opaque(self, n: int, op: Op, before: list[Memory]) -> None:
        names = tuple(
            name for v in op.ins if v.storage not in self.tape.data and len(v.size) > 1
            for name in self.origins.names(v.storage)
        )  # fmt: skip
        for view in op.results:
            if view.numel and (view.is_floating or view.dtype.is_complex):
                self._add("opaque", op.name, n, view, self._data(op), before).parameters = names

    def _kind(self, op: Op) -> str:
        name = op.name.rstrip("_")
        floats = {v for v in self._data(op) if v.is_floating}
        if name in _ADDING:
            return "sum" if len(floats) > 1 else "shift"
        if "avg_pool" in name or name in ("mean", "sum"):
            return "average"
        if name in _SCALING:
            if len(floats) > 1:
                return "product"
            return "scale" if self._factor(op) > 0 else "elementwise"
        return "elementwise"

    def _factor(self, op: Op) -> float:
        """Of a product with one positive number; 0 for anything else."""
        number = op.args[1] if isinstance(op.args[0], View) else op.args[0]
        if isinstance(number, View):
            x = self._draws.memories[0].read(number)
            if number.storage in self.tape.data or x is None or x.numel() != 1:
                return 0.0
            number = float(x)
        if not isinstance(number, (int, float)) or number <= 0:
            return 0.0
        return 1 / number if op.name.startswith("div") else float(number)

    def _compute(self, op: Op) -> bool:
        try:
            known = [memory.run(op) for memory in self._draws.memories]
        except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError) as error:
            reason = " ".join(str(error).split())[:80]
            self._note(f"{op.name} cannot be repeated on other numbers: {reason}")
            self._draws.forget(op)
            return False
        return all(known)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    # What is used.

    def _takes_matrix(self, op: Op) -> bool:
        return any(
            v.storage not in self.tape.data and len(v.size) > 1 and self.origins.names(v.storage)
            for v in op.ins
        )

    def _matrices(self, scope: str) -> tuple[str, ...]:
        found: set[str] = set()
        for op in self.tape.ops:
            if op.scope == scope:
                for v in op.ins:
                    if v.storage not in self.tape.data:
                        found.update(self.origins.names(v.storage))
        return tuple(sorted(found))

    def _ahead(self, n: int, view: View) -> int:
        """The operation at which something that depends on ``view`` is labels again, or -1."""
        memories = self._draws.copies()
        cone, steps = {view.storage}, 0
        for m in range(n + 1, len(self.tape.ops)):
            op = self.tape.ops[m]
            if not op.data:
                continue
            reads = any(v.storage in cone for v in op.ins)
            if op.is_view:
                continue
            if op.scope or op.name in affine.NAMES or op.name in _NORMS:
                for memory in memories:
                    memory.forget(op)
                continue
            if not op.results:
                continue
            steps += 1
            if steps > _REACH:
                return -1
            try:
                for memory in memories:
                    memory.run(op)
            except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
                for memory in memories:
                    memory.forget(op)
                continue
            if reads:
                cone.update(v.storage for v in op.results)
                if self._draws.is_moved(op.results[0], memories):
                    return m
        return -1
