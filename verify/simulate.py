"""Values of the ladder's quantities from sampled networks: estimates with their standard errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from maxout.theory.errors import DomainError
from maxout.theory.network import Network
from maxout.verify.gradients.sampled_gradients import ParameterGradients
from maxout.verify.sampling.block_networks import BlockNetworks
from maxout.verify.sampling.half_squares import half_squares
from maxout.verify.sampling.network_populations import Networks
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import (
    SAMPLES,
    Arrays,
    Population,
    Setting,
    concatenate,
    shards_for,
)
from maxout.verify.sampling.streams import Stream

Wanted = tuple[str, int | None, int | None]
"""Quantity of the catalogue, order t and layer of one row of the ladder."""

Measure = Callable[[Arrays, Network, int, int], np.ndarray]
"""(arrays of a population, network, order t, layer) -> observations whose mean is wanted."""

MAX_MEMORY = 1 << 32
"""Bytes in use while networks are drawn."""

ANY_BIASES = "mixed"
"""Drawn for networks of any biases: a pattern of different numbers in every layer."""


@dataclass(frozen=True)
class Simulated:
    """A mean over sampled networks; ``error`` is one standard error."""

    value: float
    error: float
    samples: int


def _gain(arrays: Arrays, network: Network, order: int, layer: int) -> np.ndarray:
    return arrays["gain"] ** order


def _length(arrays: Arrays, network: Network, order: int, layer: int) -> np.ndarray:
    return (arrays["length"] / network.widths[-1]) ** order


def _log_gain(arrays: Arrays, network: Network, order: int, layer: int) -> np.ndarray:
    return np.log(arrays["gain"])


def _bias_gradient(arrays: Arrays, network: Network, order: int, layer: int) -> np.ndarray:
    return arrays["biases"][:, layer - 1]


def _weight_gradient(arrays: Arrays, network: Network, order: int, layer: int) -> np.ndarray:
    return arrays["weights"][:, layer - 1]


def _diagonal(arrays: Arrays, network: Network, order: int, layer: int) -> np.ndarray:
    return arrays["weights"].sum(axis=1)


def _paired(measure: Measure) -> Measure:

    def pairs(arrays: Arrays, network: Network, order: int, layer: int) -> np.ndarray:
        return half_squares(measure(arrays, network, order, layer))

    return pairs


# quantity of the catalogue -> the population it is measured in, and what is averaged
MEASURES: dict[str, tuple[type[Networks] | type[ParameterGradients], Measure]] = {
    "jacobian.mean": (Networks, _gain),
    "jacobian.variance": (Networks, _paired(_gain)),
    "jacobian.moment": (Networks, _gain),
    "jacobian.log.mean": (Networks, _log_gain),
    "activation.mean": (Networks, _length),
    "activation.variance": (Networks, _paired(_length)),
    "activation.moment": (Networks, _length),
    "gradients.bias": (ParameterGradients, _bias_gradient),
    "gradients.weights": (ParameterGradients, _weight_gradient),
    "kernel.diagonal": (ParameterGradients, _diagonal),
}


def simulate(
    network: Network,
    wanted: list[Wanted],
    samples: int,
    cosine: float,
    norm: float,
    seed: int = 0,
    say: Callable[[str], None] = lambda detail: None,
) -> dict[Wanted, Simulated]:
    """Estimate quantities from sampled networks, by automatic differentiation.

    Args:
      network: with any biases, those of ``ANY_BIASES`` are drawn.
      wanted: (quantity, order t, layer); those that no measure is known for are left out.
      samples: networks, from 100 to 10^8; all quantities share them.
      cosine: of the angle between x and u.
      norm: of x.
      seed: of the draws.
      say: called with how far it is.

    Raises:
      MaxoutError: for a number of samples outside the domain, or a cosine that one input excludes.
    """
    count = SAMPLES(samples)
    biases = ANY_BIASES if network.bias == "any" else network.bias
    drawn: dict[type[Any], Arrays] = {}
    found = {}
    for quantity, order, layer in wanted:
        if quantity not in MEASURES:
            continue
        kind, measure = MEASURES[quantity]
        if kind not in drawn:
            if network.block.plain:
                sampler = Sampler(network, biases, cosine, norm)
                drawn[kind] = _draw(kind(sampler), count, seed, say)
            else:
                drawn[kind] = _with_blocks(network, biases, cosine, norm, count, seed, say)
        data = measure(drawn[kind], network, order or 1, layer or 1)
        error = float(data.std(ddof=1)) / math.sqrt(data.size)
        found[quantity, order, layer] = Simulated(float(data.mean()), error, count)
    return found


def _with_blocks(
    network: Network,
    biases: str,
    cosine: float,
    norm: float,
    count: int,
    seed: int,
    say: Callable[[str], None],
) -> Arrays:
    """What ``Networks`` draws, of networks with dropout or skip connections (training mode)."""
    arrays = _draw(BlockNetworks(network, biases, (cosine,), norm), count, seed, say)
    return {**arrays, "gain": arrays[f"gain/{cosine}"]}


def _draw(population: Population, count: int, seed: int, say: Callable[[str], None]) -> Arrays:
    setting = Setting(torch.device("cpu"), torch.float64)
    needed, what = population.memory(setting)
    if needed > MAX_MEMORY:
        raise DomainError(f"{what} take {needed:,} bytes; at most {MAX_MEMORY:,} can be simulated")
    shards = []
    for shard in range(shards_for(population, count)):
        say(f"{shard * population.shard_size:,} of {count:,} networks")
        shards.append(population.draw(Stream(seed, population.name, shard), setting))
    return {name: values[:count] for name, values in concatenate(shards).items()}
