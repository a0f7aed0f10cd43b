"""A poor choice of nodes costs digits and never truth: every part of a proved bound is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flint import arb, ctx

from maxout.numerics.balls import halfline, normal_power
from maxout.numerics.balls.weight import Weighted
from maxout.numerics.order import orthant_balls

BITS = 12
_GUARD = 40  # bits at which the nodes are summed beyond those asked for


def coarse(rule: Any) -> Any:
    """Every second node of a rule over the same range."""
    fewer = {"step": 2 * rule.step, "first": rule.first // 2, "last": -(-rule.last // 2)}
    strip = getattr(rule, "strip", None)
    if strip is not None and strip.theta is None:
        # The general bound's height goes with the step.
        fewer["strip"] = replace(strip, height=strip.height / 2)
    return replace(rule, **fewer)


def without_right(rule: Any) -> Any:
    """A rule that ends where the integrand does not."""
    return replace(rule, last=rule.first + 6 * rule.nodes // 10)


def without_left(rule: Any) -> Any:
    """A rule that begins where the integrand is not small."""
    return replace(rule, first=rule.first + 3 * rule.nodes // 10)


def both(monkeypatch: Any, module: Any, poor: Callable, integral: Callable) -> tuple[arb, arb, Any]:
    """(truth, the ball by a poor rule, that rule)."""
    with ctx.workprec(300):
        truth = integral()
    chosen = []
    choose = module.choose

    def chosen_poorly(*arguments: Any) -> Any:
        chosen.append(poor(choose(*arguments)))
        return chosen[-1]

    monkeypatch.setattr(module, "choose", chosen_poorly)
    with ctx.workprec(BITS):
        found = integral()
    return truth, found, chosen[-1]


@pytest.mark.parametrize(("power", "folded"), [(40, False), (5000, False), (5000, True)])
@pytest.mark.parametrize("poor", [coarse, without_right])
def test_integrals_over_the_line(monkeypatch, poor, power: int, folded: bool) -> None:
    f = Weighted((1,), arb(2), power)
    truth, found, rule = both(
        monkeypatch, normal_power, poor, lambda: normal_power.integral(f, folded)
    )
    assert found.is_finite()
    assert found.contains(truth)
    with ctx.workprec(BITS + _GUARD):
        off = abs(found.mid() - truth)
        tail = normal_power.tail_bound(f, rule, folded)
        line = normal_power.rule_bound(f, rule, folded, found.mid())
    # What the poor rule misses is more than the other part of the bound, and than rounding.
    assert off > (tail if poor is coarse else line)
    assert off > 100 * abs(truth) * arb(2) ** -(BITS + _GUARD)


@pytest.mark.parametrize(
    ("power", "smallest", "weight"),
    [(3, False, (1,)), (2, False, (0, 1)), (8, True, (0, 1)), (40, True, (0, 0, 1))],
)
@pytest.mark.parametrize("poor", [coarse, without_left])
def test_integrals_over_the_half_line(
    monkeypatch, poor, power: int, smallest: bool, weight: tuple
) -> None:
    f = Weighted(weight, arb(2), power)
    truth, found, rule = both(monkeypatch, halfline, poor, lambda: halfline.integral(f, smallest))
    assert found.is_finite()
    assert found.contains(truth)
    with ctx.workprec(BITS + _GUARD):
        off, step = abs(found.mid() - truth), arb(rule.step)
        tails = halfline.tail_bound(f, rule, smallest, rule.first * step, rule.last * step)
        whole = halfline.error_bound(f, rule, smallest)
    assert off > (tails if poor is coarse else whole - tails)
    assert off > 100 * abs(truth) * arb(2) ** -(BITS + _GUARD)


@pytest.mark.parametrize("m", [3, 4, 5, 10])
@pytest.mark.parametrize("share", [0.3, 0.75, 0.95])
@pytest.mark.parametrize("bits", [5, 12, 30])
def test_orthants_of_negative_correlation(m: int, share: float, bits: int) -> None:
    """Few bits make the step wide: the rule's error is then far above the sum's rounding."""
    rho = arb(-share / (m - 1))
    with ctx.workprec(300):
        truth = orthant_balls.orthant_ball(m, rho)
    with ctx.workprec(bits):
        found = orthant_balls.orthant_ball(m, rho)
    assert found.contains(truth)
    off = abs(found.mid() - truth)
    assert off > 100 * arb(2) ** -(bits + _GUARD)
    # The bound is of the error's order, not a number that anything would meet.
    assert arb(found.rad()) < arb(2) ** -(bits - 6)
