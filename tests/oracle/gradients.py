"""Oracles of the gradients by a layer's parameters, for one output."""

from collections.abc import Callable
from fractions import Fraction as F

from . import chains
from .quadrature import M, chi2_largest, chi2_smallest
from .registry import ROUNDING, At, oracle

NETWORKS = (((3, 5, 4, 6, 2), 3, F(2, 5)), ((4, 6, 3, 2), 5, F(7, 4)))


def points(bias: str, *parameters: str, t: int | None = None) -> tuple[At, ...]:
    """Every hidden layer of two networks, the last too."""
    norm = {"norm": F(17, 10)} if "norm" in parameters else {}
    return tuple(
        At(n, K, c, bias, t, {**norm, "layer": layer})
        for n, K, c in NETWORKS
        for layer in range(1, len(n) - 1)
    )


def norms(bias: str) -> tuple[At, ...]:
    return tuple(At(n, K, c, bias, given={"norm": F(17, 10)}) for n, K, c in NETWORKS)


def layer(at: At) -> int:
    return int(at["layer"])


def incoming(at: At, below: int) -> float:
    """E ||x^(below)||^2."""
    biases = at.bias == "gaussian"
    return chains.lengths(at.n[: below + 1], at.K, at.c, at["norm"], biases)[-1]


def outgoing(at: At, first: int) -> float:
    """E ||d N/d x^(first)||^2 at zero bias."""
    return chains.row_moment(at.n[:-1], at.K, at.c, first, 1)


def bounded(at: At, first: int, gain: float) -> float:
    """The same with one gain for every unit of the layers behind."""
    square = 1.0
    for before, units in zip(at.n[first:-2], at.n[first + 1 : -1], strict=True):
        square *= at.c / before * units * gain
    return square * at.n[first] / at.n[-2]


GAINS: dict[str, Callable[[int], float]] = {
    "lower": lambda K: chi2_smallest(K, 1),
    "upper": lambda K: chi2_largest(K, 1),
    "lower.sharp": lambda K: 1.0,
    "upper.sharp": M,
}


@oracle("gradients.bias.exact", at=points("zero"))
def bias_exact(at: At) -> float:
    return outgoing(at, layer(at))


@oracle("gradients.weights.exact", at=points("zero", "norm"))
def weights_exact(at: At) -> float:
    return incoming(at, layer(at) - 1) * outgoing(at, layer(at))


@oracle("gradients.bias.moment", at=points("zero", t=2) + points("zero", t=3))
def bias_moment(at: At) -> float:
    assert at.t is not None
    return chains.row_moment(at.n[:-1], at.K, at.c, layer(at), at.t)


@oracle("gradients.weights.moment", at=points("zero", "norm", t=2) + points("zero", "norm", t=3))
def weights_moment(at: At) -> float:
    """The norm of x^(l-1) is independent of the gradient, which sees its direction alone."""
    assert at.t is not None
    below = chains.zero_bias(at.n[: layer(at)], at.K, at.c, chains.direction(1.0, at.t))
    return at["norm"] ** (2 * at.t) * chains.total(below) * bias_moment(at)


for rung, gain in GAINS.items():

    @oracle(f"gradients.bias.{rung}", at=points("any"))
    def bias_bound(at: At, gain: Callable[[int], float] = gain) -> float:
        return bounded(at, layer(at), gain(at.K))

    @oracle(f"gradients.weights.{rung}", at=points("zero", "norm"))
    @oracle(f"gradients.gaussian.weights.{rung}", at=points("gaussian", "norm"))
    def weights_bound(at: At, gain: Callable[[int], float] = gain) -> float:
        return incoming(at, layer(at) - 1) * bounded(at, layer(at), gain(at.K))


@oracle("gradients.output.zero", at=norms("zero"))
@oracle("gradients.output.gaussian", at=norms("gaussian"))
def output_weights(at: At) -> float:
    return incoming(at, at.L - 1)


def on_paths(at: At, first: int, times: int) -> float:
    """E ||x^(first-1)||^{2 times} ||d N/d x^(first)||^2 with gaussian biases, over all paths.

    The squares of the projections on the n_l directions of the layer add up; those of its
    directions along (x, 1) to X/(X+1), X = ||x^(first)||^2.
    """
    n = at.n[:-1]
    found = chains.paths(n, at.K, at.c, at["norm"])
    square = found.squares[first]
    start = [n[first] - square / (square + 1), square / (square + 1)]
    row = chains.output(chains.along_paths(found, n, at.c, first, start), n[-1], 1)
    return found.mean(found.squares[first - 1] ** times * row)


ROUTE = 10 * ROUNDING
PATHS = "all paths of 44 nodes a radius; the program's value functions are estimates"


@oracle(
    "gradients.gaussian.bias.exact", at=points("gaussian", "norm"), relative=ROUTE, reason=PATHS
)
def gaussian_bias(at: At) -> float:
    return on_paths(at, layer(at), 0)


@oracle(
    "gradients.gaussian.weights.exact", at=points("gaussian", "norm"), relative=ROUTE, reason=PATHS
)
def gaussian_weights(at: At) -> float:
    return on_paths(at, layer(at), 1)
