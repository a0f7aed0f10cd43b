"""One concrete maxout network as plain arrays, and a sampler of such networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import sympy as sp

from maxout.theory.errors import DomainError
from maxout.theory.network import Network

Array = npt.NDArray[np.float64]


def _layer(weight: Any, bias: Any, name: str, rank_axis: bool) -> tuple[Array, Array]:
    w, b = np.array(weight, dtype=np.float64), np.array(bias, dtype=np.float64)
    shape = "(units, rank, fan_in)" if rank_axis else "(outputs, fan_in)"
    if w.ndim != 2 + rank_axis or 0 in w.shape or b.shape != w.shape[:-1]:
        raise DomainError(
            f"{name}: weights must have shape {shape} and biases the same without the last axis; "
            f"got {w.shape} and {b.shape}"
        )
    if not (np.isfinite(w).all() and np.isfinite(b).all()):
        raise DomainError(f"{name}: weights and biases must be finite numbers")
    w.setflags(write=False)
    b.setflags(write=False)
    return w, b


@dataclass(frozen=True, init=False)
class MaxoutLayers:
    """The parameters of one maxout network.

    Unit i of a hidden layer is max over k of weight[i, k] · x + bias[i, k]; layers may differ in
    rank. Arrays are copied as float64 and made read-only.

    Args:
      hidden: one pair (weight (units, rank, fan_in), bias (units, rank)) a hidden layer, input
        side first.
      output: the linear output layer (weight (n_L, n_{L-1}), bias (n_L,)), or None where the
        last hidden layer is the output.

    Raises:
      DomainError: for no layers, shapes that do not fit, or entries that are not finite.
    """

    hidden: tuple[tuple[Array, Array], ...]
    output: tuple[Array, Array] | None

    def __init__(self, hidden: Any, output: Any = None) -> None:
        layers = tuple(
            _layer(weight, bias, f"hidden layer {number}", True)
            for number, (weight, bias) in enumerate(hidden, start=1)
        )
        if not layers:
            raise DomainError("a maxout network needs at least one hidden layer; got none")
        last = None
        if output is not None:
            weight, bias = output
            last = _layer(weight, bias, "the output layer", False)
        fans = [w.shape[-1] for w, _ in layers] + ([last[0].shape[-1]] if last else [])
        for before, (w, _), fan_in in zip(range(1, len(fans)), layers, fans[1:], strict=False):
            if w.shape[0] != fan_in:
                raise DomainError(
                    f"layer {before} has {w.shape[0]} units but the next one reads {fan_in} inputs"
                )
        # A constructor of its own, since it copies what it takes; as in ``theory.network``.
        vars(self).update(hidden=layers, output=last)

    @property
    def inputs(self) -> int:
        """n_0."""
        return self.hidden[0][0].shape[-1]

    @property
    def outputs(self) -> int:
        """Number of entries of ``evaluate``'s result for one input."""
        return (self.hidden[-1] if self.output is None else self.output)[0].shape[0]

    @property
    def units(self) -> int:
        """N, the number of maxout units in all hidden layers."""
        return sum(w.shape[0] for w, _ in self.hidden)

    @property
    def weights(self) -> int:
        """Number of weights, biases left out."""
        last = 0 if self.output is None else self.output[0].size
        return sum(w.size for w, _ in self.hidden) + last

    @property
    def rank(self) -> int:
        """The largest rank of a layer."""
        return max(w.shape[1] for w, _ in self.hidden)

    def evaluate(self, x: npt.ArrayLike) -> Array:
        """Return the network's values (..., outputs) at inputs x (..., n_0)."""
        values = np.asarray(x, dtype=np.float64)
        for weight, bias in self.hidden:
            values = _largest(_apply(weight, values) + bias)
        if self.output is None:
            return values
        return values @ self.output[0].T + self.output[1]

    def derivatives(self, x: npt.ArrayLike) -> Derivatives:
        """Return what the network itself says at inputs x (points, n_0), by a forward pass."""
        values = np.asarray(x, dtype=np.float64)
        # (points, n_0, fan_in): all pieces' gradients are one matrix product, of which the winners'
        # are taken; picking the winners' weights first would copy as many numbers for each point.
        gradients = np.broadcast_to(np.eye(self.inputs), (len(values), self.inputs, self.inputs))
        doubt, sure, winners = np.zeros_like(values), np.ones(len(values), dtype=bool), []
        for weight, bias in self.hidden:
            z = _apply(weight, values) + bias
            # Roundings of a sum of fan_in + 1 terms, and the doubt carried through the weights.
            carried = doubt + (weight.shape[2] + 3) * 2.0**-53 * np.abs(values)
            doubts = _apply(np.abs(weight), carried) + 2.0**-52 * np.abs(z)
            best = z.argmax(axis=-1)
            values = np.take_along_axis(z, best[..., None], axis=-1)[..., 0]
            doubt = _largest(doubts)
            close = values[..., None] - z <= doubts + doubt[..., None]
            sure &= np.count_nonzero(close, axis=(1, 2)) == len(weight)  # the best alone, each time
            every = _apply(weight, gradients)
            gradients = np.take_along_axis(every, best[:, None, :, None], axis=-1)[..., 0]
            winners.append(best)
        if self.output is not None:
            gradients = gradients @ self.output[0].T
            values = values @ self.output[0].T + self.output[1]
        return Derivatives(np.concatenate(winners, axis=1), values, gradients.swapaxes(1, 2), sure)


