"""A layer as the audit sees it, whoever found it: a description, a run of the model, or thinc."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class Found:
    """One layer, in the order of the forward pass.

    Attributes:
      name: as in the model or the description.
      weight: (units, pieces, fan_in).
      bias: (units, pieces), or None.
      window: cells of the max pooling behind it.
      spatial: dimensions of the kernel; 0 for a fully connected layer.
      channels: input channels of the whole layer; the inputs, where fully connected.
      start: why the chain of predictions begins anew here; None where the layer before feeds it.
      input_size: mean square of the input's coordinates, where it was measured.
      output_size: mean square of the maxout units, where it was measured.
      notes: what else was seen.
    """

    name: str
    weight: Tensor
    bias: Tensor | None
    window: int = 1
    spatial: int = 0
    channels: int = 0
    start: str | None = None
    input_size: float | None = None
    output_size: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def units(self) -> int:
        return int(self.weight.shape[0])

    @property
    def rank(self) -> int:
        return int(self.weight.shape[1])

    @property
    def fan_in(self) -> int:
        return int(self.weight.shape[2])
