"""What the statements on dropout rest on: shared masks, modes, and how ties are broken."""

import numpy as np
import pytest
import torch

from maxout.numerics.order.order_moments import moment
from maxout.theory.block import Block
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.verify.sampling.block_networks import BlockNetworks
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

CPU = Setting(torch.device("cpu"), torch.float64)


def mean_square(values: np.ndarray) -> tuple[float, float]:
    """The mean of squares and its standard error."""
    squares = values**2
    return squares.mean(), squares.std() / np.sqrt(len(squares))


def test_a_shared_mask_commutes_with_the_maximum_and_separate_ones_do_not() -> None:
    generator = np.random.default_rng(5)
    pieces = generator.standard_normal((400_000, 5))
    separate = generator.random(pieces.shape) < 0.5
    shared = separate[:, :1]
    exact = float(moment(5, 2)) / 0.5
    behind, error = mean_square(2 * shared[:, 0] * pieces.max(axis=1))
    before, _ = mean_square((2 * shared * pieces).max(axis=1))
    assert behind == before  # the same numbers, not only the same law
    assert abs(behind - exact) < 5 * error
    other, error = mean_square((2 * separate * pieces).max(axis=1))
    assert abs(other - 4.21) < 0.005 + 5 * error
    assert other - exact > 50 * error


@pytest.mark.parametrize(("reduce", "share"), [("max", 1.0), ("amax", 1 / 4)])
def test_what_a_tie_does_to_the_derivative(reduce: str, share: float) -> None:
    """On a zero input without biases, PyTorch's maximum picks a piece and ``amax`` shares."""
    K, units, fan_in, count = 4, 6, 9, 4000
    weights = torch.randn(
        count, units, K, fan_in, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    u = torch.eye(fan_in, dtype=torch.float64)[0]

    def layer(x: torch.Tensor) -> torch.Tensor:
        values = weights @ x
        return values.max(dim=2).values if reduce == "max" else values.amax(dim=2)

    _, pull = torch.func.vjp(layer, torch.zeros(fan_in, dtype=torch.float64))
    push = torch.func.vjp(lambda v: pull(v)[0], torch.zeros(count, units, dtype=torch.float64))[1]
    gain = push(u)[0].square().sum(dim=1)
    mean, error = float(gain.mean()), float(gain.std()) / np.sqrt(count)
    # The lower bound c n_l/n_{l-1} of a unit direction, in units of the weights' variance.
    assert abs(mean - units * share) < 5 * error


def test_evaluation_mode_is_the_plain_network() -> None:
    """Same weights: without masks the drawn block is the plain layer, output for output."""
    dropped = Network(4, (7, 6), 3, 3, c=0.4, block=Block(dropout=0.5))
    found = BlockNetworks(dropped, "mixed", (0.6,), 2.0)
    stream = Stream(0, found.name, 0)
    masked = found.draw(stream, CPU)
    plain = BlockNetworks(dropped.but(block=Block()), "mixed", (0.6,), 2.0).draw(stream, CPU)
    count = min(len(masked["length"]), len(plain["length"]))
    np.testing.assert_array_equal(masked["length/eval"][:count], plain["length"][:count])
    assert (masked["length"][:count] != plain["length"][:count]).mean() > 0.99


def test_plain_blocks_are_the_networks_of_the_other_sampler() -> None:
    """Drawn from one stream: the block sampler knows no law of its own."""
    from maxout.verify.sampling.network_populations import Networks
    from maxout.verify.sampling.networks import Sampler

    network = Network(4, (7, 6), 3, 3, c=0.4, bias="gaussian")
    blocks = BlockNetworks(network, "gaussian", (0.6,), 2.0)
    networks = Networks(Sampler(network, "gaussian", 0.6, 2.0))
    stream = Stream(3, "one stream for both", 0)
    one, other = blocks.draw(stream, CPU), networks.draw(stream, CPU)
    count = min(len(one["length"]), len(other["length"]))
    for mine, theirs in (("length", "length"), ("gain/0.6", "gain")):
        np.testing.assert_allclose(one[mine][:count], other[theirs][:count], rtol=1e-11)


def test_normalizations_that_are_not_drawn_here_are_refused() -> None:
    for block in (Block(norm="layer"), Block(norm="rms", skip="normalized")):
        with pytest.raises(DoesNotApplyError, match="norm layer"):
            BlockNetworks(Network(4, (4,), block=block), "zero", (0.6,))
