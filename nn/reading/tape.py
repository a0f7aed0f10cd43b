"""Record the operations of one run, each with the pieces of memory it reads and writes.

Operations are those that PyTorch dispatches (ATen), whoever calls them: Python, TorchScript, a
compiled module, ``vmap``. A tensor is a :class:`View` of a storage, so that views and operations in
place need no rules of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from maxout.nn.reading.nests import replaced, tensors_in
from maxout.theory.errors import MaxoutError

# Functions of PyTorch that stay one node, instead of the dozens of operations they are made of.
NORMS = frozenset(
    ["rms_norm", "layer_norm", "group_norm", "instance_norm", "batch_norm", "normalize"]
    + ["local_response_norm"]
)
OPAQUE = frozenset(
    ["gru", "lstm", "rnn_tanh", "rnn_relu", "gru_cell", "lstm_cell", "rnn_tanh_cell"]
    + ["rnn_relu_cell", "multi_head_attention_forward", "scaled_dot_product_attention"]
    + ["_transformer_encoder_layer_fwd", "_native_multi_head_attention"]
)
DROPOUTS = frozenset(
    ["dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"]
)


@dataclass(frozen=True)
class View:
    """A tensor as a piece of a storage."""

    storage: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    dtype: torch.dtype

    @property
    def numel(self) -> int:
        return math.prod(self.size)

    @property
    def is_floating(self) -> bool:
        return self.dtype.is_floating_point

    def of(self, flat: Tensor) -> Tensor:
        return flat.as_strided(self.size, self.stride, self.offset)


@dataclass(frozen=True)
class Op:
    """One operation; ``args`` and ``kwargs`` hold views instead of tensors.

    ``data`` says whether it read anything that depends on the example; ``scope`` names the call of
    a function that is not looked into, "gru#3".
    """

    name: str
    call: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    ins: tuple[View, ...]
    outs: tuple[View, ...]
    writes: tuple[View, ...]
    data: bool
    scope: str = ""

    @property
    def is_view(self) -> bool:
        """Whether it only looks at its input in another way."""
        inputs = {v.storage for v in self.ins}
        return bool(self.outs) and not self.writes and all(o.storage in inputs for o in self.outs)

    @property
    def results(self) -> tuple[View, ...]:
        """What it makes, in new memory or in place."""
        written = {v.storage for v in self.writes}
        return self.writes + tuple(v for v in self.outs if v.storage not in written)


@dataclass(frozen=True)
class Dropout:
    """A call of a dropout function: the operation that stands for it, and the rate p."""

    op: int
    rate: float
    function: str


class Tape(TorchDispatchMode):
    """The record; see :func:`record`.

    Attributes:
      ops: in the order they ran.
      storages: storage -> a tensor on it, which keeps it alive.
      initial: storage -> its flat content before anything that depends on the example was written.
      data: storages that depend on the example.
      parameters: storage -> (name, tensor) of the model's parameters and buffers.
      outputs: the tensors that the model returned.
      sizes: (operation, what it reads) -> mean square of that, before it is overwritten.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ops: list[Op] = []
        self.storages: dict[int, Tensor] = {}
        self.initial: dict[int, Tensor] = {}
        self.inputs: list[View] = []
        self.outputs: list[View] = []
        self.data: set[int] = set()
        self.parameters: dict[int, tuple[str, Tensor]] = {}
        self.dropouts: list[Dropout] = []
        self.scope = ""
        self.sizes: dict[tuple[int, View], float] = {}
        self._kept: list[Any] = []
        self._empty = 0

    def view(self, x: Tensor) -> View:
        storage = x.untyped_storage()
        key = storage.data_ptr()
        if not key:  # nothing is in it, so that nothing can come of it
            self._empty -= 1
            key = self._empty
        self.storages.setdefault(key, x)
        # Kept as well: the address of a storage that is gone may come back.
        self._kept.append(storage)
        return View(key, tuple(x.shape), tuple(x.stride()), int(x.storage_offset()), x.dtype)

    def flat(self, x: Tensor) -> Tensor:
        count = x.untyped_storage().nbytes() // x.element_size()
        return x.detach().as_strided((count,), (1,), 0)

    def measure(self, reader: int, given: list[Tensor]) -> None:
        for x in given:
            view = self.view(x)
            if x.is_floating_point() and view.storage in self.data:
                self.sizes[reader, view] = float(x.detach().double().square().mean())

    def mark(self, example: Any) -> None:
        """Let everything count as data that is computed from these tensors."""
        for x in tensors_in(example):
            view = self.view(x)
            self.initial[view.storage] = self.flat(x).clone()
            self.data.add(view.storage)
            self.inputs.append(view)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        ins = tuple(map(self.view, tensors_in([args, kwargs])))
        written = _written(func._schema, args, kwargs)
        data = any(v.storage in self.data for v in ins)
        if data:
            self.measure(len(self.ops), tensors_in([args, kwargs]))
            for x in written:
                key = self.view(x).storage
                if key not in self.data and key not in self.initial:
                    self.initial[key] = self.flat(x).clone()
        result = func(*args, **kwargs)
        op = Op(
            func.overloadpacket.__name__,
            func,
            replaced(args, Tensor, self.view),
            replaced(kwargs, Tensor, self.view),
            ins,
            tuple(map(self.view, tensors_in(result))),
            tuple(map(self.view, written)),
            data,
            self.scope,
        )
        self.ops.append(op)
        if data:
            self.data.update(v.storage for v in op.results + op.outs)
        return result


