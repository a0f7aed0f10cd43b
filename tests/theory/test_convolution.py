"""Convolutional networks: sizes as PyTorch's, shares as paths one by one, refusals by name."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest
import sympy as sp
import torch

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.conv_network import ConvNetwork
from maxout.theory.convolution import Convolution
from maxout.theory.domain import Point
from maxout.theory.errors import DoesNotApplyError, MaxoutError
from maxout.theory.network import Network, require_plain

LYING = [
    {"size": (9,), "kernel": 3},
    {"size": (9,), "kernel": 3, "padding": 5, "padding_mode": "circular", "dilation": 2},
    {"size": (3,), "kernel": 5, "padding": 3, "padding_mode": "circular"},
    {"size": (7, 6), "kernel": (3, 2), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)},
    {"size": (5, 4), "kernel": 2, "stride": 3, "padding": (2, 1)},
    {"size": (4, 3, 5), "kernel": (2, 1, 3), "stride": (1, 2, 2), "padding": (0, 0, 1)},
]


@pytest.mark.parametrize("lying", LYING, ids=str)
def test_patches_are_those_of_the_framework(lying) -> None:
    """The sum over the cells of every patch, by a layer whose weights are all 1."""
    convolution = Convolution(**lying)
    kind = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)[len(lying["size"]) - 1]
    names = {name: value for name, value in lying.items() if name not in ("size", "kernel")}
    layer = kind(1, 1, lying["kernel"], bias=False, **names).double()
    torch.nn.init.ones_(layer.weight)
    cells = torch.arange(1.0, prod(convolution.size) + 1, dtype=torch.double) ** 2
    found = layer(cells.view(1, 1, *convolution.size))[0, 0]
    after = convolution.after(convolution.size)
    assert after == tuple(found.shape)
    for at in product(*map(range, after)):
        axes = [
            convolution.patch(axis, n, a)
            for axis, (n, a) in enumerate(zip(convolution.size, at, strict=True))
        ]
        patch = [cells.view(convolution.size)[place].item() for place in product(*axes)]
        assert found[at].item() == sum(patch)


def test_shares_are_those_of_the_text() -> None:
    """Theory's values for 3 x 3 kernels: a stride around, and zero padding ten layers deep."""
    around = ConvNetwork((1, 1), (8, 6), 3, stride=2, padding=1, padding_mode="circular")
    found = {around.share(position=b) for b in range(1, 49)}
    assert found == {sp.Rational(4, 9), sp.Rational(8, 9), sp.Rational(16, 9)}
    deep = ConvNetwork((1,) * 11, (8, 8), 3, padding=1)
    assert float(deep.share()) == pytest.approx(0.35303, abs=6e-6)
    assert float(ConvNetwork((1,) * 11, 8, 3, padding=1).share()) == pytest.approx(
        0.594159, abs=6e-7
    )
    circular = deep.but(padding_mode="circular")
    assert circular.share() == circular.share(position=11) == circular.share(cell=5) == 1


def test_shares_of_single_cells_add_up_to_those_of_all() -> None:
    network = ConvNetwork((2, 4, 6), (5, 6), (3, 2), (2, 1), (1, 0), (1, 2), 2)
    inputs, last = (prod(network.sizes[index]) for index in (0, -1))
    for cell in range(last + 1):
        parts = [network.share(cell, b) for b in range(1, inputs + 1)]
        assert sum(parts) / inputs == network.share(cell)
    for b in range(inputs + 1):
        parts = [network.share(a, b) for a in range(1, last + 1)]
        assert sum(parts) / last == network.share(0, b)
    assert network.share(last + 1) is network.share(0, inputs + 1) is None


def test_numbers_of_a_map_are_cells_times_channels() -> None:
    network = ConvNetwork((2, 4, 6), (5, 6), (3, 2), (2, 1), (1, 0), (1, 2), 2, outputs=3)
    assert network.sizes == ((5, 6), (3, 4), (2, 2))
    assert (network.inputs, network.widths, network.outputs) == (60, (48, 24), 3)
    other = network.but(rank=5, padding=(1, 1))
    assert (other.rank, other.channels, other.sizes[-1]) == (5, (2, 4, 6), (2, 6))
    assert other != network == network.but()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": 3}, "groups must divide the channels of every map, 2,4,6; got 3"),
        ({"kernel": 7}, "a kernel 7x7 .* does not fit a map of size 5x6"),
        ({"kernel": (3, 3, 3)}, "kernel must have one entry, or one for each of the 2 axes"),
        ({"size": (5, 6, 7, 8)}, "size must be 1 to 3 integers"),
        ({"size": "5x6"}, "size must be"),
        ({"stride": 0}, "stride must be"),
        ({"padding_mode": "reflect"}, "padding_mode must be one of 'zeros', 'circular'"),
        ({"padding_mode": "circular", "padding": 6}, "must not be wider than the map"),
        ({"channels": (2,)}, "channels must be two or more integers"),
    ],
)
def test_refusals_say_what_is_expected(change, message) -> None:
    network = ConvNetwork((2, 4, 6), (5, 6), 2)
    with pytest.raises(MaxoutError, match=message):
        network.but(**change)


def test_statements_on_connected_layers_do_not_speak_of_convolutions() -> None:
    network = ConvNetwork((2, 4, 6), (5, 6), 2, bias="zero")
    point = Point(network, None, network.environment())
    plain = Point(Network(60, (48, 24), bias="zero"), None, {})
    for key, statement in CATALOGUE.items():
        if statement.domain.of_networks:
            speaks = key.startswith("conv.")
            assert statement.domain.asked[0].holds(point) == speaks, key
            assert statement.domain.asked[0].holds(plain) != speaks, key
    with pytest.raises(DoesNotApplyError, match="needs fully connected layers"):
        require_plain(network, "this")
