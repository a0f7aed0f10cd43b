"""Points inside, at and outside the domain of every statement, drawn from the fields' edges."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from typing import Any

import sympy as sp

from maxout.numerics.predict import decide, locate
from maxout.theory.block import (
    BLOCK_FIELDS,
    DEFAULTS,
    INNER,
    NORMALIZATION,
    PLACES,
    PLAIN,
    SKIP,
    Block,
)
from maxout.theory.block import PLACE as NORM_PLACE
from maxout.theory.conv_network import ConvNetwork
from maxout.theory.convolution import CHANNELS, SIZES
from maxout.theory.domain import Condition, Point
from maxout.theory.errors import DomainError
from maxout.theory.field import Field
from maxout.theory.network import (
    BIAS,
    BIASES,
    FIELDS,
    INPUTS,
    OUTPUTS,
    RANK,
    WEIGHT_VARIANCE,
    WIDTHS,
    Network,
)
from maxout.theory.parameters import (
    BIAS_VARIANCE,
    CELL,
    CORRELATION,
    COSINE,
    EXPONENT,
    KINDS,
    KURTOSIS,
    LAYER,
    LENGTH,
    NORM,
    ORDER,
    ORTHANT_SIZE,
    OTHER_NORM,
    OTHER_PLACE,
    PAIR_CORRELATION,
    PARAMETERS,
    PARTICIPATION,
    PLACE,
    POSITION,
    SWEEP,
    UNIT,
    VOLUME,
    WINDOW,
)
from maxout.theory.statement import Statement

_TINY, _HUGE = Fraction(1, 10**300), Fraction(10**300)
_STEP = Fraction(1, 10**9)


def _around(*values: Fraction | int) -> tuple[Fraction, ...]:
    """Each value with its neighbours, within [-1, 1]."""
    near = {Fraction(v) + step for v in values for step in (-_STEP, 0, _STEP)}
    return tuple(sorted(v for v in near if -1 <= v <= 1))


_CORRELATIONS = _around(-1, Fraction(-1, 2), 0, Fraction(1, 4), 1)
_NORMS = (0, _TINY, Fraction(1, 10), 1, 10, _HUGE)

EDGES: dict[Field, tuple[Any, ...]] = {
    RANK: (1, 2, 3, 4, 5, 9, 10, 200, 201, 10**4, 10**4 + 1, 10**15),
    INPUTS: (1, 2, 3, 4, 1000, 1001, 10**9),
    WIDTHS: (
        (5,), (5, 5), (4, 3, 2), (1,), (1, 5), (5, 1), (2, 2), (1, 1, 1), (10**9,), (7, 8), (6, 5),
    ),
    INNER: (1, 2, 3, 64),
    OUTPUTS: (1, 2, 3, 10**9),
    WEIGHT_VARIANCE: (None, Fraction(3, 10), 1, 2, _TINY, _HUGE),
    BIAS: BIASES,
    ORDER: (1, 2, 3, 4, 5, 6, 50),
    COSINE: _CORRELATIONS,
    NORM: _NORMS,
    WINDOW: (1, 4, 10**6),
    ORTHANT_SIZE: (2, 3, 4, 6, 12, 13, 1000),
    # Next to 0, alternating sums of probabilities near 2^-m take seconds.
    CORRELATION: (
        *_around(-1, Fraction(-1, 2), Fraction(-1, 3), Fraction(-1, 5), Fraction(-1, 12)),
        Fraction(-1, 1000), 0, Fraction(1, 1000), Fraction(1, 2), Fraction(999, 1000),
        Fraction(9999999, 10**7), 1,
    ),
    EXPONENT: (1, 2, 4, 5, 10**9),
    LENGTH: (0, _TINY, 1, 10, _HUGE),
    SWEEP: (0, _TINY, 1, 2 * sp.pi, _HUGE),
    VOLUME: (_TINY, _STEP, 1, 36, _HUGE),
    LAYER: (1, 2, 3, 10**6),
    OTHER_NORM: _NORMS,
    PAIR_CORRELATION: _CORRELATIONS,
    BIAS_VARIANCE: (0, _TINY, Fraction(1, 10), _HUGE),
    PLACE: (1, 2, 3, 4, 5, 6, 200, 201, 10**6),
    OTHER_PLACE: (1, 2, 3, 4, 5, 6, 7, 10**6),
    UNIT: KINDS,
    POSITION: (0, 1, 2, 30, 31, 10**9),
    CELL: (0, 1, 2, 3, 4, 5, 10**9),
    SIZES: (),  # follows from others
    KURTOSIS: (-2, -2 + _STEP, Fraction(-6, 5), 0, 3, _HUGE),
    PARTICIPATION: (_TINY, Fraction(1, 1001), Fraction(1, 5), Fraction(1, 4), Fraction(1, 2), 1),
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Values of fields; those left out have their defaults, or the value of ``BASE``.

    Where the block has a skip connection, every width is that of the input. Where channels are
    given, the hidden layers are two convolutions of theirs, over a map of 30 cells.
    """

    values: dict[Field, Any] = field(default_factory=dict)

    def __add__(self, values: dict[Field, Any]) -> Place:
        return replace(self, values={**self.values, **values})

    @property
    def network(self) -> Network:
        chosen = {**BASE, **self.values}
        if chosen[SKIP] != "none":
            chosen[WIDTHS] = (chosen[INPUTS],) * len(chosen[WIDTHS])
        if CHANNELS in chosen:
            return self._of_convolutions(chosen)
        block = Block(**{f.name: chosen[f] for f in BLOCK_FIELDS})
        return Network(**{f.name: chosen[f] for f in FIELDS}, block=block)

    @staticmethod
    def _of_convolutions(chosen: dict[Field, Any]) -> ConvNetwork:
        others = (OUTPUTS, RANK, WEIGHT_VARIANCE, BIAS)
        return ConvNetwork(
            chosen[CHANNELS], (5, 6), (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2),
            groups=2, **{f.name: chosen[f] for f in others},
        )  # fmt: skip

    @property
    def order(self) -> int | None:
        return self.values.get(ORDER)

    @property
    def parameters(self) -> dict[str, Any]:
        return {f.name: self.values[f] for f in PARAMETERS if f in self.values}

    def point(self, statement: Statement) -> Point:
        return locate(statement, self.network, self.order, **self.parameters)


