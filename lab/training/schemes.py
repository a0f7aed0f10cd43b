"""The initializations compared. All but the framework's default have zero biases.

| scheme | hidden layers | output layer |
|---|---|---|
| maxout | N(0, c/fan_in), c = 1/M_K | N(0, 1/fan_in) |
| maxpool | the same, c = 1/M_{4K} where 2x2 max pooling follows | N(0, 1/fan_in) |
| c=V | N(0, V/fan_in); c=2 is He's | N(0, 1/fan_in) |
| c=V:function | the same | N(0, 1/fan_in), divided by (V M_K)^{L/2}, L the hidden layers |
| c=V:step | the same; the rate times K(1/M_K)/K(V), K the tangent kernel's mean | N(0, 1/fan_in) |
| default | what torch's layers draw: U(-1, 1)/√fan_in, biases too | the same |
| relu | the ReLU network of the same widths, N(0, 2/fan_in) | N(0, 1/fan_in) |
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from maxout.nn import MaxoutConv2d, MaxoutLinear, init
from maxout.theory.errors import DomainError
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.scales import moment

FC_SCHEMES = ("maxout", "c=0.1", "c=1", "c=2", "c=10", "default", "relu")
CONV_SCHEMES = ("maxout", "maxpool", *FC_SCHEMES[1:])
REFERENCES = ("maxout", "maxpool")
"""Schemes under test: what the others are compared with."""

_VARIANCE = re.compile(r"c=(\d{1,9}(\.\d{0,9})?|\.\d{1,9})(:function|:step)?")
_NAMES = ("maxout", "maxpool", "default", "relu")


@dataclass(frozen=True)
class Scheme:
    """An initialization by name.

    Attributes:
      name: as in the table of this module.
      variance: the V of ``c=V``, and 2 for relu; None elsewhere.
      match: "function" where outputs are as large as at c = 1/M_K, "step" where steps are.
    """

    name: str
    variance: float | None = None
    match: str = ""

    @property
    def is_relu(self) -> bool:
        return self.name == "relu"

    def initialize_(self, model: nn.Sequential, generator: torch.Generator) -> None:
        """Draw all parameters in place. Equal generators give the same normals to every c."""
        if self.name in REFERENCES:
            # An empty mapping: no window of max pooling counts.
            init.init_model_(
                model, windows={} if self.name == "maxout" else None, generator=generator
            )
            return
        layers = [layer for layer in model if isinstance(layer, (nn.Linear, nn.Conv2d))]
        for layer in layers:
            fan_in = layer.weight[0].numel()
            if self.variance is None:
                _torch_default_(layer.weight, layer.bias, fan_in, generator)
                continue
            variance = 1.0 if layer is layers[-1] else self.variance
            if layer is layers[-1] and self.match == "function":
                # At zero bias the outputs are sqrt(V M_K) a layer times those at c = 1/M_K.
                rank = next(m.rank for m in model if isinstance(m, (MaxoutLinear, MaxoutConv2d)))
                variance = (self.variance * second_moment(rank)) ** -(len(layers) - 1)
            nn.init.normal_(layer.weight, 0.0, math.sqrt(variance / fan_in), generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def second_moment(rank: int) -> float:
    """M_K."""
    return moment(LargestNormalMoment, rank, 2)


def _torch_default_(
    weight: Tensor, bias: Tensor | None, fan_in: int, generator: torch.Generator
) -> None:
    nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
    if bias is not None:
        bound = 1 / math.sqrt(fan_in)
        nn.init.uniform_(bias, -bound, bound, generator=generator)


def scheme(name: str) -> Scheme:
    """Read a scheme's name; ``he`` is another name of c=2.

    Raises:
      DomainError: for an unknown name, or a c that is not a positive decimal.
    """
    if name == "he":
        return Scheme("c=2", 2.0)
    if name in _NAMES:
        return Scheme(name, 2.0 if name == "relu" else None)
    if (match := _VARIANCE.fullmatch(name)) and float(match[1]) > 0:
        kind = match[3] or ""
        return Scheme(f"c={float(match[1]):g}{kind}", float(match[1]), kind.removeprefix(":"))
    raise DomainError(
        f"scheme must be one of {', '.join(_NAMES)}, he, or c=V with a positive V "
        "(c=V:function and c=V:step are matched to c = 1/M_K); "
        f"got {name[:60]!r}"
    )
