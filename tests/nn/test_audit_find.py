"""Which layers an audit finds, by running and by type, and what it says it cannot tell."""

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maxout.nn import MaxoutConv1d, MaxoutConv2d, MaxoutLinear, audit, maxout
from maxout.nn.auditing.report import AuditReport
from maxout.theory.errors import MaxoutError

N, K = 6, 4


def found(report: AuditReport) -> list[tuple]:
    return [(x.name, x.units, x.rank, x.window) for x in report.layers]


class Net(nn.Module):
    """A layer, a maximum written by hand, and an output layer."""

    def __init__(self, by_hand: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.fc, self.out, self.by_hand = nn.Linear(5, N * K), nn.Linear(N, 2), by_hand

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.by_hand(self.fc(x)))


CONTIGUOUS: dict[str, Callable[[Tensor], Tensor]] = {
    "view max [0]": lambda y: y.view(-1, N, K).max(-1)[0],
    "view max values": lambda y: y.view(-1, N, K).max(dim=2).values,
    "view amax": lambda y: y.view(y.shape[0], N, K).amax(-1),
    "reshape torch.max": lambda y: torch.max(y.reshape(-1, N, K), 2)[0],
    "keepdim": lambda y: y.unflatten(1, (N, K)).amax(-1, keepdim=True).squeeze(-1),
    "batch folded in": lambda y: y.view(-1, K).amax(1).view(-1, N),
    "permuted": lambda y: y.view(-1, N, K).permute(2, 0, 1).max(0).values,
    "stacked slices": lambda y: torch.stack([y[:, k::K] for k in range(K)]).amax(0),
    "max_pool1d": lambda y: F.max_pool1d(y.unsqueeze(1), K).squeeze(1),
    "this package": lambda y: maxout(y, K),
    "einops-like": lambda y: y.reshape(-1, N, 2, 2).amax((2, 3)),
    "pairwise": lambda y: torch.maximum(
        torch.maximum(y[:, ::4], y[:, 1::4]), torch.max(y[:, 2::4], y[:, 3::4])
    ),
}
STRIDED: dict[str, Callable[[Tensor], Tensor]] = {
    "view amax": lambda y: y.view(-1, K, N).amax(1),
    "chunks": lambda y: torch.stack(y.chunk(K, -1), -1).max(-1)[0],
    "halves": lambda y: torch.maximum(*y.split(2 * N, 1)).view(-1, 2, N).amax(1),
    "transposed": lambda y: y.view(-1, K, N).transpose(1, 2).amax(-1),
    "mT": lambda y: y.view(-1, K, N).mT.amax(-1),
    "this package": lambda y: maxout(y, K, layout="strided"),
}


@pytest.mark.parametrize(
    ("by_hand", "strided"),
    [(f, False) for f in CONTIGUOUS.values()] + [(f, True) for f in STRIDED.values()],
    ids=[*CONTIGUOUS, *(f"strided, {name}" for name in STRIDED)],
)
def test_maxima_written_by_hand(by_hand: Callable[[Tensor], Tensor], strided: bool) -> None:
    model = Net(by_hand)
    report = audit(model, torch.randn(7, 5))
    assert found(report) == [("fc", N, K, 1), ("out", 2, 1, 1)]
    assert report.layers[0].notes == (("its pieces lie strided",) if strided else ())
    assert report.notes == ()
    assert report.layers[1].start is None
    # The same numbers as when the state dict is described.
    layout = ":layout=strided" if strided else ""
    described = audit(model.state_dict(), layers=[f"fc:rank={K}{layout}", "out:rank=1"])
    for seen, told in zip(report.layers, described.layers, strict=True):
        assert (seen.c, seen.gain, seen.gradient) == (told.c, told.gain, told.gradient)


