"""Moments of the largest normal and the largest and smallest chi-square of K, by named routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, overload

from flint import arb

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.evaluator import ball
from maxout.numerics.balls.precision import DIGITS, at_digits, bits_of, working_precision
from maxout.numerics.order import rank_tables
from maxout.numerics.order.defining_integral import quadrature
from maxout.numerics.order.moment_balls import STATISTICS, moment_ball
from maxout.theory.errors import DomainError
from maxout.theory.network import RANK
from maxout.theory.order import moments as theory
from maxout.theory.parameters import STATISTIC_ORDER, WINDOW
from maxout.theory.precision_lock import alone

ROUTES = ("auto", "closed", "arb", "quadrature", "float64")
CLOSED_FROM = 500  # digits from which a closed form is sure to be faster than a quadrature


@alone
def moment(
    rank: int, order: int = 2, statistic: str = "largest", digits: int = 50, route: str = "auto"
) -> Enclosure:
    """Enclose E[X^order] of an order statistic of ``rank`` independent variables.

    Args:
      rank: K, an integer from 1 to 10^15.
      order: t, an integer from 1 to 1,000.
      statistic: "largest" of K N(0,1), "chi2-largest" or "chi2-smallest" of K chi^2_1.
      digits: significant decimal digits, 1 to 100,000; the float64 route gives at most 15.
      route: "closed" (the theory's closed form in balls; low rank only), "arb" (certified
        quadrature), "quadrature" (mpmath on the defining integral; radius estimated), "float64"
        (tables; radius as measured), or "auto" (a certified one of the first two).

    Returns:
      The enclosure; exactly zero for an odd moment at rank 1.

    Raises:
      MaxoutError: for an argument outside its domain, or a route that has no value here.
      PrecisionError: where the digits are not reached.
    """
    rank, order, digits = RANK(rank), STATISTIC_ORDER(order), DIGITS(digits)
    _check("statistic", statistic, STATISTICS)
    _check("route", route, ROUTES)
    if route == "auto":
        closed = digits >= CLOSED_FROM and _closed(rank, order, statistic) is not None
        route = "closed" if closed else "arb"
    if route == "quadrature":
        return quadrature(rank, order, statistic, digits)
    if route == "float64":
        # Tables of float64 load NumPy, which a closed form or a certified value does not need.
        from maxout.numerics.order.float_moments import enclose_float

        return enclose_float(rank, order, statistic, digits)
    return Enclosure.from_ball(_certified(rank, order, statistic, digits, route), digits, route)


@overload
def constant(
    rank: int,
    digits: int = ...,
    window: int = ...,
    route: str = ...,
    unit: str = ...,
    correlation: Any = ...,
) -> Enclosure: ...


@overload
def constant(
    rank: Iterable[int],
    digits: int = ...,
    window: int = ...,
    route: str = ...,
    unit: str = ...,
    correlation: Any = ...,
) -> list[Enclosure]: ...


@alone
def constant(
    rank: int | Iterable[int],
    digits: int = 50,
    window: int = 1,
    route: str = "auto",
    unit: str = "maxout",
    correlation: Any = 0,
) -> Enclosure | list[Enclosure]:
    """Enclose c = 1/M_K, the weight variance times fan_in that keeps activations stationary.

    Args:
      rank: K, an integer from 1 to 10^15; of several, a list comes back.
      window: cells p of a max pooling that follows; c = 1/M_{Kp} then.
      correlation: of the cells' patches, 0 to 1; c = 1/M_{K,p}(correlation), see docs/pooling.md.
      unit: "maxout", "groupsort", "maxmin", "lwta", "mfm" or "mfm23"; units other than maxout have
        their own constant, see docs/units.md, and take neither a window nor a route.
      digits, route: as for ``moment``; "closed", "arb" or "auto".

    Raises:
      MaxoutError, PrecisionError: as ``moment``.

    Source: Tseran and Montúfar (ICML 2023).

    >>> print(constant(5, digits=10))
    0.5555492482 +/- 2.9e-11 (certified, arb)
    >>> [float(c) for c in constant([2, 3], digits=5)]
    [1.0, 0.78391]
    """
    given: Any = rank
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        return [constant(int(RANK(k)), digits, window, route, unit, correlation) for k in given]
    pieces, digits = int(RANK(given)), DIGITS(digits)
    if unit != "maxout":
        if window != 1 or route != "auto" or correlation:
            raise DomainError(f"window, correlation and route are maxout's; the unit is {unit!r}")
        return _of_unit(pieces, unit, digits)
    if correlation:
        return _of_correlated(pieces, WINDOW(window), correlation, digits)
    if window != 1:
        pieces = int(RANK(pieces * WINDOW(window)))
    _check("route", route, ("auto", "closed", "arb"))
    if route == "auto":
        closed = digits >= CLOSED_FROM and _closed(pieces, 2, "largest") is not None
        route = "closed" if closed else "arb"
    return _reciprocal(_certified(pieces, 2, "largest", digits, route), digits, route)


def _of_unit(rank: int, unit: str, digits: int) -> Enclosure:
    # Here: a constant of maxout needs no symbols.
    from maxout.theory.activation.units import unit_named

    found = unit_named(unit)
    exact = found.constant(found.checked_rank(rank))
    return Enclosure.from_ball(at_digits(lambda: ball(exact, {}), digits), digits, "arb")


def _of_correlated(rank: int, window: int, correlation: Any, digits: int) -> Enclosure:
    from sympy import Integer

    from maxout.theory.activation.pooling import PooledMoment
    from maxout.theory.parameters import CELL_CORRELATION

    rho = CELL_CORRELATION(correlation)
    exact = 1 / PooledMoment(Integer(rank), Integer(window), rho)
    return Enclosure.from_ball(at_digits(lambda: ball(exact, {}), digits), digits, "arb")


def _reciprocal(ball: arb, digits: int, route: str) -> Enclosure:
    # It keeps the relative accuracy but for one rounding, which three guard digits cover.
    bits = 4 * digits + 60 if ball.is_exact() else ball.rel_accuracy_bits() + 30
    with working_precision(bits):
        return Enclosure.from_ball(1 / ball, digits, route)


@alone
def constants(ranks: Iterable[int], digits: int = 50) -> list[tuple[Enclosure, Enclosure]]:
    """Enclose c = 1/M_K and M_K for each of several ranks; arguments and errors as ``table``."""
    digits = DIGITS(digits)
    balls = _together([RANK(rank) for rank in ranks], 2, "largest", digits)
    return [
        (_reciprocal(ball, digits, "arb"), Enclosure.from_ball(ball, digits, "arb"))
        for ball in balls
    ]


@alone
def table(
    ranks: Iterable[int], order: int = 2, statistic: str = "largest", digits: int = 50
) -> list[Enclosure]:
    """Enclose the moment for each of several ranks, with certainty; faster together than apart.

    Args:
      ranks: K, integers from 1 to 10^15.
      order, statistic, digits: as for ``moment``.

    Raises:
      MaxoutError, PrecisionError: as ``moment``.
    """
    ranks, order, digits = [RANK(rank) for rank in ranks], STATISTIC_ORDER(order), DIGITS(digits)
    _check("statistic", statistic, STATISTICS)
    balls = _together(ranks, order, statistic, digits)
    return [Enclosure.from_ball(ball, digits, "arb") for ball in balls]


def _together(ranks: list[int], order: int, statistic: str, digits: int) -> list[arb]:
    goal, balls = bits_of(digits), {}
    together = sorted({rank for rank in ranks if 2 <= rank <= rank_tables.MAX_RANK})
    # Every rank in between is computed as well: worth it where they are not few of many.
    if statistic == "largest" and 4 * len(together) > rank_tables.MAX_RANK // 10:
        with working_precision(goal + 12):
            balls = rank_tables.largest_moments(together[0], together[-1], order)
    return [
        balls[rank]
        if rank in balls and balls[rank].rel_accuracy_bits() >= goal
        else _certified(rank, order, statistic, digits, "arb")
        for rank in ranks
    ]


def _certified(rank: int, order: int, statistic: str, digits: int, route: str) -> arb:
    compute: Callable[[], arb]
    if route == "closed":
        exact = _closed(rank, order, statistic)
        if exact is None:
            raise DomainError(
                f"no closed form is known for order {order} of the {statistic} at rank {rank}; "
                "use route='arb'"
            )

        def compute() -> arb:
            return ball(exact, {})
    else:

        def compute() -> arb:
            return moment_ball(rank, order, statistic)

    return at_digits(compute, digits)


def _closed(rank: int, order: int, statistic: str) -> Any:
    """The theory's closed form, or None."""
    if rank > 64:  # far beyond any closed form
        return None
    function = {
        "largest": theory.LargestNormalMoment,
        "chi2-largest": theory.LargestChi2Moment,
        "chi2-smallest": theory.SmallestChi2Moment,
    }[statistic]
    exact = function(rank, order).doit()
    return exact if theory.is_closed(exact) else None


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise DomainError(f"{name} must be one of {', '.join(known)}; got {value!r}")
