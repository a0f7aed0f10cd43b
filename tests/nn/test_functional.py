"""The maxout function against a loop over units and pieces."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maxout.nn import LAYOUTS, maxout
from maxout.theory.errors import MaxoutError


def by_loop(x: torch.Tensor, rank: int, dim: int, layout: str) -> torch.Tensor:
    """Slow and obvious: name the channels of each unit, one unit after the other."""
    units = x.shape[dim] // rank
    result = []
    for unit in range(units):
        if layout == "contiguous":
            channels = [unit * rank + piece for piece in range(rank)]
        else:
            channels = [unit + piece * units for piece in range(rank)]
        pieces = [x.select(dim, channel).detach().numpy() for channel in channels]
        result.append(torch.as_tensor(np.max(np.stack(pieces), axis=0)))
    return torch.stack(result, dim)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    rank=st.integers(1, 5),
    units=st.integers(1, 4),
    before=st.lists(st.integers(1, 3), max_size=2),
    after=st.lists(st.integers(1, 3), max_size=2),
    layout=st.sampled_from(LAYOUTS),
    seed=st.integers(0, 10**6),
)
def test_equals_the_loop(
    rank: int, units: int, before: list[int], after: list[int], layout: str, seed: int
) -> None:
    shape = (*before, units * rank, *after)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    for dim in (len(before), len(before) - len(shape)):
        assert torch.equal(maxout(x, rank, dim, layout), by_loop(x, rank, len(before), layout))


def test_layouts_differ() -> None:
    x = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert maxout(x, 2).tolist() == [2.0, 4.0]
    assert maxout(x, 2, layout="strided").tolist() == [3.0, 4.0]


def test_rank_one_returns_its_argument() -> None:
    x = torch.randn(3, 4)
    assert maxout(x, 1) is x


# PyTorch's own forward-mode rules are written with what PyTorch deprecates.
@pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_gradients(layout: str, dim: int) -> None:
    x = torch.randn(6, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: maxout(x, 3, dim, layout), x, check_forward_ad=True, check_batched_grad=True
    )
    assert torch.autograd.gradgradcheck(lambda x: maxout(x, 3, dim, layout), x)


def test_ties_share_the_gradient() -> None:
    x = torch.tensor([2.0, 2.0, 1.0, 5.0], requires_grad=True)
    maxout(x, 4, layout="contiguous").sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 0.0, 0.0, 1.0]
    x = torch.tensor([2.0, 2.0, 1.0, 1.0], requires_grad=True)
    maxout(x, 4).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.5, 0.5, 0.0, 0.0]


def test_not_a_number_is_not_hidden() -> None:
    x = torch.tensor([1.0, float("nan"), 3.0, 4.0])
    assert maxout(x, 2).isnan().tolist() == [True, False]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_vmap(layout: str) -> None:
    x = torch.randn(4, 6, 5)
    mapped = torch.vmap(lambda x: maxout(x, 3, 0, layout))(x)
    assert torch.equal(mapped, maxout(x, 3, 1, layout))


def test_meta_tensors_give_shapes() -> None:
    assert maxout(torch.empty(2, 6, device="meta"), 3).shape == (2, 2)


@pytest.mark.parametrize(
    ("x", "arguments", "message"),
    [
        (torch.randn(2, 7), {"rank": 2}, "rank must divide the 7 channels of dimension -1"),
        (torch.randn(2, 6), {"rank": 0}, "rank must be an integer of at least 1; got 0"),
        (torch.randn(2, 6), {"rank": 2.0}, "rank must be an integer of at least 1; got 2.0"),
        (torch.randn(2, 6), {"rank": True}, "rank must be an integer"),
        (
            torch.randn(2, 6),
            {"rank": 2, "layout": "chw"},
            "layout must be one of contiguous, strid",
        ),
        (torch.randn(2, 6), {"rank": 2, "dim": 2}, "dim must be one of the 2 dimensions"),
        (torch.tensor(1.0), {"rank": 1}, "dim must be one of the 0 dimensions"),
        (torch.arange(6), {"rank": 2}, r"x must hold floating-point numbers; got torch.int64"),
        (torch.randn(6, dtype=torch.complex64), {"rank": 2}, "must hold floating-point"),
    ],
)
def test_bad_input(x: torch.Tensor, arguments: dict, message: str) -> None:
    with pytest.raises(MaxoutError, match=message):
        maxout(x, **arguments)
