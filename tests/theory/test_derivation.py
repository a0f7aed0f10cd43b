"""Derivations: every step holds, ends where it should, and a wrong one is caught."""

import pytest
import sympy as sp

from maxout.cli.derivation import StepError, agreement, show
from maxout.theory.errors import MaxoutError
from maxout.theory.order.moment_derivation import Step, derive, derive_constant
from maxout.theory.order.moments import LargestNormalMoment, is_closed
from maxout.theory.order.orthant import OrthantProbability
from maxout.theory.order.reduction import PowerDensityIntegral

CASES = [
    ("largest", 1, 1), ("largest", 1, 2), ("largest", 1, 3), ("largest", 2, 1), ("largest", 2, 2),
    ("largest", 5, 2), ("largest", 7, 2), ("largest", 9, 2), ("largest", 4, 5),
    ("chi2-largest", 1, 2), ("chi2-largest", 2, 1), ("chi2-largest", 6, 1), ("chi2-largest", 3, 2),
    ("chi2-smallest", 1, 1), ("chi2-smallest", 2, 2), ("chi2-smallest", 7, 1),
    ("chi2-smallest", 12, 1),
]  # fmt: skip


@pytest.mark.parametrize(("statistic", "rank", "order"), CASES)
def test_every_step_holds(statistic, rank, order) -> None:
    steps = list(derive(rank, order, statistic))
    for step in steps:
        assert step.left != step.right, step
        assert step.words
        assert agreement(step.left, step.right) >= 25, step
    last = steps[-1]
    assert last.left == steps[0].left
    assert not last.right.has(PowerDensityIntegral)


def test_the_end_is_the_closed_form_or_a_named_probability() -> None:
    assert list(derive(7, 2))[-1].right == LargestNormalMoment(7, 2).doit()
    assert is_closed(list(derive(8, 2))[-1].right)
    left_over = list(derive(12, 2))[-1]
    assert left_over.right.has(OrthantProbability)
    assert "No closed form" in left_over.words


def test_the_constant_is_the_last_step() -> None:
    last = list(derive_constant(5))[-1]
    assert last.right == 1 / LargestNormalMoment(5, 2).doit()


@pytest.mark.parametrize("position", range(10))
def test_a_planted_wrong_step_raises(position, capsys) -> None:
    """Each step in turn is made wrong in the 20th digit."""
    steps = list(derive(5, 2))
    step = steps[position]
    wrong = step.right * (1 + sp.Rational(1, 10**20))
    steps[position] = Step(step.words, step.left, wrong)
    with pytest.raises(StepError, match=f"step {position + 1} of the derivation fails"):
        show(steps, "pretty", {})
    # nothing wrong is printed on the way
    assert f"\n{position + 1}. " not in "\n" + capsys.readouterr().out


def test_small_numbers_are_compared_as_strictly() -> None:
    small = sp.Rational(1, 10**40)
    assert agreement(small, 2 * small) == 0
    assert agreement(small, sp.Integer(0)) == 30
    assert agreement(sp.Rational(1, 10), sp.Integer(0)) == 1


@pytest.mark.slow
def test_a_huge_rank() -> None:
    for step in derive(10**6, 2):
        assert agreement(step.left, step.right) >= 25, step


def test_bad_input() -> None:
    with pytest.raises(MaxoutError, match="rank must be"):
        derive(0, 2)
    with pytest.raises(MaxoutError, match="order must be"):
        derive(3, 0)
    with pytest.raises(MaxoutError, match="statistic must be one of"):
        derive(3, 2, "median")
