"""Experiments on regions of the whole space: convex hulls for one layer, windows for depth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import sympy as sp

from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.theory.regions.layer_counts import (
    AffineLayerRegions,
    Bottleneck,
    LinearLayerRegions,
    network_maximum,
)
from maxout.verify.decisions.estimands import WIDEST, BoundedMean
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    rank_off_by_one,
    rewritten,
    scaled,
    statement,
)
from maxout.verify.experiment_networks import OWN_BIASES
from maxout.verify.regions.hulls import LayerHulls
from maxout.verify.sampling.concrete_networks import Windows
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.scales import evaluate

_SIDE = 40.0


def _most(network: Network) -> float:
    """The sharp maximum: a fact of combinatorics, whatever the mean."""
    return evaluate(network, network_maximum())


def _one_layer(key: str, bias: str, swap: type[sp.Function]) -> Builder:
    """Exact means in dimensions 1 to 4, by the hulls of all K^n sums."""
    sizes = [(2, 4, 3), (3, 2, 5)]  # inputs, units, rank
    deeper = [(2, 3, 4), (3, 3, 3), (4, 2, 6), (1, 5, 4)]

    def build(size: Size) -> Iterator[Experiment]:
        networks = [
            Network(inputs, (units,), 2, rank, c=sp.Rational(3, 5), bias=bias)
            for inputs, units, rank in sizes + (deeper if size.deep else [])
        ]
        for network in size.networks(networks):
            inputs, (units,), rank = network.inputs, network.widths, network.rank
            if bias == "zero" and inputs == 1:
                continue  # always 2
            yield Experiment(
                statement(key),
                network,
                (LayerHulls(inputs, units, rank, bias == "gaussian"),),
                lambda arrays: arrays["regions"],
                partial(_count, network, size.of(0.045, 0.02)),
                detail=f"{bias} biases, all of R^{inputs}",
                twins=(
                    scaled(10),
                    rank_off_by_one(),
                    rewritten("biases and none exchanged", partial(_exchanged, swap)),
                ),
            )

    return build


def _exchanged(swap: type[sp.Function], right: sp.Expr) -> sp.Expr:
    return swap(*right.args)


def _count(network: Network, share: float) -> BoundedMean:
    most = _most(network)
    # About so much of what is possible, with a spread of a tenth of it: for widths of margins and
    # plans alone. Without biases regions are cones, and fewer.
    about = 0.6 if network.bias == "gaussian" else 0.4
    return BoundedMean(about * most, most, (most / 10) ** 2, share)


def _depth(key: str, bias: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        # Without biases few of the possible regions occur, and a looser maximum takes more samples.
        deeper = (6, 5, 7) if bias == "gaussian" else (3, 5)
        shapes = [(4, 3)] + ([deeper] if size.deep else [])
        networks = [Network(2, widths, 3, 3, c=sp.Rational(3, 5), bias=bias) for widths in shapes]
        if (own := size.network) is not None:
            networks = [own]
        for network in networks:
            if network.inputs != 2:
                raise DoesNotApplyError("regions are counted in the plane (--inputs 2)")
            biases = OWN_BIASES if network.bias == "any" else network.bias
            yield Experiment(
                statement(key),
                network,
                (Windows(Sampler(network, biases, 0.6), _SIDE),),
                lambda arrays: arrays["regions"],
                partial(_at_most, network),
                detail=f"{biases} biases, seen in [-{_SIDE / 2:g}, {_SIDE / 2:g}]^2",
                twins=(_LAST if bias == "gaussian" else _RAYS,),
                least=200,
            )

    return build


def _at_most(network: Network) -> BoundedMean:
    most = _most(network)
    return BoundedMean(most, most, (most / 10) ** 2, WIDEST)


def _last_alone(right: sp.Expr) -> sp.Expr:
    function, (index, _, last) = right.args
    return function.subs(index, last)


def _on_a_line(right: sp.Expr) -> sp.Expr:
    return right.replace(Bottleneck, lambda *_: sp.Integer(1))


_LAST = rewritten("the last layer alone", _last_alone)
_RAYS = rewritten("one input instead of n_0", _on_a_line)


EXPERIMENTS: dict[str, Builder] = {
    "regions.whole.layer.gaussian": _one_layer(
        "regions.whole.layer.gaussian", "gaussian", LinearLayerRegions
    ),
    "regions.whole.layer.zero": _one_layer("regions.whole.layer.zero", "zero", AffineLayerRegions),
    "regions.whole.upper.gaussian": _depth("regions.whole.upper.gaussian", "gaussian"),
    "regions.whole.upper.zero": _depth("regions.whole.upper.zero", "zero"),
    "regions.whole.maximum": _depth("regions.whole.maximum", "gaussian"),
}
