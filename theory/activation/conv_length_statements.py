"""The activation length of convolutional networks, exact for every lie of the patches."""

from maxout.theory.conditions import ZERO
from maxout.theory.convolution_conditions import CELL_EXISTS, CONVOLUTIONAL, POSITION_EXISTS
from maxout.theory.domain import Domain, Range
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, L, c, cell, n_0, position, share, x_norm

STATEMENTS = (
    Statement(
        key="conv.length",
        title="convolutions: the length grows by c M_K a layer, times the share of random paths",
        left=r"\mathbb{E}\,\|x_a^{(L-1)}\|^2 / C_{L-1}",
        relation=Relation.EQ,
        build=lambda t: x_norm**2 / n_0 * (c * LargestNormalMoment(K, 2)) ** (L - 1) * share,
        definitions=(
            "convolutions of C_l channels, weights N(0, c/fan_in), fan_in = taps C_{l-1}/groups",
            "x_a: the C_{L-1} channels at cell a; a = 0: the mean of all cells",
            "x is zero but at cell b of its map; b = 0: of the same norm at every cell",
            "s_ab: chance that a path from a, a random tap back a layer, ends at b, times the "
            "cells of the input; at b = 0 that it ends in the map, not in zero padding",
        ),
        domain=Domain(ZERO, POSITION_EXISTS, CELL_EXISTS, layers=CONVOLUTIONAL),
        range=Range.NON_NEGATIVE,
        source=Source("project", "convolutions, length"),
        proof="convolutions.md#the-length-cell-by-cell",
        parameters=(x_norm, position, cell),
        quantity="activation.mean",
        rung="exact",
    ),
)
