"""The networks and what the schemes draw for them."""

import math

import pytest
import torch
from torch import nn

from maxout.lab.training.architectures import CONV_DENSE, FC_WIDTHS, build
from maxout.lab.training.schemes import CONV_SCHEMES, FC_SCHEMES, scheme
from maxout.nn import MaxoutConv2d, MaxoutLinear, init
from maxout.theory.errors import MaxoutError


def drawn(name: str, network: str = "fc", shape=(1, 8, 8), multiplier: float = 0.25):
    chosen = scheme(name)
    model = build(network, shape, 10, 0 if chosen.is_relu else 5, multiplier)
    chosen.initialize_(model, torch.Generator().manual_seed(3))
    return model


def layers(model, *kinds):
    return [layer for layer in model if isinstance(layer, kinds)]


def test_the_fully_connected_network() -> None:
    model = build("fc", (28, 28), 10, 5)
    units = [layer.out_features for layer in layers(model, MaxoutLinear)]
    assert units == [64] * 5 + [32] * 5 + [16] * 5 + [8] * 5 == list(FC_WIDTHS)
    assert model[1].in_features == 784
    assert type(model[-1]) is nn.Linear
    assert len(layers(build("fc", (4,), 3, 0), nn.ReLU)) == 20


@pytest.mark.parametrize(
    ("side", "convolutions", "pools", "left"), [(8, 8, 3, 1), (28, 12, 4, 1), (32, 16, 5, 1)]
)
def test_the_convolutional_network(side, convolutions, pools, left) -> None:
    model = build("conv", (3, side, side), 10, 5, 1 / 16)
    assert len(layers(model, MaxoutConv2d)) == convolutions
    assert len(layers(model, nn.MaxPool2d)) == pools
    dense = layers(model, MaxoutLinear)
    assert [layer.out_features for layer in dense] == [round(n / 16) for n in CONV_DENSE]
    assert dense[0].in_features == layers(model, MaxoutConv2d)[-1].out_channels * left**2


def test_full_width_is_vgg_19() -> None:
    with torch.device("meta"):
        model = build("conv", (3, 32, 32), 10, 5, 1)
    channels = [layer.out_channels for layer in layers(model, MaxoutConv2d)]
    assert channels == [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8


def test_what_cannot_be_built() -> None:
    with pytest.raises(MaxoutError, match="images"):
        build("conv", (4,), 3, 5)
    with pytest.raises(MaxoutError, match="network must be"):
        build("mlp", (4,), 3, 5)


@pytest.mark.parametrize("network", ["fc", "conv"])
def test_every_c_scales_the_same_draws(network) -> None:
    reference = drawn("c=1", network)
    for name, c in [("maxout", init.calculate_gain(5) ** 2), ("c=10", 10.0), ("he", 2.0)]:
        for ours, theirs in zip(
            layers(drawn(name, network), nn.Linear, nn.Conv2d),
            layers(reference, nn.Linear, nn.Conv2d),
            strict=True,
        ):
            scale = math.sqrt(c) if hasattr(ours, "rank") else 1.0
            torch.testing.assert_close(ours.weight, theirs.weight * scale)
            assert not ours.bias.any()


def test_the_variance_is_c_over_fan_in() -> None:
    for name, c in [("c=0.1", 0.1), ("maxout", init.calculate_gain(5) ** 2), ("relu", 2.0)]:
        layer = layers(drawn(name, shape=(64,), multiplier=4), nn.Linear)[0]
        variance = float(layer.weight.detach().var()) * 64
        # The standard error of a variance of n draws is √(2/n) of it; five of them.
        assert abs(variance / c - 1) < 5 * math.sqrt(2 / layer.weight.numel())


def test_maxpool_differs_where_pooled_only() -> None:
    plain, pooled = drawn("maxout", "conv"), drawn("maxpool", "conv")
    ratio = init.calculate_gain(20) / init.calculate_gain(5)
    found = 0
    for here, layer in enumerate(plain):
        if not isinstance(layer, (nn.Linear, nn.Conv2d)):
            continue
        behind = isinstance(plain[here + 1], nn.MaxPool2d) if here + 1 < len(plain) else False
        found += behind
        scale = ratio if behind else 1.0
        torch.testing.assert_close(pooled[here].weight, layer.weight * scale)
    assert found == 3


def test_default_is_what_torch_draws() -> None:
    ours = layers(drawn("default"), nn.Linear)[0]
    plain = nn.Linear(ours.in_features, ours.weight.shape[0])
    with torch.random.fork_rng():
        torch.manual_seed(3)
        plain.reset_parameters()
    assert torch.equal(ours.weight, plain.weight)
    assert torch.equal(ours.bias, plain.bias)


def test_names() -> None:
    assert scheme("he") == scheme("c=2") == scheme("c=2.0")
    assert len({scheme(name) for name in FC_SCHEMES}) == 7
    assert len({scheme(name) for name in CONV_SCHEMES}) == 8
    for name in ("", "c=", "c=0", "c=-1", "c=nan", "c=1e3", "glorot", "c=exit()"):
        with pytest.raises(MaxoutError, match="scheme must be"):
            scheme(name)
