"""Statements on dropout and skips at the ends of their parameters, where they are others."""

import pytest
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.predict import predict
from maxout.theory.activation.skip_growth import MaximumSkipGrowth
from maxout.theory.block import Block
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.theory.symbols import K, L, beta, c, dropout, n_0, n_L, x_norm

WITHOUT = {
    "dropout.jacobian.lower": "jacobian.mean.lower",
    "dropout.jacobian.upper": "jacobian.mean.upper",
    "dropout.jacobian.lower.sharp": "jacobian.mean.lower.sharp",
    "dropout.jacobian.upper.sharp": "jacobian.mean.upper.sharp",
    "dropout.jacobian.lower.frame": "jacobian.mean.exact",
    "dropout.jacobian.rank2": "jacobian.mean.rank2",
    "dropout.length.train": "init.stationary",
}


@pytest.mark.parametrize(("key", "plain"), WITHOUT.items())
def test_without_dropout_it_is_the_statement_on_plain_networks(key: str, plain: str) -> None:
    assert sp.simplify(CATALOGUE[key].right().subs(dropout, 0) - CATALOGUE[plain].right()) == 0
    half = CATALOGUE[key].right().subs(dropout, sp.Rational(1, 2))
    # Every mask doubles it: L - 1 of them.
    assert sp.simplify(half / CATALOGUE[plain].right() / 2 ** (L - 1)) == 1


LINEAR = n_L / n_0 * (1 + beta**2 * c) ** (L - 1)


@pytest.mark.parametrize("rung", ["lower", "lower.sharp", "upper.sharp", "upper", "rank2"])
def test_at_rank_one_bounds_of_linear_ends_meet(rung: str) -> None:
    right = CATALOGUE[f"skip.linear.jacobian.{rung}"].right().subs(K, 1)
    assert sp.simplify(right.doit() / LINEAR) == 1


def test_at_rank_one_a_maximum_has_no_mean() -> None:
    right = CATALOGUE["skip.plain.length"].right().subs({K: 1, L: 4})
    expected = x_norm**2 / n_0 * (1 + beta**2 * c) ** 3
    assert sp.simplify(right.doit() - expected) == 0


def test_the_growth_written_out_is_what_balls_give() -> None:
    growth = MaximumSkipGrowth(sp.Integer(5), sp.Rational(1, 3), sp.Rational(2, 5))
    found = enclose(growth, {}, 30)
    assert found.certified
    assert found.ball.overlaps(enclose(growth.doit(), {}, 30).ball)
    assert MaximumSkipGrowth(0, beta, c) == 1


@pytest.mark.parametrize(("kind", "key"), [("normalized", "normalized"), ("pre-norm", "prenorm")])
def test_a_normalization_loses_what_points_along_the_input(kind: str, key: str) -> None:
    """One block adds nothing to u along x, and most to u across it."""
    block = Block(norm="layer", skip=kind, branch_scale=sp.Rational(1, 2))
    network = Network(6, (6,), 6, 3, c=sp.Rational(2, 5), bias="zero", block=block)
    statement = CATALOGUE[f"skip.{key}.jacobian"]
    along, between, across = (float(predict(statement, network, cosine=v)) for v in (1, 0.6, 0))
    assert along == 1
    assert between - 1 == pytest.approx(0.64 * (across - 1), rel=1e-14)


@pytest.mark.parametrize(
    ("key", "block", "option"),
    [
        ("dropout.length.train", Block(), "--dropout"),
        ("dropout.length.train", Block(dropout=0.5, skip="linear"), "--skip"),
        ("skip.linear.length", Block(skip="plain"), "--skip"),
        ("skip.linear.length", Block(skip="linear", dropout=0.5), "--dropout"),
        ("skip.normalized.length", Block(norm="rms", skip="normalized"), "--norm"),
        (
            "skip.normalized.length",
            Block(norm="layer", norm_place="before", skip="normalized"),
            "--norm-place",
        ),
        ("skip.prenorm.jacobian", Block(norm="layer", skip="normalized"), "--skip"),
    ],
)
def test_other_blocks_are_refused_with_what_to_change(key: str, block: Block, option: str) -> None:
    network = Network(4, (4, 4), 3, 2, bias="zero", block=block)
    with pytest.raises(DoesNotApplyError, match=option):
        predict(CATALOGUE[key], network)
