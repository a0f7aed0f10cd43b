"""What the audit predicts is what networks do: drawn anew many times, against their mean."""

import math

import pytest
import torch
from torch import Tensor, nn

from maxout.nn import MaxoutConv2d, MaxoutLinear, audit
from maxout.nn.auditing.report import AuditReport

# Two-sided chance of 6e-7 a comparison under the normal law that means of thousands follow closely.
MAX_Z = 5.0
NETWORKS = 6000
LAYERS = [(12, 9, 5, 0.4), (9, 14, 3, 1.1), (14, 6, 2, 0.7), (6, 3, 1, 1.6)]  # inputs, units, K, c


def draw(generator: torch.Generator, bias: float) -> tuple[list[Tensor], list[Tensor]]:
    """All networks at once: weights (networks, units, K, inputs), biases (networks, units, K)."""
    weights, biases = [], []
    for inputs, units, rank, c in LAYERS:
        shape = (NETWORKS, units, rank, inputs)
        w = torch.randn(shape, generator=generator, dtype=torch.float64) * math.sqrt(c / inputs)
        b = bias * torch.randn(shape[:-1], generator=generator, dtype=torch.float64)
        weights.append(w.requires_grad_())
        biases.append(b)
    return weights, biases


def run(weights: list[Tensor], biases: list[Tensor], x: Tensor) -> list[Tensor]:
    units = [x.expand(NETWORKS, -1)]
    for w, b in zip(weights, biases, strict=True):
        units.append((torch.einsum("nuki,ni->nuk", w, units[-1]) + b).amax(-1))
    return units


def audited(network: int, weights: list[Tensor], biases: list[Tensor], ranks: list[int]):
    """The audit of one of the networks, with its constants replaced by those it was drawn with."""
    state = {}
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        inputs, c = LAYERS[k][0], LAYERS[k][3]
        one = w[network].detach().flatten(0, 1)
        # Scaled to the very variance: one network's own c is off by its sampling error.
        state[f"{k}.weight"] = one * math.sqrt(c / inputs / float(one.square().mean()))
        state[f"{k}.bias"] = b[network].flatten().clone()
        if bool(b.any()):
            state[f"{k}.bias"] = state[f"{k}.bias"] * (
                0.5 / state[f"{k}.bias"].square().mean() ** 0.5
            )
    names = [f"{k}:rank={rank}" for k, rank in enumerate(ranks)]
    return audit(state, layers=names, input_size=2.0)


def z_score(samples: Tensor, log10: float) -> float:
    return float((samples.mean() - 10**log10) / (samples.std() / math.sqrt(len(samples))))


@pytest.fixture(scope="module", params=[0.0, 0.5], ids=["no biases", "biases"])
def sampled(request: pytest.FixtureRequest) -> dict:
    generator = torch.Generator().manual_seed(17)
    weights, biases = draw(generator, request.param)
    x = torch.randn(12, generator=generator, dtype=torch.float64)
    x *= math.sqrt(2.0 * 12) / x.norm()
    units = run(weights, biases, x)
    inner = units[1:]
    gradients = torch.autograd.grad(units[-1][:, 0].sum(), [*inner, *weights])
    return {
        "bias": request.param,
        "draws": (weights, biases),
        "activations": [u.detach().square().mean(1) for u in inner],
        "gradients": [g.square().sum(1) for g in gradients[: len(inner)]],
        "weights": [g.square().sum((1, 2, 3)) for g in gradients[len(inner) :]],
    }


def test_sizes_are_those_of_networks(sampled: dict) -> None:
    report = audited(3, *sampled["draws"], [5, 3, 2, 1])
    for k, layer in enumerate(report.layers):
        assert layer.c == pytest.approx(LAYERS[k][3], rel=1e-12)
        assert abs(z_score(sampled["activations"][k], layer.activation)) < MAX_Z
        low, high = layer.gradient
        assert layer.weight_gradient is not None
        if sampled["bias"] == 0:
            assert low == high
            if k < 3:  # the last is the very coordinate: 1, without any spread
                assert abs(z_score(sampled["gradients"][k], low)) < MAX_Z
            assert abs(z_score(sampled["weights"][k], layer.weight_gradient[0])) < MAX_Z
        elif k < 3:
            # Bounds: the mean may lie at an end, and then strays by its error to either side.
            assert z_score(sampled["gradients"][k], low) > -MAX_Z
            assert z_score(sampled["gradients"][k], high) < MAX_Z
            # Only the second layer has M_K > 1: at ranks 2 and 1 the bounds meet.
            assert (low < high) == (k < 1)


