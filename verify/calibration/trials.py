"""The trials of ``maxout calibrate``: true statements, and errors planted on purpose."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import sympy as sp
from scipy.special import ndtri, polygamma

from maxout.numerics.jacobian.shifted_winner import winner_mean_square
from maxout.numerics.jacobian.value_functions import jacobian_moment
from maxout.numerics.order.norm_logarithms import norm_statistics
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.verify.calibration.draws import (
    Gain,
    Kinks,
    LogLength,
    Orthant,
    Pair,
    Regrouped,
    Unit,
)
from maxout.verify.calibration.planning import (
    ALPHA,
    beyond_margin,
    equality,
    needed,
    on_true,
    planted,
)
from maxout.verify.calibration.trial import Trial
from maxout.verify.decisions import (
    BoundedMeanEquality,
    LogMeanEquality,
    MeanAtLeast,
    MeanAtMost,
    MedianEquality,
    ProportionEquality,
    SameLaw,
    StochasticOrder,
)
from maxout.verify.decisions.same_law import excess
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.scales import (
    aligned_second_moment,
    moment,
    ordered_moment,
    rank2_second_moment,
    variance_of_power,
)
from maxout.verify.sampling.streams import Stream

PERCENTS = (1, 2, 5)
FEW = 30
"""Observations of the smallest runs: the rates hold at every size, so they must hold there."""

_RANK = 5
_DEEP = Network(6, (12,) * 4, 4, 3, bias="zero")
_LIGHT = Network(4, (6, 6), 4, 3, bias="zero")


def _units() -> Iterator[Trial]:
    """M_K, L_K and S_K: one unit an observation."""
    for name, extreme, statistic, power in (
        ("M_K", "largest", LargestNormalMoment, 2),
        ("L_K", "chi2_largest", LargestChi2Moment, 1),
        ("S_K", "chi2_smallest", SmallestChi2Moment, 1),
    ):
        truth = moment(statistic, _RANK, power)
        decision = equality(variance_of_power(statistic, _RANK, power), truth, 0.05)
        draw = Unit(_RANK, extreme, power)  # type: ignore[arg-type]
        data = f"units of rank {_RANK}, {name}"
        yield from on_true(decision, data, truth, draw, (FEW, 1000))
        yield beyond_margin(decision, data, truth, draw)
        for percent in PERCENTS:
            claim = truth * (1 + percent / 100)
            yield planted(decision, data, f"{name} off by {percent} %", truth, claim, draw)
        for rank in (_RANK - 1, _RANK + 1):
            claim = moment(statistic, rank, power)
            yield planted(decision, data, f"K = {rank} instead of {_RANK}", truth, claim, draw)


def _deep_networks() -> Iterator[Trial]:
    """Four layers along the input, where the mean is (n_L/n_0)(c M_K)^{L-1}, with a heavy tail."""
    truth = _DEEP.outputs / _DEEP.inputs  # c = 1/M_K
    variance = aligned_second_moment(_DEEP) - truth**2
    draw, data = Gain(_DEEP, 1.0), "four layers along the input"
    layers = len(_DEEP.widths)
    equal = equality(variance, truth)
    below = MeanAtMost(aligned_second_moment(_DEEP), 0.1 * truth)
    yield from on_true(equal, data, truth, draw, (FEW, 1000))
    yield from on_true(below, data, truth, draw, (FEW, 1000))
    yield beyond_margin(MeanAtMost(variance, 0.1 * truth), data, truth, draw, -1)
    for percent in PERCENTS:
        claim = truth * (1 + percent / 100) ** layers
        yield planted(equal, data, f"c off by {percent} %", truth, claim, draw)
        claim = truth * (1 - percent / 100) ** layers
        yield planted(below, data, f"bound with M_K off by -{percent} %", truth, claim, draw)
    for rank in (2, 4):
        claim = (
            truth
            * (moment(LargestNormalMoment, rank, 2) / moment(LargestNormalMoment, 3, 2)) ** layers
        )
        yield planted(equal, data, f"K = {rank} instead of 3", truth, claim, draw)


def _rank_two() -> Iterator[Trial]:
    """Rank 2: the mean is its own lower bound c^{L-1} for every direction."""
    network = Network(6, (12,) * 4, 4, 2, bias="zero")
    truth = network.outputs / network.inputs
    second = rank2_second_moment(network)
    draw, data = Gain(network, 0.6), "four layers of rank 2"
    decision = MeanAtLeast(second - truth**2, 0.1 * truth)
    yield from on_true(decision, data, truth, draw, (FEW, 1000))
    yield beyond_margin(decision, data, truth, draw)
    for percent in PERCENTS:
        claim = truth * (1 + percent / 100) ** len(network.widths)
        yield planted(decision, data, f"bound with c off by {percent} %", truth, claim, draw)


def _biases() -> Iterator[Trial]:
    """Gaussian biases forgotten, and channels grouped by stride where pieces have fixed biases."""
    network = Network(6, (8, 5, 7), 7, 4, bias="gaussian")
    zero = Network(6, (8, 5, 7), 7, 4, bias="zero")
    truth = jacobian_moment(network, norm=1.0, cosine=0.6).value
    forgotten = float(predict(CATALOGUE["jacobian.mean.exact"], zero, cosine=sp.Rational(3, 5)))
    decision = equality(aligned_second_moment(network) - truth**2, truth)
    draw, data = Gain(network, 0.6), "gaussian biases"
    yield from on_true(decision, data, truth, draw, (FEW, 1000))
    yield planted(decision, data, "the biases forgotten", truth, forgotten, draw)

    # One hidden layer of unit weights: the first piece of each unit has bias 1 = beta s ||x||.
    rank, units, norm = 3, 6, 0.5
    plain = Network(4, (units,), units, rank, c=4, bias="any")
    sampler = Sampler(plain, "one-hot", 1.0, norm)
    contiguous = float(winner_mean_square(np.eye(rank)[0] / norm))
    # By stride the channels i, i + n, i + 2n are all first pieces, or none is: no shift is left.
    strided = moment(LargestNormalMoment, rank, 2)
    scale = plain.outputs / plain.inputs * 4
    decision = equality(ordered_moment(plain, 2), scale * contiguous)
    data = "real networks, one favoured piece"
    yield from on_true(decision, data, scale * contiguous, Regrouped(sampler, False), (FEW,))
    yield planted(
        decision,
        data,
        "strided instead of contiguous grouping",
        scale * strided,
        scale * contiguous,
        Regrouped(sampler, True),
    )


def _logarithms() -> Iterator[Trial]:
    """E ln r of a layer: the log scale."""
    statistics = norm_statistics(3, 8)
    truth = statistics.log_mean
    decision = LogMeanEquality(statistics.log_variance, 0.01)
    draw, data = LogLength(3, 8), "ln r of a layer"
    yield from on_true(decision, data, truth, draw, (FEW, 1000))
    yield beyond_margin(decision, data, truth, draw)
    for percent in PERCENTS:
        claim = truth + math.log1p(percent / 100) / 2
        yield planted(decision, data, f"c off by {percent} %", truth, claim, draw)
    # A layer across the input grows like chi_{n-1}: the typical size of another direction.
    across = (math.log(2) + float(polygamma(0, 3.5))) / 2
    yield planted(decision, data, "a direction across the input", truth, across, draw)


def _proportions() -> Iterator[Trial]:
    truth = float(
        predict(CATALOGUE["order.orthant"], Network(1, (1,), 1, 1, c=1, bias="zero"), m=4, rho=0.25)
    )
    decision = ProportionEquality(truth, 0.05 * truth)
    draw, data = Orthant(4, 0.25), "orthants, P_4(1/4)"
    yield from on_true(decision, data, truth, draw, (FEW, 1000))
    yield beyond_margin(decision, data, truth, draw)
    for percent in (2, 5):
        claim = truth * (1 + percent / 100)
        yield planted(decision, data, f"P_m off by {percent} %", truth, claim, draw)


def _counts() -> Iterator[Trial]:
    """Breakpoints of a layer of rank 2 on an arc: at most one a unit, a binomial number."""
    units, share = 12, 0.25
    truth, variance = units * share, units * share * (1 - share)
    decision = BoundedMeanEquality(units, variance, 0.05 * truth)
    draw, data = Kinks(units, share), "breakpoints on an eighth of a turn"
    yield from on_true(decision, data, truth, draw, (FEW, 1000))
    yield beyond_margin(decision, data, truth, draw)
    for percent in (2, 5):
        claim = truth * (1 + percent / 100)
        yield planted(decision, data, f"rate off by {percent} %", truth, claim, draw)


def _medians() -> Iterator[Trial]:
    """The largest of K normals has median Phi^{-1}(2^{-1/K})."""
    truth = float(ndtri(0.5 ** (1 / _RANK)))
    # The median's error goes by the density at the median: K Phi^{K-1} phi.
    density = _RANK * 0.5 ** (1 - 1 / _RANK) * math.exp(-(truth**2) / 2) / math.sqrt(2 * math.pi)
    deviation = 1 / (2 * density) / math.sqrt(math.pi / 2)
    decision = MedianEquality(deviation, 0.05 * truth)
    draw, data = Unit(_RANK, "largest", 1), f"units of rank {_RANK}, median"
    yield from on_true(decision, data, truth, draw, (FEW, 1000))
    yield beyond_margin(decision, data, truth, draw)
    for rank in (_RANK - 1, _RANK + 1):
        claim = float(ndtri(0.5 ** (1 / rank)))
        yield planted(decision, data, f"K = {rank} instead of {_RANK}", truth, claim, draw)


@cache
def _distance(first: Gain, second: Gain, one_sided: bool) -> float:
    """sup of the difference of two laws, from a quarter of a million draws each: to about 0.003."""
    a, b = (gain(Stream(1, f"distance/{gain}", 0), 1 << 18) for gain in (first, second))
    return excess(a, b) if one_sided else max(excess(a, b), excess(b, a))


def _laws() -> Iterator[Trial]:
    right = Gain(_LIGHT, 0.6)
    data = "two layers of rank 3"
    for decision in (SameLaw(0.05), StochasticOrder(0.05)):
        yield from on_true(decision, data, 0.0, Pair(right, right), (FEW, 1000))
        yield Trial(
            "reuse", decision, data, "a stale stream reused", 0.0, 2000,
            Pair(right, right, reused=True), ALPHA,
        )  # fmt: skip
    for label, wrong in _wrong_laws():
        gap = _distance(right, wrong, False)
        draw = Pair(right, wrong)
        decision = SameLaw(gap / 2)
        samples = needed(decision, gap, ALPHA)
        yield Trial("power", decision, data, label, 0.0, samples, draw, ALPHA, gap)
    # ||Ju||^2 is claimed to be at most itself with a smaller c.
    smaller = Gain(_with_c(_LIGHT, sp.Rational(9, 10)), 0.6)
    gap = _distance(smaller, right, True)
    order = StochasticOrder(gap / 2)
    samples = needed(order, gap, ALPHA)
    yield Trial(
        "power", order, data, "c off by -10 %", 0.0, samples, Pair(right, smaller), ALPHA, gap
    )


def _with_c(network: Network, factor: sp.Expr) -> Network:
    n = network
    return n.but(c=n.c * factor)


def _wrong_laws() -> Iterator[tuple[str, Gain]]:
    n = _LIGHT
    yield "c off by 5 %", Gain(_with_c(n, sp.Rational(21, 20)), 0.6)
    for rank in (2, 4):
        other = n.but(rank=rank)
        yield f"K = {rank} instead of 3", Gain(other, 0.6)
    yield "the biases forgotten", Gain(Network(4, (6, 6), 4, 3, bias="gaussian"), 0.6)
    yield "the angle forgotten", Gain(n, 1.0)


_FAMILIES: tuple[Callable[[], Iterator[Trial]], ...] = (
    _units,
    _deep_networks,
    _rank_two,
    _biases,
    _logarithms,
    _proportions,
    _counts,
    _medians,
    _laws,
)

SHORT_SAMPLES = 20_000
"""Largest runs of the short version."""


def trials(short: bool = False) -> list[Trial]:
    """Return all trials; with ``short`` those whose runs are small."""
    found = [trial for family in _FAMILIES for trial in family()]
    return [t for t in found if t.samples <= SHORT_SAMPLES] if short else found
