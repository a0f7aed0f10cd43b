"""What a statement may need beyond the architecture: angle, norm, window and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.core.symbol import Str

from maxout.theory import symbols
from maxout.theory.errors import DomainError
from maxout.theory.field import Field, integer, one_of, real
from maxout.theory.network import MAX_DEPTH, Network

if TYPE_CHECKING:
    from maxout.theory.statement import Statement

ORDER = Field(
    "order", symbols.t, "an integer from 1 to 50", (1, 2, 3), "order t of a moment", integer(1, 50)
)
STATISTIC_ORDER = ORDER.up_to(1000)
"""Of moments of one order statistic, which are integrals at any order."""

COSINE = Field(
    "cosine",
    symbols.cos_0,
    "a number from -1 to 1",
    (0, 0.5, 1),
    "cosine rho_0 of the angle between the input x and the direction u",
    real(lambda v: bool(v >= -1) and bool(v <= 1)),
)
NORM = Field(
    "norm",
    symbols.x_norm,
    "a finite number >= 0",
    (0, 0.1, 1, 10),
    "Euclidean norm of the input x",
    real(lambda v: bool(v.is_nonnegative)),
)
WINDOW = Field(
    "window",
    symbols.window,
    "an integer from 1 to 1,000,000",
    (1, 4, 9),
    "cells p of a max pooling window",
    integer(1, 10**6),
)
ORTHANT_SIZE = Field(
    "m",
    symbols.m,
    "an integer from 2 to 1,000",
    (2, 3, 4, 6),
    "number of normals",
    integer(2, 1000),
)
CORRELATION = Field(
    "rho",
    symbols.rho,
    "a number from -1 to 1",
    (0, 0.25, 0.5, 1),
    "common correlation of the normals",
    real(lambda v: bool(v >= -1) and bool(v <= 1)),
)
EXPONENT = Field(
    "exponent",
    symbols.j,
    "an integer from 1 to 1,000,000,000",
    (1, 2),
    "index j of a Lyapunov exponent across the input",
    integer(1, 10**9),
)
LENGTH = Field(
    "length",
    symbols.length,
    "a finite number >= 0",
    (0.5, 1, 10),
    "length of a curve in the input space",
    real(lambda v: bool(v.is_nonnegative)),
)
SWEEP = Field(
    "sweep",
    symbols.sweep,
    "a finite number >= 0",
    (1, 2 * sp.pi),
    "angle in radians that a curve sweeps about the origin",
    real(lambda v: bool(v.is_nonnegative)),
)
VOLUME = Field(
    "volume",
    symbols.volume,
    "a positive finite number",
    (1, 36),
    "volume of the cube of inputs in which regions are counted",
    real(lambda v: bool(v.is_positive)),
)
LAYER = Field(
    "layer",
    symbols.l,
    f"an integer from 1 to {MAX_DEPTH:,}",
    (1, 2),
    "hidden layer l whose parameters are differentiated",
    integer(1, MAX_DEPTH),
)
OTHER_NORM = Field(
    "other_norm",
    symbols.y_norm,
    "a finite number >= 0",
    (0.5, 1),
    "Euclidean norm of a second input y",
    real(lambda v: bool(v.is_nonnegative)),
)
PAIR_CORRELATION = Field(
    "correlation",
    symbols.correlation,
    "a number from -1 to 1",
    (-0.5, 0, 0.6, 1),
    "correlation of a pair of normals, or cosine of the angle between inputs x and y",
    real(lambda v: bool(v >= -1) and bool(v <= 1)),
)
BIAS_VARIANCE = Field(
    "bias_variance",
    symbols.bias_variance,
    "a finite number >= 0",
    (0, 0.1),
    "variance of every bias of an infinitely wide network",
    real(lambda v: bool(v.is_nonnegative)),
)
PLACE = Field(
    "place",
    symbols.place,
    "an integer from 1 to 1,000,000",
    (1, 2, 4),
    "place r of an order statistic, 1 for the smallest",
    integer(1, 10**6),
)
OTHER_PLACE = Field(
    "other_place",
    symbols.other_place,
    "an integer from 1 to 1,000,000",
    (2, 3, 5),
    "place s of a second order statistic",
    integer(1, 10**6),
)
KINDS = ("maxout", "groupsort", "lwta", "mfm23")


def _kind(value: Any) -> Str:
    """A word that stands among the numbers of other parameters."""
    return Str(one_of(KINDS)(str(value)))


UNIT = Field(
    "unit",
    symbols.unit,
    f"one of {', '.join(KINDS)}",
    KINDS,
    "kind of the hidden units",
    _kind,
)
CELL_CORRELATION = Field(
    "correlation",
    symbols.correlation,
    "a number from 0 to 1",
    (0, 0.6, 1),
    "common correlation of the cells of a pooling window",
    real(lambda v: bool(v >= 0) and bool(v <= 1)),
)

POSITION = Field(
    "position",
    symbols.position,
    "an integer from 0 to 1,000,000,000",
    (0, 1, 5),
    "cell b of a convolution's input map, counted row by row from 1, that alone is not zero; 0 "
    "where all cells have the same norm",
    integer(0, 10**9),
)
CELL = Field(
    "cell",
    symbols.cell,
    "an integer from 0 to 1,000,000,000",
    (0, 1, 5),
    "cell a of a convolution's last hidden map, counted row by row from 1; 0 for the mean of all",
    integer(0, 10**9),
)
KURTOSIS = Field(
    "kurtosis",
    symbols.kurtosis,
    "a finite number >= -2",
    (sp.Rational(-6, 5), 0, 3),
    "excess kurtosis of the weights",
    real(lambda v: bool(v >= -2)),
)
PARTICIPATION = Field(
    "participation",
    symbols.participation,
    "a number above 0, at most 1",
    (0.1, 0.5, 1),
    "inverse participation ratio of x, sum of x_i^4 over the square of the sum of x_i^2",
    real(lambda v: bool(v > 0) and bool(v <= 1)),
)
PARAMETERS = (
    COSINE,
    NORM,
    WINDOW,
    ORTHANT_SIZE,
    CORRELATION,
    EXPONENT,
    LENGTH,
    SWEEP,
    VOLUME,
    LAYER,
    OTHER_NORM,
    PAIR_CORRELATION,
    BIAS_VARIANCE,
    PLACE,
    OTHER_PLACE,
    UNIT,
    POSITION,
    CELL,
    KURTOSIS,
    PARTICIPATION,
)


def _default(field: Field, inputs: sp.Expr) -> Any:
    """What a statement is evaluated at when the user says nothing; ``inputs`` is n_0.

    The direction is then a typical one (root mean square cosine of a uniform direction) and the
    input has normalized length one, ||x||^2 = n_0.
    """
    return {
        COSINE: 1 / sp.sqrt(inputs),
        NORM: sp.sqrt(inputs),
        WINDOW: 4,
        ORTHANT_SIZE: 6,
        CORRELATION: sp.Rational(1, 4),
        EXPONENT: 1,
        LENGTH: 1,
        SWEEP: 2 * sp.pi,
        VOLUME: sp.Pow(6, inputs, evaluate=False),  # the cube [-3, 3]^{n_0}
        LAYER: 1,
        OTHER_NORM: sp.sqrt(inputs),
        PAIR_CORRELATION: sp.Rational(1, 2),
        BIAS_VARIANCE: 0,
        PLACE: 1,
        OTHER_PLACE: 2,
        UNIT: Str(KINDS[0]),
        POSITION: 0,
        CELL: 0,
        KURTOSIS: sp.Rational(-6, 5),  # of uniform weights
        PARTICIPATION: 1 / inputs,
    }[field]


def default_text(field: Field) -> str:
    """The default in words for help texts, with n_0 as a symbol."""
    return str(_default(field, symbols.n_0))


def value_of(field: Field, network: Network, value: Any = None) -> Any:
    """Return a field's value, checked; its default at this network where none is given."""
    return _default(field, sp.Integer(network.inputs)) if value is None else field(value)


def environment(statement: Statement, network: Network, **given: Any) -> dict[sp.Basic, Any]:
    """Symbol -> value for everything in the statement's right side.

    Args:
      given: values by field name (``cosine=0.5``); ``None`` means the default.

    Raises:
      DomainError: for a value outside its field's domain, or a name no field has.
    """
    known = {field.name: field for field in PARAMETERS}
    for name in given:
        if name not in known:
            raise DomainError(f"no parameter is called {name!r}; known: {', '.join(known)}")
    values = network.environment()
    for field in PARAMETERS:
        checked = value_of(field, network, given.get(field.name))
        if field.symbol in statement.parameters:
            values[field.symbol] = checked
    if POSITION.symbol in statement.parameters:
        share = network.share(values.get(symbols.cell, 0), values[symbols.position])
        values.update({} if share is None else {symbols.share: share})
    return values