def _largest(values: Array) -> Array:
    """Return the maximum along the last axis: NumPy's own is slow along a short one."""
    if values.shape[-1] > 16:
        return np.asarray(values.max(axis=-1))
    largest = values[..., 0]
    for k in range(1, values.shape[-1]):
        largest = np.maximum(largest, values[..., k])
    return largest


def _apply(weight: Array, x: Array) -> Array:
    """Return weight · x, (..., units, rank), as one matrix product."""
    units, rank, fan_in = weight.shape
    return (x @ weight.reshape(-1, fan_in).T).reshape(*x.shape[:-1], units, rank)


class Derivatives(NamedTuple):
    """A network's own account of single inputs.

    Attributes:
      winners: (points, N), which piece of each unit is largest, the first of equals.
      values: (points, outputs).
      jacobian: (points, outputs, n_0), along the winning pieces.
      sure: (points,), False where some unit's winner leads by no more than rounding.
    """

    winners: npt.NDArray[np.int64]
    values: Array
    jacobian: Array
    sure: npt.NDArray[np.bool_]


@lru_cache(maxsize=64)
def _as_float(c: sp.Expr) -> float:
    # 1/M_K is an integral: evaluated once, not for every network drawn.
    return float(c)


def sample(
    network: Network, generator: np.random.Generator, bias: str | None = None
) -> MaxoutLayers:
    """Draw a network at initialization: weights N(0, c/fan_in), output weights N(0, 1/fan_in).

    Args:
      network: the architecture; its widths, rank, c and, unless ``bias`` is given, bias law.
      generator: source of all randomness.
      bias: "gaussian" (N(0, c/fan_in), output biases N(0, 1/fan_in)) or "zero".

    Raises:
      DomainError: where neither ``bias`` nor the network names a law to draw biases from.
    """
    law = network.bias if bias is None else bias
    if law not in ("gaussian", "zero"):
        raise DomainError(f"to draw biases say bias='gaussian' or bias='zero'; got {law!r}")
    c = _as_float(network.c)

    def draw(shape: tuple[int, ...], variance: float) -> tuple[Array, Array]:
        weight = generator.normal(scale=np.sqrt(variance), size=shape)
        if law == "zero":
            return weight, np.zeros(shape[:-1])
        return weight, generator.normal(scale=np.sqrt(variance), size=shape[:-1])

    hidden = [draw((n, network.rank, fan_in), c / fan_in) for fan_in, n in network.hidden()]
    last = network.widths[-1]
    return MaxoutLayers(hidden, draw((network.outputs, last), 1 / last))
