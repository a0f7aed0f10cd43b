"""Each figure against a plain NumPy loop of the same work, one network at a time.

    OMP_NUM_THREADS=1 python benchmarks/bench_figures.py [--rounds 3] [--json]

A figure is timed whole, at the paper's sample sizes, with its theory, in this process after one
small figure of each kind (imports and tables of constants are not counted). The loop draws the
weights of one network, propagates one input and one direction layer by layer in NumPy, and knows
no theory (second-moments, which has no networks, is one vectorised line a rank); it would take
minutes to hours, so a fraction of its networks is timed and the time scaled linearly. Both are
measured in turns, round by round; printed are medians, over rounds, of the ratios within a round.

What must be met: 10 where networks are sampled, 300 where the chain serves instead.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from time import perf_counter

import numpy as np
from machine import machine

from maxout.lab.figures import (
    Request,
    activation_length_c_figure,
    activation_length_figure,
    angles_figure,
    jacobian_histogram_figure,
    make,
    second_moments_figure,
)
from maxout.lab.figures import gradient_plane_figure as plane
from maxout.lab.figures import jacobian_depth_figure as depth
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.scales import moment

Array = np.ndarray
Loop = Callable[[np.random.Generator], float]
"""Does a fraction of the work, and returns which."""


def draw(
    rng: np.random.Generator, inputs: int, widths: tuple[int, ...], rank: int, c: float, bias: bool
) -> list[tuple[Array, Array | None]]:
    """Weights (units, rank, fan_in) and biases of one network's hidden layers."""
    layers = []
    for units in widths:
        scale = np.sqrt(c / inputs)
        weights = scale * rng.standard_normal((units, rank, inputs))
        layers.append((weights, scale * rng.standard_normal((units, rank)) if bias else None))
        inputs = units
    return layers


def propagate(
    layers: list[tuple[Array, Array | None]], x: Array, u: Array, relu: bool = False
) -> list[tuple[Array, Array]]:
    """Activations and derivatives along u of every hidden layer."""
    found = []
    for weights, biases in layers:
        pieces = weights @ x if biases is None else weights @ x + biases
        slopes = weights @ u
        if relu:
            x = np.maximum(pieces[:, 0], 0)
            u = np.where(pieces[:, 0] > 0, slopes[:, 0], 0)
        else:
            winners = pieces.argmax(axis=1)
            units = np.arange(len(winners))
            x, u = pieces[units, winners], slopes[units, winners]
        found.append((x, u))
    return found


def readout(rng: np.random.Generator, u: Array) -> float:
    """||Ju||^2 through a linear output layer of one unit."""
    return float((rng.standard_normal(len(u)) @ u) ** 2 / len(u))


def unit(rng: np.random.Generator, inputs: int) -> Array:
    u = rng.standard_normal(inputs)
    return u / np.sqrt(u @ u)


