"""The right side of every numeric statement is what is evaluated; fast code beside it agrees."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy as sp
from flint import arb

from maxout.numerics import kernels
from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.curves.mean_breakpoints import breakpoint_rates
from maxout.numerics.gradients.layer_gradients import gradient_profile
from maxout.numerics.jacobian.value_functions import jacobian_moment, mean_gains
from maxout.numerics.predict import predict
from maxout.numerics.typical.size_summary import exponents
from maxout.theory.block import PLACES, Block
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.conv_network import ConvNetwork
from maxout.theory.domain import Range
from maxout.theory.errors import DoesNotApplyError, OutOfReachError
from maxout.theory.network import Network
from maxout.theory.parameters import KINDS, UNIT, environment
from maxout.theory.statement import Statement

from .domains import BLOCKS

C = sp.Rational(3, 4)
NETWORKS = (
    [
        Network(inputs, widths, 3, rank, c=c, bias=bias)
        for c in (C, None)  # some need c = 1/M_K
        for bias in ("gaussian", "zero", "any")
        for widths in ((8, 5, 7), (6,), (6, 6, 6))
        for inputs in (6, 2)
        for rank in (4, 10, 3, 2)
    ]
    + [
        Network(6, (6, 6, 6), 3, rank, c=C, bias=bias, block=block)
        for bias in ("zero", "any")
        for rank in (4, 2)
        for block in BLOCKS
    ]
    + [
        Network(6, widths, 3, 4, c=C, bias=bias, block=Block(norm=norm, norm_place=place))
        for bias in ("gaussian", "zero")
        for widths in ((8, 9, 7), (6,))
        for norm in ("rms", "layer")
        for place in PLACES
    ]
    + [
        ConvNetwork(
            (2, 3, 5),
            (5, 6),
            (3, 2),
            stride=(2, 1),
            padding=(1, 0),
            outputs=3,
            rank=rank,
            c=C,
            bias=bias,
        )
        for bias in ("zero", "any")
        for rank in (4, 2)
    ]
)
NUMERIC = [key for key, statement in CATALOGUE.items() if statement.numeric]


def where_it_applies(statement: Statement) -> Iterator[tuple[Network, dict[str, Any], Enclosure]]:
    kinds = KINDS if UNIT.symbol in statement.parameters else KINDS[:1]
    for network, kind in product(NETWORKS, kinds):
        try:
            value = predict(statement, network, unit=kind).value
        except (DoesNotApplyError, OutOfReachError):
            continue
        assert value is not None
        yield network, {"unit": kind}, value


@pytest.mark.parametrize("key", NUMERIC)
def test_a_factor_in_the_right_side_is_a_factor_in_the_prediction(key: str) -> None:
    """Through the path of every prediction: nothing stands in for the expression."""
    statement = CATALOGUE[key]
    wrong = dataclasses.replace(
        statement, build=lambda t: statement.build(t) * sp.Rational(3, 2), range=Range.REAL
    )
    network, given, value = next(where_it_applies(statement))
    found = predict(wrong, network, **given).value
    assert found is not None
    # Not a number that 3/2 leaves as it is.
    assert not value.ball.contains(0)
    assert found.ball.overlaps(value.ball * arb(3) / 2)
    assert not found.ball.overlaps(value.ball)
    assert found.certified == value.certified


@pytest.mark.parametrize("key", NUMERIC)
def test_the_expression_has_its_value_by_itself(key: str) -> None:
    statement = CATALOGUE[key]
    network, given, value = next(where_it_applies(statement))
    order = statement.orders[0] if statement.orders else None
    alone = enclose(statement.right(order), environment(statement, network, **given), 15)
    assert alone.within(statement.range.least, statement.range.most) == value


def _log(value: Enclosure) -> float:
    return float(enclose(sp.log(sp.Rational(value.midpoint)), {}, 17))


def _profile(column: str, network: Network) -> tuple[float, float]:
    profile = gradient_profile(network, 1.5)
    found = float(getattr(profile, column)[1])
    return found, profile.error


def _kernel(kernel: Callable[..., np.ndarray], network: Network) -> tuple[float, float]:
    x = 1.5 * np.eye(network.inputs)[0]
    y = 0.5 * (0.6 * np.eye(network.inputs)[0] + 0.8 * np.eye(network.inputs)[1])
    c = float(network.c.evalf(17))
    gram = kernel(np.stack([x, y]), depth=network.depth, rank=network.rank, c=c)
    # A few roundings and the table's error a layer, of a kernel of two inputs in the plane.
    return float(np.log(gram[0, 1])), 1e-13


def _rates(layers: bool, network: Network) -> tuple[float, float]:
    rates = breakpoint_rates(network)
    return float(np.log(rates.layers[1] if layers else rates.total)), rates.error


# Code in float64 that serves arrays, figures or commands, and the statement whose right side it
# is: (key, bias, parameters, network -> ln of the value and its relative error).
FAST: list[tuple[str, str, dict, Callable[[Network], tuple[float, float]]]] = [
    (
        "jacobian.mean.gaussian",
        "gaussian",
        {"norm": 1.5, "cosine": 0.6},
        lambda network: dataclasses.astuple(jacobian_moment(network, 1.5, 0.6)),
    ),
    (
        "jacobian.mean.gaussian",
        "gaussian",
        {"norm": 1.5, "cosine": 0.6},
        lambda network: (
            float(
                np.log(
                    mean_gains(
                        network, np.array([2 * np.log(1.5)]), np.array([0.36 * 2.25 / 3.25])
                    )[0]
                )
            ),
            1e-12,
        ),
    ),
    (
        "jacobian.moment.gaussian",
        "gaussian",
        {"norm": 1.5, "cosine": 0.6},
        lambda network: dataclasses.astuple(jacobian_moment(network, 1.5, 0.6, 2)),
    ),
    (
        "gradients.gaussian.bias.exact",
        "gaussian",
        {"norm": 1.5, "layer": 2},
        lambda network: _profile("biases", network),
    ),
    (
        "gradients.gaussian.weights.exact",
        "gaussian",
        {"norm": 1.5, "layer": 2},
        lambda network: _profile("weights", network),
    ),
    (
        "gradients.bias.exact",
        "zero",
        {"layer": 2},
        lambda network: _profile("biases", network),
    ),
    (
        "gradients.weights.exact",
        "zero",
        {"norm": 1.5, "layer": 2},
        lambda network: _profile("weights", network),
    ),
    (
        "kernel.nngp.deep",
        "any",
        {"norm": 1.5, "other_norm": 0.5, "correlation": 0.6},
        lambda network: _kernel(kernels.nngp, network),
    ),
    (
        "kernel.ntk.deep",
        "any",
        {"norm": 1.5, "other_norm": 0.5, "correlation": 0.6},
        lambda network: _kernel(kernels.ntk, network),
    ),
    ("curve.breakpoints", "zero", {"sweep": 1}, lambda network: _rates(False, network)),
    (
        "curve.breakpoints.layer",
        "zero",
        {"sweep": 1, "layer": 2},
        lambda network: _rates(True, network),
    ),
]


@pytest.mark.parametrize("widths", [(8, 5, 7), (20, 3, 11, 4)])
@pytest.mark.parametrize("rank", [2, 4, 10])
@pytest.mark.parametrize("case", range(len(FAST)), ids=lambda i: f"{i}-{FAST[i][0]}")
def test_fast_code_agrees_with_the_right_side(case: int, rank: int, widths: tuple) -> None:
    key, bias, parameters, fast = FAST[case]
    network = Network(6, widths, 3, rank, c=C, bias=bias)
    if key == "curve.breakpoints.layer":  # the layer is the last one there
        network = Network(6, widths[:2], 3, rank, c=C, bias=bias)
    value = predict(CATALOGUE[key], network, **parameters).value
    assert value is not None
    log, error = fast(network)
    relative = float(value.radius) / float(value.midpoint)
    assert abs(log - _log(value)) <= error + relative + 4e-16 * (1 + abs(log))
    assert error < 1e-11


def test_lyapunov_exponents_of_a_summary() -> None:
    network = Network(6, (7, 7, 7), 3, 4, c=C, bias="zero")
    value = predict(CATALOGUE["jacobian.lyapunov.top"], network).value
    assert value is not None
    assert abs(exponents(network)[0] - float(value)) <= float(value.radius) + 1e-15
