"""The right sides of the laws: a few numbers a layer instead of weight matrices.

Independent of ``networks``: NumPy instead of PyTorch, order statistics instead of weights. Each
sampler returns draws of a law of ||J(x)u||^2 for one architecture. Source: Tseran and Montufar
(ICML 2023), and this project for the moving frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.verify.streams import BIASES, UNITS, WEIGHTS, Stream

Array = np.ndarray


def largest_normal(generator: np.random.Generator, rank: int, shape: tuple[int, ...]) -> Array:
    """Draw the largest of ``rank`` independent N(0, 1), by drawing them all."""
    largest = generator.standard_normal(shape)
    for _ in range(rank - 1):
        np.maximum(largest, generator.standard_normal(shape), out=largest)
    return largest


def _output(network: Network, stream: Stream, count: int) -> Array:
    return stream.generator(network.depth).chisquare(network.outputs, count)


@dataclass(frozen=True)
class Step:
    """The angle chain after one hidden layer: arrays of one value a draw.

    Attributes:
      length: ||x||^2.
      gain: ||u||^2.
      inner: x . u.
    """

    length: Array
    gain: Array
    inner: Array

    @property
    def cosine(self) -> Array:
        """Of the angle between the images of x and u."""
        return self.inner / np.sqrt(self.length * self.gain)


def angle_steps(
    network: Network, c: float, stream: Stream, count: int, cosine: float, norm: float
) -> Iterator[Step]:
    """Draw the angles of the augmented vectors, layer by layer, and yield each hidden layer.

    With (x, 1) and (u, 0) at angle gamma, unit i of the next layer has value s |(x, 1)| Xi_i and
    derivative s |u| (v_i sin gamma + Xi_i cos gamma): the norms and the inner product of the next
    pair follow. At zero bias the vectors are x and u themselves.

    Args:
      network: bias "gaussian" or "zero".
      c: ``network.c`` as a float.
      cosine: of the angle between x and u.
      norm: of x.
    """
    if network.bias not in ("gaussian", "zero"):
        raise DoesNotApplyError("the law through the angles needs gaussian or zero biases")
    extra = 1.0 if network.bias == "gaussian" else 0.0
    step = Step(np.full(count, norm**2), np.ones(count), np.full(count, norm * cosine))
    for layer, (fan_in, units) in enumerate(network.hidden(), start=1):
        shape = (count, units)
        largest = largest_normal(stream.generator(layer, UNITS), network.rank, shape)
        across = stream.generator(layer, WEIGHTS).standard_normal(shape)
        augmented = step.length + extra
        along = step.inner / np.sqrt(augmented * step.gain)  # cos gamma
        sine = np.sqrt(np.maximum(1 - along**2, 0))
        scale = c / fan_in
        slope = across * sine[:, None] + largest * along[:, None]
        step = Step(
            scale * augmented * np.sum(largest**2, axis=1),
            scale * step.gain * np.sum(slope**2, axis=1),
            scale * np.sqrt(augmented * step.gain) * np.sum(largest * slope, axis=1),
        )
        yield step


def angle_chain(
    network: Network, c: float, stream: Stream, count: int, cosine: float, norm: float
) -> Array:
    """Draw ||J(x)u||^2 through ``angle_steps``; arguments as there."""
    *_, last = angle_steps(network, c, stream, count, cosine, norm)
    return last.gain * _output(network, stream, count) / network.widths[-1]


def moving_frame(network: Network, c: float, stream: Stream, count: int, cosine: float) -> Array:
    """Draw ||J(x)u||^2 at zero bias through the moving frame: u along and across x, (p, q).

    p' = s (r p + g q), q' = s chi q, with r = |(Xi_1, ..., Xi_m)|, g ~ N(0, 1), chi ~ chi_{m-1}.

    Args:
      network: bias "zero".
      c: ``network.c`` as a float.
      cosine: of the angle between x and u.
    """
    if network.bias != "zero":
        raise DoesNotApplyError("the moving frame needs zero biases")
    along = np.full(count, cosine)
    across = np.full(count, math.sqrt(1 - cosine**2))
    for layer, (fan_in, units) in enumerate(network.hidden(), start=1):
        scale = math.sqrt(c / fan_in)
        largest = largest_normal(stream.generator(layer, UNITS), network.rank, (count, units))
        radius = np.sqrt(np.sum(largest**2, axis=1))
        generator = stream.generator(layer, WEIGHTS)
        along = scale * (radius * along + generator.standard_normal(count) * across)
        # chi_0 is 0: one unit has no direction across.
        chi2 = generator.chisquare(units - 1, count) if units > 1 else np.zeros(count)
        across = scale * np.sqrt(chi2) * across
    return (along**2 + across**2) * _output(network, stream, count) / network.widths[-1]


def order_bound(network: Network, c: float, stream: Stream, count: int, largest: bool) -> Array:
    """Draw the paper's stochastic bound of ||J(x)u||^2.

    (1/n_0) chi^2_{n_L} prod_l (c/n_l) sum_i of the largest (or smallest) of K chi^2_1.

    Args:
      network: any biases.
      c: ``network.c`` as a float.
      largest: the upper bound; False for the lower one.
    """
    bound = _output(network, stream, count) / network.inputs
    extreme = np.maximum if largest else np.minimum
    for layer, (_, units) in enumerate(network.hidden(), start=1):
        generator = stream.generator(layer, UNITS if largest else BIASES)
        unit = generator.standard_normal((count, units)) ** 2
        for _ in range(network.rank - 1):
            extreme(unit, generator.standard_normal((count, units)) ** 2, out=unit)
        bound *= c / units * np.sum(unit, axis=1)
    return bound
