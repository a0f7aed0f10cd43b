"""A whole model: which layers are drawn with which constant, what is left, what is refused."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from maxout.init.constants import second_moment
from maxout.nn import MaxoutConv1d, MaxoutConv2d, MaxoutLinear, maxout
from maxout.nn.init import calculate_gain, init_model_, maxout_normal_, maxout_uniform_
from maxout.theory.errors import MaxoutError


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def vgg() -> nn.Sequential:
    return nn.Sequential(
        nn.Sequential(
            MaxoutConv2d(3, 8, 3, rank=5, padding=1),
            MaxoutConv2d(8, 8, 3, rank=5, padding=1),
            nn.Dropout2d(0.2),
            nn.MaxPool2d(2),
        ),
        nn.Flatten(),
        MaxoutLinear(8 * 4 * 4, 16, rank=2),
        nn.Linear(16, 10),
    )


class Functional(nn.Module):
    """The output layer comes first, pooling is a function, and one maximum is written by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(16, 10)
        self.conv = MaxoutConv2d(3, 8, 3, rank=5, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.hand = nn.Linear(8 * 4 * 4, 16 * 3)
        self.side = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.conv(x), (2, 2))
        x = self.hand(self.norm(x).flatten(1)).view(-1, 16, 3).amax(-1)
        return self.head(x)


IMAGE = torch.randn(2, 3, 8, 8, generator=seeded(9))


def summary(report: Any) -> list[tuple]:
    return [(row.name, row.role, row.rank, row.window) for row in report.layers]


VGG = [
    ("0.0", "maxout", 5, 1),
    ("0.1", "maxout", 5, 4),
    ("2", "maxout", 2, 1),
    ("3", "output", 1, 1),
]


@pytest.mark.parametrize("example", [None, IMAGE, (IMAGE,)])
def test_roles_by_structure_and_by_running(example: Any) -> None:
    report = init_model_(vgg(), example=example, mode="eval")
    assert summary(report) == VGG
    assert [row.fan_in for row in report.layers] == [27, 72, 128, 16]
    for row in report.layers:
        assert row.c == pytest.approx(calculate_gain(row.rank * row.window) ** 2, rel=1e-15)
        assert row.std == pytest.approx(math.sqrt(row.c / row.fan_in), rel=1e-15)


def test_dropout_counts_in_training() -> None:
    """Behind Dropout2d(0.2) squares are 1/0.8 times as large, which the next layer takes back."""
    rows = init_model_(vgg(), example=IMAGE).layers
    assert [row.c * second_moment(row.rank * row.window) for row in rows] == pytest.approx(
        [1, 1, 0.8, 1], rel=1e-12
    )
    assert "dropout in front, in training" in rows[2].why


def test_draws_are_those_of_the_initializers() -> None:
    model = vgg()
    for parameter in model.parameters():
        nn.init.constant_(parameter, 7.0)
    before = torch.random.get_rng_state()
    init_model_(model, generator=seeded())
    assert torch.equal(torch.random.get_rng_state(), before)
    generator = seeded()
    assert isinstance(model[0], nn.Sequential)
    for layer, rank, window in [
        (model[0][0], 5, 1),
        (model[0][1], 5, (2, 2)),
        (model[2], 2, 1),
        (model[3], 1, 1),
    ]:
        expected = maxout_normal_(
            torch.empty_like(layer.weight), rank, window=window, generator=generator
        )
        assert torch.equal(layer.weight, expected)
        assert not layer.bias.any()


@pytest.mark.parametrize("distribution", ["normal", "uniform", "truncated_normal"])
def test_distributions(distribution: str) -> None:
    model = nn.Sequential(MaxoutLinear(40, 1000, rank=5))
    (row,) = init_model_(model, distribution=distribution, generator=seeded()).layers
    assert row.role == "maxout"  # a network may end in maxout: then no layer is the output
    reach = float(model[0].weight.detach().abs().max()) / row.std
    # Ends in standard deviations: √3, 2/0.8796; a normal exceeds 4 in 2e5 draws but for e^-12.
    low, high = {"uniform": (1.7, 1.7321), "truncated_normal": (2.2, 2.2738)}.get(
        distribution, (4, 9)
    )
    assert low < reach < high


