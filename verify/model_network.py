"""The network that a model is, seen as a random one: its sizes, its c and its law of biases."""

from __future__ import annotations

import math
from typing import Any

from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network

_ERRORS = 4.0
"""Standard errors that a measured c may be from another one, or from 1/M_K."""


def network_of(model: Any, example: Any = None) -> Network:
    """Read a chain of fully connected maxout layers of one rank with a linear layer behind them.

    Args:
      model: a ``torch.nn.Module``.
      example: an input of it, where its layers are not of this package.

    Returns:
      Its architecture. c is 1/M_K where the weights' is within four standard errors of that, and
      else theirs to three digits. Biases are zero where all are, and any otherwise.

    Raises:
      MaxoutError: for anything else, saying what it has; or where layers differ in c.
    """
    from maxout.nn.auditing.run import audit

    layers = audit(model, example).layers
    for name, module in model.named_modules():
        if getattr(module, "p", 0) and type(module).__name__.endswith("Dropout"):
            raise MaxoutError(
                f"{name} drops units, which a plain chain does not; describe the network: "
                "maxout.Network(..., block=maxout.Block(dropout=...))"
            )
    *hidden, last = layers
    if last.rank != 1 or not hidden or any(layer.rank != hidden[0].rank for layer in hidden):
        found = ", ".join(f"{layer.name} of rank {layer.rank}" for layer in layers)
        raise MaxoutError(
            f"a network is maxout layers of one rank with a linear layer behind; got {found}"
        )
    for layer in layers:
        odd = next((word for word, there in _odd(layer).items() if there), "")
        if odd or layer.chain or layer.target != 1:
            raise MaxoutError(
                f"{layer.name} is not a fully connected layer of a plain chain"
                f"{f': {odd}' if odd else ''}; describe the network: maxout.Network(...)"
            )
    before = hidden[0].fan_in
    for layer in layers:
        if layer.fan_in != before:
            raise MaxoutError(f"{layer.name} has {layer.fan_in} inputs behind {before} units")
        before = layer.units
    network = Network(
        hidden[0].fan_in,
        [layer.units for layer in hidden],
        last.units,
        hidden[0].rank,
        bias="any" if any(layer.bias_mean_square for layer in hidden) else "zero",
    )
    c = _common(hidden, network)
    return network if c is None else network.but(c=c)


def _odd(layer: Any) -> dict[str, bool]:
    return {
        "max pooling": layer.window > 1,
        "a convolution": layer.weight_gradient is None,
        "dropout": layer.keeps < 1,
        "a normalization": math.isnan(layer.gain),
    }


def _common(hidden: list[Any], network: Network) -> float | None:
    """The c of all layers, to three digits; None where it is 1/M_K."""
    from maxout.verify.sampling.scales import weight_variance

    weights = sum(layer.size for layer in hidden)
    c = sum(layer.c * layer.size for layer in hidden) / weights
    for layer in hidden:
        # Of few weights the sample does not know its own error; normal draws have this one.
        error = max(layer.c_error, c * math.sqrt(2 / layer.size))
        if abs(layer.c - c) > _ERRORS * error:
            raise MaxoutError(
                f"the layers have no common c: {layer.name} has {layer.c:.3g} and all together "
                f"{c:.3g}; describe the network: maxout.Network(...)"
            )
    recommended = weight_variance(network)
    if abs(c - recommended) <= _ERRORS * recommended * math.sqrt(2 / weights):
        return None
    return float(f"{c:.3g}")
