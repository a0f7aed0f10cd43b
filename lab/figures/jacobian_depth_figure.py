"""Squared directional derivatives against depth, fully-connected and convolutional.

Shown is (n_0/n_l) ||du^(l)||^2, the squared derivative of hidden layer l along u against an equally
long direction of the input; at n_L = n_0 its mean is that of ||J(x)u||^2. At zero bias a network
with weights times a is the network times a^depth: one draw serves every c exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from maxout.lab.figures.convolution import Convolutions
from maxout.lab.figures.figure_data import Array, Curve, Figure, Panel
from maxout.lab.figures.sampled import over_shards, profiles
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.scales import moment

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = {"networks": 1}
RANK, DEPTH, WIDTH, NETWORKS = 5, 20, 100, 100
CHANNELS, SIDE, KERNEL = 16, 8, 3


def figure(request: Request) -> Figure:
    """Draw networks of rank 5 and zero bias; the paper's 100 by default."""
    count = request.networks or NETWORKS
    largest = moment(LargestNormalMoment, RANK, 2)
    cosine = 1 / math.sqrt(WIDTH)
    network = Network(WIDTH, (WIDTH,) * DEPTH, 1, RANK, 1, "zero")
    dense = dense_gains(network, cosine, request.seed, count, lambda s: request.progress(s / 2))
    layers = Convolutions(CHANNELS, SIDE, KERNEL, RANK, DEPTH)
    conv = layers.gains(request.seed, count, lambda s: request.progress((1 + s) / 2))
    schemes = {"0.5/M_K": 0.5 / largest, "1/M_K": 1 / largest, "1": 1.0, "2": 2.0}
    exact = exact_gains(network, cosine)
    powers = np.arange(1.0, DEPTH + 1)
    dense_curves, conv_curves = [], []
    for colour, (name, c) in enumerate(schemes.items()):
        dense_curves += [
            sampled(f"c = {name}", dense * c**powers, colour),
            Curve("", "theory", powers, exact * c**powers, colour=colour),
        ]
        conv_curves += [
            sampled(f"c = {name}", conv * c**powers, colour),
            Curve("", "theory", powers, (c * largest) ** powers, colour=colour),
            Curve("", "theory", powers, c**powers, colour=colour),
        ]
    axes = ("hidden layers", "squared derivative, input = 1")
    return Figure(
        "jacobian-depth",
        "Squared derivatives along u: mean (points), quartiles (bands), theory (lines)",
        (
            Panel(f"fully connected, width {WIDTH}: exact mean", *axes, tuple(dense_curves),
                  log_up=True),
            Panel(f"convolutions, {CHANNELS} channels: bounds of the mean", *axes,
                  tuple(conv_curves), log_up=True),
        ),
        2,
        (
            f"{count} networks each, rank {RANK}, zero biases, one input and direction a network",
            "one draw of the weights serves every c, which zero biases allow exactly",
            f"fully connected: {WIDTH} inputs and units; exact mean by the moving frame",
            f"convolutions: {SIDE} x {SIDE} cells, kernel {KERNEL}, circular; c^l and (c M_K)^l",
        ),
    )  # fmt: skip


def dense_gains(
    network: Network, cosine: float, seed: int, count: int, progress: Callable[[float], None]
) -> Array:
    """(n_0/n_l) ||du||^2 at c = 1, (count, depth)."""
    sampler = Sampler(network, "zero", cosine)
    parts = over_shards(
        lambda stream, size: profiles(sampler, stream, size).gain,
        seed, "figure.jacobian-depth", count, progress,
    )  # fmt: skip
    return np.concatenate(parts) * network.inputs / np.array(network.widths)


def exact_gains(network: Network, cosine: float, rank: int | None = None) -> Array:
    """Their exact means, (depth,), for networks of this or another rank."""
    return np.array(
        [
            network.inputs
            * float(
                predict(
                    CATALOGUE["jacobian.mean.exact"],
                    Network(network.inputs, network.widths[:depth], 1, rank or network.rank,
                            network.c, "zero"),
                    cosine=cosine,
                )
            )
            for depth in range(1, len(network.widths) + 1)
        ]
    )  # fmt: skip


def sampled(label: str, values: Array, colour: int) -> Curve:
    """Mean and quartiles of samples (count, depth)."""
    low, high = np.quantile(values, (0.25, 0.75), axis=0)
    depths = np.arange(1.0, values.shape[1] + 1)
    return Curve(label, "samples", depths, values.mean(axis=0), low, high, colour)