def test_units_and_pieces_are_told_apart_by_the_weights() -> None:
    """Pieces that are copies of one another are noticed only where they are grouped rightly."""
    model = Net(STRIDED["chunks"])
    with torch.no_grad():
        model.fc.weight.copy_(model.fc.weight[:N].repeat(K, 1))
    assert any("pieces of a unit" in o for o in audit(model, torch.randn(7, 5)).layers[0].oddities)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = MaxoutLinear(N, N, 3), MaxoutLinear(N, N, 3)
        self.act, self.out = nn.Linear(N, N), nn.Linear(N, 2)
        self.table = nn.Parameter(torch.randn(3, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        x = x + self.b(x)
        return self.out(torch.relu(self.act(x))).log_softmax(-1)


def test_what_stands_between_ends_a_chain() -> None:
    report = audit(Residual(), torch.randn(9, N))
    assert found(report) == [("a", N, 3, 1), ("b", N, 3, 1), ("out", 2, 1, 1)]
    assert [x.chain for x in report.layers] == [0, 0, 1]
    assert report.layers[2].start == "behind the operation relu"
    text = " ".join(report.notes)
    assert "layer act: a plain layer followed by relu; left out" in text
    assert "parameter table (3, 4): not seen" in text


def test_skip_connections_are_named() -> None:
    class Skip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = (MaxoutLinear(N, N, 3) for _ in range(3))

        def forward(self, x: Tensor) -> Tensor:
            x = self.a(x)
            return self.c(x + self.b(x))

    report = audit(Skip(), torch.randn(9, N))
    assert report.layers[2].start == "behind a sum of two paths (skip connection)"


@pytest.mark.parametrize(
    ("by_hand", "reason"),
    [
        (lambda y: y[:, :N], "no maximum over channels was seen"),
        (lambda y: y.unfold(1, 4, 2)[:, :N].amax(-1), "split the channels into units: they over"),
        (
            lambda y: y.view(-1, N, K).amax(-1) + y.view(-1, K, N).amax(1),
            "output is used in several",
        ),
        (lambda y: y.view(-1, N, K).logsumexp(-1), "a plain layer followed by logsumexp"),
        (lambda y: F.gelu(y).view(-1, N, K).amax(-1), "gelu stands between it and its maximum"),
        (lambda y: y.view(-1, N, K).median(-1).values, "it is not always the largest"),
    ],
)
def test_says_what_it_cannot_tell(by_hand: Callable[[Tensor], Tensor], reason: str) -> None:
    with pytest.raises(MaxoutError, match=reason):
        audit(Net(by_hand), torch.randn(7, 5))


@pytest.mark.parametrize(
    ("by_hand", "units", "note"),
    [
        (lambda y: y[:, : N * 2].view(-1, N, 2).amax(-1), (N, 2), "only 12 of its 24 rows"),
        (
            lambda y: y.view(-1, N, K).amax(-1) + y.view(-1, N, K).amin(-1),
            (N, K),
            "its minimum is read as well",
        ),
    ],
)
def test_notes_what_is_unusual(by_hand: Callable, units: tuple[int, int], note: str) -> None:
    layer = audit(Net(by_hand), torch.randn(7, 5)).layers[0]
    assert (layer.units, layer.rank) == units
    assert any(note in text for text in layer.notes)


class Images(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = MaxoutConv2d(3, 8, 3, rank=2, padding=1)
        self.two = nn.Conv2d(8, 12, 3)
        self.end = MaxoutLinear(16, 5, rank=2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.one(x), 2)
        x = self.two(x).view(-1, 4, 3, 2, 2).amax(2)
        return self.end(F.dropout(x, 0.3, self.training).flatten(1))


def test_convolutions_pooling_and_flattening() -> None:
    report = audit(Images(), torch.randn(2, 3, 8, 8))
    assert found(report) == [("one", 8, 2, 4), ("two", 4, 3, 1), ("end", 5, 2, 1)]
    assert [x.fan_in for x in report.layers] == [27, 72, 16]
    assert [x.start for x in report.layers][1:] == [None, None]
    assert report.layers[0].weight_gradient is None
    assert any("padding" in line for line in report.assumptions)


def test_global_pooling_by_a_maximum() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.out = MaxoutConv1d(3, 4, 3, rank=2), nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.conv(x).amax(-1))

    report = audit(Net(), torch.randn(5, 3, 9))
    assert found(report) == [("conv", 4, 2, 7), ("out", 1, 1, 1)]


def test_without_an_example_types_and_order_are_read() -> None:
    model = nn.Sequential(
        MaxoutConv2d(3, 8, 3, rank=2),
        nn.MaxPool2d(2),
        nn.Sequential(MaxoutConv2d(8, 8, 3, rank=5), nn.BatchNorm2d(8)),
        nn.Flatten(),
        MaxoutLinear(32, 6, rank=3, layout="strided"),
        nn.Linear(6, 6),
        nn.ReLU(),
        nn.Linear(6, 2),
    )
    report = audit(model)
    assert found(report) == [("0", 8, 2, 4), ("2.0", 8, 5, 1), ("4", 6, 3, 1), ("7", 2, 1, 1)]
    assert [x.chain for x in report.layers] == [0, 0, 1, 2]
    assert report.layers[2].start == "behind 2.1 (BatchNorm2d)"
    assert "layer 5: a plain layer followed by ReLU; left out" in report.notes
    run = audit(model, torch.randn(2, 3, 10, 10))
    assert found(run) == found(report)
    # Rows of strided units come in another order: a rounding of the sum.
    assert [x.c for x in run.layers] == pytest.approx([x.c for x in report.layers], rel=1e-14)
    assert "registration" in " ".join(audit(Residual()).notes)


def test_a_run_leaves_no_trace() -> None:
    model = nn.Sequential(MaxoutLinear(4, 4, 2), nn.BatchNorm1d(4), nn.Dropout(0.5)).train()
    model[2].eval()
    before = {name: x.clone() for name, x in model.state_dict().items()}
    audit(model, torch.randn(5, 4))
    assert [m.training for m in model] == [True, True, False]
    assert all(torch.equal(before[name], x) for name, x in model.state_dict().items())
    with pytest.raises(
        MaxoutError, match="does not run on the example input: mat1 and mat2 shapes"
    ):
        audit(Net(CONTIGUOUS["view amax"]).train(), torch.randn(5, 3))


def test_thinc_needs_no_import_of_ours_and_reads_its_layers() -> None:
    thinc = pytest.importorskip("thinc.api", reason="thinc is not installed")
    model = thinc.chain(
        thinc.Maxout(20, 30, nP=5, dropout=0.2),
        thinc.Maxout(20, 20, nP=3, normalize=True),
        thinc.residual(thinc.Maxout(20, 20, nP=3)),
        thinc.Linear(4, 20),
    )
    with pytest.raises(MaxoutError, match="call model.initialize"):
        audit(model)
    model.initialize(X=np.zeros((2, 30), "f"))
    report = audit(model)
    assert found(report) == [
        ("maxout.0", 20, 5, 1),
        ("maxout.1", 20, 3, 1),
        ("maxout.2", 20, 3, 1),
        ("linear.0", 4, 1, 1),
    ]
    assert [x.start for x in report.layers][1:] == [
        None,
        "behind layernorm",
        "behind residual(maxout)",
    ]
    weights = model.layers[0].layers[0].get_param("W")
    assert report.layers[0].c == pytest.approx(30 * np.mean(weights.astype(float) ** 2), rel=1e-12)
    with pytest.raises(MaxoutError, match="no Maxout layer"):
        audit(thinc.Linear(4, 20).initialize(X=np.zeros((2, 20), "f")))


def test_nothing_of_thinc_is_imported() -> None:
    import subprocess
    import sys

    code = (
        "import sys, torch, maxout.nn as m; m.audit(m.MaxoutLinear(3, 3, 2)); "
        "print('thinc' in sys.modules, 'safetensors' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def _integers() -> nn.Module:
    layer = MaxoutLinear(3, 4, 2)
    layer.weight = nn.Parameter(torch.ones(8, 3, dtype=torch.int8), requires_grad=False)
    return layer


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Linear(3, 6), "no maxout layer was found in the model: pass example_input="),
        (MaxoutLinear(3, 4, 2, device="meta"), "meta device and holds no numbers"),
        (nn.Sequential(MaxoutLinear(3, 4, 2), nn.LazyLinear(3)), "run the model once"),
        (_integers(), "layer '(model)': floating-point numbers are needed; got torch.int8"),
        (3, "model must be a torch module, a thinc model or a state dict; got int"),
        ({"w": torch.randn(4, 3)}, "say which tensors are maxout layers"),
    ],
)
def test_bad_models(model: object, message: str) -> None:
    with pytest.raises(MaxoutError, match=re.escape(message)):
        audit(model)


