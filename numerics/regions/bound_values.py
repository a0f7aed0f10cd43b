"""The 2021 bounds at one network: through the paper's gradient constant, and the sharp one."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE, select
from maxout.theory.errors import DoesNotApplyError, DomainError, OutOfReachError
from maxout.theory.network import Network, require_plain
from maxout.theory.parameters import VOLUME
from maxout.theory.regions import feature_gradients
from maxout.theory.statement import Statement

LARGEST_ORDER = 1000


@dataclass(frozen=True)
class GradientRow:
    """(E||grad zeta||^t)^{1/t} for features of the last hidden layer.

    Attributes:
      order: t.
      paper, sharp: upper bounds; ``sharp`` is None for biases "any".
      exact: at zero bias and even orders; None elsewhere.
    """

    order: int
    paper: float
    sharp: float | None
    exact: float | None


def gradient_table(network: Network, largest: int | None = None) -> list[GradientRow]:
    """Return the bounds on the gradients' moments, of orders 1 to n_0 unless ``largest`` is given.

    Raises:
      DomainError: for an order that is not from 1 to 1000.
    """
    require_plain(network, "a bound of the gradients' moments")
    last = network.inputs if largest is None else largest
    if not 1 <= last <= LARGEST_ORDER:
        raise DomainError(f"the largest order must be from 1 to {LARGEST_ORDER}; got {last}")
    return [_row(network, order) for order in range(1, last + 1)]


def _row(network: Network, order: int) -> GradientRow:
    sharp = exact = None
    if network.bias != "any":
        sharp = _root(network, feature_gradients.gradient_moment_upper(order, "sharp"), order)
    if network.bias == "zero" and order % 2 == 0:
        exact = _root(network, feature_gradients.gradient_moment_exact(order // 2), order)
    paper = _root(network, feature_gradients.gradient_moment_upper(order, "paper"), order)
    return GradientRow(order, paper, sharp, exact)


def _root(network: Network, expression: sp.Expr, order: int) -> float:
    return float(enclose(expression ** sp.Rational(1, order), network.environment(), 12))


def counts_in_window(
    network: Network, window: tuple[float, float, float, float]
) -> list[tuple[Statement, float]]:
    """What the catalogue says of the numbers in a window of the plane of a network's two inputs.

    Returns:
      the statements that apply, with their values: those about a cube at the smallest one around
      the window, which has no fewer regions; those about the whole space, which has no fewer
      either; and, where the window has the origin inside, those about the plane at zero bias,
      since each of its regions is a sector.
    """
    x0, x1, y0, y1 = window
    about = [s for s in CATALOGUE.values() if VOLUME.symbol in s.parameters]
    about += select(("regions.whole",))
    if x0 < 0 < x1 and y0 < 0 < y1:
        about += select(("curve.plane",))
    return _applying(about, network, max(x1 - x0, y1 - y0))


def count_bounds(network: Network, side: float) -> dict[str, float]:
    """Return the bounds on numbers in a cube of the given side: key of the statement -> value.

    Those that do not apply to the network or to so small a cube are left out.

    Raises:
      DomainError: unless the side is positive and finite.
    """
    about = [s for s in CATALOGUE.values() if VOLUME.symbol in s.parameters]
    return {statement.key: value for statement, value in _applying(about, network, side)}


def _applying(
    statements: list[Statement], network: Network, side: float
) -> list[tuple[Statement, float]]:
    volume = VOLUME(sp.Rational(str(side)) ** network.inputs)
    found = []
    for statement in statements:
        try:
            found.append((statement, float(predict(statement, network, digits=12, volume=volume))))
        except (DoesNotApplyError, OutOfReachError):
            continue
    return found
