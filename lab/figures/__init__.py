"""The paper's figures and this project's beside them, as data: the theory over samples."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

from maxout.lab.figures.figure_data import Curve, Figure, Image, Panel
from maxout.lab.figures.request import Request
from maxout.theory.errors import MaxoutError

__all__ = ["FIGURES", "Curve", "Figure", "Image", "Panel", "Request", "UnknownFigureError", "make"]

FIGURES = {
    "gradients-depth": "squared gradients by the weights against depth, for several c",
    "second-moments": "M_K and c = 1/M_K for ranks 2 to 100",
    "angles": "|cos| between the augmented images of x and u against depth",
    "gradient-histogram": "mean squared slope of a unit of layer 10 over inputs, a histogram",
    "activation-length": "normalized activation length: networks, law and formula",
    "gradient-plane": "E ||Ju||^2 over the plane of inputs, by depth, and for ReLU",
    "training-gradients": "squared gradients during training, layer by layer",
    "jacobian-depth": "squared directional derivatives against depth; convolutions too",
    "jacobian-histogram": "E ||Ju||^2 over inputs, a histogram: networks, and exactly",
    "angles-plain": "|cos| between the images of x and u themselves",
    "activation-length-c": "normalized activation length for four values of c",
}
"""Name of each figure -> what it shows; each is a module of this package. The first seven are the
paper's, with its quantities and settings."""


class UnknownFigureError(MaxoutError):
    """No figure of that name."""


def make(name: str, request: Request | None = None) -> Figure:
    """Compute a figure.

    Raises:
      UnknownFigureError: for a name that is not in ``FIGURES``.
      DomainError: for what the figure does not take, numbers out of range, or data that it cannot
        show.
    """
    module = module_of(name)
    request = request or Request()
    request.check(name, module.TAKES)
    figure: Figure = module.figure(request)
    return replace(figure, command=request.command(name))


def module_of(name: str) -> Any:
    """Return the module of a figure; its ``TAKES`` says what of a request it takes, and how many.

    Raises:
      UnknownFigureError: for a name that is not in ``FIGURES``.
    """
    if name not in FIGURES:
        raise UnknownFigureError(f"no figure is called {name!r}; there are {', '.join(FIGURES)}")
    return import_module(f"{__name__}.{name.replace('-', '_')}_figure")
