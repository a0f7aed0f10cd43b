"""The chains against networks, in law: two samplers that share no code."""

import numpy as np
import pytest
import torch
from scipy import stats

from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.verify import chain
from maxout.verify.constants import weight_variance
from maxout.verify.networks import Sampler
from maxout.verify.streams import Stream

COUNT = 20_000
FALSE_ALARM = 1e-6  # of each test, under its fixed seed


def networks_gain(network: Network, biases: str, cosine: float, norm: float) -> np.ndarray:
    sampler = Sampler(network, biases, cosine, norm)
    device = torch.device("cpu")
    parts = []
    for tile in sampler.tiles(Stream(2, "networks", 0), COUNT, device, torch.float64):
        _, (_, outputs) = tile.push()
        parts.append(outputs.square().sum(1).numpy())
    return np.concatenate(parts)


@pytest.mark.parametrize(
    ("bias", "cosine", "norm"),
    [("zero", 0.6, 1.0), ("zero", 0.0, 2.0), ("gaussian", -0.8, 2.0), ("gaussian", 1.0, 0.5)],
)
def test_angle_chain_has_the_law_of_the_networks(bias, cosine, norm) -> None:
    network = Network(4, (6, 3, 5), 2, 4, bias=bias)
    c = weight_variance(network)
    drawn = chain.angle_chain(network, c, Stream(2, "chain", 0), COUNT, cosine, norm)
    sampled = networks_gain(network, bias, cosine, norm)
    assert stats.ks_2samp(drawn, sampled).pvalue > FALSE_ALARM
    # The same test sees a K too large.
    wrong = Network(4, (6, 3, 5), 2, 5, c=network.c, bias=bias)
    drawn = chain.angle_chain(wrong, c, Stream(2, "chain", 0), COUNT, cosine, norm)
    assert stats.ks_2samp(drawn, sampled).pvalue < FALSE_ALARM


def test_moving_frame_has_the_law_of_the_networks() -> None:
    network = Network(4, (6, 1, 5), 2, 4, bias="zero")
    c = weight_variance(network)
    drawn = chain.moving_frame(network, c, Stream(2, "frame", 0), COUNT, 0.6)
    sampled = networks_gain(network, "zero", 0.6, 1.0)
    assert stats.ks_2samp(drawn, sampled).pvalue > FALSE_ALARM
    drawn = chain.moving_frame(network, 1.1 * c, Stream(2, "frame", 0), COUNT, 0.6)
    assert stats.ks_2samp(drawn, sampled).pvalue < FALSE_ALARM


def test_order_bounds_at_rank_one_are_the_linear_network() -> None:
    network = Network(4, (6, 5), 3, 1, c=1, bias="zero")
    sampled = networks_gain(network, "zero", 0.6, 1.0)
    for largest in (True, False):
        drawn = chain.order_bound(network, 1.0, Stream(2, "bound", 0), COUNT, largest)
        assert stats.ks_2samp(drawn, sampled).pvalue > FALSE_ALARM


def test_order_bound_is_its_definition() -> None:
    network = Network(4, (3, 2), 5, 3, c=2, bias="any")
    generator = np.random.default_rng(0)
    naive = generator.chisquare(5, COUNT) / 4
    for units in network.widths:
        squares = generator.standard_normal((COUNT, units, 3)) ** 2
        naive *= 2 / units * squares.max(axis=2).sum(axis=1)
    drawn = chain.order_bound(network, 2.0, Stream(2, "bound", 0), COUNT, True)
    assert stats.ks_2samp(drawn, naive).pvalue > FALSE_ALARM


def test_chains_refuse_biases_they_do_not_describe() -> None:
    network = Network(2, (2,), 1, 2, bias="any")
    with pytest.raises(MaxoutError, match="biases"):
        chain.angle_chain(network, 1.0, Stream(0, "a", 0), 1, 0.5, 1.0)
    with pytest.raises(MaxoutError, match="zero biases"):
        chain.moving_frame(network, 1.0, Stream(0, "a", 0), 1, 0.5)
