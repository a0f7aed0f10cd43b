"""Populations timed by a few samples, which are not those of any run."""

from __future__ import annotations

import time

from maxout.verify.sampling.network_populations import Along
from maxout.verify.sampling.populations import Population, Setting
from maxout.verify.sampling.streams import Stream

ENOUGH = 0.1
"""Seconds from which on samples are timed well enough."""


def seconds_a_sample(population: Population, setting: Setting) -> float:
    """Time a population, in one thread, by growing numbers of samples that no run uses."""
    several, most = 1, population.shard_size
    _timed(population, several, setting)  # loads and compiles what it needs
    while True:
        taken = _timed(population, several, setting)
        if taken >= ENOUGH or several >= most:
            return taken / several
        several = min(most, 8 * several)


def _timed(population: Population, samples: int, setting: Setting) -> float:
    pilot = _of_shards(population, samples)
    begun = time.perf_counter()
    pilot.draw(Stream(0, f"pilot/{population.name}", 0), setting)
    return time.perf_counter() - begun


def _of_shards(population: Population, samples: int) -> Population:
    """A population whose shards have so many samples; its draws are others."""
    whole = population.networks if isinstance(population, Along) else population
    kind = type(whole)
    found: Population = object.__new__(type(kind.__name__, (kind,), {"shard_size": samples}))
    vars(found).update(vars(whole))
    return found
