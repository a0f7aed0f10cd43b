"""Networks trained side by side against the same networks trained one by one with torch.optim."""

import numpy as np
import pytest
import torch
from torch import nn

from maxout.lab.training.architectures import build
from maxout.lab.training.schemes import scheme
from maxout.lab.training.stacked import Stack, _MaxoutLayer, optimizer_of

SEEDS, BATCH, STEPS, CLASSES = 3, 8, 6, 4
SHAPES = {"fc": (1, 4, 4), "conv": (1, 4, 4)}


def networks(network: str, name: str, dtype: torch.dtype = torch.float64) -> list[nn.Sequential]:
    chosen = scheme(name)
    models = []
    for seed in range(SEEDS):
        model = build(network, SHAPES[network], CLASSES, 0 if chosen.is_relu else 3, 1 / 16)
        chosen.initialize_(model, torch.Generator().manual_seed(seed))
        models.append(model.to(dtype))
    return models


def batches(network: str, dtype: torch.dtype = torch.float64):
    generator = torch.Generator().manual_seed(99)
    for _ in range(STEPS):
        inputs = torch.randn(SEEDS, BATCH, *SHAPES[network], generator=generator, dtype=dtype)
        yield inputs, torch.randint(0, CLASSES, (SEEDS, BATCH), generator=generator)


PLAIN = {
    "sgd": lambda parameters: torch.optim.SGD(
        parameters, lr=0.01, momentum=0.9, nesterov=True, foreach=False
    ),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01, foreach=False),
}


@pytest.mark.parametrize("optimizer", PLAIN)
@pytest.mark.parametrize(("network", "name"), [("fc", "c=1"), ("fc", "relu"), ("conv", "maxpool")])
def test_stacked_training_is_separate_training(network, name, optimizer) -> None:
    stack = Stack(networks(network, name))
    together = optimizer_of(optimizer, list(stack.parameters.values()), 0.01)
    start = {key: value.detach().clone() for key, value in stack.parameters.items()}
    for inputs, labels in batches(network):
        together.zero_grad()
        stack.losses(inputs, labels).sum().backward()
        together.step()

    for seed, model in enumerate(networks(network, name)):
        alone = PLAIN[optimizer](model.parameters())
        for inputs, labels in batches(network):
            alone.zero_grad()
            nn.functional.cross_entropy(model(inputs[seed]), labels[seed]).backward()
            alone.step()
        moved = 0.0
        for key, value in model.named_parameters():
            # Rounding of 6 steps in float64; the parameters themselves moved by about 0.01 a step.
            torch.testing.assert_close(
                stack.parameters[key][seed].detach(), value.detach(), rtol=1e-9, atol=1e-11
            )
            moved = max(moved, float((value.detach() - start[key][seed]).abs().max()))
        assert moved > 1e-3


@pytest.mark.parametrize("optimizer", PLAIN)
def test_the_optimizer_acts_on_each_seed_alone(optimizer) -> None:
    """Given the same gradients, in the precision that training uses."""
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(SEEDS, 7, 5, generator=generator)
    stacked = start.clone().requires_grad_()
    single = [start[seed].clone().requires_grad_() for seed in range(SEEDS)]
    together = optimizer_of(optimizer, [stacked], 0.01)
    alone = [optimizer_of(optimizer, [one], 0.01) for one in single]
    for _ in range(STEPS):
        stacked.grad = torch.randn(SEEDS, 7, 5, generator=generator)
        together.step()
        for seed in range(SEEDS):
            single[seed].grad = stacked.grad[seed].clone()
            alone[seed].step()
    for seed in range(SEEDS):
        # Vector units and the loop over what they leave over round differently: a unit in the last
        # place (6e-8 of numbers about 1) for each of the 6 steps.
        torch.testing.assert_close(stacked[seed], single[seed], rtol=0, atol=6 * 1.2e-7)
        assert (stacked[seed] - start[seed]).abs().max() > 1e-2


@pytest.mark.parametrize("network", SHAPES)
def test_a_seed_that_diverged_does_not_touch_the_others(network) -> None:
    healthy, ill = (Stack(networks(network, "maxout", torch.float32)) for _ in range(2))
    with torch.no_grad():
        for parameter in ill.parameters.values():
            parameter[1] = float("nan")
    assert healthy.finite().all()
    assert ill.finite().tolist() == [True, False, True]
    optimizers = [optimizer_of("adam", list(s.parameters.values()), 0.01) for s in (healthy, ill)]
    for inputs, labels in batches(network, torch.float32):
        for stack, optimizer in zip((healthy, ill), optimizers, strict=True):
            optimizer.zero_grad()
            stack.losses(inputs, labels).sum().backward()
            optimizer.step()
    for key in healthy.parameters:
        for seed in (0, 2):
            assert torch.equal(healthy.parameters[key][seed], ill.parameters[key][seed])
    ill.silence(optimizers[1], np.array([False, True, False]))
    assert ill.finite().all()
    for parameter in ill.parameters.values():
        assert not parameter[1].any()
        for memory in optimizers[1].state[parameter].values():
            assert memory.isfinite().all()


def test_the_probe_is_the_gradient_of_the_first_output() -> None:
    models = networks("fc", "c=1")
    x = torch.randn(1, 4, 4, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    squares = Stack(models).probe(x)
    for seed, model in enumerate(networks("fc", "c=1")):
        model(x.unsqueeze(0))[0, 0].backward()
        for key, value in squares.items():
            expected = dict(model.named_parameters())[key].grad.square()
            torch.testing.assert_close(value[seed], expected)


def test_the_fast_layer_is_the_plain_one_ties_included() -> None:
    """Whole numbers, so that pieces tie and every product is exact."""
    generator = torch.Generator().manual_seed(2)

    def integers(*shape: int) -> torch.Tensor:
        return torch.randint(-1, 2, shape, generator=generator).double().requires_grad_()

    arguments = integers(2, 6, 4), integers(2, 5 * 3, 4), integers(2, 5 * 3)
    weight = torch.randn(2, 6, 3, generator=generator, dtype=torch.float64)
    x, w, b = arguments
    plain = (x @ w.transpose(1, 2) + b.unsqueeze(1)).unflatten(-1, (5, 3))
    assert (plain == plain.amax(-2, keepdim=True)).sum() > weight.numel()  # there are ties
    expected = torch.autograd.grad((plain.amax(-2) * weight).sum(), arguments)
    fast = _MaxoutLayer.apply(x, w, b, 5)
    assert torch.equal(fast, plain.amax(-2))
    for ours, theirs in zip(
        torch.autograd.grad((fast * weight).sum(), arguments), expected, strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=1e-13)  # orders of sums differ


@pytest.mark.parametrize("shared", [False, True])
def test_the_dense_route_is_vmap(shared) -> None:
    stack = Stack(networks("fc", "maxout"))
    (x, _), *_ = batches("fc")
    x = x[0] if shared else x
    fast = stack.forward(x, shared)
    stack.is_dense = False
    torch.testing.assert_close(fast, stack.forward(x, shared), rtol=1e-12, atol=1e-14)
