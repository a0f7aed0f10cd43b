"""Models read by what they compute: writings of the maximum, pooling, and what is no maximum."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from maxout.nn.reading.graph import read
from maxout.nn.reading.layers import layers_of
from maxout.theory.errors import MaxoutError


class Model(nn.Module):
    """Named parts, and a forward pass written as a function of them."""

    def __init__(self, forward: Callable[..., Any], **parts: nn.Module) -> None:
        super().__init__()
        self.written = forward
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, *inputs: Tensor) -> Any:
        return self.written(self, *inputs)


def hidden(write: Callable[[Tensor], Tensor], rows: int, units: int) -> Model:
    """A linear layer of rows, a maximum over them as written, and a linear readout."""
    generator = torch.Generator().manual_seed(rows)
    first, last = nn.Linear(6, rows), nn.Linear(units, 2)
    for part in (first, last):
        nn.init.normal_(part.weight, generator=generator)
    return Model(lambda m, x: m.last(write(m.first(x))), first=first, last=last)


def folded(y: Tensor) -> Tensor:
    best = y[..., :4]
    for k in range(1, 3):
        best = torch.where(y[..., 4 * k : 4 * k + 4] > best, y[..., 4 * k : 4 * k + 4], best)
    return best


# Name -> (writing, rows, units, rank).
WRITINGS: dict[str, tuple[Callable[[Tensor], Tensor], int, int, int]] = {
    "view and max": (lambda y: y.view(-1, 4, 5).max(-1).values, 20, 4, 5),
    "reshape and amax": (lambda y: y.reshape(-1, 5, 4).amax(1), 20, 4, 5),
    "chunks and maximum": (lambda y: torch.maximum(*y.chunk(2, -1)), 8, 4, 2),
    "strided slices": (lambda y: torch.maximum(y[:, 0::2], y[:, 1::2]), 8, 4, 2),
    "split and fmax": (lambda y: torch.fmax(*y.split(4, -1)), 8, 4, 2),
    "relu of a difference": (lambda y: torch.relu(y[:, :4] - y[:, 4:]) + y[:, 4:], 8, 4, 2),
    "half of a sum": (lambda y: (y[:, :4] + y[:, 4:] + (y[:, :4] - y[:, 4:]).abs()) / 2, 8, 4, 2),
    "where": (folded, 12, 4, 3),
    "sort": (lambda y: y.view(-1, 4, 3).sort(-1).values[..., -1], 12, 4, 3),
    "topk": (lambda y: y.view(-1, 4, 3).topk(1, -1).values[..., 0], 12, 4, 3),
    "gather of argmax": (
        lambda y: (
            y.view(-1, 4, 3).gather(-1, y.view(-1, 4, 3).argmax(-1, keepdim=True)).squeeze(-1)
        ),
        12,
        4,
        3,
    ),
    "cummax": (lambda y: y.view(-1, 4, 3).cummax(-1).values[..., -1], 12, 4, 3),
    "pool over features": (lambda y: nn.functional.max_pool1d(y[:, None], 3)[:, 0], 12, 4, 3),
    "stack of chunks": (lambda y: torch.stack(y.chunk(3, -1)).max(0).values, 12, 4, 3),
    "nothing": (lambda y: y, 4, 4, 1),
}


@pytest.mark.parametrize("name", WRITINGS)
def test_rank_of_every_writing(name: str) -> None:
    write, rows, units, rank = WRITINGS[name]
    model = hidden(write, rows, units)
    first, last = layers_of(read(model, (torch.randn(3, 6),)))
    assert (first.rank, first.window, first.reason) == (rank, 1, None)
    assert first.between == ()
    assert last.rank == 1
    # The rows of each unit are those over which the maximum is: by moving one row of one unit.
    (groups,) = first.groups
    assert sorted(groups.flatten().tolist()) == list(range(rows))
    x, unit = torch.randn(1, 6), units - 1
    with torch.no_grad():
        model.first.bias[groups[unit]] += 100.0
        y = write(model.first(x))[0]
    assert y.argmax() == unit


def test_separate_layers_are_the_pieces_of_one() -> None:
    parts = {f"piece{k}": nn.Linear(6, 4) for k in range(3)}
    model = Model(
        lambda m, x: m.last(torch.stack([getattr(m, name)(x) for name in parts]).amax(0)),
        last=nn.Linear(4, 2),
        **parts,
    )
    first, _ = layers_of(read(model, (torch.randn(2, 6),)))
    assert (first.rank, first.window, len(first.weights)) == (3, 1, 3)


@pytest.mark.parametrize(
    ("pool", "window"), [(nn.MaxPool2d(2), 4), (nn.MaxPool2d((1, 3)), 3), (nn.Identity(), 1)]
)
def test_pooling_behind_a_convolution(pool: nn.Module, window: int) -> None:
    model = Model(
        lambda m, x: m.last(m.pool(m.first(x).unflatten(1, (3, 2)).amax(2))),
        first=nn.Conv2d(2, 6, 3, padding=1),
        pool=pool,
        last=nn.Conv2d(3, 4, 1),
    )
    first, last = layers_of(read(model, (torch.randn(1, 2, 12, 12),)))
    assert (first.rank, first.window) == (2, window)
    assert (last.rank, last.window) == (1, 1)


def test_what_stands_between_is_named() -> None:
    """A normalization in front of the maximum: the constant does not hold there."""
    model = Model(
        lambda m, x: m.last(m.norm(m.first(x)).view(-1, 4, 2).amax(-1)),
        first=nn.Linear(6, 8),
        norm=nn.LayerNorm(8),
        last=nn.Linear(4, 2),
    )
    first, _ = layers_of(read(model, (torch.randn(2, 6),)))
    assert first.rank == 2
    assert any("norm" in what for what in first.between)


def test_a_choice_that_is_no_maximum_is_not_called_one() -> None:
    """A median has no rank; a minimum has, since its square has the law of a maximum's, and is
    called what it is."""
    median = hidden(lambda y: y.view(-1, 4, 3).median(-1).values, 12, 4)
    first, _ = layers_of(read(median, (torch.randn(3, 6),)))
    assert first.reason is not None
    least = hidden(lambda y: y.view(-1, 4, 3).min(-1).values, 12, 4)
    first, _ = layers_of(read(least, (torch.randn(3, 6),)))
    assert (first.rank, {kind for fact in first.facts for kind in fact.kinds}) == (3, {"min"})


def test_the_model_is_left_as_it_was() -> None:
    model = hidden(WRITINGS["view and max"][0], 20, 4)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    model.train()
    read(model, (torch.randn(3, 6, generator=torch.Generator().manual_seed(0)),))
    assert model.training
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_what_cannot_be_read_is_refused() -> None:
    model = hidden(WRITINGS["nothing"][0], 4, 4)
    with pytest.raises(MaxoutError, match="NaN or infinite"):
        read(model, (torch.full((1, 6), torch.nan),))
    with pytest.raises(MaxoutError, match="do not depend on the example"):
        read(Model(lambda m, x: torch.from_numpy(x.detach().numpy() * 2.0)), (torch.randn(2, 6),))
    with pytest.raises(MaxoutError, match="run the model once"):
        read(Model(lambda m, x: m.lazy(x), lazy=nn.LazyLinear(3)), (torch.randn(2, 6),))
