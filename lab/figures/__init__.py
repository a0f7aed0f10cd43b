"""The paper's figures as data: samples with the theory's curve over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from maxout.lab.figures.figure_data import Curve, Figure, Image, Panel
from maxout.theory.errors import DomainError, MaxoutError

__all__ = ["FIGURES", "Curve", "Figure", "Image", "Panel", "UnknownFigureError", "make"]

FIGURES = {
    "gradients-depth": "mean and quartiles of the squared gradient against depth, for several c",
    "second-moments": "M_K and c = 1/M_K for ranks 2 to 100",
    "angles": "|cos| of the angle between the images of x and u against depth",
    "gradient-histogram": "E ||Ju||^2 over inputs, as a histogram",
    "activation-length": "normalized activation length: networks, law and formula",
    "gradient-plane": "E ||Ju||^2 over the plane of inputs, by depth, and for ReLU",
    "training-gradients": "squared gradients during training, layer by layer",
}
"""Name of each figure -> what it shows; each is a module of this package."""


class UnknownFigureError(MaxoutError):
    """No figure of that name."""


@dataclass(frozen=True)
class Request:
    """What a figure is made from.

    Attributes:
      networks: sampled networks; None for the paper's number.
      seed: root of every stream.
      data: folder of a training, for the figure that shows one.
      progress: called with the share done, from 0 to 1.
    """

    networks: int | None = None
    seed: int = 0
    data: str | None = None
    progress: Callable[[float], None] = lambda share: None


def make(name: str, request: Request | None = None) -> Figure:
    """Compute a figure.

    Raises:
      UnknownFigureError: for a name that is not in ``FIGURES``.
      DomainError: for fewer than two networks, or data that the figure cannot show.
    """
    if name not in FIGURES:
        raise UnknownFigureError(f"no figure is called {name!r}; there are {', '.join(FIGURES)}")
    request = request or Request()
    if request.networks is not None and not 2 <= request.networks <= 10**5:
        raise DomainError(f"networks must be from 2 to 100,000; got {request.networks}")
    module = import_module(f"{__name__}.{name.replace('-', '_')}_figure")
    figure: Figure = module.figure(request)
    return figure
