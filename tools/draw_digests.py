"""SHA-256 of everything that is drawn for a suite, population by population, as JSON.

    python tools/draw_digests.py [--suite quick] [--draws 4096]

Of the first shard of each population, cut down to about so many draws (and to two networks where
regions or breakpoints are found): all that ``verify.sampling.draws`` hands out, the inputs and
directions, and of networks the arrays in both precisions. These are the same bytes on every
processor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from typing import Any

METHODS = ("standard_normal", "random", "chisquare", "seed", "of_networks", "fine_of_networks",
           "weights")  # fmt: skip


def digests(suite: str, draws: int) -> dict[str, str]:
    """Return a digest for each population of a suite, by its name."""
    import numpy as np
    import torch

    from maxout.verify.experiments import experiments
    from maxout.verify.regions import hulls
    from maxout.verify.sampling import concrete_networks, network_populations, populations
    from maxout.verify.sampling.draws import Draws
    from maxout.verify.sampling.networks import Sampler
    from maxout.verify.sampling.streams import Stream

    torch.set_num_threads(1)
    every = {
        p.name: p for found in experiments(suite).values() for e in found for p in e.populations
    }
    # Shards that are smaller, of the same draws.
    populations.SHARD_DRAWS, concrete_networks.SHARD, hulls.SHARD = draws, 10, 2
    # Each feature is of a network of its own, whose shard is of another size.
    concrete_networks.Features.shard_size = network_populations.Networks.shard_size
    told: Any = None

    def telling(method: Callable[..., Any]) -> Callable[..., Any]:
        def told_of(*arguments: Any) -> Any:
            found = method(*arguments)
            for values in found if isinstance(found, tuple) else (found,):
                told.update(np.ascontiguousarray(values).tobytes())
            return found

        return told_of

    for kind, names in ((Draws, METHODS), (Sampler, ("directions",))):
        for name in names:
            setattr(kind, name, telling(getattr(kind, name)))
    found = {}
    for name, population in every.items():
        told = hashlib.sha256()
        networks = getattr(population, "networks", population)
        whole = isinstance(networks, network_populations.Networks)
        for dtype in (torch.float64, torch.float32) if whole else (torch.float64,):
            setting = populations.Setting(torch.device("cpu"), dtype)
            arrays = population.draw(Stream(0, name, 0), setting)
            for values in arrays.values() if whole else ():
                told.update(np.ascontiguousarray(values).tobytes())
        found[name] = told.hexdigest()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--suite", default="quick", choices=("quick", "standard"))
    parser.add_argument("--draws", type=int, default=4096)
    asked = parser.parse_args()
    print(json.dumps(digests(asked.suite, asked.draws), indent=1))


if __name__ == "__main__":
    main()
