"""Float64 routes of statements whose right side has no ball: key -> the function that values it.

A route takes (network, order, values), ``values`` being ``theory.parameters.environment`` (symbol
-> value for the architecture and the statement's parameters), and returns an ``Enclosure`` with
``certified`` False and an honest estimate of its error. It is loaded on first use.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from maxout.numerics.enclosure import Enclosure
from maxout.theory.network import Network

Route = Callable[[Network, int | None, dict[Any, Any]], Enclosure]

# statement's key -> module and name of its route
_ROUTES: dict[str, tuple[str, str]] = {
    "init.typical": ("maxout.numerics.typical_routes", "log_length_mean"),
    "jacobian.log.mean": ("maxout.numerics.typical_routes", "log_gain_mean"),
    "jacobian.lyapunov.top": ("maxout.numerics.typical_routes", "lyapunov_top"),
    "jacobian.log.variance": ("maxout.numerics.typical_routes", "log_gain_variance"),
    "jacobian.mean.gaussian": ("maxout.numerics.angle_routes", "moment"),
    "jacobian.moment.gaussian": ("maxout.numerics.angle_routes", "moment"),
    "jacobian.variance.gaussian": ("maxout.numerics.angle_routes", "variance"),
    "curve.breakpoints": ("maxout.numerics.breakpoints", "network_route"),
    "curve.breakpoints.layer": ("maxout.numerics.breakpoints", "layer_route"),
    "curve.breakpoints.sphere": ("maxout.numerics.curve_breakpoints", "sphere_route"),
    "curve.length.mean.upper.sphere": ("maxout.numerics.curve_length", "sphere_route"),
    "curve.plane.regions": ("maxout.numerics.breakpoints", "plane_route"),
    "curve.locus.density": ("maxout.numerics.breakpoints", "locus_route"),
    "kernel.kappa.derivative": ("maxout.numerics.kernel_routes", "winner"),
    "kernel.winner.variance": ("maxout.numerics.kernel_routes", "winner_integral"),
    "kernel.nngp.shallow": ("maxout.numerics.kernel_routes", "nngp"),
    "kernel.nngp.deep": ("maxout.numerics.kernel_routes", "nngp"),
    "kernel.ntk.shallow": ("maxout.numerics.kernel_routes", "ntk"),
    "kernel.ntk.deep": ("maxout.numerics.kernel_routes", "ntk"),
    "kernel.diagonal.gaussian.exact": ("maxout.numerics.kernel_routes", "diagonal"),
    "gradients.gaussian.bias.exact": ("maxout.numerics.kernel_routes", "bias_gradient"),
    "gradients.gaussian.weights.exact": ("maxout.numerics.kernel_routes", "weight_gradient"),
}


def float_route(key: str) -> Route | None:
    """Return the float64 route of a statement; None where its right side is evaluated in balls."""
    if key not in _ROUTES:
        return None
    module, name = _ROUTES[key]
    route: Route = getattr(import_module(module), name)
    return route
