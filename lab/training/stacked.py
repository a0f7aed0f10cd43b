"""Many networks of one architecture as one: every parameter has a leading dimension of seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from maxout.lab.training.dataset import Dataset, Part
from maxout.nn import MaxoutLinear
from maxout.theory.errors import DomainError

OPTIMIZERS = ("sgd", "adam")

_DENSE = (nn.Flatten, nn.Linear, nn.ReLU)

_EVALUATED = 500  # examples at a time; what memory one pass takes, no more


class _MaxoutLayer(torch.autograd.Function):
    """Layers of maxout units side by side, strided layout: inputs, weights, biases, rank -> units.

    What autograd makes of the plain expression takes the weights' gradient in another memory order
    and copies it, and turns the mask of the winning pieces from booleans into numbers twice.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, rank: int) -> Tensor:
        pieces = torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))
        pieces = pieces.unflatten(-1, (rank, -1))
        largest = pieces.amax(-2)
        ctx.save_for_backward(x, weight, pieces, largest)
        return largest

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        x, weight, pieces, largest = ctx.saved_tensors
        share = torch.empty_like(pieces)
        torch.eq(pieces, largest.unsqueeze(-2), out=share)
        winners = share.sum(-2)
        if bool((winners > 1).any()):  # pieces that tie share in equal parts, as in amax
            share /= winners.unsqueeze(-2)
        share = share.mul_(gradients[0].unsqueeze(-2)).flatten(-2)
        inputs = torch.bmm(share, weight) if ctx.needs_input_grad[0] else None
        return inputs, torch.bmm(share.transpose(1, 2), x), share.sum(1), None


class Stack:
    """Networks side by side.

    Attributes:
      parameters: name -> (seeds, ...) leaf tensors.
      layers: (name of the weight, number of the layer from 1) of every layer, the output the last.
    """

    def __init__(self, models: Sequence[nn.Sequential]) -> None:
        self.parameters, _ = stack_module_state(list(models))
        self._base = models[0].to("meta")  # only its structure is wanted
        self.is_dense = all(isinstance(layer, _DENSE) for layer in self._base)
        self.layers = [
            (f"{name}.weight", number)
            for number, name in enumerate(
                (
                    n
                    for n, m in self._base.named_children()
                    if isinstance(m, (nn.Linear, nn.Conv2d))
                ),
                start=1,
            )
        ]

    @property
    def seeds(self) -> int:
        return len(next(iter(self.parameters.values())))

    @property
    def parameters_each(self) -> int:
        """Parameters of one network."""
        return sum(tensor[0].numel() for tensor in self.parameters.values())

    def forward(self, inputs: Tensor, shared: bool = False) -> Tensor:
        """(seeds, batch, *shape), or (batch, *shape) where shared, -> (seeds, batch, classes)."""
        if self.is_dense:
            return self._forward_dense(
                inputs.expand(self.seeds, *inputs.shape) if shared else inputs
            )

        def one(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
            result = functional_call(self._base, parameters, (x,))
            assert isinstance(result, Tensor)
            return result

        result = vmap(one, in_dims=(0, None if shared else 0))(self.parameters, inputs)
        assert isinstance(result, Tensor)
        return result

    def _forward_dense(self, x: Tensor) -> Tensor:
        """The same for fully connected networks, in half the time of ``vmap``."""
        x = x.flatten(2)
        for name, layer in self._base.named_children():
            if isinstance(layer, nn.ReLU):
                x = x.relu()
            elif isinstance(layer, nn.Linear):
                weight, bias = self.parameters[f"{name}.weight"], self.parameters[f"{name}.bias"]
                if isinstance(layer, MaxoutLinear):
                    x = _MaxoutLayer.apply(x, weight, bias, layer.rank)
                else:
                    x = torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))
        return x

    def losses(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy of each seed's batch, (seeds,)."""
        logits = self.forward(inputs)
        each = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
        return each.view_as(labels).mean(dim=1)

    @torch.no_grad()
    def accuracies(self, data: Dataset, part: Part, factor: float = 1.0) -> np.ndarray:
        """Share of a part's examples, times a factor, that each network labels rightly."""
        right = torch.zeros(self.seeds, dtype=torch.int64)
        for start in range(0, len(part.labels), _EVALUATED):
            some = slice(start, start + _EVALUATED)
            logits = self.forward(data.values(part.inputs[some]) * factor, shared=True)
            # The largest of logits that are no numbers is no answer.
            hits = (logits.argmax(dim=-1) == part.labels[some]) & logits.isfinite().all(dim=-1)
            right += hits.sum(dim=1)
        return right.numpy() / len(part.labels)

    @torch.no_grad()
    def finite(self) -> np.ndarray:
        """Which networks have only finite parameters, (seeds,) of booleans."""
        good = torch.ones(self.seeds, dtype=torch.bool)
        for tensor in self.parameters.values():
            good &= tensor.isfinite().flatten(1).all(dim=1)
        return good.numpy()

    @torch.no_grad()
    def silence(self, optimizer: torch.optim.Optimizer, gone: np.ndarray) -> None:
        """Set the parameters of some networks, and what the optimizer remembers, to zero.

        They are no longer looked at; zeros only keep infinities from slowing down the others.
        """
        index = torch.from_numpy(np.flatnonzero(gone))
        for tensor in self.parameters.values():
            tensor[index] = 0
            for memory in optimizer.state.get(tensor, {}).values():
                if isinstance(memory, Tensor) and memory.shape == tensor.shape:
                    memory[index] = 0

    def probe(self, inputs: Tensor) -> dict[str, Tensor]:
        """Squared gradients of the first output at one input, weight by weight, (seeds, ...)."""
        outputs = self.forward(inputs.unsqueeze(0), shared=True)[:, 0, 0]
        names = [name for name, _ in self.layers]
        gradients = torch.autograd.grad(outputs.sum(), [self.parameters[name] for name in names])
        return {
            name: gradient.double().square()
            for name, gradient in zip(names, gradients, strict=True)
        }


def optimizer_of(name: str, parameters: Sequence[Tensor], rate: float) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum 0.9, or Adam; torch's own, entry by entry, so seed by seed.

    Raises:
      DomainError: for another name.
    """
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=0.9, nesterov=True, fused=True)
    if name == "adam":
        return torch.optim.Adam(parameters, lr=rate, fused=True)
    raise DomainError(f"optimizer must be one of {', '.join(OPTIMIZERS)}; got {name[:60]!r}")
