"""Experiments on the length of convolutional networks, over whole maps and cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.conv_network import ConvNetwork
from maxout.theory.symbols import share
from maxout.verify.conv_cases import NORM, conv_networks, drawn, length, normal, places
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    other_parameters,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.sampling.populations import Arrays
from maxout.verify.twins import second_moment_off

_NO_EDGES = rewritten("padding forgotten", lambda right: right.xreplace({share: sp.S.One}))


def _at(position: int, cell: int, arrays: Arrays) -> np.ndarray:
    return arrays[f"length/{position}/{cell}"]


def _estimand(network: ConvNetwork, position: int, cell: int, margin: float) -> Mean:
    mean, square = length(network, position, cell, normal(network))
    return mean_from_square(mean * NORM**2, square * NORM**4, margin)


def _length(size: Size) -> Iterator[Experiment]:
    for network in conv_networks(size, "zero"):
        for position, cell in places(network):
            one_cell = other_parameters("another input cell", position=1)
            edges = network.share(cell, position) != 1
            yield Experiment(
                statement("conv.length"),
                network,
                (drawn(network, "zero"),),
                partial(_at, position, cell),
                partial(_estimand, network, position, cell, 0.05 * size.narrowness),
                parameters={"norm": NORM, "position": position, "cell": cell},
                detail=f"zero biases, |x| = {NORM:g}, b = {position}, a = {cell}",
                twins=(
                    second_moment_off(8),
                    rank_off_by_one(),
                    *((one_cell,) if position else ()),
                    *((_NO_EDGES,) if edges else ()),
                ),
            )


EXPERIMENTS: dict[str, Builder] = {"conv.length": _length}
