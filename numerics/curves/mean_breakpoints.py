"""Expected numbers of breakpoints at zero bias, in float64: any rank, width and depth.

Units of layer l add n_l (E Xi_K/sqrt pi) breakpoints a radian of their input, and each layer turns
its input by the factor chi_{n-1}/r on average: E chi_{n-1} E 1/r. Source: this project,
docs/curves.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from maxout.numerics.order.norm_logarithms import norm_statistics
from maxout.numerics.order.order_moments import moment
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network, require_plain

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rates:
    """Expected breakpoints a radian that the input sweeps about the origin.

    Attributes:
      layers: (L-1,), what the units of each hidden layer add.
      error: estimate of the relative error of every entry and of their sum.
    """

    layers: Array
    error: float

    @property
    def total(self) -> float:
        """Of the whole network."""
        return float(self.layers.sum())


def kink_rate(rank: int) -> float:
    """Return E Xi_K/sqrt(pi), the expected changes of one unit's winner a radian of its input."""
    return float(moment(rank, 1, digits=18)) / float(np.sqrt(np.pi))


def breakpoint_rates(network: Network) -> Rates:
    """Return the expected breakpoints a radian that each layer adds; they do not depend on c.

    Args:
      network: with ``bias="zero"`` and at least two units in every hidden layer but the last.

    Raises:
      DoesNotApplyError: for other biases, or a single unit before another layer: there
        the activations' direction does not turn but jumps where the unit's value crosses zero.
    """
    require_plain(network, "the rate of breakpoints")
    if network.bias != "zero":
        raise DoesNotApplyError(f"breakpoint rates need bias='zero'; got bias={network.bias!r}")
    if min(network.widths[:-1], default=2) < 2:
        raise DoesNotApplyError(
            "expected breakpoints need at least 2 units in every hidden layer but the last"
        )
    carried, error, rates = 1.0, 4e-15, []
    rate = kink_rate(network.rank)
    for units in network.widths:
        rates.append(units * rate * carried)
        if len(rates) == len(network.widths):
            break
        turn, off = turning(network.rank, units)
        carried *= turn
        error += off
    return Rates(np.array(rates), error)


def turning(rank: int, units: int) -> tuple[float, float]:
    """Return E chi_{n-1} E 1/r, a layer's mean factor on angles, and its relative error; n >= 2."""
    if rank in (1, 2):  # r is chi_n, and the product is 1
        return 1.0, 0.0
    statistics = norm_statistics(rank, units)
    chi = np.sqrt(2) * np.exp(gammaln(units / 2) - gammaln((units - 1) / 2))
    # gammaln is good to a few roundings of its own size, which the difference does not shrink.
    off = 4e-16 * max(4.0, abs(float(gammaln(units / 2))))
    return float(chi * statistics.inverse_mean), statistics.error + off
