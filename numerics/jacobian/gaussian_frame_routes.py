"""Values of V, the value functions of ||J(x)u||^2 with gaussian biases, inside expressions."""

from __future__ import annotations

from typing import Any

from flint import arb

from maxout.numerics.jacobian.network_arguments import exponential, layer, layers, log
from maxout.numerics.jacobian.value_functions import MAX_ORDER, at_input
from maxout.numerics.routes import estimates
from maxout.theory.errors import DomainError
from maxout.theory.jacobian.gaussian_frame import ValueFunction

ROUTE = "value functions"


@estimates(ValueFunction)
def value_function(evaluator: Any, expr: ValueFunction) -> arb:
    """V(t, a, l, X).

    Raises:
      DomainError: for an order beyond those that the rule for r^2 carries.
    """
    order = evaluator.integer(expr.args[0])
    if not 1 <= order <= MAX_ORDER:
        raise DomainError(
            f"moments with gaussian biases are evaluated up to order {MAX_ORDER}; got {order}"
        )
    network = layers(evaluator, expr)
    after = layer(evaluator, expr.args[2], 0, len(network.shapes) - 1)
    a = evaluator.integer(expr.args[1])
    if not 0 <= a <= order:
        raise DomainError(f"V(t, a, l, X) needs 0 <= a <= t; got a = {a} at t = {order}")
    rest = type(network)(network.rank, network.log_c, network.shapes[after:])
    found = at_input(rest, order, log(evaluator, expr.args[3]))
    return exponential(evaluator, float(found.logs[a]), float(found.errors[a]), ROUTE)
