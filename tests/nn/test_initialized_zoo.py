"""Every model of the zoo, initialized: the audit agrees, and so do fresh draws."""

import warnings

import pytest
import torch

from maxout.init.constants import second_moment
from maxout.nn import audit
from maxout.nn.auditing.findings import LIMIT
from maxout.nn.auditing.measure import measure
from maxout.nn.drawing import drawn_from
from maxout.nn.init import init_model_
from maxout.nn.init_model import draw_read
from maxout.nn.reading.graph import read
from maxout.nn.reading.layers import layers_of
from maxout.theory.errors import MaxoutError

from .zoo import ZOO

# What initialization refuses, and says so.
REFUSED = {
    "weight norm": "before adding a parametrization",
    "spectral norm": "before adding a parametrization",
    "max and average pool": "say which by windows=",
    "read in the middle": "is used in several ways",
}
NETWORKS = 40
MAX_Z = 5.0


@pytest.mark.parametrize("name", ZOO)
def test_the_audit_agrees_or_says_why_not(name: str) -> None:
    case = ZOO[name]
    torch.manual_seed(0)
    example, keywords = case.args or None, case.keywords or None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch's own about what a model uses
        model = case.build()
        if name in REFUSED:
            with pytest.raises(MaxoutError, match=REFUSED[name]):
                init_model_(model, example=example, keywords=keywords)
            return
        report = init_model_(model, example=example, keywords=keywords)
        assert report.after is not None
        ok, why = report.after
        assert ok is not False, why
        assert why
        # Whatever the verdict, no layer's own gain is wrong.
        assert all(x.ok for x in audit(model, example, keywords=keywords).layers)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ZOO.keys() - REFUSED.keys() - {"compiled"}))
def test_means_over_fresh_draws_stay_within_the_bounds(name: str) -> None:
    """Mean squares keep within LIMIT; in dense chains they are the predicted ones."""
    case = ZOO[name]
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = case.build()
        graph = read(model, case.args, case.keywords)
        layers = layers_of(graph)
        plan = drawn_from(model, graph, {}, {}, None, "train")
        draw_read(model, plan, "normal", None)
        first = audit(model, case.args or None, keywords=case.keywords or None)
        lengths: dict[str, list[float]] = {}
        gradients: dict[str, list[float]] = {}
        for _ in range(NETWORKS):
            draw_read(model, plan, "normal", None)
            run = measure(model, case.args, case.keywords, layers, False)
            if run is None:
                return  # runs without gradients only; its verdict is None
            for found, given in ((lengths, run.lengths), (gradients, run.gradients)):
                for key, value in given.items():
                    found.setdefault(key, []).append(value)
    if first.verdict[0] is None or name == "dropout in front":
        return
    chain = [x for x in first.layers if x.name in lengths]
    for before, layer in zip(chain[:-1], chain[1:], strict=True):
        sizes, inputs = torch.tensor(lengths[layer.name]), torch.tensor(lengths[before.name])
        growth = float(sizes.mean() / inputs.mean())
        if "normalization" not in (layer.start or ""):
            assert 1 / LIMIT < growth < LIMIT
    slopes = {key: float(torch.tensor(x).mean()) for key, x in gradients.items()}
    names = [x.name for x in chain if x.name in slopes]
    low = min(x.target for x in chain)
    for layer in reversed(chain[:-1]):
        if layer.name in names and names[-1] == chain[-1].name:
            low /= second_moment(layer.rank * layer.window)
            ratio = slopes[layer.name] / slopes[names[-1]]
            assert low / LIMIT < ratio < LIMIT * second_moment(layer.rank * layer.window)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["view, amax", "stack of layers", "sum of three maps", "bottleneck"]
)
def test_dense_chains_keep_the_very_mean(name: str) -> None:
    """What the output layer reads has the input's mean square, in the mean over draws."""
    case = ZOO[name]
    torch.manual_seed(1)
    model = case.build()
    graph = read(model, case.args, case.keywords)
    layers = layers_of(graph)
    plan = drawn_from(model, graph, {}, {}, None, "train")
    ratios, doubled = [], []
    for _ in range(400):
        draw_read(model, plan, "normal", None)
        run = measure(model, case.args, case.keywords, layers, False)
        assert run is not None
        joined = sum(x.numel() for x in case.args)
        size = sum(float(x.square().sum()) for x in case.args) / joined
        ratios.append(run.lengths[layers[-1].name] / size)
        doubled.append(run.lengths[layers[-1].name] / size * 1.3)
    for samples, right in ((ratios, True), (doubled, False)):
        x = torch.tensor(samples)
        z = abs(float((x.mean() - 1) / (x.std() / 20)))
        assert (z < MAX_Z) is right
