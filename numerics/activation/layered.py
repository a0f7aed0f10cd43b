"""Sizes of activations and gradients in a network whose layers each have their own constants.

What ``gradient_profile`` says of one c and one rank, layer by layer: weights of mean zero
and variance c_l/fan_in_l, rank K_l, biases gaussian of variance v_l, all independent. Source:
Tseran and Montúfar (ICML 2023) for the bounds; this project, docs/audit.md, for the exact values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LayerConstants:
    """What one layer contributes.

    Attributes:
      units: maxout units, or channels of a convolution.
      c: weight variance times fan_in.
      second_moment: M_K of the rank; 1 for a linear layer.
      bias_variance: variance of the biases.
    """

    units: int
    c: float
    second_moment: float
    bias_variance: float = 0.0

    @property
    def gain(self) -> float:
        """Factor on the mean square of an activation, c M_K."""
        return self.c * self.second_moment


def log_activations(layers: Sequence[LayerConstants], start: float) -> list[float]:
    """Return ln of the mean square of an activation, E||x^(l)||^2/n_l, behind each layer.

    A piece is N(0, c_l A + v_l) given an input of mean square A, so A' = M_K (c_l A + v_l): exact
    at any width, for gaussian biases of any variance.

    Args:
      start: ln of the mean square of the input's coordinates; -inf for an input of zeros.
    """
    logs = []
    log_size = start
    for layer in layers:
        log_size = math.log(layer.second_moment) + _log_add(
            _log(layer.c) + log_size, _log(layer.bias_variance)
        )
        logs.append(log_size)
    return logs


def log_gradients(layers: Sequence[LayerConstants]) -> list[float]:
    """Return ln F_l, F_l = E||dN/dx^(l)||^2 of one coordinate N of the last layer, behind each.

    Exact for fully connected layers with zero biases. Backwards, with the worth of the squared
    component along x^(l) and of the squared component across it: one layer of m units with n inputs
    takes (A, B) to (c/n)(m M_K A + B, (m-1) B), and the squared cosines of the n unit directions
    with x^(l) add up to one.
    """
    along, across, scale = 1.0, 1.0, 0.0
    outputs = layers[-1].units
    logs = []
    for position in range(len(layers) - 1, -1, -1):
        units = layers[position].units
        logs.append(scale + math.log((along + across * (units - 1)) / outputs))
        if position == 0:
            break
        # Through this layer: its inputs are the units of the one before.
        layer, inputs = layers[position], layers[position - 1].units
        along, across = (
            along * units * layer.second_moment / inputs,
            (along + across * (units - 1)) / inputs,
        )
        top = max(along, across)
        along, across, scale = along / top, across / top, scale + math.log(top) + _log(layer.c)
    return logs[::-1]


def log_gradient_bounds(layers: Sequence[LayerConstants]) -> list[tuple[float, float]]:
    """Return bounds of ln F_l for any biases independent of the weights: [Π c_j, Π c_j M_j], j > l.

    They come from E||u'||^2 = (m c/n) ||u||^2 (1 + cos^2 (M_K - 1)) given the past, cos the cosine
    between direction and (augmented) activation.
    """
    low = high = 0.0
    bounds = []
    for layer in reversed(layers):
        bounds.append((low, high))
        low += _log(layer.c)
        high += _log(layer.gain)
    return bounds[::-1]


def repetitions(layer: LayerConstants, log_limit: float) -> int | None:
    """Return after how many layers like this an activation of mean square 1 has passed a limit.

    None where it never does: the gain is 1 or leads the other way. The limit is the logarithm of a
    mean square. Biases are left out.
    """
    log_gain = _log(layer.gain)
    if log_gain == 0 or (log_gain > 0) != (log_limit > 0):
        return None
    if math.isinf(log_gain):
        return 1
    layers = log_limit / log_gain
    whole = round(layers)
    # Gains and limits are often powers of 2: a quotient of logarithms that is a whole number but
    # for rounding is that number, on every processor.
    reached = whole if abs(layers - whole) <= 1e-13 * whole else math.floor(layers)
    return reached + 1


def gradient_repetitions(layer: LayerConstants, log_limit: float) -> int | None:
    """Return the same for the gradient: F_d of d square layers like this one, at zero biases.

    F_d = c^d ((M^d/n)(1 + r/(M-r)) + r^{d+1} (1 - 1/(n(M-r)))), r = 1 - 1/n, the recursion of
    :func:`log_gradients` summed up.
    """
    last = repetitions(layer, log_limit)
    if last is None or math.isinf(_log(layer.gain)):
        return last
    low, high = 0, last
    while _square_gradient(layer, high) * math.copysign(1, log_limit) < abs(log_limit):
        low, high = high, 2 * high  # the gradient starts n times lower, so it may take longer
    # F is monotone for gains below 1, convex in d for those above: one crossing.
    while high - low > 1:
        middle = (low + high) // 2
        beyond = _square_gradient(layer, middle) * math.copysign(1, log_limit) >= abs(log_limit)
        low, high = (low, middle) if beyond else (middle, high)
    return high


def _square_gradient(layer: LayerConstants, depth: int) -> float:
    """ln F_d for d equal layers of n units with n inputs."""
    n, moment = layer.units, layer.second_moment
    r = 1 - 1 / n
    along = math.log1p(r / (moment - r)) - math.log(n) + depth * math.log(moment)
    share = r * (1 - 1 / (n * (moment - r)))
    across = math.log(share) + depth * math.log(r) if share > 0 else -math.inf
    return depth * _log(layer.c) + _log_add(along, across)


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _log_add(a: float, b: float) -> float:
    """ln(e^a + e^b), also where both are -inf."""
    top, other = max(a, b), min(a, b)
    return top if other == -math.inf else top + math.log1p(math.exp(other - top))