BASE = {
    INPUTS: 4, WIDTHS: (4, 3, 2), OUTPUTS: 3, RANK: 4, WEIGHT_VARIANCE: Fraction(3, 10),
    BIAS: "any",
    **{f: DEFAULTS[f.name] for f in BLOCK_FIELDS},
}  # fmt: skip

_PLAIN_HOMES = tuple(
    {BIAS: bias, RANK: rank, INPUTS: inputs, WIDTHS: widths, WEIGHT_VARIANCE: c}
    for c in (Fraction(3, 10), None)
    for bias, rank, inputs, widths in product(
        BIASES, (4, 2, 3, 12), (4, 2), ((4, 3, 2), (5, 5), (5,))
    )
)
_NORMALIZED_HOMES = tuple(
    {
        BIAS: bias,
        WIDTHS: widths,
        NORMALIZATION: norm,
        NORM_PLACE: place,
        **({INNER: 6} if place == "linear" else {}),
    }
    for bias, widths, norm, place in product(
        ("zero", "gaussian"), ((7, 8), (5,)), ("rms", "layer"), PLACES
    )
)

_CONVOLUTIONAL_HOMES = tuple(
    {CHANNELS: (2, 4, 6), BIAS: bias, RANK: rank, WEIGHT_VARIANCE: Fraction(3, 10)}
    for bias, rank in product(("any", "zero"), (4, 2))
)

BLOCKS = (
    PLAIN,
    Block(dropout=Fraction(3, 10)),
    Block(skip="linear", branch_scale=Fraction(1, 2), inner=6),
    Block(skip="plain", branch_scale=Fraction(1, 2)),
    Block(norm="layer", skip="normalized", branch_scale=Fraction(1, 2)),
    Block(norm="layer", skip="pre-norm", branch_scale=Fraction(1, 2)),
)


def unmet(statement: Statement, place: Place) -> tuple[Condition, ...]:
    """Conditions that fail and limits that are exceeded; those that need numbers where no other."""
    point, domain = place.point(statement), statement.domain
    plain = (*domain.failing(point, lambda *_: True), *domain.exceeding(point))
    return plain or domain.failing(point, decide)


def home(statement: Statement) -> Place:
    """A place well inside the domain and the limits."""
    kinds = [{UNIT: kind} for kind in KINDS] if UNIT.symbol in statement.parameters else [{}]
    beside = [{f: getattr(b, f.name) for f in BLOCK_FIELDS if f.name in b.parts} for b in BLOCKS]
    homes = [{**values, **block} for values, block in product(_PLAIN_HOMES, beside)]
    for values, kind in product((*homes, *_NORMALIZED_HOMES, *_CONVOLUTIONAL_HOMES), kinds):
        place = Place({**values, **kind})
        if not unmet(statement, place):
            return place
    raise AssertionError(f"no place is inside the domain of {statement.key}")


def reads(statement: Statement) -> list[Field]:
    """Every field that can change the statement's value."""
    fields = [RANK, *(FIELDS if statement.biases else ())]
    fields += [ORDER] if statement.orders else []
    fields += [f for f in PARAMETERS if f.symbol in statement.parameters]
    return list(dict.fromkeys(fields))


def crossings(statement: Statement, condition: Condition) -> Iterator[tuple[Place, Place]]:
    """Pairs (inside, outside): the second fails this condition alone, one step from the first.

    A step is to the next entry of a field's edges, or to the next integer.
    """
    start = home(statement)
    first, *others = condition.reads
    for values in product(EDGES[first], *([None, *EDGES[f]] for f in others[:1])):
        chosen = dict(zip(condition.reads, values, strict=False))
        outside = start + {f: v for f, v in chosen.items() if v is not None or f == first}
        if unmet(statement, outside) != (condition,):
            continue
        for changed in condition.reads[:2]:
            for value in _beside(changed, {**BASE, **outside.values}.get(changed)):
                inside = outside + {changed: value}
                if not unmet(statement, inside):
                    yield inside, outside


def _beside(of: Field, value: Any) -> list[Any]:
    edges = EDGES[of]
    found = []
    if isinstance(value, int) and of not in (WEIGHT_VARIANCE, NORM, BIAS_VARIANCE):
        found += [v for v in (value - 1, value + 1) if _accepts(of, v)]
    if value in edges:
        at = edges.index(value)
        found += [*edges[max(at - 1, 0) : at], *edges[at + 1 : at + 2]]
    return found or list(edges)


def _accepts(of: Field, value: int) -> bool:
    try:
        of(value)
    except DomainError:
        return False
    return True


def draws(statement: Statement, count: int, seed: int) -> Iterator[Place]:
    """Places with every field that matters at one of its edges, inside the domain or outside."""
    generator = random.Random(f"{statement.key}/{seed}")
    start = home(statement)
    fields = reads(statement)
    for _ in range(count):
        moved = generator.sample(fields, min(len(fields), generator.randint(1, 4)))
        yield start + {f: generator.choice(EDGES[f]) for f in moved}
