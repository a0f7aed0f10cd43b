"""Values of the catalogue's statements on ||J(x)u||^2 with gaussian biases."""

from __future__ import annotations

import math
from typing import Any

from maxout.numerics.angle import MAX_ORDER, Moment, jacobian_moment
from maxout.numerics.enclosure import Enclosure
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.theory.symbols import cos_0, x_norm

ROUTE = "value functions"


def _moment(network: Network, values: dict[Any, Any], order: int) -> Moment:
    return jacobian_moment(network, values[x_norm], values[cos_0], order)


def moment(network: Network, order: int | None, values: dict[Any, Any]) -> Enclosure:
    """Value E||J(x)u||^{2 order}; the mean where no order is given.

    Raises:
      DoesNotApplyError: for an order beyond those that the rule for r^2 carries.
    """
    if order is not None and order > MAX_ORDER:
        raise DoesNotApplyError(
            f"moments with gaussian biases are evaluated up to order {MAX_ORDER}; got {order}"
        )
    found = _moment(network, values, order or 1)
    return Enclosure.estimate_exp(found.log, found.error, ROUTE)


def variance(network: Network, order: int | None, values: dict[Any, Any]) -> Enclosure:
    """Value Var ||J(x)u||^2."""
    mean, second = (_moment(network, values, t) for t in (1, 2))
    # E X^2/(E X)^2 - 1 loses what the two share, which the error says.
    excess = math.expm1(second.log - 2 * mean.log)
    error = (1 + excess) * (second.error + 2 * mean.error) / excess
    return Enclosure.estimate_exp(2 * mean.log + math.log(excess), error, ROUTE)
