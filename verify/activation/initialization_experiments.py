"""Experiments on how the constant c sets the scale of activations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify import facts
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    other_parameters,
    rank_off_by_one,
    rewritten,
    scaled,
    statement,
)
from maxout.verify.experiment_networks import length_cases
from maxout.verify.order.order_experiments import mean_of_power, off, unit
from maxout.verify.order.units import Extremes, Windows
from maxout.verify.sampling.scales import moment
from maxout.verify.twins import second_moment_off


def _pooling(size: Size) -> Iterator[Experiment]:
    settings = ((3, 4),) + (((2, 9), (5, 4)) if size.deep else ())
    if size.network is not None:
        settings = ((size.network.rank, 4),)
    for rank, window in settings:
        yield mean_of_power(
            "init.max_pooling",
            Extremes(rank, window),
            "largest",
            2,
            size,
            (
                scaled(2),
                rewritten(
                    "rank K + p instead of K p",
                    lambda right: right.replace(
                        lambda e: isinstance(e, LargestNormalMoment),
                        lambda e: LargestNormalMoment(sum(e.args[0].args), e.args[1]),
                    ),
                ),
            ),
            rank=rank,
            detail=f"units of rank {rank} pooled over {window} cells",
            window=window,
        )


def _correlated(key: str, product: bool) -> Builder:
    """One window's square, or the product of two, of correlated cells."""

    def build(size: Size) -> Iterator[Experiment]:
        cases = ((3, 4, 0.6),) + (((2, 9, 0.9), (5, 4, 0.3)) if size.deep else ())
        for rank, cells, rho in cases:
            yield Experiment(
                statement(key),
                unit(rank),
                (Windows(rank, cells, rho),),
                lambda arrays: arrays["one"] * arrays["other" if product else "one"],
                partial(_of_windows, rank, cells, 0.04 * size.narrowness, product),
                parameters={"window": cells, "correlation": rho},
                detail=f"rank {rank}, windows of {cells} cells of correlation {rho}",
                twins=(
                    scaled(6),
                    rank_off_by_one(),
                    other_parameters("independent cells", correlation=0),
                    other_parameters("one cell", window=1),
                ),
            )

    return build


def _of_windows(rank: int, cells: int, share: float, signed: bool) -> Mean:
    # By Slepian's inequality a positive value is no larger than that of independent cells, and a
    # negative one is nearer to 0 than any feature. The mean is that of one piece's cells at least.
    fourth = moment(LargestNormalMoment, rank * cells, 4) + 3
    return Mean(moment(LargestNormalMoment, rank, 2), fourth, share, signed=signed)


def _relu(size: Size) -> Iterator[Experiment]:
    """A maxout unit of rank 1, the identity, before a ReLU."""
    yield Experiment(
        statement("init.relu"),
        unit(1),
        (Extremes(1),),
        lambda arrays: np.maximum(arrays["largest"], 0) ** 2,
        # E max(0, Z)^4 = 3/2
        lambda: Mean(1 / 2, 5 / 4, 0.02 * size.narrowness),
        detail="single normals",
        twins=(off(0.02), rewritten("the second moment of Z itself", lambda right: 2 * right)),
    )


def _stationary(size: Size) -> Iterator[Experiment]:
    for case in length_cases(size):
        network, norm = case.network, case.norm
        yield Experiment(
            statement("init.stationary"),
            network,
            (case.population,),
            lambda arrays, units=network.widths[-1]: arrays["length"] / units,
            partial(_length, network, norm, size.of(0.03, 0.01)),
            parameters={"norm": norm},
            detail=f"zero biases, |x| = {norm:g}",
            twins=(second_moment_off(2), rank_off_by_one()),
        )


def _length(network: Network, norm: float, share: float) -> Mean:
    units, layer = network.widths[-1], len(network.widths)
    mean, second = (facts.length_moment(network, layer, norm, t) / units**t for t in (1, 2))
    return mean_from_square(mean, second, share)


EXPERIMENTS: dict[str, Builder] = {
    "init.stationary": _stationary,
    "init.max_pooling": _pooling,
    "init.max_pooling.correlated": _correlated("init.max_pooling.correlated", product=False),
    "init.max_pooling.next": _correlated("init.max_pooling.next", product=True),
    "init.relu": _relu,
}
