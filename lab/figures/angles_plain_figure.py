"""|cos| of the angle between the images of x and u themselves, without the bias's coordinate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maxout.lab.figures import angles_figure
from maxout.lab.figures.figure_data import Figure
from maxout.lab.figures.request import BY_RANK

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = angles_figure.TAKES
VARIANCES = (0.1, BY_RANK, 10.0)


def figure(request: Request) -> Figure:
    """Draw 100 networks of every kind by default."""
    return angles_figure.drawn(
        request, VARIANCES, False, "angles-plain",
        "|cos| between the images of x and u: mean (points), quartiles (bands), wide limit (lines)",
        f"||x||^2 = n_0 = width, starting at cos = {angles_figure.COSINE:g}",
    )  # fmt: skip
