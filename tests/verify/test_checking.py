"""Checks from Python: models, and statements that are not in the catalogue."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
import torch
from torch import nn

from maxout import verify
from maxout.nn import MaxoutConv2d, MaxoutLinear
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import DoesNotApplyError, DomainError, MaxoutError
from maxout.theory.network import Network
from maxout.verify.experiment_networks import Case
from maxout.verify.model_network import network_of
from maxout.verify.quantities import Asked, estimand_of

NETWORK = Network(5, (9, 7), 4, 3, c=sp.Rational(3, 5), bias="zero")


def chain(*middle: nn.Module, rank: int = 3, bias: bool = True) -> nn.Sequential:
    torch.manual_seed(1)
    layers = [MaxoutLinear(6, 24, rank, bias), *middle, MaxoutLinear(24, 16, 3, bias)]
    return nn.Sequential(*layers, nn.Linear(16, 2))


def test_a_model_is_read_as_a_network() -> None:
    assert network_of(chain()) == Network(6, (24, 16), 2, 3, bias="zero")
    model = chain()
    with torch.no_grad():
        for layer in model:
            layer.weight.mul_(2**0.5)
        model[0].bias.fill_(0.1)
    found = network_of(model)
    assert found.bias == "any"
    assert float(found.c) == pytest.approx(2 * 0.77, rel=0.1)  # 1/M_3 is 0.775


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (chain(rank=2), "maxout layers of one rank"),
        (chain(nn.Dropout(0.1)), "drops units, which a plain chain"),
        (chain(nn.LayerNorm(24)), "plain chain"),
        (nn.Sequential(MaxoutLinear(3, 4, 2)), "a linear layer behind"),
        (nn.Sequential(MaxoutConv2d(3, 4, 3, 2), nn.Flatten(), nn.Linear(16, 2)), "plain chain"),
        (nn.Sequential(nn.Linear(3, 4)), "no maxout layer"),
    ],
    ids=("ranks", "dropout", "norm", "no output", "convolution", "linear"),
)
def test_other_models_are_refused_in_a_line(model, reason) -> None:
    with pytest.raises(MaxoutError, match=reason):
        network_of(model)


def test_layers_without_a_common_constant_are_refused() -> None:
    model = chain()
    with torch.no_grad():
        model[0].weight.mul_(2)
    with pytest.raises(MaxoutError, match="no common c"):
        network_of(model)


def test_a_model_is_checked() -> None:
    report = verify.check(chain(), ["jacobian.mean.exact"], budget=5, device="cpu")
    assert report.network == Network(6, (24, 16), 2, 3, bias="zero")
    assert {v.status for v in report.verdicts} == {"verified"}


EXACT = CATALOGUE["jacobian.mean.exact"]


def own(key: str, factor: sp.Expr = sp.S.One):
    """A statement of the catalogue under another key, right or off by a factor."""
    stated = CATALOGUE[key]
    return replace(stated, key="my.claim", build=lambda t: factor * stated.build(t))


@pytest.mark.parametrize(
    "key",
    [
        "jacobian.mean.exact",
        "jacobian.moment.exact",
        "jacobian.variance.exact",
        "activation.length.mean.zero",
        "activation.length.variance.zero",
        "gradients.bias.exact",
        "gradients.weights.exact",
    ],
)
def test_a_statement_of_a_known_quantity_needs_nothing_else(key) -> None:
    """The facts that judge it are those of the quantity: a wrong factor shows."""
    given = {"margin": 0.15, "device": "cpu", "cosine": 0.8, "norm": 1.5, "layer": 2}
    verdict = verify.check_statement(own(key), NETWORK, **given)
    assert (verdict.key, verdict.status) == ("my.claim", "verified"), verdict
    wrong = verify.check_statement(own(key, sp.Rational(14, 10)), NETWORK, **given)
    assert wrong.status == "refuted"


@pytest.mark.parametrize(
    ("key", "bias", "order", "layer"),
    [
        ("jacobian.mean.exact", "zero", None, 1),
        ("jacobian.moment.exact", "zero", 2, 1),
        ("jacobian.variance.exact", "zero", None, 1),
        ("activation.length.mean.zero", "zero", None, 1),
        ("activation.length.variance.zero", "zero", None, 1),
        ("activation.length.moment.gaussian", "gaussian", 2, 1),
        ("gradients.bias.exact", "zero", None, 2),
        ("gradients.weights.exact", "zero", None, 2),
        ("jacobian.variance.gaussian", "gaussian", None, 1),
    ],
)
def test_a_margin_is_a_share_of_what_the_quantity_is(key, bias, order, layer) -> None:
    """The facts and the catalogue, which share no formula, agree on its size."""
    network, at = NETWORK.but(bias=bias), {"cosine": 0.8, "norm": 1.5}
    asked = Asked(Case(network, bias, 0.8, 1.5), order or 1, layer, 0.1)
    value = float(predict(CATALOGUE[key], network, order=order, layer=layer, **at))
    found = estimand_of(CATALOGUE[key].quantity, asked)
    assert found.size == pytest.approx(value, rel=1e-9)
    assert found.variance > 0


def test_gaussian_biases_have_facts_of_their_own() -> None:
    network = NETWORK.but(bias="gaussian")
    for key in ("jacobian.mean.gaussian", "activation.length.mean.gaussian"):
        for factor, status in ((sp.S.One, "verified"), (sp.Rational(13, 10), "refuted")):
            found = verify.check_statement(own(key, factor), network, margin=0.1, device="cpu")
            assert found.status == status, key


def test_a_law_takes_the_measure_of_its_left_side() -> None:
    law = replace(CATALOGUE["jacobian.law.zero"], key="my.law")

    def gain(arrays, drawn):
        return arrays["gain"], drawn["value"]

    def twice(arrays, drawn):
        return 2 * arrays["gain"], drawn["value"]

    found = [
        verify.check_statement(law, NETWORK, measure=m, margin=0.1, device="cpu").status
        for m in (gain, twice)
    ]
    assert found == ["verified", "refuted"]


def test_a_measure_and_an_estimand_of_ones_own() -> None:
    """The chance that the gain is below 1: no quantity of the package."""
    stated = replace(
        CATALOGUE["jacobian.mean.upper.any"],
        key="my.chance",
        relation=EXACT.relation,
        build=lambda t: sp.Integer(1),
        quantity="",
        rung="",
    )
    found = verify.check_statement(
        stated,
        NETWORK,
        measure=lambda arrays: arrays["gain"] < np.inf,
        estimand=verify.Proportion(1.0, 0.05),
        device="cpu",
    )
    assert found.status == "verified"


def test_what_is_missing_is_said() -> None:
    nothing = replace(EXACT, key="my.claim", quantity="", rung="")
    with pytest.raises(DomainError, match="give measure="):
        verify.check_statement(nothing, NETWORK)
    with pytest.raises(DomainError, match="give estimand="):
        verify.check_statement(nothing, NETWORK, measure=lambda arrays: arrays["gain"])
    with pytest.raises(verify.DecisionError, match="give estimand="):
        verify.check_statement(own("jacobian.mean.upper"), NETWORK.but(bias="any"))
    with pytest.raises(DoesNotApplyError, match="zero biases"):
        verify.check_statement(own("jacobian.mean.exact"), NETWORK.but(bias="gaussian"))
    with pytest.raises(DomainError, match="margin must be"):
        verify.check_statement(EXACT, NETWORK, margin=0.0)


def test_public_names_are_there() -> None:
    for name in dir(verify):
        assert getattr(verify, name) is not None
    with pytest.raises(AttributeError):
        verify.nothing  # noqa: B018 - asked for on purpose
