"""Float64 values of the catalogue's statements on kernels and on gradients with gaussian biases.

Routes in the sense of ``maxout.numerics.routes``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from maxout.numerics import kernels
from maxout.numerics.enclosure import Enclosure
from maxout.numerics.gradients import GradientProfile, gradient_profile
from maxout.numerics.kernels.table import ACCURACY
from maxout.theory import symbols
from maxout.theory.network import Network

Values = dict[Any, Any]


def winner(network: Network, order: int | None, values: Values) -> Enclosure:
    """q_K at one correlation."""
    rho = float(values[symbols.correlation])
    return Enclosure.estimate(float(kernels.winner(network.rank, rho)), ACCURACY, "float64")


_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def winner_integral(network: Network, order: int | None, values: Values) -> Enclosure:
    """The integral of q_K from 0 to 1, in the angle, where q_K is analytic up to both ends."""
    theta = (_POINTS + 1) * (math.pi / 4)
    q = kernels.winner(network.rank, np.cos(theta))
    total = float(np.sum(_WEIGHTS * q * np.sin(theta)) * math.pi / 4)
    return Enclosure.estimate(total, 2 * ACCURACY, "float64")


def nngp(network: Network, order: int | None, values: Values) -> Enclosure:
    """The output's covariance at two inputs."""
    return _pair(kernels.nngp, network, values)


def ntk(network: Network, order: int | None, values: Values) -> Enclosure:
    """The tangent kernel at two inputs."""
    return _pair(kernels.ntk, network, values)


def _pair(kernel: Any, network: Network, values: Values) -> Enclosure:
    variance = float(values[symbols.bias_variance])
    if network.bias == "zero" and variance > 0:
        raise ValueError("bias_variance must be 0 at zero biases; give bias any for others")
    cosine = float(values[symbols.correlation])
    # Any two inputs with these norms and this angle will do: two coordinates are enough.
    scale = math.sqrt(2 / network.inputs)
    x = scale * float(values[symbols.x_norm]) * np.array([1.0, 0.0])
    y = scale * float(values[symbols.y_norm]) * np.array([cosine, math.sqrt(1 - cosine**2)])
    given = {"depth": network.depth, "rank": network.rank, "bias_variance": variance}
    gram = kernel(np.stack([x, y]), c=float(network.c.evalf(20)), **given)
    # Each layer adds the table's error, in units of the norms' product, and a few roundings.
    error = 2 * network.depth**2 * ACCURACY * math.sqrt(gram[0, 0] * gram[1, 1])
    return Enclosure.estimate(float(gram[0, 1]), error, "float64")


def bias_gradient(network: Network, order: int | None, values: Values) -> Enclosure:
    """E||dN/db^(l)||^2 with gaussian biases."""
    profile = _profile(network, values)
    return _power(float(profile.biases[int(values[symbols.l]) - 1]), profile.error)


def weight_gradient(network: Network, order: int | None, values: Values) -> Enclosure:
    """E||dN/dW^(l)||_F^2 with gaussian biases."""
    profile = _profile(network, values)
    return _power(float(profile.weights[int(values[symbols.l]) - 1]), profile.error)


def diagonal(network: Network, order: int | None, values: Values) -> Enclosure:
    """E K(x, x) with gaussian biases: the sum of the layers' weight gradients."""
    profile = _profile(network, values)
    return _power(float(np.logaddexp.reduce(profile.weights)), profile.error)


def _profile(network: Network, values: Values) -> GradientProfile:
    return gradient_profile(network, values[symbols.x_norm])


def _power(log: float, error: float) -> Enclosure:
    if log == -math.inf:  # the gradient by the first layer's weights at the input 0
        return Enclosure.estimate(0.0, np.finfo(float).tiny, "float64")
    return Enclosure.estimate_exp(log, error, "float64")
