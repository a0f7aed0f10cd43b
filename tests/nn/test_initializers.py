"""Draws have the variance they promise, and coincide with the framework's where they should."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from maxout.nn import MaxoutConv2d, MaxoutLinear
from maxout.nn.init import (
    calculate_gain,
    maxout_normal_,
    maxout_truncated_normal_,
    maxout_uniform_,
)
from maxout.theory.errors import MaxoutError

DRAWS = [maxout_normal_, maxout_uniform_, maxout_truncated_normal_]
# A right variance is called wrong once in 1.7 million, were the seed not fixed.
MAX_Z = 5.0


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def z_score(squares: Tensor, expected: float) -> float:
    """How many standard errors the mean of independent ``squares`` is from ``expected``."""
    squares = squares.double().flatten()
    return float((squares.mean() - expected) / (squares.std() / math.sqrt(squares.numel())))


# Rank 1 is a linear layer: number for number the framework's draws, no tolerance.


@pytest.mark.parametrize("shape", [(30, 7), (8, 3, 5, 5), (6, 2, 3, 3, 3)])
def test_rank_one_coincides_with_kaiming(shape: tuple[int, ...]) -> None:
    ours = maxout_normal_(torch.empty(shape), rank=1, generator=seeded())
    theirs = nn.init.kaiming_normal_(torch.empty(shape), nonlinearity="linear", generator=seeded())
    assert torch.equal(ours, theirs)
    ours = maxout_uniform_(torch.empty(shape), rank=1, generator=seeded())
    theirs = nn.init.kaiming_uniform_(torch.empty(shape), nonlinearity="linear", generator=seeded())
    assert torch.equal(ours, theirs)


def test_rank_one_coincides_with_normal_and_truncated_normal() -> None:
    std = 1 / math.sqrt(7)
    ours = maxout_normal_(torch.empty(30, 7), rank=1, generator=seeded())
    assert torch.equal(ours, nn.init.normal_(torch.empty(30, 7), 0, std, generator=seeded()))
    # At a cutoff of 40 nothing is cut, and the correction is 1.
    ours = maxout_truncated_normal_(torch.empty(30, 7), 1, cutoff=40, generator=seeded())
    bound = 40 * std
    theirs = nn.init.trunc_normal_(torch.empty(30, 7), 0, std, -bound, bound, generator=seeded())
    assert torch.equal(ours, theirs)


def test_rank_two_has_the_same_constant_as_rank_one() -> None:
    """M_2 = 1: the larger of two normals has the second moment of one."""
    one = maxout_normal_(torch.empty(30, 7), rank=1, generator=seeded())
    assert torch.equal(one, maxout_normal_(torch.empty(30, 7), rank=2, generator=seeded()))


def test_gain_is_the_counterpart_of_the_framework() -> None:
    assert calculate_gain(1) == nn.init.calculate_gain("linear") == 1.0
    # The closed form M_3 = 1 + √3/(2π); two roundings apart from it.
    assert calculate_gain(3) == pytest.approx((1 + math.sqrt(3) / (2 * math.pi)) ** -0.5, rel=4e-16)
    assert calculate_gain(5, window=(2, 2)) == calculate_gain(5, window=4) == calculate_gain(20)


# Variance.


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(("rank", "window"), [(1, 1), (5, 1), (3, (2, 2)), (60, 9)])
def test_variance(draw: Callable[..., Tensor], rank: int, window: Any) -> None:
    fan_in = 50
    weight = torch.empty(8000, fan_in, dtype=torch.float64)
    draw(weight, rank, fan_in=fan_in, window=window, generator=seeded(11))
    cells = math.prod(window) if isinstance(window, tuple) else window
    expected = calculate_gain(rank * cells) ** 2 / fan_in
    assert abs(z_score(weight.square(), expected)) < MAX_Z
    # The control: a constant that is off by 2 % is noticed.
    assert abs(z_score(weight.square(), 1.02 * expected)) > MAX_Z


@pytest.mark.parametrize("cutoff", [0.1, 1.0, 2.0, 3.5])
def test_truncation_is_corrected_for(cutoff: float) -> None:
    weight = torch.empty(4000, 100, dtype=torch.float64)
    maxout_truncated_normal_(weight, 5, cutoff=cutoff, generator=seeded(2))
    variance = calculate_gain(5) ** 2 / 100
    assert abs(z_score(weight.square(), variance)) < MAX_Z
    # So the normal that was cut is wider than what is left of it.
    assert weight.abs().max() > cutoff * math.sqrt(variance)


def test_truncation_at_two_agrees_with_the_usual_correction() -> None:
    """Keras and JAX divide by 0.8796..., the standard deviation of N(0, 1) cut at 2."""
    parent = calculate_gain(5) / math.sqrt(100) / 0.87962566103423978
    weight = torch.empty(40, 100, dtype=torch.float64)
    ours = maxout_truncated_normal_(weight, 5, generator=seeded())
    theirs = nn.init.trunc_normal_(
        torch.empty_like(weight), 0, parent, -2 * parent, 2 * parent, generator=seeded()
    )
    # The scales differ by a few roundings.
    torch.testing.assert_close(ours, theirs, rtol=1e-14, atol=0)


def test_uniform_half_width() -> None:
    weight = maxout_uniform_(torch.empty(5000, 100), 5, generator=seeded())
    half_width = math.sqrt(3 * calculate_gain(5) ** 2 / 100)
    # 5e5 draws come closer to the end than 2e-5 of it but for a chance of e^-10; float32 rounds.
    assert half_width * (1 - 2e-5) < weight.abs().max() <= half_width * (1 + 1e-7)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_low_precision(dtype: torch.dtype) -> None:
    for draw in DRAWS:
        weight = draw(torch.empty(2000, 100, dtype=dtype), 5, generator=seeded(4))
        assert weight.dtype == dtype
        # Rounding to the 8 bits of bfloat16 adds at most 2^-18 of a weight's square.
        assert abs(z_score(weight.square(), calculate_gain(5) ** 2 / 100)) < MAX_Z


def test_length_is_stationary_in_the_mean() -> None:
    """E ‖x^(l)‖²/n_l stays at zero biases: ten layers, 400 networks, against He's c = 2."""
    generator, depth, width = seeded(5), 10, 20
    lengths = {1.0: [], 2 / calculate_gain(5) ** 2: []}
    x = torch.randn(width, generator=generator, dtype=torch.float64)
    x *= math.sqrt(width) / x.norm()
    layer = MaxoutLinear(width, width, rank=5, bias=False, dtype=torch.float64)
    with torch.no_grad():
        for factor, found in lengths.items():
            for _ in range(400):
                y = x
                for _ in range(depth):
                    layer.reset_parameters(generator)
                    y = math.sqrt(factor) * layer(y)
                found.append(y.square().mean())
    right, he = (torch.stack(found) for found in lengths.values())
    assert abs(z_score(right, 1.0)) < MAX_Z
    assert abs(z_score(he, 1.0)) > MAX_Z


