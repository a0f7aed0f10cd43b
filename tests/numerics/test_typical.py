"""Draws of the chain, quantiles, logarithms along the input, c by criterion."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from maxout.numerics.jacobian.value_functions import jacobian_moment
from maxout.numerics.order.norm_draws import FEW, _table, draw_log_radius
from maxout.numerics.order.norm_logarithms import norm_statistics
from maxout.numerics.predict import predict
from maxout.numerics.typical import criteria
from maxout.numerics.typical.size_law import draw_log_gain, quantiles
from maxout.numerics.typical.size_summary import exponents, summarize
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.verify.sampling.law_population import Law
from maxout.verify.sampling.streams import Stream

FALSE_ALARM = 1e-6  # of each sampled test, under its fixed seed


@pytest.mark.parametrize("width", [16, 40, 1000])
def test_table_of_a_chi_square(width) -> None:
    table, reach = _table(2, width)
    assert reach > 5.9  # chance 4e-9 on both sides
    z = np.linspace(-5, 5, 41)
    x = np.exp(table(z))
    left = z < 0
    log_chance = np.where(left, stats.chi2.logcdf(x, width), stats.chi2.logsf(x, width))
    exact = np.where(left, stats.norm.logcdf(z), stats.norm.logsf(z))
    assert np.max(np.abs(log_chance - exact)) < 1e-6


def test_table_at_a_huge_width_by_wilson_and_hilferty() -> None:
    """Their cube root is right to 1/n here."""
    width = 10**9
    table, _ = _table(1, width)
    z = np.linspace(-4, 4, 9)
    exact = 3 * np.log1p(-2 / (9 * width) + z * math.sqrt(2 / (9 * width))) + math.log(width)
    assert np.max(np.abs(table(z) - exact)) / math.sqrt(2 / width) < 1e-8


@pytest.mark.parametrize("rank", [3, 10**6, 10**15])
@pytest.mark.parametrize("width", [1, FEW - 1, FEW, 500])
def test_drawn_radius_has_the_exact_mean_and_variance(rank, width) -> None:
    count = 20_000
    drawn = draw_log_radius(rank, width, np.random.default_rng(5), count)
    found = norm_statistics(rank, width)
    spread = 2 * math.sqrt(found.log_variance)
    assert abs(drawn.mean() - 2 * found.log_mean) < 5 * spread / math.sqrt(count)
    # The logarithm of one unit of low rank has heavy tails below: kurtosis up to 7.
    assert abs(drawn.std() / spread - 1) < 5 * math.sqrt(8 / 4 / count)


@pytest.mark.parametrize("width", [3, 20])
def test_drawn_radius_is_that_of_drawn_units(width) -> None:
    drawn = draw_log_radius(4, width, np.random.default_rng(6), 20_000)
    units = np.random.default_rng(7).standard_normal((20_000, width, 4)).max(axis=2)
    assert stats.ks_2samp(drawn, np.log((units**2).sum(axis=1))).pvalue > FALSE_ALARM


@pytest.mark.parametrize(
    ("bias", "cosine", "norm"),
    [("zero", 0.3, 1.0), ("zero", 1.0, 1.0), ("gaussian", 0.6, 0.7), ("gaussian", 1.0, 30.0)],
)
def test_chain_has_the_law_of_the_chain_of_units(bias, cosine, norm) -> None:
    network = Network(6, (8, 20, 1, 7), 2, 4, bias=bias)
    law = Law.of(CATALOGUE[f"jacobian.law.{bias}"], network, {"cosine": cosine, "norm": norm})
    slow = np.log(law.sample(Stream(3, "slow", 0), 20_000))
    fast = draw_log_gain(network, np.random.default_rng(1), 20_000, cosine, norm)
    assert stats.ks_2samp(slow, fast).pvalue > FALSE_ALARM
    wrong = Network(6, (8, 20, 1, 7), 2, 5, c=network.c, bias=bias)
    other = draw_log_gain(wrong, np.random.default_rng(1), 20_000, cosine, norm)
    assert stats.ks_2samp(slow, other).pvalue < FALSE_ALARM


def test_chain_has_the_exact_mean_with_gaussian_biases() -> None:
    network = Network(4, (30, 30), 10, 5, bias="gaussian")
    count = 40_000
    gain = np.exp(draw_log_gain(network, np.random.default_rng(2), count, 0.8, 1.0))
    mean, second = (float(jacobian_moment(network, 1.0, 0.8, t)) for t in (1, 2))
    assert abs(gain.mean() - mean) < 5 * math.sqrt((second - mean**2) / count)


def test_logarithm_along_the_input() -> None:
    network = Network(6, (8, 5, 20), 2, 4, bias="zero")
    count = 40_000
    drawn = draw_log_gain(network, np.random.default_rng(3), count, 1, 1)
    mean = float(predict(CATALOGUE["jacobian.log.mean"], network))
    variance = float(predict(CATALOGUE["jacobian.log.variance"], network))
    assert abs(drawn.mean() - mean) < 5 * math.sqrt(variance / count)
    assert abs(drawn.var() / variance - 1) < 5 * math.sqrt(4 / count)


def test_routes_agree_at_rank_two() -> None:
    """The closed form at rank 2 is certified, whichever statement it stands in."""
    network = Network(6, (8, 5, 20), 2, 2, c=sp.Rational(1, 3), bias="zero")
    along = predict(CATALOGUE["jacobian.log.mean"], network).value
    certified = predict(CATALOGUE["jacobian.log.mean.rank2"], network, digits=15).value
    assert certified.certified
    assert along.certified
    assert along.overlaps(certified)


def test_quantiles_are_deterministic_and_cover() -> None:
    network = Network(5, (20,) * 3, 4, 2, bias="any")
    found = quantiles(network, np.random.default_rng(0), samples=2_000)
    assert found == quantiles(network, np.random.default_rng(0), samples=2_000)
    # At rank 2 the law is a product of chi-squares: the truth, by many draws of it.
    rng = np.random.default_rng(9)
    truth = np.log(rng.chisquare(4, 10**6) / 5)
    truth += sum(np.log(rng.chisquare(20, 10**6) / 20) for _ in range(3))
    for quantile in found.quantiles:
        assert quantile.low < quantile.log < quantile.high
        assert quantile.low < np.quantile(truth, quantile.level) < quantile.high


def test_interval_of_a_quantile_by_the_binomial() -> None:
    """Ends of the interval are the order statistics that miss with the stated chance at most."""
    from maxout.numerics.typical.size_law import quantile_of

    count, level, chance = 1000, 0.25, 0.01
    found = quantile_of(np.arange(1, count + 1, dtype=float), level, chance)
    # The i-th of 1..n is above the quantile when fewer than i draws are below it.
    assert stats.binom.cdf(found.low - 1, count, level) <= chance / 2
    assert stats.binom.cdf(found.low, count, level) > chance / 2
    assert stats.binom.sf(found.high - 1, count, level) <= chance / 2
    assert stats.binom.sf(found.high - 2, count, level) > chance / 2
    assert quantile_of(np.arange(10.0), 0.001, 0.01).low == -math.inf


def test_no_overflow_in_deep_networks_with_absurd_c() -> None:
    network = Network(3, (5,) * 200, 1, 3, c=sp.Integer(10) ** 50, bias="gaussian")
    drawn = draw_log_gain(network, np.random.default_rng(0), 1000)
    assert np.all(np.isfinite(drawn))
    assert drawn.mean() > 10_000


def test_summary_says_when_the_mean_misleads() -> None:
    deep = summarize(Network(10, (10,) * 50, 1, 5, bias="zero"), samples=5_000)
    assert deep.misleading
    assert "rare networks" in deep.sentence
    wide = summarize(Network(10, (1000,) * 3, 10, 5, bias="zero"), samples=5_000, cosine=1)
    assert not wide.misleading
    assert wide.exact_log is not None
    low, high = wide.share_at_mean
    assert 0.2 < low < high < 0.6


def test_exponents_are_the_statements() -> None:
    network = Network(8, (8,) * 4, 1, 3, bias="zero")
    found = exponents(network)
    assert len(found) == 8
    assert abs(found[0] - float(predict(CATALOGUE["jacobian.lyapunov.top"], network))) < 1e-13
    for j in (1, 7):
        exact = float(predict(CATALOGUE["jacobian.lyapunov.rest"], network, exponent=j))
        assert abs(found[j] - exact) < 1e-13
    assert exponents(Network(8, (8, 7), 1, 3, bias="zero")) == ()
    assert exponents(Network(8, (8,), 1, 3, bias="gaussian")) == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"samples": 10}, "samples must be"),
        ({"levels": (0,)}, "level must be"),
        ({"levels": (1.5,)}, "level must be"),
        ({"cosine": 2}, "cosine must be"),
        ({"confidence": 1}, "level must be"),
    ],
)
def test_bad_arguments(arguments, message) -> None:
    network = Network(5, (4,), 1, 3, bias="zero")
    with pytest.raises(MaxoutError, match=message):
        quantiles(network, np.random.default_rng(0), **arguments)


def test_laws_that_are_not_known_are_refused() -> None:
    with pytest.raises(MaxoutError, match="'gaussian' or 'zero'"):
        quantiles(Network(5, (4,), 1, 3, bias="any"), np.random.default_rng(0))


@pytest.mark.parametrize("rank", [1, 2])
def test_typical_constant_in_closed_form(rank) -> None:
    from mpmath import digamma, exp

    for width in (1, 3, 50):
        choice = criteria.choose(rank, "typical", width, 15)
        assert choice.c.certified
        assert abs(float(choice.c) - width / 2 * exp(-digamma(width / 2))) < 1e-13


def test_typical_constant_keeps_the_logarithm_and_tends_to_the_mean_one() -> None:
    for width in (5, 64):
        choice = criteria.choose(4, "typical", width)
        network = Network(width, (width,) * 3, 1, 4, c=sp.Rational(choice.c.midpoint), bias="zero")
        grown = float(predict(CATALOGUE["init.typical"], network, norm=3))
        assert abs(grown - math.log(9 / width)) < 1e-12
    mean = float(criteria.choose(4, "mean").c)
    gaps = [float(criteria.choose(4, "typical", 10**i).c) / mean - 1 for i in (1, 2, 3, 6)]
    assert gaps == sorted(gaps, reverse=True)
    assert 0 < gaps[-1] < 1e-5


def test_effects_of_a_choice() -> None:
    kept = {e.what: e for e in criteria.choose(5, "activation", 10).effects}
    lost = {e.what: e for e in criteria.choose(5, "typical", 10).effects}
    assert kept["mean of ||x||^2/n"].kept
    assert not lost["mean of ||x||^2/n"].kept
    ratio = lost["mean of ||x||^2/n"].factor
    assert abs(ratio * kept["typical ||x||^2/n, exp(E ln)"].factor - 1) < 1e-12
    # Across x the typical factor is twice the exponent of that direction.
    c = criteria.choose(5, "activation").c
    network = Network(10, (10,), 1, 5, c=sp.Rational(c.midpoint), bias="zero")
    exponent = float(predict(CATALOGUE["jacobian.lyapunov.rest"], network))
    assert abs(math.log(kept["typical part of J(x)u across x"].factor) - 2 * exponent) < 1e-12


def test_criteria_refuse_what_they_cannot_use() -> None:
    with pytest.raises(MaxoutError, match="criterion must be one of"):
        criteria.choose(5, "median")
    with pytest.raises(MaxoutError, match="--width"):
        criteria.choose(5, "typical")
    with pytest.raises(MaxoutError, match="width must be"):
        criteria.choose(5, "typical", 0)
