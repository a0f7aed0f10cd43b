"""Statement + network -> prediction: the right side as a number with its error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from maxout.numerics.balls import enclose
from maxout.numerics.enclosure import Enclosure
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.theory.parameters import ORDER, environment
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


def predict(
    statement: Statement,
    network: Network,
    order: int | None = None,
    digits: int = 15,
    **parameters: Any,
) -> Prediction:
    """Evaluate a statement's right side.

    Args:
      order: order t for statements that have one (default: the first it is verified at).
      digits: correct decimal digits asked for.
      parameters: cosine, norm, window, m, rho, exponent where the statement needs them; see
        ``theory.parameters`` for domains and defaults.

    Raises:
      DoesNotApplyError: where the assumptions exclude this network.
      ValueError: for values outside their domain.
      PrecisionError: where the digits cannot be reached.
    """
    if not statement.applies_to(network.bias, network.rank):
        raise DoesNotApplyError(
            f"{statement.key} does not apply to {network}: {_domain(statement)}"
        )
    order = (statement.orders[0] if order is None else ORDER(order)) if statement.orders else None
    values = environment(statement, network, **parameters)
    if not statement.numeric:
        return Prediction(statement, network, order, None)
    _require_shape(statement, network)
    right: sp.Expr = statement.right(order)
    return Prediction(statement, network, order, enclose(right, values, digits))


def _domain(statement: Statement) -> str:
    biases = ", ".join(statement.biases) or "any"
    ranks = f"K >= {statement.minimum_rank}"
    if statement.maximum_rank is not None:
        ranks += f", K <= {statement.maximum_rank}"
    return f"it needs bias {biases} and rank {ranks}"


def _require_shape(statement: Statement, network: Network) -> None:
    needs = []
    if statement.constant_width and len(set(network.widths)) > 1:
        needs.append("hidden layers of one width")
    if statement.inputs not in (None, network.inputs):
        needs.append(f"n_0 = {statement.inputs}")
    if statement.hidden_layers not in (None, len(network.widths)):
        needs.append(f"L - 1 = {statement.hidden_layers}")
    if min(network.widths[:-1], default=statement.narrowest) < statement.narrowest:
        needs.append(f"at least {statement.narrowest} units in every hidden layer but the last")
    if needs:
        raise DoesNotApplyError(
            f"{statement.key} does not apply to {network}: it needs {', '.join(needs)}"
        )
