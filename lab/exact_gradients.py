"""Exact mean squared gradients of a whole network at zero bias, for many values of c at once."""

from __future__ import annotations

from dataclasses import dataclass

from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network


@dataclass(frozen=True)
class SquaredGradients:
    """E||dN/dW||^2 of one output at c = 1 and ||x|| = 1; c only multiplies it.

    Attributes:
      hidden: of every hidden layer; times c to the number of hidden layers less one.
      output: of the output layer; times c to that number.
    """

    hidden: tuple[float, ...]
    output: float

    def at(self, c: float, norm: float = 1.0) -> float:
        """Return that of all weights together: the tangent kernel at (x, x) by the weights."""
        depth = len(self.hidden)
        return norm**2 * c ** (depth - 1) * (sum(self.hidden) + c * self.output)


def squared_gradients(inputs: int, widths: tuple[int, ...], rank: int) -> SquaredGradients:
    """Return them for a fully connected network with zero biases."""
    network = Network(inputs, widths, 1, rank, 1, "zero")
    weights, output = (CATALOGUE[f"gradients.{key}"] for key in ("weights.exact", "output.zero"))
    return SquaredGradients(
        tuple(
            float(predict(weights, network, layer=layer, norm=1))
            for layer in range(1, len(widths) + 1)
        ),
        float(predict(output, network, norm=1)),
    )
