"""Models are read by what they compute: a zoo of writings, and weights where they should be."""

import warnings

import pytest
import torch
from torch import nn

from maxout.nn.auditing.reading import tensors_of
from maxout.nn.reading.graph import Graph, read
from maxout.nn.reading.layers import Layer, layers_of
from maxout.theory.errors import MaxoutError

from .zoo import REFUSED, ZOO
from .zoo_case import PLAIN, Case
from .zoo_rows import OF_THREE


def graph_of(case: Case) -> tuple[nn.Module, Graph]:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch's own about what a model uses
        model = case.build()
        return model, read(model, case.args, case.keywords)


def ways(layers: list[Layer]) -> dict[str, tuple[int, int, str]]:
    return {x.name: (x.rank, max(x.windows), x.layout) for x in layers if x.reason is None}


def test_the_zoo_is_large() -> None:
    assert len(ZOO) >= 100


@pytest.mark.parametrize("name", ZOO)
def test_rank_window_and_layout(name: str) -> None:
    _, graph = graph_of(ZOO[name])
    assert ways(layers_of(graph)) == ZOO[name].layers


@pytest.mark.parametrize("name", ZOO)
def test_every_matrix_is_in_a_layer_or_in_a_note(name: str) -> None:
    model, graph = graph_of(ZOO[name])
    layers = layers_of(graph)
    used = {p for x in layers for w in x.weights for p in w.parameters}
    for parameter, x in model.named_parameters():
        if x.dim() >= 2 and ".parametrizations." not in parameter:
            assert parameter in used or any(f"parameter {parameter} " in n for n in graph.notes)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused(name: str) -> None:
    build, args, message = REFUSED[name]
    with pytest.raises(MaxoutError, match=message) as caught:
        read(build(), args)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(OF_THREE.keys() - {"softmax behind", "gelu behind"}))
def test_units_are_the_rows_that_are_maximized(name: str) -> None:
    """The units, computed from weights and groups alone, are what the output layer read."""
    case = ZOO[name]
    model, graph = graph_of(case)
    (layer,) = [x for x in layers_of(graph) if x.name == "a"]
    weight, bias = tensors_of(graph, layer)
    assert bias is not None
    assert not any("minimum" in note for note in layer.notes)
    units = (torch.einsum("uki,bi->buk", weight, case.args[0]) + bias).amax(-1)
    if layer.zero:
        units = units.relu()
    read_by_c: list[torch.Tensor] = []
    hook = model.c.register_forward_pre_hook(lambda m, a: read_by_c.append(a[0].detach()))
    with torch.no_grad():
        model(*case.args)
    hook.remove()
    # Units come in an order of their own: each must be one of the columns.
    columns = {tuple(c.round(decimals=4).tolist()) for c in read_by_c[0].T}
    assert {tuple(c.round(decimals=4).tolist()) for c in units.detach().T} == columns


def test_a_plain_layer_is_no_maximum() -> None:
    """The control: without the maximum, nothing of rank above 1 is read."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 12), nn.Linear(12, 2))
    assert ways(layers_of(read(model, (torch.randn(5, 6),)))) == {
        "0": PLAIN,
        "1": PLAIN,
    }


def test_a_run_leaves_no_trace() -> None:
    model = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.MaxPool1d(3)).train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state = torch.random.get_rng_state()
    read(model, (torch.ones(5, 6),))
    assert model.training
    assert model[1].training
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
