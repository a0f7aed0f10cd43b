"""Mean against typical size of ||J(x)u||^2 of one network, in one record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from scipy import stats
from scipy.special import digamma

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.jacobian.value_functions import jacobian_moment
from maxout.numerics.order.norm_logarithms import norm_statistics
from maxout.numerics.predict import predict
from maxout.numerics.typical.size_law import LEVELS, SAMPLES, Typical, draw_log_gain, summary_of
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network, require_plain

RARE = 0.2
"""Share of networks that reach the mean below which the mean is said to mislead: a chi-square of
one output alone has 0.317."""


@dataclass(frozen=True)
class Summary:
    """Mean and typical size of ||J(x)u||^2.

    Attributes:
      log_mean_gain: ln E||Ju||^2, and ``mean_error`` its absolute error; ``mean_route`` how.
      exact_log: E ln||Ju||^2 and its error where the theory is exact, else None.
      typical: what the draws say.
      share_at_mean: interval of Pr(||Ju||^2 >= mean), of the draws' confidence.
      exponents: Lyapunov exponents of ||Ju|| a layer, largest first; empty where the biases are not
        zero or the widths differ.
    """

    log_mean_gain: float
    mean_error: float
    mean_route: str
    exact_log: tuple[float, float] | None
    typical: Typical
    share_at_mean: tuple[float, float]
    exponents: tuple[float, ...]

    @property
    def misleading(self) -> bool:
        """Whether fewer than ``RARE`` of the networks reach the mean, beyond doubt."""
        return self.share_at_mean[1] < RARE

    @property
    def sentence(self) -> str:
        """What this says about the mean, in words."""
        low, high = (100 * share for share in self.share_at_mean)
        share = f"between {low:.2g} % and {high:.2g} % of the networks reach the mean"
        if not self.misleading:
            return f"The mean is of typical size: {share}."
        median = next(q.log for q in self.typical.quantiles if q.level == 0.5)
        factor = _factor(self.log_mean_gain - median)
        return f"The mean is ruled by rare networks: {share}; the median is {factor} times smaller."


def _factor(log: float) -> str:
    return f"{math.exp(log):.3g}" if log < 600 else f"10^{log / math.log(10):.0f}"


def summarize(
    network: Network,
    seed: int = 0,
    samples: int = 20_000,
    cosine: Any = None,
    norm: Any = None,
    confidence: float = 0.99,
) -> Summary:
    """Return mean, typical size and quantiles of ||J(x)u||^2.

    Args:
      network: bias "gaussian" or "zero"; at rank 1 and 2 any.
      seed: of the draws.
      samples: draws, from 1,000 to 10^8.
      cosine: of the angle between x and u; default 1/sqrt(n_0).
      norm: ||x||; default sqrt(n_0).
      confidence: of the quantiles' intervals together, and of the share's.

    Raises:
      MaxoutError: for a value outside its domain, or biases of which the law is not known.
    """
    count = SAMPLES(samples)
    values = draw_log_gain(network, np.random.default_rng(seed), count, cosine, norm)
    log_mean, error, route = _mean(network, cosine, norm)
    reached = int(np.count_nonzero(values >= log_mean))
    chance = (1 - confidence) / 2
    share = (
        float(stats.beta.ppf(chance, reached, count - reached + 1)) if reached else 0.0,
        float(stats.beta.isf(chance, reached + 1, count - reached)) if reached < count else 1.0,
    )
    return Summary(
        log_mean,
        error,
        route,
        _exact_log(network, cosine),
        summary_of(values, LEVELS, confidence),
        share,
        exponents(network),
    )


def _mean(network: Network, cosine: Any, norm: Any) -> tuple[float, float, str]:
    if network.rank <= 2:
        right = CATALOGUE["jacobian.mean.rank2"].right()
        log = float(enclose(sp.log(right), network.environment(), 17))
        return log, 1e-16 * (1 + abs(log)), "exact, certified"
    if network.bias == "gaussian":
        found = jacobian_moment(network, norm, cosine)
        return found.log, found.error, "exact, value functions"
    exact = CATALOGUE["jacobian.mean.exact"]
    value = predict(exact, network, cosine=cosine, digits=17).value
    assert value is not None
    log = float(enclose(sp.log(sp.Rational(value.midpoint)), {}, 17))
    return log, 2e-16 * (1 + abs(log)), "exact, certified"


def _exact_log(network: Network, cosine: Any) -> tuple[float, float] | None:
    """E ln ||Ju||^2 where it is known exactly: along the input, and at rank 1 and 2."""
    along = network.bias == "zero" and cosine is not None and abs(cosine) == 1
    if not along and network.rank > 2:
        return None
    key = "jacobian.log.mean.rank2" if network.rank <= 2 else "jacobian.log.mean"
    value = enclose(CATALOGUE[key].right(), network.environment(), 17)
    return float(value.midpoint), float(value.radius)


def exponents(network: Network) -> tuple[float, ...]:
    """Return the Lyapunov exponents of ||Ju|| a layer at zero bias and one width, largest first.

    The first belongs to the input's own direction; empty for other networks.
    """
    require_plain(network, "the Lyapunov spectrum")
    width = network.widths[0]
    if network.bias != "zero" or len(set(network.widths)) > 1:
        return ()
    log_s = (float(enclose(sp.log(network.c), {}, 17)) - math.log(width)) / 2
    top = log_s + norm_statistics(network.rank, width).log_mean
    freedoms = width - np.arange(1, min(width, 10_000), dtype=float)
    rest = log_s + (math.log(2) + digamma(freedoms / 2)) / 2
    return (top, *(float(value) for value in rest))
