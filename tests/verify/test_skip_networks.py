"""What plans of skip experiments rest on: against right sides, and against drawn networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.verify.experiment import QUICK, STANDARD
from maxout.verify.jacobian.skip_networks import (
    NORM,
    NORMALIZED,
    PLAIN,
    PRE_NORM,
    WIDE_COSINE,
    WIDE_NORM,
    linear_drawn,
    linear_gains,
    linear_network,
    linear_powers,
    plain_spread,
    wide_drawn,
    wide_gain,
    wide_networks,
)
from maxout.verify.sampling.block_networks import BlockNetworks
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

CPU = Setting(torch.device("cpu"), torch.float64)


def value(key: str, network: Network, **given: float) -> float:
    return float(predict(CATALOGUE[key], network, **given))


def drawn(population: BlockNetworks) -> dict[str, np.ndarray]:
    return population.draw(Stream(7, population.name, 0), CPU)


def test_lengths_behind_linear_ends_have_the_moments_that_plans_take() -> None:
    network = linear_network(bias="zero")
    mean, square = linear_powers(network, largest=False)
    scale = NORM**2 / network.inputs
    assert mean * scale == pytest.approx(value("skip.linear.length", network, norm=NORM), rel=1e-12)
    found = drawn(linear_drawn(network, "zero"))["length"] / NORM**2
    for power, exact in ((found, mean), (found**2, square)):
        assert abs(power.mean() - exact) < 5 * power.std() / np.sqrt(len(power))


def test_gains_behind_linear_ends_are_below_what_plans_take() -> None:
    network = linear_network()
    gains = drawn(linear_drawn(network, "mixed"))
    mean, square = linear_gains(network, largest=True)
    assert mean == pytest.approx(value("skip.linear.jacobian.upper", network), rel=1e-12)
    for cosine in (0.6, 0.0, 1.0):
        gain = gains[f"gain/{cosine}"]
        assert gain.mean() < mean
        assert (gain**2).mean() < square


WIDE = [*wide_networks(PLAIN, 3, STANDARD)]


@pytest.mark.parametrize("network", WIDE, ids=lambda network: str(network.inputs))
def test_the_length_behind_two_maxima(network) -> None:
    limit, remainder, variance = plain_spread(network)
    scale = WIDE_NORM**2 / network.inputs
    exact = value("skip.plain.length", network, norm=WIDE_NORM)
    assert limit * scale == pytest.approx(exact, rel=1e-12)
    # Wide enough that the remainder is small beside what the recursion adds to squares.
    assert remainder < 0.02 * limit
    if network == WIDE[0]:
        found = drawn(wide_drawn(network))["length"] / WIDE_NORM**2
        error = found.std() / np.sqrt(len(found))
        assert abs(found.mean() - limit) < remainder + 5 * error
        assert found.var() < variance


@pytest.mark.parametrize(
    ("key", "block", "rank"),
    [("skip.normalized.jacobian", NORMALIZED, 2), ("skip.prenorm.jacobian", PRE_NORM, 3)],
)
def test_the_gain_behind_two_normalized_blocks(key: str, block, rank: int) -> None:
    network = next(wide_networks(block, rank, QUICK))
    limit = wide_gain(network, WIDE_COSINE, WIDE_NORM)
    exact = value(key, network, norm=WIDE_NORM, cosine=WIDE_COSINE)
    assert limit == pytest.approx(exact, rel=1e-12)
    found = drawn(wide_drawn(network))[f"gain/{WIDE_COSINE}"]
    # What the experiment takes for the variance: half of the mean square again.
    assert found.var() < limit**2 * (1.5 * (1 + 2 / network.outputs) - 1)
