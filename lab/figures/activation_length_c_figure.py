"""Normalized activation length against depth for four values of c, ||x||^2 = n_0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from maxout.lab.figures import activation_length_figure
from maxout.lab.figures.figure_data import Figure
from maxout.lab.figures.request import BY_RANK

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = activation_length_figure.TAKES
WIDTH, DEPTH, NETWORKS, VARIANCES = 50, 50, 100, (0.5, BY_RANK, 0.6, 1.0)


def figure(request: Request) -> Figure:
    """Draw 100 networks by default."""
    width = (request.widths or (WIDTH,))[0]
    return activation_length_figure.drawn(
        request, "activation-length-c", width, DEPTH, math.sqrt(width), VARIANCES, NETWORKS
    )
