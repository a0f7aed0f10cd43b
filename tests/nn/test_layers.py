"""One battery for all layers: each against its plain counterpart and against unit by unit."""

import copy
import io
import shutil
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from maxout.nn import LAYOUTS, MaxoutConv1d, MaxoutConv2d, MaxoutConv3d, MaxoutLinear
from maxout.theory.errors import MaxoutError

IN, UNITS, RANK = 4, 3, 5


class Case:
    """A layer class, its plain counterpart, the arguments both take and an input shape."""

    def __init__(
        self, maxout: Callable[..., Any], plain: Callable[..., Any], sizes: tuple, **options: Any
    ) -> None:
        self.maxout, self.plain, self.options = maxout, plain, options
        self.input_shape = (2, IN, *sizes)
        self.kernel = () if maxout is MaxoutLinear else (3,)
        if maxout is MaxoutLinear:
            self.input_shape = (2, IN)

    def layer(self, rank: int = RANK, layout: str = "contiguous", **more: Any) -> Any:
        torch.manual_seed(3)
        layer = self.maxout(
            IN, UNITS * self.groups, *self.kernel, rank, layout=layout, **self.options, **more
        )
        if layer.bias is not None and not layer.bias.is_meta:
            nn.init.normal_(layer.bias)
        return layer

    def plain_layer(self, channels: int, **more: Any) -> Any:
        return self.plain(IN, channels, *self.kernel, **self.options, **more)

    @property
    def groups(self) -> int:
        return self.options.get("groups", 1)

    def input(self, **more: Any) -> Tensor:
        return torch.randn(self.input_shape, generator=torch.Generator().manual_seed(7), **more)


CASES = {
    "linear": Case(MaxoutLinear, nn.Linear, ()),
    "linear, no bias": Case(MaxoutLinear, nn.Linear, (), bias=False),
    "conv1d": Case(MaxoutConv1d, nn.Conv1d, (7,), stride=2),
    "conv2d": Case(MaxoutConv2d, nn.Conv2d, (5, 6), padding=1, padding_mode="reflect"),
    "conv2d, same": Case(MaxoutConv2d, nn.Conv2d, (5, 6), padding="same", dilation=2),
    "conv2d, groups": Case(MaxoutConv2d, nn.Conv2d, (5, 6), groups=2, bias=False),
    "conv3d": Case(MaxoutConv3d, nn.Conv3d, (4, 4, 3)),
}
BOTH = [
    pytest.param(case, layout, id=f"{name}, {layout}")
    for name, case in CASES.items()
    for layout in LAYOUTS
    if layout == "contiguous" or case.groups == 1
]


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def test_rank_one_is_the_plain_layer_bit_for_bit(case: Case) -> None:
    layer = case.layer(rank=1)
    plain = case.plain_layer(UNITS * case.groups)
    plain.load_state_dict(layer.state_dict())
    results = []
    for module in (layer, plain):
        x = case.input().requires_grad_()
        y = module(x)
        y.square().sum().backward()
        results.append([y, x.grad, *(p.grad for p in module.parameters())])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


@pytest.mark.parametrize(("case", "layout"), BOTH)
def test_equals_the_largest_of_plain_layers(case: Case, layout: str) -> None:
    """Piece k of every unit is a plain layer of its own; the slow reference."""
    layer = case.layer(layout=layout, dtype=torch.float64)
    units = UNITS * case.groups
    x = case.input(dtype=torch.float64)
    pieces = []
    for k in range(RANK):
        rows = [i * RANK + k if layout == "contiguous" else i + k * units for i in range(units)]
        piece = case.plain_layer(units, dtype=torch.float64)
        piece.load_state_dict({name: p[rows] for name, p in layer.state_dict().items()})
        pieces.append(piece(x))
    expected = torch.stack(pieces).amax(0)
    # Only the order of float64 additions differs; the sums have at most 36 terms of order 1.
    torch.testing.assert_close(layer(x), expected, rtol=0, atol=1e-13)
    assert layer(x).shape[1] == units


# PyTorch's own forward-mode rules and compiler are written with what PyTorch deprecates.
_IGNORE_TORCHSCRIPT = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")


@_IGNORE_TORCHSCRIPT
@pytest.mark.parametrize(("case", "layout"), BOTH)
def test_gradients(case: Case, layout: str) -> None:
    layer = case.layer(rank=3, layout=layout, dtype=torch.float64)
    names = list(dict(layer.named_parameters()))
    x = case.input(dtype=torch.float64).requires_grad_()

    def function(x: Tensor, *parameters: Tensor) -> Tensor:
        return torch.func.functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))

    inputs = (x, *layer.parameters())
    # Fast mode checks along random directions; entry by entry takes far longer.
    assert torch.autograd.gradcheck(function, inputs, fast_mode=True, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, inputs, fast_mode=True)


def test_state_dict_is_that_of_the_plain_layer(case: Case) -> None:
    """Names, order and shapes of what is stored are a promise to files that exist."""
    layer = case.layer()
    state = layer.state_dict()
    spatial = len(case.input_shape) - 2
    shape = (UNITS * case.groups * RANK, IN // case.groups, *(3,) * spatial)
    expected = {"weight": shape}
    if layer.bias is not None:
        expected["bias"] = (shape[0],)
    assert {name: tuple(p.shape) for name, p in state.items()} == expected

    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    other = case.layer()
    nn.init.zeros_(other.weight)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(case.input()), layer(case.input()))
    plain = case.plain_layer(shape[0])
    plain.load_state_dict(state)


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compiles_without_graph_breaks(case: Case, backend: str) -> None:
    _compare_compiled(case, backend)


