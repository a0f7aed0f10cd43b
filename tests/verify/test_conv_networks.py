"""Drawn convolutional networks against PyTorch's layers, and what plans take against draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from maxout.numerics.activation.energy_maps import mean_energies
from maxout.theory.conv_network import ConvNetwork
from maxout.theory.errors import DoesNotApplyError, DomainError
from maxout.verify.conv_cases import (
    NORM,
    conv_networks,
    drawn,
    gain,
    largest,
    length,
    linear,
    normal,
    places,
    reached,
)
from maxout.verify.experiment import STANDARD
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

CPU = Setting(torch.device("cpu"), torch.float64)
NETWORKS = [*conv_networks(STANDARD, "zero")]
CASES = pytest.mark.parametrize("network", NETWORKS, ids=lambda network: str(network.sizes[0]))


def test_a_drawn_network_is_one_of_torch_layers() -> None:
    network = NETWORKS[0]
    population = drawn(network, "mixed")
    stream = Stream(3, population.name, 0)
    layers, output, inputs = next(population._tiles(stream, CPU))
    lying = network.convolution
    x = (NORM * inputs("x", 0)).requires_grad_()
    maps = x[1].view(1, network.channels[0], *lying.size)
    for weight, bias in layers:
        conv = torch.nn.Conv2d(
            maps.shape[1], weight.shape[1], lying.kernel, lying.stride, lying.padding,
            lying.dilation, lying.groups,
        ).double()  # fmt: skip
        conv.weight.data = weight[1].view(conv.weight.shape)
        conv.bias.data = bias.expand(len(weight), -1, -1)[1].flatten()
        features = conv(maps)
        maps = features.unflatten(1, (-1, network.rank)).amax(dim=2)
    hidden = population._hidden(layers, x.detach())[1].flatten()
    torch.testing.assert_close(maps.flatten(), hidden, rtol=1e-12, atol=1e-14)
    values = output[1] @ maps.flatten()
    rows = [torch.autograd.grad(v, x, retain_graph=True)[0][1].flatten() for v in values]
    u = inputs("u", 8)[1].flatten()
    found = population.draw(stream, CPU)
    assert found["gain/8"][1] == pytest.approx((torch.stack(rows) @ u).square().sum().item())
    along = torch.stack(rows) @ inputs("x", 0)[1].flatten()
    assert found["gain/along"][1] == pytest.approx(along.square().sum().item())


@CASES
def test_lengths_have_the_means_and_at_most_the_squares_that_plans_take(network) -> None:
    found = drawn(network, "zero").draw(Stream(7, "test", 0), CPU)
    for b, a in places(network):
        mean, square = length(network, b, a, normal(network))
        values = found[f"length/{b}/{a}"] / NORM**2
        error = values.std() / np.sqrt(len(values))
        assert abs(values.mean() - mean) < 5 * error
        assert (values**2).mean() < square * 1.05
        assert float(network.share(a, b)) == pytest.approx(reached(network, b, a), rel=1e-12)


@CASES
def test_gains_are_below_what_plans_take(network) -> None:
    found = drawn(network, "mixed").draw(Stream(7, "test", 0), CPU)
    for b in (0, 8):
        mean, square = gain(network, b, largest(network))
        values = found[f"gain/{b}"]
        error = values.std() / np.sqrt(len(values))  # at u across x the lower bound is near
        assert gain(network, b, linear)[0] - 4 * error < values.mean() < mean
        assert (values**2).mean() < square


@CASES
def test_energies_of_every_cell_are_those_of_its_share(network) -> None:
    energies = np.zeros(network.sizes[0])
    energies.flat[3], energies.flat[7] = 2.0, 0.5
    maps = mean_energies(network, energies)
    assert [found.shape for found in maps] == [*network.sizes]
    first = length(network, 0, 0, normal(network))[0] / reached(network, 0, 0)
    for a, energy in enumerate(maps[-1].flat, start=1):
        shares = 2.0 * float(network.share(a, 4)) + 0.5 * float(network.share(a, 8))
        assert energy == pytest.approx(network.channels[-1] * first * shares, rel=1e-12)


def test_what_energies_and_draws_refuse() -> None:
    network = NETWORKS[0]
    with pytest.raises(DomainError, match=r"shape \(5, 6\)"):
        mean_energies(network, np.ones(30))
    with pytest.raises(DomainError, match="finite numbers >= 0"):
        mean_energies(network, -np.ones((5, 6)))
    with pytest.raises(DoesNotApplyError, match="zero biases"):
        mean_energies(network.but(bias="any"), np.ones((5, 6)))
    with pytest.raises(DoesNotApplyError, match="up to 2 axes; got 3"):
        drawn(ConvNetwork((1, 2), (3, 3, 3), 2), "zero")
