"""Functions of the theory whose values have no ball: class -> the rule that values them.

A rule takes (evaluator, expression), the ``Evaluator`` of ``numerics.balls`` and an instance of the
class, and returns a ball. Its radius holds an estimate of the error, not a proof, which the rule
says by ``evaluator.estimate(ball, route)``; ball arithmetic then carries it through whatever
expression the function stands in. A rule is loaded on first use.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

Rule = Callable[[Any, Any], Any]

# class in maxout.theory -> module and name of its rule in maxout.numerics
_RULES: dict[str, tuple[str, str]] = {
    "norm.LogNormMean": ("typical_routes", "log_norm"),
    "norm.InverseNormMean": ("typical_routes", "inverse_norm_mean"),
    "typical.LogNormVariance": ("typical_routes", "log_norm"),
    "gaussian_frame.ValueFunction": ("angle_routes", "value_function"),
    "gradients.GaussianBiasGradient": ("gradient_routes", "bias_gradient"),
    "gradients.GaussianWeightGradient": ("gradient_routes", "weight_gradient"),
    "curves.AngularSpeed": ("curve_routes", "angular_speed"),
    "kernels.WinnerProbability": ("kernel_routes", "winner"),
    "kernels.MaxKernel": ("kernel_routes", "kappa"),
    "kernels.PairNNGP": ("kernel_routes", "nngp"),
    "kernels.PairNTK": ("kernel_routes", "ntk"),
}


_SYMPY: dict[str, tuple[str, str]] = {"Integral": ("integral_routes", "integral")}


def rule_of(kind: type) -> Rule | None:
    """Return the rule of a class of functions; None where it has none."""
    package, _, module = kind.__module__.rpartition(".")
    known = _RULES.get(f"{module}.{kind.__name__}") if package == "maxout.theory" else None
    if package.startswith("sympy."):
        known = _SYMPY.get(kind.__name__)
    if known is None:
        return None
    rule: Rule = getattr(import_module(f"maxout.numerics.{known[0]}"), known[1])
    return rule
