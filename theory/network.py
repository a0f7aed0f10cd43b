"""The architecture a statement speaks about, declared once and validated once.

Source of the conventions: Tseran and Montúfar (ICML 2023): hidden maxout layers of rank K with
weights N(0, c/fan_in), then a linear output layer with weights N(0, 1/fan_in).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import sympy as sp

from maxout.theory import symbols
from maxout.theory.block import PLAIN, Block
from maxout.theory.convolution import Convolution
from maxout.theory.errors import DoesNotApplyError, DomainError
from maxout.theory.field import Field, integer, one_of, real, short
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.typed import widths_of

BIASES = ("any", "gaussian", "zero")
MAX_RANK = 10**15
MAX_WIDTH = 10**9
MAX_DEPTH = 10**6


def _widths(value: Any) -> tuple[int, ...]:
    if isinstance(value, bytes):
        raise TypeError(value)
    if isinstance(value, str):
        value = widths_of(value)
    elif isinstance(value, Integral):  # NumPy's integers among them
        value = (value,)
    widths = tuple(integer(1, MAX_WIDTH)(v) for v in value)
    if not 1 <= len(widths) <= MAX_DEPTH:
        raise ValueError(value)
    return widths


INPUTS = Field(
    "inputs",
    symbols.n_0,
    f"an integer from 1 to {MAX_WIDTH:,}",
    (2, 6, 10, 100),
    "number of inputs n_0",
    integer(1, MAX_WIDTH),
)
WIDTHS = Field(
    "widths",
    symbols.n,
    f"one or more integers from 1 to {MAX_WIDTH:,}, one per hidden layer",
    ((8, 5, 7), (20,) * 5, (64, 32), (100,) * 10),
    "units n_1, ..., n_{L-1} of the hidden maxout layers",
    _widths,
)
OUTPUTS = Field(
    "outputs",
    symbols.n_L,
    f"an integer from 1 to {MAX_WIDTH:,}",
    (1, 3, 10),
    "number of outputs n_L of the linear last layer",
    integer(1, MAX_WIDTH),
)
RANK = Field(
    "rank",
    symbols.K,
    f"an integer from 1 to {MAX_RANK:,}",
    (1, 2, 3, 4, 5, 10),
    "affine pieces K of one maxout unit",
    integer(1, MAX_RANK),
)
WEIGHT_VARIANCE = Field(
    "c",
    symbols.c,
    "a positive finite number",
    (0.1, 0.5, 1, 2, 10),
    "weight variance times fan_in in the hidden layers",
    real(lambda c: bool(c.is_positive)),
)
BIAS = Field(
    "bias",
    sp.Symbol("bias"),
    "one of 'any', 'gaussian', 'zero'",
    BIASES,
    "law of the biases: any (independent of the weights), gaussian N(0, c/fan_in), or zero",
    one_of(BIASES),
)
FIELDS = (INPUTS, WIDTHS, OUTPUTS, RANK, WEIGHT_VARIANCE, BIAS)


@dataclass(frozen=True, init=False)
class Network:
    """A maxout network at initialization.

    Args:
      inputs: n_0.
      widths: units of each hidden maxout layer, (n_1, ..., n_{L-1}); an integer for one layer, or
        text such as "64x20,32" for 64 units twenty times, then 32.
      outputs: n_L.
      rank: K.
      c: weight variance times fan_in of the hidden layers; ``None`` means the recommended 1/M_K.
        Floats are read as the decimal they print as.
      bias: "any" (independent of the weights, otherwise arbitrary), "gaussian" (N(0, c/fan_in))
        or "zero".
      block: what every hidden layer has beside weights and maximum; a plain block has nothing. With
        a skip connection every width must be that of the input.

    Raises:
      MaxoutError: naming the field and what it must be.

    >>> print(Network(10, "20x3", rank=5, bias="zero").heading)
    10-[20x3]-1 K=5 c=1/M_5 bias=zero
    """

    inputs: int
    widths: tuple[int, ...]
    outputs: int
    rank: int
    c: sp.Expr
    bias: str
    block: Block

    # Of fully connected layers; a ``ConvNetwork`` has others.
    channels: tuple[int, ...] = field(repr=False)
    convolution: Convolution | None = field(repr=False)
    sizes: tuple[tuple[int, ...], ...] = field(repr=False)

    def __init__(
        self,
        inputs: int,
        widths: str | int | Iterable[int],
        outputs: int = 1,
        rank: int = 2,
        c: Any = None,
        bias: str = "any",
        block: Block = PLAIN,
    ) -> None:
        # A constructor of its own, since what it takes is wider than what the fields hold; a frozen
        # record is filled through its dictionary.
        vars(self).update(
            inputs=INPUTS(inputs), widths=WIDTHS(widths), outputs=OUTPUTS(outputs), rank=RANK(rank)
        )
        default = 1 / LargestNormalMoment(sp.Integer(self.rank), 2) if c is None else c
        vars(self).update(c=WEIGHT_VARIANCE(default), bias=BIAS(bias), block=block)
        vars(self).update(channels=(), convolution=None, sizes=())
        if block.skip != "none" and set(self.widths) != {self.inputs}:
            raise DomainError(
                f"a skip connection needs every width equal to the {self.inputs:,} inputs; "
                f"got {short_widths(self.widths)}"
            )

    def but(self, **changes: Any) -> Network:
        """The network with other values of some fields."""
        given = {name: getattr(self, name) for name in (*(f.name for f in FIELDS), "block")}
        return Network(**{**given, **changes})

    @property
    def depth(self) -> int:
        """L, the number of layers with the linear output layer."""
        return len(self.widths) + 1

    def environment(self) -> dict[sp.Basic, Any]:
        """Symbol -> value: what turns a statement's right side into a number.

        ``symbols.n`` maps to the tuple ``(n_0, n_1, ..., n_{L-1}, n_L)``, so that ``n[l]`` is
        entry l.
        """
        return {
            symbols.n_0: self.inputs,
            symbols.n: (self.inputs, *self.widths, self.outputs),
            symbols.n_L: self.outputs,
            symbols.L: self.depth,
            symbols.K: self.rank,
            symbols.c: self.c,
            symbols.dropout: self.block.dropout,
            symbols.beta: self.block.branch_scale,
            symbols.inner: (
                self.inputs,
                *(self.block.inner or w for w in self.widths),
                self.outputs,
            ),
        }

    def share(self, cell: int = 0, position: int = 0) -> sp.Rational | None:
        """See ``ConvNetwork``; None here, where layers are fully connected."""
        return None

    def hidden(self) -> Iterator[tuple[int, int]]:
        """Yield (fan_in, units) of each hidden layer, input side first."""
        before = self.inputs
        for width in self.widths:
            yield before, width
            before = width

    def __str__(self) -> str:
        """All of the network, c exact: names of populations, hence their streams, hang on it."""
        return self._text(str(self.c))

    @property
    def heading(self) -> str:
        """The network for a person to read: c as short as ``field.short`` makes it."""
        return self._text(short(self.c))

    def _text(self, c: str) -> str:
        hidden = short_widths(self.widths)
        block = "" if self.block.plain else f" {self.block}"
        return (
            f"{self.inputs}-[{hidden}]-{self.outputs} K={self.rank} c={c} bias={self.bias}{block}"
        )


def short_widths(widths: tuple[int, ...]) -> str:
    """Widths as they are typed: 64x20,32."""
    runs: list[list[int]] = []
    for width in widths:
        if runs and runs[-1][0] == width:
            runs[-1][1] += 1
        else:
            runs.append([width, 1])
    return ",".join(f"{w}x{k}" if k > 1 else f"{w}" for w, k in runs)


def require_plain(network: Network, what: str) -> None:
    """Return if layers are fully connected and plain: ``what`` would else be of another network.

    Raises:
      DoesNotApplyError: where they are not.
    """
    if network.convolution is not None:
        raise DoesNotApplyError(f"{what} needs fully connected layers; got {network.convolution}")
    if not network.block.plain:
        raise DoesNotApplyError(
            f"{what} needs plain blocks (no dropout, normalization or skip); got {network.block}"
        )
