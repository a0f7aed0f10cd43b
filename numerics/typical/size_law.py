"""Typical size of ||J(x)u||^2 against its mean: the law at finite depth, by the moving frame.

A network is drawn as three numbers a layer (length of the activation, direction along and across
it) instead of weight matrices, on the logarithmic scale. Exact where the theory is: E ln and Var ln
along the input at zero bias, and at rank 1 and 2. Source: this project, docs/typical-size.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.jacobian.value_functions import log_squared_norm
from maxout.numerics.order.norm_draws import draw_log_radius
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.field import Field, integer, real
from maxout.theory.network import Network, require_plain
from maxout.theory.parameters import COSINE, value_of

Array = NDArray[np.float64]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
SAMPLES = Field(
    "samples",
    sp.Symbol("N"),
    "an integer from 1,000 to 100,000,000",
    (20_000,),
    "draws of the chain",
    integer(1_000, 10**8),
)
LEVEL = Field(
    "level",
    sp.Symbol("p"),
    "a number between 0 and 1",
    LEVELS,
    "probability of a quantile",
    real(lambda v: bool(v > 0) and bool(v < 1)),
)
_BATCH = 1 << 16


@dataclass(frozen=True)
class Quantile:
    """A quantile of ln ||Ju||^2 with an interval that does not depend on the law.

    Attributes:
      level: probability below it.
      log: the sample quantile.
      low, high: ends of the interval, two order statistics; infinite where the sample is too small.
    """

    level: float
    log: float
    low: float
    high: float


@dataclass(frozen=True)
class Typical:
    """What draws say of ln ||J(x)u||^2.

    Attributes:
      samples: number of draws.
      log_mean, log_mean_error: mean of ln ||Ju||^2 and its standard error.
      log_deviation: standard deviation of ln ||Ju||^2.
      quantiles: in the order asked for.
      confidence: of all intervals of the quantiles together.
    """

    samples: int
    log_mean: float
    log_mean_error: float
    log_deviation: float
    quantiles: tuple[Quantile, ...]
    confidence: float


def draw_log_gain(
    network: Network,
    generator: np.random.Generator,
    count: int,
    cosine: float | None = None,
    norm: float | None = None,
) -> Array:
    """Return ``count`` independent draws of ln ||J(x)u||^2.

    Args:
      network: bias "gaussian" or "zero"; at rank 1 and 2 any.
      generator: where the draws come from.
      cosine: of the angle between x and u; default 1/sqrt(n_0).
      norm: ||x||; default sqrt(n_0). It does not matter at zero bias.

    Raises:
      MaxoutError: for biases that the chain does not describe, or a value outside its domain.
    """
    require_plain(network, "the law of the Jacobian's size")
    if network.bias == "any" and network.rank > 2:
        raise DoesNotApplyError(
            "the law of ||J(x)u|| is known for bias 'gaussian' or 'zero', at rank 1 and 2 for any; "
            f"got bias 'any' at rank {network.rank}"
        )
    parts = [
        _chain(network, generator, min(_BATCH, count - start), cosine, norm)
        for start in range(0, count, _BATCH)
    ]
    return np.concatenate(parts)


def _chain(
    network: Network,
    generator: np.random.Generator,
    count: int,
    cosine: float | None,
    norm: float | None,
) -> Array:
    # At rank 1 and 2 every direction and every bias has the law of the direction of x at zero bias.
    plain = network.rank <= 2
    gaussian = network.bias == "gaussian" and not plain
    log_x = np.full(count, log_squared_norm(network, norm))
    rho = 1.0 if plain else float(value_of(COSINE, network, cosine))
    along = np.full(count, rho)
    if gaussian:
        along *= np.sqrt(expit(log_x))
    across = np.sqrt(1 - along**2)
    log_c = float(enclose(sp.log(network.c), {}, 17))
    log_gain = np.zeros(count)
    for fan_in, units in network.hidden():
        log_scale = log_c - math.log(fan_in)
        log_radius = draw_log_radius(network.rank, units, generator, count)
        # The common factor r is taken out, so that wide layers do not overflow anything.
        shrink = np.exp(-log_radius / 2)
        along = along + shrink * generator.standard_normal(count) * across
        free = generator.chisquare(units - 1, count) if units > 1 else np.zeros(count)
        across = shrink * np.sqrt(free) * across
        if gaussian:
            log_x = log_scale + np.logaddexp(0.0, log_x) + log_radius
            along, across = (
                along * np.sqrt(expit(log_x)),
                np.hypot(along * np.sqrt(expit(-log_x)), across),
            )
        size = np.hypot(along, across)
        along, across = along / size, across / size
        log_gain += log_scale + log_radius + 2 * np.log(size)
    output = generator.chisquare(network.outputs, count)
    return log_gain + np.log(output) - math.log(network.widths[-1])


def quantiles(
    network: Network,
    generator: np.random.Generator,
    samples: int = 20_000,
    levels: tuple[float, ...] = LEVELS,
    cosine: float | None = None,
    norm: float | None = None,
    confidence: float = 0.99,
) -> Typical:
    """Return mean, spread and quantiles of ln ||J(x)u||^2 from draws of the chain.

    Args:
      network: bias "gaussian" or "zero"; at rank 1 and 2 any.
      generator: where the draws come from; the same one gives the same answer.
      samples: draws, from 1,000 to 10^8.
      levels: probabilities of the quantiles, between 0 and 1.
      cosine, norm: as for ``draw_log_gain``.
      confidence: that all intervals of the quantiles hold at once, between 0 and 1.

    Raises:
      MaxoutError: for a value outside its domain, or biases that the chain does not describe.
    """
    values = draw_log_gain(network, generator, SAMPLES(samples), cosine, norm)
    return summary_of(values, levels, confidence)


def summary_of(log_gains: Array, levels: tuple[float, ...], confidence: float) -> Typical:
    """Return mean, spread and quantiles of draws of ln ||J(x)u||^2; arguments as above."""
    values = np.sort(log_gains)
    count = len(values)
    checked = [float(LEVEL(level)) for level in levels]
    chance = (1 - float(LEVEL(confidence))) / max(1, len(checked))
    deviation = float(values.std(ddof=1))
    return Typical(
        count,
        float(values.mean()),
        deviation / math.sqrt(count),
        deviation,
        tuple(quantile_of(values, level, chance) for level in checked),
        confidence,
    )


def quantile_of(values: Array, level: float, chance: float) -> Quantile:
    """A quantile and the order statistics around it, which miss it with that chance at most.

    The number of draws below the true quantile is binomial, whatever the law.
    """
    count = len(values)
    low = int(stats.binom.ppf(chance / 2, count, level)) - 1
    high = int(stats.binom.ppf(1 - chance / 2, count, level))
    return Quantile(
        level,
        float(np.quantile(values, level)),
        float(values[low]) if low >= 0 else -math.inf,
        float(values[high]) if high < count else math.inf,
    )