def test_a_wrong_rank_is_refuted(sampled: dict) -> None:
    """The control: rows read as pieces of other units, 45 = 15 * 3 rather than 9 * 5."""
    report = audited(3, *sampled["draws"], [3, 3, 2, 1])
    assert report.layers[0].units == 15
    assert abs(z_score(sampled["activations"][0], report.layers[0].activation)) > MAX_Z
    # Of 15 units 14 inputs cannot come: a chain begins there, from a size that is not known.
    assert report.layers[2].start is not None or report.layers[1].start is not None
    assert math.isnan(report.layers[2].activation)
    assert report.ok is not True
    assert "-" in str(report).splitlines()[3].split()


def test_a_wrong_constant_in_one_layer_is_refuted(sampled: dict) -> None:
    weights, _ = sampled["draws"]
    wrong = [w if k != 1 else 1.2 * w for k, w in enumerate(weights)]
    state = {f"{k}.weight": w[3].detach().flatten(0, 1) for k, w in enumerate(wrong)}
    report = audit(state, layers=[f"{k}:rank={n}" for k, n in enumerate([5, 3, 2, 1])])
    right = math.log10(1.1 * 1.275664447710896)
    assert report.layers[1].gain == pytest.approx(10**right * 1.44, rel=0.2)
    assert not report.layers[1].ok


def test_spread_of_a_measured_run() -> None:
    """One trace measures the units; their mean over models is the prediction from the input."""
    generator, measured, predicted = torch.Generator().manual_seed(2), [], []
    x = torch.randn(1, 30, generator=generator)
    model = nn.Sequential(MaxoutLinear(30, 25, 4), MaxoutLinear(25, 40, 3, layout="strided"))
    for _ in range(300):
        for layer in model:
            layer.reset_parameters(generator)
        report = audit(model, x)
        measured.append(10 ** report.layers[1].measured)
        predicted.append(10 ** report.layers[1].activation)
    difference = torch.tensor(measured) - torch.tensor(predicted)
    assert abs(z_score(difference + 1, 0.0)) < MAX_Z


@pytest.mark.parametrize("window", [1, 4])
def test_convolution_with_pooling(window: int) -> None:
    """Patches that do not overlap, no padding: fan_in is kernel times channels, and pooling counts.

    The input's pixels are drawn independently, so that the cells of a window see inputs that are
    almost orthogonal (fan_in 75).
    """
    generator = torch.Generator().manual_seed(5)
    conv = MaxoutConv2d(3, 400, 5, rank=2, stride=5, bias=False)
    model = nn.Sequential(conv, nn.MaxPool2d(2)) if window == 4 else nn.Sequential(conv)
    ratios = []
    for _ in range(40):
        conv.reset_parameters(generator)
        # Orthogonal patches: four of 75 pixels, by QR.
        patches = torch.linalg.qr(torch.randn(75, 4, generator=generator)).Q.T * math.sqrt(75)
        image = patches.view(2, 2, 3, 5, 5).permute(2, 0, 3, 1, 4).reshape(1, 3, 10, 10)
        (layer,) = audit(model, image).layers
        assert (layer.rank, layer.window, layer.fan_in) == (2, window, 75)
        ratios.append(10 ** (layer.measured - layer.activation))
    assert abs(z_score(torch.tensor(ratios), 0.0)) < MAX_Z


def test_prediction_restarts_from_what_a_normalization_gives() -> None:
    model = nn.Sequential(
        MaxoutLinear(20, 30, 3), nn.LayerNorm(30), MaxoutLinear(30, 30, 5), nn.Linear(30, 2)
    )
    x = 100 * torch.randn(40, 20, generator=torch.Generator().manual_seed(1))
    report: AuditReport = audit(model, x)
    assert [layer.chain for layer in report.layers] == [0, 1, 1]
    assert "normalization" in str(report.layers[1].start)
    # Behind the normalization the mean square is 1 up to its epsilon, not 10^4.
    gain = report.layers[1].gain
    assert 10 ** report.layers[1].activation == pytest.approx(gain, rel=1e-3)
    assert report.layers[0].activation == pytest.approx(4, abs=0.2)
