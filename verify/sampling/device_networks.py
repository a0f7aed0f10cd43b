"""Networks of many shards in one launch on a GPU; the same bits as ``layerwise`` makes on the CPU.

The CPU draws inputs and directions, some hundred numbers a network; all weights and drawn biases
are made on the device, and three numbers a direction come back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from maxout.verify.sampling import device_walk
from maxout.verify.sampling.biases import LAWS, Drawn, Fixed
from maxout.verify.sampling.layerwise import named
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.streams import INPUTS, WEIGHTS, Stream


def squared_norms(
    sampler: Sampler, streams: Sequence[Stream], count: int, device: torch.device
) -> list[dict[str, np.ndarray]]:
    """Return what ``layerwise.squared_norms`` does of ``count`` networks, for each shard.

    Args:
      streams: of shards of one population that follow one another.

    Raises:
      DomainError: for a layer too large for the counters, or more directions than a launch takes.
    """
    law = LAWS[sampler.biases]
    biases, deviations = None, None
    if isinstance(law, Drawn):
        deviations = np.array([law.deviation(scale) for scale in sampler.scales[:-1]])
    elif isinstance(law, Fixed):
        fixed = [draw(0, 1, np.float32) for draw in sampler.biases_of(streams[0])]
        flat = np.concatenate([b.reshape(1, -1) for b in fixed if b is not None], axis=1)
        biases = torch.from_numpy(flat).to(device)
    # All shards' at once: shards of wide networks have one network each.
    shape = (count, 2, sampler.network.inputs)
    pairs = [stream.generator(0, INPUTS).fine_of_networks(0, shape) for stream in streams]
    rows = np.stack(sampler.along(np.concatenate(pairs)), axis=1)
    squares = device_walk.walk(
        torch.from_numpy(rows.astype(np.float32)).to(device),
        np.array(sampler.shapes),
        np.array(sampler.scales, dtype=np.float32),
        biases,
        streams[0].generator(0, WEIGHTS).place,
        deviations=deviations,
        per_shard=count,
    )
    found = squares.cpu().numpy().reshape(len(streams), count, 2, -1)
    return [named(sampler, shard) for shard in found]