def patches(x: Array, kernel: int) -> Array:
    """(channels, side, side) -> (channels kernel^2, side^2), circular."""
    reach = range(-(kernel // 2), kernel // 2 + 1)
    shifted = [np.roll(x, (-i, -j), axis=(1, 2)) for i in reach for j in reach]
    return np.stack(shifted, axis=1).reshape(len(x) * kernel**2, -1)


def loop_depth(rng: np.random.Generator) -> float:
    k = depth.RANK
    largest = moment(LargestNormalMoment, k, 2)
    for c in (0.5 / largest, 1 / largest, 1.0, 2.0):
        layers = draw(rng, depth.WIDTH, (depth.WIDTH,) * depth.DEPTH, k, c, False)
        for _, u in propagate(layers, unit(rng, depth.WIDTH), unit(rng, depth.WIDTH)):
            u @ u
        channels, side, kernel = depth.CHANNELS, depth.SIDE, depth.KERNEL
        x, u = rng.standard_normal((2, channels, side, side))
        for _ in range(depth.DEPTH):
            fan = channels * kernel**2
            weights = np.sqrt(c / fan) * rng.standard_normal((channels * k, fan))
            pieces = (weights @ patches(x, kernel)).reshape(channels, k, -1)
            slopes = (weights @ patches(u, kernel)).reshape(channels, k, -1)
            winners = pieces.argmax(axis=1)[:, None]
            x = np.take_along_axis(pieces, winners, 1).reshape(x.shape)
            u = np.take_along_axis(slopes, winners, 1).reshape(u.shape)
            np.vdot(u, u)
    return 1 / depth.NETWORKS


def loop_moments(rng: np.random.Generator) -> float:
    samples = second_moments_figure.SAMPLES // 20
    for rank in second_moments_figure.RANKS:
        (rng.standard_normal((samples, rank)).max(axis=1) ** 2).mean()
    return samples / second_moments_figure.SAMPLES


def loop_angles(rng: np.random.Generator) -> float:
    for width in angles_figure.WIDTHS:
        for rank in angles_figure.RANKS:
            largest = moment(LargestNormalMoment, rank, 2)
            for c in (0.3, 1 / largest, 10.0):
                layers = draw(rng, width, (width,) * angles_figure.DEPTH, rank, c, True)
                for x, u in propagate(layers, unit(rng, width), unit(rng, width)):
                    x @ u / np.sqrt((x @ x) * (u @ u))
    return 1 / angles_figure.NETWORKS


def loop_histogram(rng: np.random.Generator) -> float:
    n, networks = jacobian_histogram_figure.WIDTH, 2
    u = unit(rng, n)
    inputs = rng.standard_normal((jacobian_histogram_figure.INPUTS_DRAWN, n))
    c = 1 / moment(LargestNormalMoment, jacobian_histogram_figure.RANK, 2)
    for _ in range(networks):
        widths = (n,) * (jacobian_histogram_figure.DEPTH - 1)
        layers = draw(rng, n, widths, jacobian_histogram_figure.RANK, c, True)
        for x in inputs:
            readout(rng, propagate(layers, x, u)[-1][1])
    return networks / jacobian_histogram_figure.NETWORKS


def loop_activation(rng: np.random.Generator) -> float:
    n, networks = activation_length_c_figure.WIDTH, 2
    for c in (0.5, 1 / moment(LargestNormalMoment, activation_length_figure.RANK, 2), 0.6, 1.0):
        for _ in range(networks):
            widths = (n,) * activation_length_c_figure.DEPTH
            x = np.sqrt(n) * unit(rng, n)
            for weights, biases in draw(rng, n, widths, activation_length_figure.RANK, c, True):
                x = (weights @ x + biases).max(axis=1)
                x @ x / n
    return networks / activation_length_c_figure.NETWORKS


def loop_plane(rng: np.random.Generator) -> float:
    axis = np.linspace(-plane.REACH, plane.REACH, plane.SIDE)
    u = np.array(plane.DIRECTION)
    c = 2.0
    some = axis[::8]  # of the inputs, along both axes
    kinds = [(depth, plane.RANK, c, False) for depth in plane.DEPTHS]
    for layers, rank, variance, relu in (*kinds, (plane.RELU_DEPTH, 1, 2.0, True)):
        network = draw(rng, 2, (plane.WIDTH,) * (layers - 1), rank, variance, True)
        for x_1 in some:
            for x_2 in some:
                readout(rng, propagate(network, np.array((x_1, x_2)), u, relu)[-1][1])
    return (len(some) / len(axis)) ** 2 / plane.NETWORKS


LOOPS: dict[str, tuple[Loop, int]] = {
    "jacobian-depth": (loop_depth, 10),
    "second-moments": (loop_moments, 10),
    "angles": (loop_angles, 300),
    "jacobian-histogram": (loop_histogram, 10),
    "activation-length-c": (loop_activation, 10),
    "gradient-plane": (loop_plane, 10),
}
"""Figure -> the loop of its work, and the ratio that is asked for."""


def measure(name: str, rounds: int) -> dict[str, float | str]:
    loop, asked = LOOPS[name]
    make(name, Request(networks=2))
    loop(np.random.default_rng(0))
    ours, theirs = [], []
    for index in range(rounds):
        start = perf_counter()
        make(name, Request(seed=index))
        middle = perf_counter()
        fraction = loop(np.random.default_rng(index))
        ours.append(middle - start)
        theirs.append((perf_counter() - middle) / fraction)
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    return {
        "figure": name,
        "seconds": statistics.median(ours),
        "loop_seconds_scaled": statistics.median(theirs),
        "fraction_timed": fraction,
        "ratio": ratio,
        "asked": asked,
        "met": "yes" if ratio >= asked else "no",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [measure(name, options.rounds) for name in LOOPS]
    if options.json:
        print(json.dumps({"machine": machine(), "figures": rows}, indent=2))
        return
    print(machine())
    print("figure              seconds  loop, scaled  of it timed  ratio  asked  met")
    for row in rows:
        print(
            "{figure:18}  {seconds:7.2f}  {loop_seconds_scaled:12.1f}  {fraction_timed:11.4%}  "
            "{ratio:5.0f}  {asked:5}  {met}".format(**row)
        )


if __name__ == "__main__":
    main()
