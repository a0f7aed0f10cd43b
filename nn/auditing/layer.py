"""A layer as the audit sees it, whoever found it: a description, a run of the model, or thinc."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Branch:
    """What a layer ends: a branch that is added to what it started from.

    Attributes:
      blocks: how many such sums the model has.
      linear: whether the layer is linear there, or ends in its maximum.
    """

    blocks: int
    linear: bool


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
      inputs: of one piece, where they are not the columns of ``weight``; else 0.
      zero: whether the maximum is taken with zero as well, as by a ReLU behind it.
      norm: name of a normalization between the layer and its maximum, or None.
      keeps: chance that an input survives the dropout in front of the layer, in training.
      branch: blocks of the stream that it ends a branch of, and how; None for another layer.
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
    inputs: int = 0
    zero: bool = False
    norm: str | None = None
    keeps: float = 1.0
    branch: Branch | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def units(self) -> int:
        return int(self.weight.shape[0])

    @property
    def rank(self) -> int:
        return int(self.weight.shape[1])

    @property
    def fan_in(self) -> int:
        return self.inputs or int(self.weight.shape[2])
