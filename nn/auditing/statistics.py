"""Numbers of one layer's weights: the constant c with its error, and whether they look fresh.

The theory speaks of weights that are independent with one law of mean zero. Each test below has a
statistic that is about standard normal for such weights, of whatever of the usual laws, and speaks
up beyond five: about once in a million layers (the tests' own normal approximation).
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import torch
from torch import Tensor

from maxout.theory.errors import MaxoutError

MAX_Z = 5.0
# Of the laws in use the uniform has the lightest tails, excess kurtosis -1.2, the normal 0.
UNIFORM_KURTOSIS = -1.2
# The tests of rows and columns lean on sums of this many squares at least being about normal.
MIN_TERMS = 8
# Share of float32 draws that are exactly zero: uniform numbers have 24 bits, and three of 2^24 make
# a normal or uniform draw zero at most.
ZEROS = 3 / 2**24


@dataclass(frozen=True)
class WeightStatistics:
    """One layer's weights, seen as fan_in inputs of units x pieces rows.

    Attributes:
      c: fan_in times the mean square of the weights.
      c_error: its standard error over draws of this many weights.
      mean: mean weight in standard deviations.
      kurtosis: excess kurtosis, 0 for normal draws and -1.2 for uniform ones.
      bias_mean_square: mean square of the biases; 0 without any.
      oddities: in words, why the weights do not look like independent draws; empty if they do.
    """

    c: float
    c_error: float
    mean: float
    kurtosis: float
    bias_mean_square: float
    oddities: tuple[str, ...]


def describe(weight: Tensor, bias: Tensor | None, fan_in: int | None = None) -> WeightStatistics:
    """Return the statistics of weights (units, pieces, inputs) and biases (units, pieces).

    Args:
      fan_in: inputs of one piece, where they are not all columns, as in a transposed convolution.

    Raises:
      MaxoutError: for numbers that are not finite, or whose squares leave float64's range.
    """
    w, scale = _scaled(weight, "weights")
    size, fan_in = w.numel(), fan_in or w.shape[-1]
    if not scale:
        return WeightStatistics(0.0, 0.0, 0.0, 0.0, _mean_square(bias), ("all weights are zero",))
    squares = w.square()
    second = float(squares.mean())
    spread = float(squares.std(unbiased=False))
    c = fan_in * second * scale * scale
    if not sys.float_info.min <= c < math.inf:
        raise MaxoutError(
            f"the weights are as large as {scale:.1g}, and their squares leave float64's range: "
            "rescale the layer"
        )
    deviation = math.sqrt(second)
    mean = float(w.mean()) / deviation
    kurtosis = float((squares / second).square().mean()) - 3
    return WeightStatistics(
        c,
        c * spread / (second * math.sqrt(size)),
        mean,
        kurtosis,
        _mean_square(bias),
        tuple(_oddities(w / deviation, mean, kurtosis)),
    )


def _scaled(x: Tensor, name: str) -> tuple[Tensor, float]:
    """The numbers over the largest of them, so that no square leaves float64's range, and that."""
    x = x.detach().double().cpu()
    if not torch.isfinite(x).all():
        raise MaxoutError(f"the {name} hold NaN or infinite numbers")
    scale = float(x.abs().max())
    return (x / scale if scale else x), scale


def _mean_square(bias: Tensor | None) -> float:
    if bias is None:
        return 0.0
    b, scale = _scaled(bias, "biases")
    found = float(b.square().mean()) * scale * scale
    if math.isinf(found):
        raise MaxoutError(
            f"the biases are as large as {scale:.1g}, and their squares leave float64's range: "
            "rescale the layer"
        )
    return found


def _oddities(w: Tensor, mean: float, kurtosis: float) -> list[str]:
    """What is odd about weights scaled to mean square 1."""
    found = []
    size = w.numel()
    zeros = int((w == 0).sum())
    if zeros and _log_chance(zeros, size * ZEROS) < -MAX_Z * MAX_Z / 2:
        found.append(f"{zeros} of {size} weights are exactly zero")
    z = mean * math.sqrt(size)
    if abs(z) > MAX_Z:
        found.append(f"their mean is {mean:.3g} standard deviations, {abs(z):.0f} errors from 0")
    # Of the usual laws the sampling error of the kurtosis is largest for the normal.
    error = math.sqrt(24 / size)
    if kurtosis > MAX_Z * error:
        found.append(f"their tails are heavy: excess kurtosis {kurtosis:.2g}, a normal law has 0")
    elif kurtosis < UNIFORM_KURTOSIS - MAX_Z * error:
        found.append(f"their tails are light: excess kurtosis {kurtosis:.2g}, a uniform has -1.2")
    matrix = w.flatten(0, 1)
    for name, lines in (("rows", matrix), ("columns", matrix.T)):
        z = _norms_z(lines, kurtosis)
        if abs(z) > MAX_Z:
            how = "differ more" if z > 0 else "are more alike"
            found.append(f"the norms of their {name} {how} than those of independent draws")
    z = _pieces_z(w)
    if abs(z) > MAX_Z:
        found.append("the pieces of a unit are correlated")
    if _has_spike(matrix):
        found.append("one singular value sticks out of those of independent draws")
    return found


def _log_chance(count: int, mean: float) -> float:
    """Chernoff's bound on ln Pr(N >= count) for a Poisson N; 0 up to its mean."""
    return min(count - mean - count * math.log(count / mean), 0.0) if count > mean else 0.0


def _norms_z(lines: Tensor, kurtosis: float) -> float:
    """How the spread of the lines' mean squares compares with that of independent draws."""
    count, terms = lines.shape
    if count < MIN_TERMS or terms < MIN_TERMS:
        return 0.0
    norms = lines.square().mean(1)
    # The variance of one square is 2 + excess kurtosis, of a mean of them that over their number.
    ratio = float(norms.var()) * terms / max(2 + kurtosis, 1e-9)
    # A sample variance has relative variance 2/(count-1) + excess kurtosis of a norm / count; that
    # kurtosis is 12/terms for chi-square.
    return (ratio - 1) / math.sqrt(2 / (count - 1) + 12 / (terms * count))


def _pieces_z(w: Tensor) -> float:
    """Sum of the scalar products of all pairs of pieces within units, standardised."""
    units, pieces, fan_in = w.shape
    if pieces < 2 or units * fan_in < MIN_TERMS:
        return 0.0
    pairs = float((w.sum(1).square() - w.square().sum(1)).sum()) / 2
    return pairs / math.sqrt(units * fan_in * pieces * (pieces - 1) / 2)


def _has_spike(matrix: Tensor) -> bool:
    """Whether the largest singular value is beyond the edge for independent entries of variance 1.

    By power iteration from a fixed start, which can only underrate it: no false alarm comes of it.
    """
    rows, columns = matrix.shape
    if min(rows, columns) < MIN_TERMS:
        return False
    v = torch.randn(columns, dtype=matrix.dtype, generator=torch.Generator().manual_seed(0))
    largest = 0.0
    for _ in range(40):
        v = v / v.norm()
        v = matrix.T @ (matrix @ v)
        largest = float(v.norm())
    # Johnstone (2001): centre and width of the largest eigenvalue; the law of Tracy and Widom, mean
    # -1.2 and deviation 1.3, exceeds 8 with chance below e^-15.
    edge = math.sqrt(rows - 1) + math.sqrt(columns)
    width = edge * (1 / math.sqrt(rows - 1) + 1 / math.sqrt(columns)) ** (1 / 3)
    return largest > edge**2 + 8 * width
