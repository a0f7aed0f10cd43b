"""The proved error bounds against true errors, for rules better and worse than those chosen."""

from __future__ import annotations

import dataclasses

import pytest
from flint import arb, ctx

from maxout.numerics.balls import halfline, halfline_rule, normal_power, normal_rule
from maxout.numerics.balls.weight import Weighted, by_parts
from maxout.numerics.order import rank_tables

RANKS = (2, 3, 5, 17, 100, 300, 10**4, 10**6, 10**12)
ORDERS = (1, 2, 5, 8)
STRETCH = (1.0, 1.3, 1.9, 2.6)  # of the step: errors from nothing to visible


def _integrand(rank: int, order: int, folded: bool) -> Weighted:
    _, weight = by_parts(2 * order if folded else order)
    return Weighted(weight, arb(2), rank - 2)


def _check(true: arb, found: arb, bound: arb) -> float:
    """Assert that the bound covers the true error; returns their ratio, 0 where nothing is seen."""
    miss = abs(found - true)
    assert not miss > bound, (miss, bound)
    return float(miss.mid() / bound.mid()) if bound.is_finite() and bound > 0 else 0.0


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("rank", RANKS)
def test_line_bounds(rank: int, order: int, folded: bool) -> None:
    f = _integrand(rank, order, folded)
    with ctx.workprec(100):
        true = normal_power.integral(f, folded)
        if true is None:
            true = halfline.integral(f, smallest=False)
    shape = normal_rule._Shape(f, folded, 20.0)
    # The general bound needs sqrt(K) nodes: not at the largest ranks.
    rules = [rule for rule in normal_rule.candidates(shape) if rule.nodes < 3000]
    assert rules
    with ctx.workprec(100):
        for rule in {*rules[:1], *rules[2::5]}:  # the general bound, and some for large n
            for stretch in STRETCH:
                step = normal_rule.dyadic(rule.step * stretch)
                first = int(rule.first * rule.step / step) - (rule.first < 0)
                last = int(rule.last * rule.step / step) + 1
                other = dataclasses.replace(rule, step=step, first=first, last=last)
                found = normal_power.rule_sum(f, other, folded)
                bound = normal_power.rule_bound(f, other, folded, found)
                bound += normal_power.tail_bound(f, other, folded)
                _check(true, found, bound)


def test_the_bounds_are_not_idle() -> None:
    """Where a step is too long the bound is small enough to matter and the error close to it."""
    f = _integrand(5, 2, False)
    with ctx.workprec(200):
        true = normal_power.integral(f, False)
        rule = normal_rule._Shape(f, False, 20.0).general()
        found = normal_power.rule_sum(f, rule, False)
        bound = normal_power.rule_bound(f, rule, False, found)
        bound += normal_power.tail_bound(f, rule, False)
        assert bound < true * arb("1e-5")
        ratio = _check(true, found, bound)
        assert 1e-6 < ratio < 1
        with pytest.raises(AssertionError):
            _check(true, found, bound * ratio / 2)


@pytest.mark.parametrize("smallest", [False, True])
@pytest.mark.parametrize("rank", [2, 3, 45, 10**4])
def test_half_line_bounds(rank: int, smallest: bool) -> None:
    least = Weighted((0, 0, 1), arb(1), rank - 1)
    f = least if smallest else _integrand(min(rank, 60), 1, True)
    with ctx.workprec(100):
        true = halfline.integral(f, smallest)
        rule = halfline_rule.choose(f, smallest, 30)
        for stretch in STRETCH:
            step = normal_rule.dyadic(rule.step * stretch)
            other = dataclasses.replace(
                rule,
                step=step,
                first=int(rule.first * rule.step / step) - 1,
                last=int(rule.last * rule.step / step) + 1,
            )
            found = halfline.rule_sum(f, other, smallest)
            bound = halfline.error_bound(f, other, smallest)
            assert bound.is_finite()
            _check(true, found, bound)


def test_shared_bound_covers_every_rank() -> None:
    """A coarse grid for ranks 2 to 40: every ball still holds the value."""
    with ctx.workprec(20):
        coarse = rank_tables.largest_moments(2, 40, 3)
    with ctx.workprec(200):
        fine = rank_tables.largest_moments(2, 40, 3)
        assert all(coarse[k].contains(fine[k]) for k in fine)
        assert all(coarse[k].rel_accuracy_bits() < 60 for k in coarse)


def test_a_rule_outside_the_lemma_is_refused() -> None:
    f = _integrand(10**6, 2, False)
    with ctx.workprec(100):
        rule = normal_rule.choose(f, False, 60)
        assert rule is not None
        assert rule.strip.theta is not None
        for change in ({"height": 3.0}, {"split": 0.5}, {"split": -1.0}, {"theta": 0.999}):
            strip = dataclasses.replace(rule.strip, **change)
            bad = dataclasses.replace(rule, strip=strip)
            assert not normal_power.rule_bound(f, bad, False, arb(1)).is_finite()
        general = dataclasses.replace(rule, strip=normal_rule.Strip(1.0))
        assert not normal_power.rule_bound(f, general, False, arb(1)).is_finite()
