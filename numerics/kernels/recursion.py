"""The recursion over layers that carries a block of pairs of inputs.

A pair is carried by its angle, not by its correlation: with
1 - kappa_K/M_K = (1 - cos theta) d/M_K, d the mean winner probability, the next angle comes from a
sum of squares and keeps its relative accuracy down to duplicates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from maxout.numerics.kernels.angle_integral import Array
from maxout.numerics.kernels.kernel_inputs import Inputs, angles
from maxout.numerics.kernels.winner_table import KernelTable
from maxout.theory.errors import OutOfReachError


@dataclass(frozen=True)
class Network:
    """What the recursion needs: gains c of layers 1..L, and which parameters are differentiated.

    ``widths`` None is the NTK parametrization; else the weights and, if asked for, the biases.
    """

    table: KernelTable
    gains: tuple[float, ...]
    bias_variance: float
    widths: tuple[int, ...] | None = None
    bias_parameters: bool = False

    def tangent_factors(self, inputs: int) -> list[tuple[float, float]]:
        """Layer by layer: factor of the mean product of activations, and what the bias adds."""
        if self.widths is None:
            return [(gain, self.bias_variance) for gain in self.gains]
        return [(float(fan_in), float(self.bias_parameters)) for fan_in in (inputs, *self.widths)]


@dataclass(frozen=True)
class Side:
    """One set of inputs through the layers: deviations[l] of the pre-activations of layer l+1.

    input_part[l] is the root of the share that does not come from that layer's bias, bias_part[l]
    the root of the rest.
    """

    unit: Array
    deviations: list[Array]
    input_part: list[Array]
    bias_part: list[Array]

    @classmethod
    def of(cls, x: Array, name: str, network: Network) -> Side:
        bias = math.sqrt(network.bias_variance)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # found just below
            first = Inputs.of(x, name, network.gains[0], network.bias_variance)
            side = cls(first.unit, [first.norm], [], [])
            for gain in network.gains[1:]:
                grown = math.sqrt(gain * network.table.second_moment) * side.deviations[-1]
                deviation = np.hypot(grown, bias)
                side.deviations.append(deviation)
                side.input_part.append(grown / deviation)
                side.bias_part.append(bias / deviation)
        for layer, deviation in enumerate(side.deviations, start=1):
            # Products of two deviations must stay in range as well.
            if not np.all((deviation > 1e-150) & (deviation < 1e150)):
                raise OutOfReachError(
                    f"the kernel of {name} leaves float64's range at layer {layer}: "
                    "rescale the inputs or bring c nearer to 1/M_K"
                )
        return side


def block(
    left: Side,
    rows: slice,
    right: Side,
    columns: slice,
    network: Network,
    factors: list[tuple[float, float]] | None,
) -> Array:
    """Rows x columns of the Gram matrix: the NNGP kernel, or with factors the tangent kernel."""
    table = network.table

    def outer(a: list[Array], b: list[Array], layer: int) -> Array:
        return a[layer][rows, None] * b[layer][None, columns]

    theta = angles(left.unit[rows], right.unit[columns])
    covariance = outer(left.deviations, right.deviations, 0) * np.cos(theta)
    tangent = None
    if factors is not None:
        weight, bias = factors[0]
        tangent = weight / network.gains[0] * (covariance - network.bias_variance) + bias
    for layer, gain in enumerate(network.gains[1:]):
        # 1 - kappa/M, with a relative accuracy that does not fade as the angle closes
        fall = 2 * np.sin(theta / 2) ** 2 * table.mean_winner(theta) / table.second_moment
        scale = outer(left.deviations, right.deviations, layer) * table.second_moment
        product = scale * (1 - fall)
        if tangent is not None:
            assert factors is not None  # as where ``tangent`` was made
            weight, bias = factors[layer + 1]
            tangent *= gain * table.winner(theta)
            tangent += weight * product + bias
        covariance = gain * product + network.bias_variance
        chord = 2 * outer(left.input_part, right.input_part, layer) * fall
        if network.bias_variance:
            for part, mate in (
                (left.input_part, right.input_part),
                (left.bias_part, right.bias_part),
            ):
                chord += (part[layer][rows, None] - mate[layer][None, columns]) ** 2
        theta = 2 * np.arcsin(np.minimum(np.sqrt(chord) / 2, 1.0))
    return covariance if tangent is None else tangent
