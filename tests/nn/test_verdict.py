"""The verdict on whole models: what the layers' own gains do not show."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maxout.init.constants import second_moment
from maxout.nn import audit
from maxout.nn.auditing.findings import mean, variance
from maxout.nn.init import init_model_
from maxout.nn.rectified import rectified_second_moment
from maxout.theory.errors import MaxoutError

from .zoo_case import L, Net, conv
from .zoo_graphs import residual
from .zoo_images import halves

WIDTH = 48


def stack(
    depth: int, rank: int, behind: Callable[[Any, int, Tensor], Tensor], **parts: Any
) -> nn.Module:
    def run(s: Any, x: Tensor) -> Tensor:
        for k, layer in enumerate(s.a):
            x = behind(s, k, layer(x).view(-1, WIDTH, rank).amax(-1))
        return s.c(x)

    layers = nn.ModuleList(L(WIDTH, WIDTH * rank) for _ in range(depth))
    return Net(run, a=layers, c=L(WIDTH, 10), **parts)


def example() -> Tensor:
    return torch.randn(16, WIDTH, generator=torch.Generator().manual_seed(2))


def judged(model: nn.Module, **options: Any) -> tuple[bool | None, str]:
    report = init_model_(
        model, example=example(), generator=torch.Generator().manual_seed(3), **options
    )
    assert report.after is not None
    return report.after


def same(s: Any, k: int, x: Tensor) -> Tensor:
    return x


def test_a_plain_stack_is_right_and_was_not_before() -> None:
    torch.manual_seed(0)
    model = stack(10, 5, same)
    report = init_model_(model, example=example())
    assert report.before is not None
    assert report.before[0] is False
    assert report.after is not None
    assert report.after[0] is True


def test_residual_blocks_grow_unless_their_ends_are_scaled() -> None:
    model = residual(20, True, WIDTH)
    assert judged(model)[0] is True
    with torch.no_grad():
        for end in model.b:
            end.weight.mul_(math.sqrt(20))  # c = 1 at the ends: each block doubles
    report = audit(model, example())
    assert report.ok is False
    (found,) = [f for f in report.findings if f.subject == "residual"]
    assert found.verdict is False
    assert "c = 0.05 there (1/L" in found.text


def test_branches_that_end_in_the_maximum() -> None:
    model = residual(20, False, WIDTH)
    assert judged(model)[0] is True
    with torch.no_grad():
        for layer in model.a:
            layer.weight.mul_(20)
    report = audit(model, example())
    (found,) = [f for f in report.findings if f.subject == "residual"]
    assert found.verdict is False
    assert "Scale each branch by 1/L = 0.05" in found.text
    # In the wide limit a block at rank 2 and c = 1/M_K multiplies by 2.904 (docs/audit.md).
    growth = float(found.text.split("grow by ")[1].split()[0])
    assert growth ** (1 / 20) == pytest.approx(2.904, rel=0.03)


def test_dropout_is_judged_in_training() -> None:
    def drop(s: Any, k: int, x: Tensor) -> Tensor:
        return F.dropout(x, 0.5, s.training)

    assert judged(stack(10, 5, drop))[0] is True
    model = stack(10, 5, drop)
    ok, why = judged(model, mode="eval")
    assert ok is False
    assert f"c = {0.5 / second_moment(5):.4g}" in why
    assert f"c = {1 / second_moment(5):.4g} in evaluation" in why
    run = {one.mode: one for one in audit(model, example()).measured}
    # 2^10 in training; 16 runs of one network stray by less than a factor of 4.
    assert 256 < run["train"].output / run["eval"].output < 4096


def test_layer_norm_behind_the_maximum_is_past_help() -> None:
    norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(20))
    ok, why = judged(stack(20, 5, lambda s, k, x: s.n[k](x), n=norms))
    assert ok is False
    assert f"1/Var Ξ_K = {1 / variance(5):.4g} a layer" in why
    assert "whatever c is" in why
    rms = nn.ModuleList(nn.RMSNorm(WIDTH) for _ in range(20))
    assert judged(stack(20, 5, lambda s, k, x: s.n[k](x), n=rms))[0] is True
    # A linear layer between takes the positive mean away.
    linear = nn.ModuleList(L(WIDTH, WIDTH) for _ in range(20))
    norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(20))
    model = stack(20, 5, lambda s, k, x: s.n[k](s.v[k](x)), n=norms, v=linear)
    init_model_(model, example=example())
    assert not any(f.verdict is False for f in audit(model, example()).findings)


def test_a_cell_that_runs_thirty_times_is_not_known() -> None:
    def run(s: Any, x: Tensor) -> Tensor:
        for _ in range(30):
            x = s.a(x).view(-1, WIDTH, 2).amax(-1)
        return s.c(x)

    ok, why = judged(Net(run, a=L(WIDTH, 2 * WIDTH), c=L(WIDTH, 10)))
    assert ok is None
    assert "runs 30 times with the same weights" in why


def test_average_pooling_and_what_is_left_out_are_not_known() -> None:
    model = Net(
        lambda s, x: s.c(F.avg_pool2d(halves(s.a(x)), 2).flatten(1)), a=conv(3, 16), c=L(128, 2)
    )
    report = init_model_(model, example=torch.randn(2, 3, 8, 8))
    assert report.after is not None
    assert report.after[0] is None
    assert "avg_pool2d" in report.after[1]


def test_what_is_left_out_is_not_known() -> None:
    model = Net(lambda s, x: s.c(s.a(s.g(x)[0]).view(-1, 4, 3).amax(-1)), a=L(5, 12), c=L(4, 2),
                g=nn.GRU(6, 5))  # fmt: skip
    report = init_model_(model, example=torch.randn(7, 2, 6))
    assert report.after is not None
    assert report.after[0] is None
    assert "used by gru, which is not looked into; left out" in report.after[1]
    assert "the model is not known still" in str(report)


def test_a_relu_behind_the_maximum_takes_its_own_constant() -> None:
    model = stack(10, 2, lambda s, k, x: F.relu(x))
    assert judged(model)[0] is True
    with torch.no_grad():
        for layer in model.a:
            layer.weight.mul_(math.sqrt(rectified_second_moment(2) / second_moment(2)))
    report = audit(model, example())  # c = 1/M_K, as if there were no ReLU
    assert report.ok is False
    assert report.layers[0].gain == pytest.approx(rectified_second_moment(2), rel=0.1)


def test_rectified_moments() -> None:
    assert rectified_second_moment(1) == pytest.approx(0.5, rel=1e-12)
    # K = 2: 1 - ∫_{z<0} 2 z² φ Φ = 3/4 + 1/(2π), by parts.
    assert rectified_second_moment(2) == pytest.approx(0.75 + 1 / (2 * math.pi), rel=1e-12)
    z = torch.randn(1_000_000, 3, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    squares = z.amax(1).clamp(min=0).square()
    error = float(squares.std()) / 1000
    assert abs(float(squares.mean()) - rectified_second_moment(3)) < 5 * error


def test_the_numbers_of_findings_are_the_catalogue_s() -> None:
    assert 1 / variance(2) == pytest.approx(math.pi / (math.pi - 1), rel=1e-14)
    assert mean(2) == pytest.approx(1 / math.sqrt(math.pi), rel=1e-14)


def test_padding_and_pooling_are_named_in_numbers() -> None:
    model = Net(
        lambda s, x: s.c(F.max_pool2d(halves(s.a(x)), 2).flatten(1)), a=conv(3, 16), c=L(128, 2)
    )
    init_model_(model, example=torch.randn(2, 3, 8, 8))
    found = {f.subject: f for f in audit(model, torch.randn(2, 3, 8, 8)).findings}
    # 3 x 3 on 8 x 8: (22/24)² of the cells lie on the map.
    assert f"keep {(22 / 24) ** 2:.3g} of the mean square" in found["padding"].text
    assert f"(M = {second_moment(8):.4g})" in found["pooling"].text


def test_ranks_that_the_model_contradicts_are_refused() -> None:
    model = stack(2, 3, same)
    before = model.a[0].weight.clone()
    with pytest.raises(MaxoutError, match="'a.0': its maximum is over 3 rows, but ranks= says 2"):
        init_model_(model, example=example(), ranks={"a.0": 2})
    with pytest.raises(MaxoutError, match="windows must name layers that run on the example"):
        init_model_(model, example=example(), windows={"b": 2})
    assert torch.equal(before, model.a[0].weight)
    init_model_(model, example=example(), ranks={"a.0": 3})