def _written(schema: Any, args: Any, kwargs: Any) -> list[Tensor]:
    found = []
    for place, argument in enumerate(schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            given = args[place] if place < len(args) else kwargs.get(argument.name)
            found += tensors_in(given)
    return found


class _Scope(TorchFunctionMode):
    """Tell the tape in which function an operation runs, and where dropout would be."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self._tape = tape
        self._calls = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = str(getattr(func, "__name__", ""))
        tape, outer = self._tape, self._tape.scope
        if not outer and name in NORMS | OPAQUE | DROPOUTS:
            self._calls += 1
            tape.scope = f"{name}#{self._calls}"
        before = len(tape.ops)
        try:
            result = func(*args, **kwargs)
        finally:
            inner, tape.scope = tape.scope, outer
        if inner != outer and name in DROPOUTS and isinstance(result, Tensor):
            rate = args[1] if len(args) > 1 else kwargs.get("p", 0.5)
            if len(tape.ops) == before:
                # In evaluation mode it does nothing; a copy marks its place.
                result = result.clone()
            tape.dropouts.append(Dropout(len(tape.ops) - 1, float(rate), name))
        return result


def record(model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tape:
    """Run the model once, in evaluation mode and without gradients, and return the record.

    Raises:
      MaxoutError: where the model does not run, or on tensors that have no storage.
    """
    tape = Tape()
    for name, x in [*model.named_parameters(), *model.named_buffers()]:
        if x.numel():
            tape.parameters.setdefault(tape.view(x).storage, (name, x))
    tape.mark([list(args), dict(kwargs)])
    training = [module for module in model.modules() if module.training]
    try:
        # Exported modules refuse .eval(); the flags are what it sets.
        for module in training:
            module.training = False
        with torch.no_grad(), _Scope(tape), tape:
            output = model(*args, **kwargs)
    except NotImplementedError as error:
        raise MaxoutError(
            "the run cannot be followed: sparse or nested tensors and higher-order operators have "
            f"no storage to follow ({_first(error)})"
        ) from error
    except MaxoutError:
        raise
    except (
        RuntimeError, TypeError, ValueError, IndexError, KeyError, AttributeError, AssertionError
    ) as error:  # fmt: skip
        raise MaxoutError(
            f"the model does not run on the example input: {_first(error)}"
        ) from error
    finally:
        for module in training:
            module.training = True
    tape.outputs = [tape.view(x) for x in tensors_in(output)]
    tape.measure(len(tape.ops), tensors_in(output))
    return tape


def _first(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
