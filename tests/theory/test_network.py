"""An architecture is validated once, and its field records serve messages and fuzzing."""

import math
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from maxout.theory import symbols
from maxout.theory.errors import MaxoutError
from maxout.theory.network import BIAS, FIELDS, INPUTS, OUTPUTS, RANK, WEIGHT_VARIANCE, Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.parameters import PARAMETERS

INTEGER_FIELDS = (INPUTS, OUTPUTS, RANK)


def test_defaults_are_the_recommended_initialization() -> None:
    network = Network(6, (8, 5, 7), rank=4)
    assert network.c == 1 / LargestNormalMoment(4, 2)
    assert network.bias == "any"
    assert network.outputs == 1
    assert network.depth == 4


def test_environment_indexes_widths_by_layer() -> None:
    values = Network(6, (8, 5, 7), 3, 4, 1, "zero").environment()
    assert values[symbols.n] == (6, 8, 5, 7, 3)
    assert [values[s] for s in (symbols.n_0, symbols.n_L, symbols.L, symbols.K)] == [6, 3, 4, 4]


def test_floats_are_read_as_the_decimal_they_print_as() -> None:
    assert Network(2, (3,), c=0.1).c == sp.Rational(1, 10)
    assert Network(2, (3,), c=Fraction(1, 3)).c == sp.Rational(1, 3)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_typical_values_are_in_the_domain(field) -> None:
    for value in field.typical:
        field(value)


@pytest.mark.parametrize("field", PARAMETERS, ids=lambda field: field.name)
def test_typical_parameters_are_in_the_domain(field) -> None:
    for value in field.typical:
        field(value)


@pytest.mark.parametrize("field", INTEGER_FIELDS, ids=lambda field: field.name)
@pytest.mark.parametrize("value", [0, -1, 2.5, 10**20, "5", True, None, math.nan, math.inf, 1j])
def test_integer_fields_refuse(field, value) -> None:
    with pytest.raises(MaxoutError, match=f"{field.name} must be an integer"):
        field(value)


@pytest.mark.parametrize(
    "value", [0, -1, math.nan, math.inf, -math.inf, "1", True, None, sp.Symbol("c"), sp.zoo, sp.nan]
)
def test_c_refuses(value) -> None:
    with pytest.raises(MaxoutError, match="c must be a positive finite number"):
        WEIGHT_VARIANCE(value)


@pytest.mark.parametrize("value", [(), (0,), 0, (3, -1), "8,0", b"8", 8.5, None, (2.5,), [[8]]])
def test_widths_refuse(value) -> None:
    with pytest.raises(MaxoutError, match="widths must be one or more integers"):
        Network(2, value)


def test_widths_are_read_as_they_are_typed() -> None:
    assert Network(10, "20x3", rank=5) == Network(10, (20, 20, 20), rank=5)
    assert Network(10, "64x2,32") == Network(10, [64, 64, 32])
    assert Network(10, 20) == Network(10, (20,))
    with pytest.raises(MaxoutError, match="widths must be one or more integers"):
        Network(10, "20x3; 1")


def test_bias_refuses() -> None:
    with pytest.raises(MaxoutError, match="bias must be one of"):
        BIAS("big")


def test_long_values_are_cut_in_messages() -> None:
    with pytest.raises(MaxoutError, match=r"\.\.\.$") as caught:
        RANK("9" * 5000)
    assert len(str(caught.value)) < 150


@given(
    st.integers(1, 10**6),
    st.lists(st.integers(1, 10**6), min_size=1, max_size=20),
    st.integers(1, 10**12),
)
@settings(derandomize=True, deadline=None, max_examples=50)
def test_hidden_pairs_chain(inputs, widths, rank) -> None:
    network = Network(inputs, widths, rank=rank, c=1)
    pairs = list(network.hidden())
    assert [units for _, units in pairs] == widths
    assert [fan_in for fan_in, _ in pairs] == [inputs, *widths[:-1]]
    assert hash(network) == hash(Network(inputs, tuple(widths), rank=rank, c=1))
