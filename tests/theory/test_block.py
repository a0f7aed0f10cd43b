"""What stands beside the maximum is declared once, and nothing is said of another network."""

import numpy as np
import pytest
import sympy as sp

from maxout.numerics.predict import predict
from maxout.theory.block import BLOCK_FIELDS, DEFAULTS, PLAIN, Block
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.domain import FULLY_CONNECTED, PLAIN_BLOCKS
from maxout.theory.errors import DoesNotApplyError, MaxoutError
from maxout.theory.network import Network

BLOCKS = (
    Block(dropout=0.1),
    Block(norm="layer"),
    Block(norm="rms", norm_place="before"),
    Block(norm="rms", norm_place="linear", inner=7),
    Block(skip="plain", branch_scale=0.25),
    Block(skip="linear"),
    Block(norm="layer", skip="normalized"),
    Block(norm="layer", skip="pre-norm"),
    Block(dropout=0.1, norm="layer", skip="normalized"),
)


def with_block(block: Block, bias: str = "zero") -> Network:
    return Network(4, (4, 4), 3, 2, c=sp.Rational(3, 10), bias=bias, block=block)


def test_a_plain_block_has_nothing() -> None:
    assert Block() == PLAIN
    assert PLAIN.plain
    assert {name: getattr(PLAIN, name) for name in DEFAULTS} == DEFAULTS
    assert [field.name for field in BLOCK_FIELDS] == list(DEFAULTS) == list(vars(PLAIN))


def test_plain_networks_keep_their_names() -> None:
    """Streams hang on them."""
    assert str(Network(4, (5, 5, 3), 2, 3, c=1)) == "4-[5x2,3]-2 K=3 c=1 bias=any"


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_part_of_a_block_is_in_the_name(block: Block) -> None:
    names = {str(with_block(other)) for other in (*BLOCKS, PLAIN)}
    assert len(names) == len(BLOCKS) + 1
    assert str(with_block(block)).endswith(str(block))
    assert block.without(*block.parts).plain


@pytest.mark.parametrize("field", BLOCK_FIELDS, ids=lambda field: field.name)
def test_typical_values_are_in_the_domain(field) -> None:
    for value in field.typical:
        field(value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dropout": 1}, "dropout must be a number at least 0 and below 1"),
        ({"dropout": -0.1}, "dropout must be"),
        ({"norm": "batch"}, "norm must be one of 'none', 'rms', 'layer'"),
        ({"norm": "rms", "norm_place": "above"}, "norm_place must be one of"),
        ({"norm_place": "before"}, "norm_place needs a normalization"),
        ({"skip": "dense"}, "skip must be one of"),
        ({"skip": "normalized"}, "needs a normalization"),
        ({"skip": "pre-norm"}, "needs a normalization"),
        ({"branch_scale": 0.5}, "branch_scale needs a skip connection"),
        ({"skip": "plain", "branch_scale": 0}, "branch_scale must be a positive"),
        ({"inner": 4}, "inner needs a linear layer"),
        ({"skip": "linear", "inner": 0}, "inner must be an integer from 1"),
    ],
)
def test_what_does_not_go_together_is_refused(given, message) -> None:
    with pytest.raises(MaxoutError, match=message):
        Block(**given)


def test_a_skip_connection_needs_one_width() -> None:
    with pytest.raises(MaxoutError, match="every width equal to the 4 inputs; got 4,5"):
        Network(4, (4, 5), block=Block(skip="plain"))


PLAIN_ONES = [
    key
    for key, s in CATALOGUE.items()
    if s.biases and s.domain.blocks is PLAIN_BLOCKS and s.domain.layers is FULLY_CONNECTED
]


@pytest.mark.parametrize("key", PLAIN_ONES)
def test_a_statement_about_plain_blocks_says_nothing_about_others(key: str) -> None:
    for block in BLOCKS:
        for bias in CATALOGUE[key].biases:
            with pytest.raises(DoesNotApplyError, match="needs plain blocks"):
                predict(CATALOGUE[key], with_block(block, bias))


def test_functions_of_networks_refuse_other_blocks() -> None:
    from maxout.numerics.curves.curve_length import length_bounds
    from maxout.numerics.curves.mean_breakpoints import breakpoint_rates
    from maxout.numerics.gradients.layer_gradients import gradient_profile
    from maxout.numerics.regions.bound_values import count_bounds, gradient_table
    from maxout.numerics.typical.size_law import draw_log_gain
    from maxout.numerics.typical.size_summary import exponents, summarize
    from maxout.verify.sampling.networks import Sampler

    network = with_block(Block(norm="layer"))
    curve = [[0, 0, 0, 0], [1, 0, 0, 0]]
    for ask in (
        lambda: length_bounds(network, curve),
        lambda: breakpoint_rates(network),
        lambda: gradient_profile(network),
        lambda: gradient_table(network),
        lambda: draw_log_gain(network, np.random.default_rng(0), 2),
        lambda: summarize(network),
        lambda: exponents(network),
        lambda: Sampler(network, "zero"),
    ):
        with pytest.raises(DoesNotApplyError, match="plain blocks"):
            ask()
    assert count_bounds(network, 6) == {}
