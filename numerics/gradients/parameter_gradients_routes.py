"""Values of F and G, gradients with gaussian biases, inside expressions."""

from __future__ import annotations

from typing import Any

from flint import arb

from maxout.numerics.gradients.layer_gradients import gaussian_gradients
from maxout.numerics.jacobian.network_arguments import exponential, layer, layers, log
from maxout.numerics.routes import estimates
from maxout.theory.gradients.parameter_gradients import GaussianBiasGradient, GaussianWeightGradient
from maxout.theory.network_function import NetworkFunction

ROUTE = "float64"


@estimates(GaussianBiasGradient)
def bias_gradient(evaluator: Any, expr: NetworkFunction) -> arb:
    """F(l, X)."""
    return _gradient(evaluator, expr, "biases")


@estimates(GaussianWeightGradient)
def weight_gradient(evaluator: Any, expr: NetworkFunction) -> arb:
    """G(l, X); 0 for the first layer at the input 0."""
    return _gradient(evaluator, expr, "weights")


def _gradient(evaluator: Any, expr: NetworkFunction, which: str) -> arb:
    network = layers(evaluator, expr)
    at = layer(evaluator, expr.args[0], 1, len(network.shapes))
    found = gaussian_gradients(network, log(evaluator, expr.args[1]))
    return exponential(evaluator, float(getattr(found, which)[at - 1]), found.error, ROUTE)