@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
@pytest.mark.slow
@_IGNORE_TORCHSCRIPT
@pytest.mark.parametrize("name", ["linear", "conv2d"])
def test_compiles_with_inductor(name: str) -> None:
    _compare_compiled(CASES[name], "inductor")


def _compare_compiled(case: Case, backend: str) -> None:
    torch.compiler.reset()
    layer = case.layer()
    compiled = torch.compile(copy.deepcopy(layer), fullgraph=True, backend=backend)
    for module in (layer, compiled):
        module(case.input()).square().sum().backward()
    # Generated kernels may add in another order: float32 sums of at most 36 terms of order 1.
    torch.testing.assert_close(compiled(case.input()), layer(case.input()), rtol=1e-5, atol=1e-5)
    for a, b in zip(compiled.parameters(), layer.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-4)


def test_vmap_over_inputs_and_over_networks(case: Case) -> None:
    layers = [case.layer() for _ in range(3)]
    generator = torch.Generator().manual_seed(5)
    for layer in layers:
        layer.reset_parameters(generator)
    assert not torch.equal(layers[0].weight, layers[1].weight)
    parameters, buffers = torch.func.stack_module_state(layers)
    x = case.input()

    def run(p: dict, b: dict, x: Tensor) -> Tensor:
        return torch.func.functional_call(layers[0], (p, b), (x,))

    together = torch.vmap(run, (0, 0, None))(parameters, buffers, x)
    apart = torch.stack([layer(x) for layer in layers])
    # A batched product may add in another order than one by one.
    torch.testing.assert_close(together, apart, rtol=1e-5, atol=1e-5)
    one_by_one = torch.vmap(layers[0])(x)  # without a batch dimension inside
    torch.testing.assert_close(one_by_one, layers[0](x), rtol=1e-5, atol=1e-5)


def test_autocast(case: Case) -> None:
    layer, x = case.layer(), case.input()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = layer(x)
    assert low.dtype == torch.bfloat16
    # bfloat16 keeps 8 bits: sums of at most 36 terms of order 1 are off by a few hundredths.
    torch.testing.assert_close(low.float(), layer(x), rtol=0.05, atol=0.05)
    low.float().sum().backward()
    assert layer.weight.grad.dtype == torch.float32


def test_meta_device_draws_nothing_and_can_be_filled_later(case: Case) -> None:
    layer = case.layer(device="meta")
    assert layer.weight.is_meta
    layer.to_empty(device="cpu").reset_parameters(torch.Generator().manual_seed(1))
    other = case.layer()
    other.reset_parameters(torch.Generator().manual_seed(1))
    assert torch.equal(layer.weight, other.weight)
    if layer.bias is not None:
        assert not layer.bias.any()


def test_prints_and_copies(case: Case) -> None:
    layer = case.layer()
    assert f"rank={RANK}, layout='contiguous'" in repr(layer)
    assert torch.equal(copy.deepcopy(layer)(case.input()), layer(case.input()))


def test_convolution_without_a_batch_dimension() -> None:
    case = CASES["conv2d"]
    x = case.input()
    torch.testing.assert_close(case.layer()(x[0]), case.layer()(x)[0], rtol=1e-5, atol=1e-5)


def test_linear_takes_any_leading_shape() -> None:
    layer = MaxoutLinear(IN, UNITS, RANK, layout="strided")
    assert layer(torch.randn(2, 3, 7, IN)).shape == (2, 3, 7, UNITS)
    assert layer(torch.randn(IN)).shape == (UNITS,)
    assert layer(torch.randn(0, IN)).shape == (0, UNITS)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MaxoutLinear(0, 3, 2), "in_features must be an integer of at least 1; got 0"),
        (lambda: MaxoutLinear(4, 3.5, 2), "out_features must be an integer of at least 1; got 3.5"),
        (lambda: MaxoutLinear(4, 3, -2), "rank must be an integer of at least 1; got -2"),
        (lambda: MaxoutLinear(4, 3, 2, layout="x"), "layout must be one of contiguous, strided"),
        (lambda: MaxoutConv2d(4, 3, 3, rank=0), "rank must be an integer"),
        (lambda: MaxoutConv2d(4, 3, 3, rank=2, groups=2), "groups must divide the 3 out_channels"),
        (
            lambda: MaxoutConv2d(4, 4, 3, rank=2, groups=2, layout="strided"),
            "strided unit would read different input groups",
        ),
    ],
)
def test_bad_arguments(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(MaxoutError, match=message):
        build()


@pytest.mark.parametrize(
    ("name", "x", "message"),
    [
        ("linear", torch.randn(2, 5), r"input must end in 4 features; got shape \(2, 5\)"),
        ("linear", torch.tensor(1.0), r"input must end in 4 features; got shape \(\)"),
        ("linear", torch.ones(2, 4, dtype=torch.int64), "floating-point numbers; got torch.int64"),
        ("conv2d", torch.randn(2, 3, 5, 5), "a batch of 4 channels and 2 spatial dimensions"),
        ("conv2d", torch.randn(5, 5), r"got shape \(5, 5\)"),
        ("conv1d", torch.ones(2, 4, 7, dtype=torch.int32), "got torch.int32"),
    ],
)
def test_bad_inputs(name: str, x: Tensor, message: str) -> None:
    with pytest.raises(MaxoutError, match=message):
        CASES[name].layer()(x)