def test_running_sees_functions_order_and_hand_written_layers() -> None:
    model = Functional()
    side, norm = model.side.weight.clone(), model.norm.weight.clone()
    report = init_model_(model, example=IMAGE, ranks={"hand": 3}, generator=seeded())
    assert summary(report) == [
        ("side", "unchanged", 1, 1),
        ("conv", "maxout", 5, 4),
        ("hand", "maxout", 3, 1),
        ("head", "output", 1, 1),
    ]
    assert torch.equal(model.side.weight, side)
    assert torch.equal(model.norm.weight, norm)


def test_running_leaves_no_trace() -> None:
    model = Functional().train()
    model.conv.eval()
    init_model_(model, example=IMAGE)
    assert model.norm.num_batches_tracked == 0
    assert [m.training for m in (model, model.conv, model.norm)] == [True, False, True]
    assert not any(m._forward_hooks for m in model.modules())
    with pytest.raises(MaxoutError, match="channels"):
        init_model_(model, example=IMAGE[:, :2])
    assert model.training
    assert not any(m._forward_hooks for m in model.modules())


def test_what_is_named_beats_what_is_seen() -> None:
    model = Functional()
    report = init_model_(model, windows={"conv": 9}, outputs=["head", "side"])
    assert summary(report) == [
        ("head", "output", 1, 1),
        ("conv", "maxout", 5, 9),
        ("hand", "unchanged", 1, 1),
        ("side", "output", 1, 1),
    ]
    assert summary(init_model_(vgg(), windows={})) == [
        (name, role, rank, 1) for name, role, rank, _ in VGG
    ]
    report = init_model_(model, windows={"conv": (2, 2), "hand": 1}, ranks={"hand": 3}, outputs=())
    assert summary(report)[1:3] == [("conv", "maxout", 5, 4), ("hand", "maxout", 3, 1)]


def test_pools_of_every_kind_when_running() -> None:
    class Pools(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(MaxoutConv1d(2, 2, 1, rank=2) for _ in range(5))
            self.pool = nn.MaxPool1d(3, return_indices=True)

        def forward(self, x: Tensor) -> Tensor:
            y = self.layers
            x = F.max_pool1d(y[0](x), kernel_size=2)
            x, _ = self.pool(y[1](x))
            x = F.adaptive_max_pool1d(y[2](x), 2)
            x = F.avg_pool1d(y[3](x), 2)
            return F.max_pool1d(F.relu(y[4](x)), 1)

    report = init_model_(Pools(), example=torch.randn(1, 2, 48))
    assert [row.window for row in report.layers] == [2, 3, 4, 1, 1]


def test_prints_a_table() -> None:
    text = str(init_model_(Functional(), example=IMAGE))
    assert text.splitlines()[0].split() == [
        "layer", "kind", "role", "rank", "window", "fan_in", "c", "std",
    ]  # fmt: skip
    assert "conv   MaxoutConv2d  maxout     5     4       27      0.26573  0.09921" in text
    assert "side   Linear        unchanged\n" in text


def test_activations_keep_their_size_through_a_deep_model() -> None:
    """Twenty layers of rank 5: mean square 1 after the last, within what 64 networks show."""
    layers = [MaxoutLinear(50, 50, rank=5) for _ in range(20)]
    model = nn.Sequential(*layers).double()
    x = torch.randn(50, dtype=torch.float64, generator=seeded(3))
    x /= x.square().mean().sqrt()
    generator, sizes = seeded(4), []
    for _ in range(64):
        init_model_(model, generator=generator)
        sizes.append(model(x).detach().square().mean())
    found = torch.stack(sizes)
    standard_error = float(found.std()) / 8
    assert abs(float(found.mean()) - 1) < 5 * standard_error
    assert standard_error < 0.3  # so that the 4e-5 of the framework's default would be seen


def refused(model: nn.Module, message: str, **arguments: Any) -> None:
    with pytest.raises(MaxoutError, match=message):
        init_model_(model, **arguments)


def test_refuses_a_model_without_maxout_layers() -> None:
    refused(nn.Sequential(nn.Linear(3, 6), nn.ReLU()), r"no maxout layer: .*ranks=\{'layer': K\}")
    refused(nn.ReLU(), "no maxout layer")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"distribution": "cauchy"}, "distribution must be one of normal, uniform, truncated_norm"),
        ({"ranks": {"nowhere": 3}}, "ranks must name plain linear layers.*; got 'nowhere'"),
        ({"ranks": {"0.0": 5}}, "ranks must name plain linear layers or convolutions; got '0.0'"),
        ({"ranks": {"3": 0}}, "rank must be an integer of at least 1; got 0"),
        ({"ranks": {"3": 3}}, "layer '3': rank must divide its 10 channels; got rank 3"),
        ({"windows": {"nowhere": 4}}, "windows must name initialized layers; got 'nowhere'"),
        ({"windows": {"0.1": 0}}, "window must be an integer of at least 1; got 0"),
        ({"outputs": ["2"]}, "outputs must name plain linear layers or convolutions; got '2'"),
        ({"outputs": ["4"]}, "outputs must name plain linear layers or convolutions; got '4'"),
    ],
)
def test_bad_arguments(arguments: dict, message: str) -> None:
    refused(vgg(), message, **arguments)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool = MaxoutConv2d(3, 8, 3, rank=5), nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.conv(x))


