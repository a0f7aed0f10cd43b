"""The laws of the catalogue: drawn as they are printed, with the moments they should have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy as sp
import torch
from scipy import stats

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.domain import PLAIN_BLOCKS
from maxout.theory.network import Network
from maxout.theory.random_symbols import Largest, Recursion, Smallest, is_random
from maxout.theory.statement import Relation, Statement
from maxout.theory.symbols import K, c
from maxout.verify.decisions import REFUTED, VERIFIED
from maxout.verify.experiment import Experiment, rewritten
from maxout.verify.gradients.sampled_gradients import ParameterGradients
from maxout.verify.looks import judge
from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.law_population import Law
from maxout.verify.sampling.network_populations import Networks
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

from .law_oracle import (
    bias_gradient,
    gaussian_bias,
    length,
    linear,
    ordered,
    zero_bias,
)

ALL = [key for key, statement in CATALOGUE.items() if is_random(statement.right())]
LAWS = [
    key
    for key in ALL
    if CATALOGUE[key].domain.blocks is PLAIN_BLOCKS and not key.startswith("jacobian.units.")
]
"""Of maxout units in plain blocks, whose moments ``law_oracle`` knows; the others have oracles in
tests/oracle."""
FALSE_ALARM = 1e-6  # of each comparison of samples, under its fixed seed
C = sp.Rational(4, 5)
GIVEN = {"cosine": sp.Rational(3, 10), "norm": sp.Rational(7, 5), "layer": 1}
WIDE = (5, 30, 21, 40)  # many units and outputs, so that the mean is found by few draws
FEW_BELOW = (5, 4, 21, 40)  # in the gradient by a layer, one direction in n_l is through Xi


def oracle(key: str, n: tuple[int, ...], rank: int) -> tuple[float, float]:
    """First two moments at c = ``C`` and the parameters ``GIVEN``."""
    c, cosine, norm = float(C), float(GIVEN["cosine"]), float(GIVEN["norm"])
    found: dict[str, Callable[[], tuple[float, float]]] = {
        "jacobian.order.lower": lambda: ordered(n, rank, c, largest=False),
        "jacobian.order.upper": lambda: ordered(n, rank, c, largest=True),
        "jacobian.law.rank2": lambda: linear(n, c),
        "jacobian.law.zero": lambda: zero_bias(n, rank, c, cosine),
        "jacobian.frame.law": lambda: zero_bias(n, rank, c, cosine),
        "jacobian.law.gaussian": lambda: gaussian_bias(n, rank, c, cosine, norm),
        "activation.length.law.zero": lambda: length(n, rank, c, norm, biases=False),
        "activation.length.law.gaussian": lambda: length(n, rank, c, norm, biases=True),
        "gradients.law": lambda: bias_gradient(n, rank, c, GIVEN["layer"]),
    }
    return found[key]()


def network_of(statement: Statement, n: tuple[int, ...] = ()) -> Network:
    n = n or (FEW_BELOW if statement.key == "gradients.law" else WIDE)
    bias = next(b for b in ("zero", "gaussian") if b in statement.biases)
    rank = 2 if statement.key == "jacobian.law.rank2" else 3
    return Network(n[0], n[1:-1], n[-1], rank, c=C, bias=bias)


def draws(statement: Statement, network: Network, count: int, **given: Any) -> np.ndarray:
    law = Law.of(statement, network, {**GIVEN, **given})
    shards = range(-(-count // law.shard_size))
    return np.concatenate([law.sample(Stream(7, law.name, s), law.shard_size) for s in shards])


def sizes(network: Network) -> tuple[int, ...]:
    return (network.inputs, *network.widths, network.outputs)


def distance(key: str, found: np.ndarray, network: Network) -> float:
    """Of the mean from the oracle's, in standard errors that the oracle's own moments give."""
    first, second = oracle(key, sizes(network), network.rank)
    error = np.sqrt((second - first**2) / found.size)
    return float(abs(found.mean() - first) / error)


def test_every_law_is_random_and_nothing_else_is() -> None:
    assert len(LAWS) == 9
    for key, statement in CATALOGUE.items():
        kinds = (Relation.EQ_D, Relation.LE_ST, Relation.GE_ST)
        assert (key in ALL) == (not statement.numeric) == (statement.relation in kinds), key


@pytest.mark.parametrize("key", LAWS)
def test_mean(key) -> None:
    network = network_of(CATALOGUE[key])
    assert distance(key, draws(CATALOGUE[key], network, 100_000), network) < 4.5


@pytest.mark.slow
@pytest.mark.parametrize("key", LAWS)
def test_mean_to_four_thousandths(key) -> None:
    """So many draws that a factor 1.004 is eight standard errors, and seen whatever their noise."""
    network = network_of(CATALOGUE[key])
    first, second = oracle(key, sizes(network), network.rank)
    count = int((second / first**2 - 1) * (8 / 0.004) ** 2)
    assert distance(key, draws(CATALOGUE[key], network, count), network) < 3.5
    wrong = replace(CATALOGUE[key], build=lambda t: CATALOGUE[key].right() * sp.Rational(251, 250))
    assert distance(key, draws(wrong, network, count), network) > 3.5


@pytest.mark.parametrize("key", LAWS)
def test_second_moment(key) -> None:
    """With the mean it sees a law that is too wide; four batches of standard errors."""
    network = network_of(CATALOGUE[key], (3, 6, 5, 4))
    found = draws(CATALOGUE[key], network, 400_000) ** 2
    _, second = oracle(key, (3, 6, 5, 4), network.rank)
    assert abs(found.mean() - second) < 4.5 * found.std() / np.sqrt(found.size)


def gains(network: Network, count: int) -> np.ndarray:
    """||J u||^2 of sampled networks, by automatic differentiation."""
    sampler = Sampler(network, str(network.bias), float(GIVEN["cosine"]), float(GIVEN["norm"]))
    return sampled(Networks(sampler), count)["gain"]


def sampled(population: Any, count: int) -> dict[str, np.ndarray]:
    setting = Setting(torch.device("cpu"), torch.float64)
    shards = range(-(-count // population.shard_size))
    parts = [population.draw(Stream(2, population.name, s), setting) for s in shards]
    return {name: np.concatenate([p[name] for p in parts])[:count] for name in parts[0]}


@pytest.mark.parametrize("key", [k for k in LAWS if CATALOGUE[k].relation == Relation.EQ_D])
def test_law_of_sampled_networks(key) -> None:
    statement = CATALOGUE[key]
    network = network_of(statement, (4, 6, 3, 5, 2))
    count = 20_000
    if key.startswith("activation"):
        sampler = Sampler(network, str(network.bias), 1.0, float(GIVEN["norm"]))
        found = sampled(Networks(sampler), count)["length"] / network.widths[-1]
    elif key.startswith("gradients"):
        sampler = Sampler(network, "zero", 1.0, 1.0)
        found = sampled(ParameterGradients(sampler), count)["biases"][:, GIVEN["layer"] - 1]
    else:
        found = gains(network, count)
    assert stats.ks_2samp(draws(statement, network, count), found).pvalue > FALSE_ALARM
    wrong = replace(
        statement, build=lambda t: statement.right().xreplace({c: c * sp.Rational(6, 5)})
    )
    assert stats.ks_2samp(draws(wrong, network, count), found).pvalue < FALSE_ALARM


def one_layer_fewer(right: sp.Expr) -> sp.Expr:
    def shorter(node: Any) -> Any:
        index, first, last = node.limits if isinstance(node, Recursion) else node.limits[0]
        return node.xreplace({sp.Tuple(index, first, last): sp.Tuple(index, first, last - 1)})

    return right.replace(lambda e: isinstance(e, (sp.Product, Recursion)), shorter)


def other_extreme(right: sp.Expr) -> sp.Expr:
    kinds = (Largest, Smallest) if right.has(Largest) else (Smallest, Largest)
    return right.replace(*kinds)


def one_piece_more(right: sp.Expr) -> sp.Expr:
    return right.xreplace({K: K + 1})


REWRITES: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    "1.05 times": lambda right: sp.Rational(21, 20) * right,
    "K + 1 for K": one_piece_more,
    "one layer fewer": one_layer_fewer,
    "the other extreme": other_extreme,
    "one unit more": lambda right: right.replace(
        sp.Sum, lambda f, limits: sp.Sum(f, (limits[0], limits[1], limits[2] + 1))
    ),
    "the square": lambda right: right**2,
}


@pytest.mark.parametrize("label", REWRITES)
@pytest.mark.parametrize("key", LAWS)
def test_what_is_drawn_follows_the_right_side(key, label) -> None:
    statement = CATALOGUE[key]
    rewrite = REWRITES[label]
    if rewrite(statement.right()) == statement.right():
        assert key == "jacobian.law.rank2"  # a law of chi-squares alone: no K, no extremes
        return
    wrong = replace(statement, build=lambda t: rewrite(statement.right()))
    network = network_of(statement)
    assert Law.of(wrong, network, GIVEN).name != Law.of(statement, network, GIVEN).name
    # The smallest of K normals is minus the largest, and every law is even in them.
    equal = label == "the other extreme" and statement.relation == Relation.EQ_D
    assert (distance(key, draws(wrong, network, 40_000), network) < 4.5) == equal


def test_names_hold_what_was_given_exactly() -> None:
    network = Network(4, (6, 3), 2, 3, bias="gaussian")
    law = Law.of(
        CATALOGUE["jacobian.law.gaussian"], network, {"cosine": 0.6, "norm": 2, "layer": 1}
    )
    assert law.name == f"law/jacobian.law.gaussian/{network}/rho_0=3/5/|x|=2"
    other = replace(CATALOGUE["jacobian.law.gaussian"], key="jacobian.law.zero")
    assert Law.of(other, network, {"cosine": 0.6, "norm": 2}).name != law.name


def test_directions_along_the_input_stay_in_the_domain_of_the_roots() -> None:
    """A sine found as the root of 1 - cos^2 is NaN where rounding puts the cosine beyond one."""
    for key in ("jacobian.law.zero", "jacobian.law.gaussian"):
        network = network_of(CATALOGUE[key], (4, 2, 1, 2, 3, 2))
        for norm in (0, 1, 10**12):
            for cosine in (-1, 1):
                found = draws(CATALOGUE[key], network, 1000, cosine=cosine, norm=norm)
                assert np.isfinite(found).all()


def changed(experiment: Experiment, rewrite: Callable[[sp.Expr], sp.Expr]) -> Experiment:
    return rewritten("wrong", rewrite).change(experiment)


def test_an_experiment_samples_the_statement_that_it_checks(plan) -> None:
    for key in ALL:
        for experiment in plan("quick")[key]:
            *_, law = experiment.populations
            assert isinstance(law, Law)
            assert law == Law.of(experiment.statement, experiment.network, experiment.parameters)
            *sampled, wrong = changed(experiment, sp.sqrt).populations
            assert (*sampled, law) == experiment.populations
            assert wrong.right == sp.sqrt(law.right)


@pytest.mark.parametrize("key", ["gradients.law", "activation.length.law.zero"])
def test_a_wrong_right_side_is_refuted(plan, key) -> None:
    with Collector(0, "cpu") as collector:
        experiment = plan("quick")[key][0]
        assert judge(experiment, collector, 1e-4).status == VERIFIED
        for rewrite in (lambda right: sp.Rational(6, 5) * right, one_layer_fewer, one_piece_more):
            assert judge(changed(experiment, rewrite), collector, 1e-4).status == REFUTED
