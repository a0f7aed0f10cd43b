"""Values of the ladder's quantities from sampled networks: estimates with their standard errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy as sp
import torch

from maxout.theory.field import Field, integer
from maxout.theory.network import Network
from maxout.verify.networks import Sampler
from maxout.verify.populations import Arrays, Networks, Setting, concatenate, shards_for
from maxout.verify.streams import Stream

Measure = Callable[[Arrays, Network, int], np.ndarray]
"""(arrays of ``populations.Networks``, network, order t) -> observations whose mean is wanted."""

SAMPLES = Field(
    "simulate",
    sp.Symbol("simulate"),
    "an integer from 100 to 100,000,000",
    (10_000,),
    "networks to sample",
    integer(100, 10**8),
)
ANY_BIASES = "mixed"
"""Drawn for networks of any biases: a pattern of different numbers in every layer."""


@dataclass(frozen=True)
class Simulated:
    """A mean over sampled networks; ``error`` is one standard error."""

    value: float
    error: float
    samples: int


def _gain(arrays: Arrays, network: Network, order: int) -> np.ndarray:
    return arrays["gain"] ** order


def _length(arrays: Arrays, network: Network, order: int) -> np.ndarray:
    return (arrays["length"] / network.widths[-1]) ** order


def _half_squares(measure: Measure) -> Measure:
    """Half the squared differences of consecutive pairs, whose mean is the variance."""

    def pairs(arrays: Arrays, network: Network, order: int) -> np.ndarray:
        values = measure(arrays, network, order)
        even = values.size // 2 * 2
        return (values[0:even:2] - values[1:even:2]) ** 2 / 2

    return pairs


# quantity of the catalogue -> what is averaged
MEASURES: dict[str, Measure] = {
    "jacobian.mean": _gain,
    "jacobian.variance": _half_squares(_gain),
    "jacobian.moment": _gain,
    "activation.mean": _length,
    "activation.variance": _half_squares(_length),
    "activation.moment": _length,
}


def simulate(
    network: Network,
    wanted: list[tuple[str, int | None]],
    samples: int,
    cosine: float,
    norm: float,
    seed: int = 0,
) -> dict[tuple[str, int | None], Simulated]:
    """Estimate quantities from sampled networks, by automatic differentiation.

    Args:
      network: with any biases, those of ``ANY_BIASES`` are drawn.
      wanted: (quantity, order t); those that no measure is known for are left out.
      samples: networks, from 100 to 10^8; all of one population.
      cosine: of the angle between x and u.
      norm: of x.
      seed: of the draws.

    Raises:
      ValueError: for a number of samples outside the domain, or a cosine that one input excludes.
    """
    count = SAMPLES(samples)
    biases = ANY_BIASES if network.bias == "any" else network.bias
    population = Networks(Sampler(network, biases, cosine, norm))
    setting = Setting(torch.device("cpu"), torch.float64)
    shards = [
        population.draw(Stream(seed, population.name, shard), setting)
        for shard in range(shards_for(population, count))
    ]
    arrays = {name: values[:count] for name, values in concatenate(shards).items()}
    found = {}
    for quantity, order in wanted:
        if quantity in MEASURES:
            data = MEASURES[quantity](arrays, network, order or 1)
            error = float(data.std(ddof=1)) / math.sqrt(data.size)
            found[quantity, order] = Simulated(float(data.mean()), error, count)
    return found