def test_numbers_that_are_not_finite() -> None:
    model = nn.Sequential(MaxoutLinear(3, 4, 2), MaxoutLinear(4, 4, 2))
    for bad in (float("nan"), float("inf")):
        with pytest.raises(MaxoutError, match="example input holds NaN or infinite numbers"):
            audit(model, torch.full((2, 3), bad))
    # A run that overflows half way is measured as what it is, and the weights are audited still.
    between = nn.Sequential(model[0], nn.Softplus(beta=1e-40), model[1])  # log(2)/1e-40 at least
    report = audit(between, torch.randn(2, 3))
    assert "not finite" in str(report)
    assert report.layers[1].measured in (None, float("inf"))
    assert report.to_json()["layers"][1]["measured"] is None


def test_nan_and_zero_weights() -> None:
    layer = MaxoutLinear(3, 4, 2)
    nn.init.zeros_(layer.weight)
    (zero,) = audit(layer).layers
    assert zero.oddities == ("all weights are zero",)
    assert "initialize: maxout_normal_(weight, rank=2, fan_in=3)" in zero.advice
    assert zero.to_json()["activation"] is None  # JSON has no infinity
    with torch.no_grad():
        layer.weight[0, 0] = float("nan")
    with pytest.raises(MaxoutError, match="weights hold NaN or infinite numbers"):
        audit(layer)