def test_refuses_to_guess_what_is_pooled() -> None:
    refused(Block(), r"cannot see which layer feeds the pool 'pool': pass example=")
    refused(nn.Sequential(nn.Sequential(), nn.MaxPool2d(2), Block()), "feeds the pool '1'")
    outside = nn.Sequential(MaxoutConv2d(3, 8, 3, rank=5), Block(), nn.MaxPool2d(2))
    refused(outside, "feeds the pool '1.pool'")
    adaptive = nn.Sequential(MaxoutConv2d(3, 8, 3, rank=5), nn.AdaptiveMaxPool2d(1))
    refused(adaptive, "adaptive pool '1' depends on the input")
    assert summary(init_model_(Block(), example=IMAGE)) == [("conv", "maxout", 5, 4)]
    assert summary(init_model_(adaptive, example=IMAGE)) == [("0", "maxout", 5, 36)]
    normed = nn.Sequential(MaxoutConv2d(3, 8, 3, rank=5), nn.BatchNorm2d(8), nn.MaxPool2d(2))
    assert summary(init_model_(normed)) == [("0", "maxout", 5, 1)]


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (nn.Linear(16, 10, device="meta"), "layer '3': tensor is on the meta device"),
        (nn.LazyLinear(10), "layer '3': run the model once"),
        (parametrizations.weight_norm(nn.Linear(16, 10)), "layer '3': initialize before adding"),
    ],
)
def test_nothing_is_drawn_unless_all_can_be(last: nn.Module, message: str) -> None:
    model = vgg()
    model[3] = last
    before = [p.clone() for p in model[:3].parameters()]
    refused(model, message)
    assert all(torch.equal(a, b) for a, b in zip(before, model[:3].parameters(), strict=True))


def test_a_layer_is_a_model() -> None:
    layer = MaxoutLinear(3, 4, rank=2)
    assert summary(init_model_(layer, generator=seeded(), distribution="uniform")) == [
        ("", "maxout", 2, 1)
    ]
    assert torch.equal(layer.weight, maxout_uniform_(torch.empty(8, 3), 2, generator=seeded()))
    assert "(model)" in str(init_model_(layer, example=torch.randn(1, 3)))


def test_maxout_as_a_function_of_a_named_layer() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.out = nn.Linear(4, 6), nn.Linear(2, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(maxout(self.fc(x), 3))

    report = init_model_(Net(), ranks={"fc": 3}, example=torch.randn(1, 4))
    assert summary(report) == [("fc", "maxout", 3, 1), ("out", "output", 1, 1)]
