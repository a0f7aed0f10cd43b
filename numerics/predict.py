"""Statement + network -> prediction: the right side as a number with its error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sympy as sp

from maxout.numerics.balls.enclosure import Enclosure, RangeError
from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.balls.precision import PrecisionError
from maxout.theory.catalogue import named
from maxout.theory.domain import Condition, Point
from maxout.theory.errors import DoesNotApplyError, MaxoutError, OutOfReachError, while_on
from maxout.theory.network import Network
from maxout.theory.parameters import KINDS, ORDER, UNIT, environment
from maxout.theory.precision_lock import alone
from maxout.theory.statement import Statement


@dataclass(frozen=True)
class Prediction:
    """The value of a statement's right side at one network; ``value`` is None for a law."""

    statement: Statement
    network: Network
    order: int | None
    value: Enclosure | None

    def __float__(self) -> float:
        if self.value is None:
            raise TypeError(f"{self.statement.key} predicts a law, not a number")
        return float(self.value)


@alone
def predict(
    statement: Statement | str,
    network: Network,
    order: int | None = None,
    digits: int = 15,
    **parameters: Any,
) -> Prediction:
    """Evaluate a statement's right side.

    Args:
      statement: of the catalogue, or its key.
      order: order t for statements that have one (default: the first it is verified at).
      digits: correct decimal digits asked for.
      parameters: by field name, where the statement needs them: cosine, norm, window, m, rho,
        exponent, length, sweep, volume, layer, other_norm, correlation, bias_variance,
        kurtosis, participation; see ``theory.parameters`` for domains and defaults.

    Raises:
      DoesNotApplyError: outside the statement's domain, naming the conditions that fail.
      OutOfReachError: where it holds, but has no value within the limits of its method.
      DomainError: for values outside their fields' domains.
      RangeError: for a value outside the statement's range: the statement is wrong, or its method.
      UnknownKeyError: for a key of no statement.

    >>> network = Network(10, "20x3", rank=5, bias="zero")
    >>> predict("jacobian.mean.exact", network, digits=5).value.midpoint
    '0.027746'
    """
    if isinstance(statement, str):
        statement = named(statement)
    with while_on(statement.key):
        point = locate(statement, network, order, **parameters)
        _of_its_units(statement, parameters)
        require(statement, point)
        if not statement.numeric:
            return Prediction(statement, network, point.order, None)
        with _within_reach(statement):
            value = enclose(statement.right(point.order), point.values, digits)
        return Prediction(statement, network, point.order, _in_range(statement, value))


def locate(
    statement: Statement, network: Network, order: int | None = None, **parameters: Any
) -> Point:
    """The point at which a statement is asked about, its values checked by their fields.

    Arguments and errors as ``predict``.
    """
    order = (statement.orders[0] if order is None else ORDER(order)) if statement.orders else None
    return Point(network, order, environment(statement, network, **parameters))


def require(statement: Statement, point: Point) -> None:
    """Return if a statement holds at a point and its method reaches it.

    Raises:
      DoesNotApplyError, OutOfReachError: as ``predict``.
    """
    domain = statement.domain
    # What needs numbers is asked last: they may be out of reach where something plainer fails.
    failed = domain.failing(point, decide=lambda *_: True)
    exceeded = () if failed else domain.exceeding(point)
    if exceeded:
        raise OutOfReachError(f"{statement.key} has no value here: {_needs(exceeded)}")
    if not failed:
        with _within_reach(statement):
            failed = domain.failing(point, decide)
    if failed:
        about = f" to {point.network.heading}" if statement.biases else ""
        raise DoesNotApplyError(f"{statement.key} does not apply{about}: {_needs(failed)}")


def _of_its_units(statement: Statement, given: Mapping[str, Any]) -> None:
    """Refuse a statement about maxout networks where other units were asked for."""
    kind = KINDS[0] if given.get("unit") is None else str(UNIT(given["unit"]))
    about_maxout = statement.biases and UNIT.symbol not in statement.parameters
    if about_maxout and kind != KINDS[0]:
        raise DoesNotApplyError(
            f"{statement.key} does not apply: it needs units of kind {KINDS[0]} (--unit)"
        )


def decide(relation: sp.Rel, values: Mapping[sp.Basic, Any]) -> bool:
    """Whether an inequality holds, by enclosing the difference of its sides.

    Raises:
      PrecisionError: where the sides agree to 100 digits.
    """
    difference = enclose(relation.gts - relation.lts, values, 1)
    for digits in (15, 100):
        if difference.lower > 0 or difference.upper < 0:
            break
        difference = enclose(relation.gts - relation.lts, values, digits)
    else:
        raise PrecisionError(
            f"the sides of {relation} agree to {digits} digits; ask at numbers farther apart"
        )
    return bool(difference.lower > 0)


def _needs(conditions: tuple[Condition, ...]) -> str:
    return "it needs " + " and ".join(map(str, conditions))


@contextmanager
def _within_reach(statement: Statement) -> Iterator[None]:
    """Say of which statement a method's limit was met; other exceptions are defects."""
    try:
        yield
    except (OverflowError, MaxoutError) as error:
        reason = "a number leaves float64's range" if isinstance(error, OverflowError) else error
        raise OutOfReachError(f"{statement.key} has no value here: {reason}") from error


def _in_range(statement: Statement, value: Enclosure) -> Enclosure:
    try:
        return value.within(statement.range.least, statement.range.most)
    except RangeError as error:
        raise RangeError(f"{statement.key}: {error}", error.value) from None