@pytest.mark.parametrize(("window", "right"), [(4, True), ((2, 2), True), (1, False)])
def test_length_through_max_pooling(window: Any, right: bool) -> None:
    """Four orthogonal patches, one for each cell of the window: the pieces are independent."""
    patches = 2 * torch.eye(4, dtype=torch.float64)  # mean square 1
    image = patches.view(2, 2, 2, 2).permute(0, 2, 1, 3).reshape(1, 1, 4, 4)
    layer = MaxoutConv2d(1, 20000, 2, rank=3, stride=2, bias=False, dtype=torch.float64)
    maxout_normal_(layer.weight, 3, window=window, generator=seeded(6))
    with torch.no_grad():
        pooled = nn.functional.max_pool2d(layer(image), 2)
    assert pooled.shape == (1, 20000, 1, 1)
    assert (abs(z_score(pooled.square(), 1.0)) < MAX_Z) == right


# Arguments.


@pytest.mark.parametrize("draw", DRAWS)
def test_in_place_and_reproducible(draw: Callable[..., Tensor]) -> None:
    weight = nn.Parameter(torch.empty(10, 4))
    before = torch.random.get_rng_state()
    assert draw(weight, 5, generator=seeded()) is weight
    assert torch.equal(torch.random.get_rng_state(), before)  # no draw left the generator
    again = draw(torch.empty(10, 4), 5, generator=seeded())
    assert torch.equal(weight, again)
    assert weight.requires_grad
    assert not torch.equal(draw(torch.empty(10, 4), 5, generator=seeded(1)), again)
    torch.manual_seed(8)
    default = draw(torch.empty(10, 4), 5)
    assert torch.equal(default, draw(torch.empty(10, 4), 5, generator=seeded(8)))


def test_fan_in_is_that_of_one_piece() -> None:
    """Explicit fan_in gives what the shape gives, and layers draw with theirs."""
    read = maxout_normal_(torch.empty(10, 3, 2, 2), 5, generator=seeded())
    told = maxout_normal_(torch.empty(10, 3, 2, 2), 5, fan_in=12, generator=seeded())
    assert torch.equal(read, told)
    thinc = maxout_normal_(torch.empty(2, 5, 12), 5, fan_in=12, generator=seeded())
    assert torch.equal(thinc.view(10, 3, 2, 2), told)
    layer = MaxoutConv2d(6, 2, 2, rank=5, groups=2)
    layer.reset_parameters(seeded())
    assert torch.equal(layer.weight, told)


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(
    ("tensor", "arguments", "message"),
    [
        (torch.empty(10, 4), {"rank": 3}, r"rank must divide the 10 rows of shape \(10, 4\)"),
        (torch.empty(10, 4), {"rank": 0}, "rank must be an integer of at least 1; got 0"),
        (torch.empty(10, 4), {"rank": 5, "window": 0}, "window must be an integer of at least 1"),
        (torch.empty(10, 4), {"rank": 5, "window": (2, 0)}, "window must be an integer"),
        (torch.empty(10, 4), {"rank": 5, "window": 2.5}, "window must be an integer"),
        (torch.empty(10, 4), {"rank": 5, "fan_in": 0}, "fan_in must be an integer of at least 1"),
        (torch.empty(2, 5, 4), {"rank": 5}, r"fan_in cannot be read from shape \(2, 5, 4\)"),
        (torch.empty(10), {"rank": 5}, r"fan_in cannot be read from shape \(10,\)"),
        (torch.empty(10, 0), {"rank": 5}, r"tensor is empty: shape \(10, 0\)"),
        (
            torch.ones(10, 4, dtype=torch.int8),
            {"rank": 5},
            "floating-point numbers; got torch.int8",
        ),
        (torch.empty(10, 4, device="meta"), {"rank": 5}, "meta device and holds no numbers"),
        (torch.empty(10, 4, dtype=torch.complex64), {"rank": 5}, "floating-point numbers"),
    ],
)
def test_bad_input(
    draw: Callable[..., Tensor], tensor: Tensor, arguments: dict, message: str
) -> None:
    with pytest.raises(MaxoutError, match=message):
        draw(tensor, **arguments)


@pytest.mark.parametrize("cutoff", [0, -1, float("nan"), float("inf"), 0.05])
def test_bad_cutoff(cutoff: float) -> None:
    with pytest.raises(MaxoutError, match=r"cutoff must be a number from 0.1 to 100"):
        maxout_truncated_normal_(torch.empty(10, 4), 5, cutoff=cutoff)
