"""Whether weights look fresh: the usual initializations do, trained and odd ones do not."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from maxout.nn import MaxoutLinear, audit
from maxout.nn.auditing.statistics import describe
from maxout.nn.init import maxout_normal_, maxout_truncated_normal_, maxout_uniform_

UNITS, K, IN = 40, 5, 60
FRESH: dict[str, Callable[[Tensor], object]] = {
    "maxout normal": lambda w: maxout_normal_(w, K),
    "maxout uniform": lambda w: maxout_uniform_(w, K),
    "maxout truncated": lambda w: maxout_truncated_normal_(w, K),
    "framework default": lambda w: nn.init.kaiming_uniform_(w, a=math.sqrt(5)),
    "He": lambda w: nn.init.kaiming_normal_(w),
    "Xavier": lambda w: nn.init.xavier_uniform_(w),
    "tiny": lambda w: nn.init.normal_(w, std=1e-30),
    "half precision": lambda w: w.copy_(maxout_normal_(w.bfloat16(), K)),
}


@pytest.mark.parametrize("shape", [(UNITS * K, IN), (10, 1), (5, 3), (2000, 16), (20, 3000)])
@pytest.mark.parametrize("name", FRESH)
def test_initializations_look_fresh(name: str, shape: tuple[int, int]) -> None:
    for seed in range(3):
        torch.manual_seed(seed)
        weight = torch.empty(shape)
        FRESH[name](weight)
        found = describe(weight.view(-1, K, shape[1]), None)
        assert found.oddities == ()
        # c is right within its own error, and the error is of the size it should be.
        size, c = weight.numel(), shape[1] * float(weight.double().square().mean())
        assert found.c == pytest.approx(c, rel=1e-12)
        assert found.c_error <= 1.6 * c * math.sqrt(2 / size) or size < 100


def test_the_error_of_c_is_that_of_repeated_draws() -> None:
    generator = torch.Generator().manual_seed(3)
    found = [
        describe(torch.randn(6, 5, 11, generator=generator, dtype=torch.float64), None)
        for _ in range(400)
    ]
    z = torch.tensor([(w.c - 11) / w.c_error for w in found])
    # Standard deviations of 400 draws scatter by 1/sqrt(800) = 0.035 of their value; the small
    # sample's own error adds as much.
    assert float(z.std()) == pytest.approx(1, abs=0.2)
    assert abs(float(z.mean())) < 0.3


def orthogonal(w: Tensor) -> Tensor:
    return nn.init.orthogonal_(w)


def low_rank_added(w: Tensor) -> Tensor:
    return w + 0.4 * torch.outer(torch.randn(len(w)), torch.randn(w.shape[1]))


ODD: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "shifted": (lambda w: w + 0.1, "their mean is"),
    "pruned": (lambda w: w * (torch.rand_like(w) < 0.5), "are exactly zero"),
    "signs": (lambda w: w.sign(), "tails are light"),
    "heavy": (lambda w: w**3, "tails are heavy"),
    "rows scaled": (lambda w: w * torch.linspace(0.5, 1.5, len(w))[:, None], "norms of their rows"),
    "columns scaled": (
        lambda w: w * torch.linspace(0.5, 1.5, w.shape[1]),
        "norms of their columns differ more",
    ),
    "orthogonal": (orthogonal, "are more alike"),
    "pieces alike": (
        lambda w: w + 0.5 * torch.randn(UNITS, 1, IN).expand(-1, K, -1).reshape(-1, IN),
        "pieces of a unit are correlated",
    ),
    "pieces opposed": (
        lambda w: (w.view(UNITS, K, IN) - w.view(UNITS, K, IN).mean(1, True)).view(-1, IN),
        "pieces of a unit are correlated",
    ),
    "one direction learned": (low_rank_added, "one singular value sticks out"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_not_fresh_is_said(name: str) -> None:
    torch.manual_seed(4)
    change, message = ODD[name]
    weight = change(torch.randn(UNITS * K, IN))
    oddities = describe(weight.view(UNITS, K, IN), None).oddities
    assert any(message in oddity for oddity in oddities), oddities


def test_a_trained_network_is_told_from_a_fresh_one() -> None:
    torch.manual_seed(5)
    model = nn.Sequential(MaxoutLinear(20, 32, 3), MaxoutLinear(32, 32, 3), nn.Linear(32, 1))
    x = torch.randn(1000, 20)
    y = x[:, :3].abs().sum(1, keepdim=True)
    assert not any(layer.oddities for layer in audit(model, x[:8]).layers)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    report = audit(model, x[:8])
    assert report.layers[0].oddities
    assert "not like weights at initialization" in str(report)


def test_zeros_are_odd_beyond_what_float32_draws_give() -> None:
    w = torch.randn(256, 2, 512, generator=torch.Generator().manual_seed(3))
    for zeros, odd in ((1, False), (40, True)):
        w.view(-1)[:zeros] = 0
        assert any("exactly zero" in text for text in describe(w, None).oddities) is odd
