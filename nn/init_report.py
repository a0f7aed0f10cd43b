"""What an initialization did, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass

Verdict = tuple[bool | None, str]
"""Whether a model is right as a whole, and why; see ``maxout.nn.audit``."""


@dataclass(frozen=True)
class LayerInit:
    """What was done to one layer.

    Attributes:
      name: as in ``model.named_modules()``.
      kind: class of the layer.
      role: "maxout"; of linear ones "linear", "branch" (at the end of a residual branch) or
        "output"; or "unchanged".
      rank, window: pieces K of a unit and cells p of the max pooling behind it.
      fan_in: inputs of one piece; 0 where unchanged, as are c and std.
      c: weight variance times fan_in, 1/M_{K p}.
      std: standard deviation of the weights.
      why: what else counted into c, or stands around the layer; empty for c = 1/M_{K p} alone.
    """

    name: str
    kind: str
    role: str
    rank: int = 1
    window: int = 1
    fan_in: int = 0
    c: float = 0.0
    std: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class InitReport:
    """What :func:`maxout.nn.init.init_model_` did, layer by layer; prints as a table.

    ``before`` and ``after`` are the audit's verdicts; None where it was not asked or cannot tell.
    """

    layers: tuple[LayerInit, ...]
    before: Verdict | None = None
    after: Verdict | None = None

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [
            ("layer", "kind", "role", "rank", "window", "fan_in", "c", "std")
        ]
        for layer in self.layers:
            numbers: tuple[str, ...] = ("",) * 5
            if layer.role != "unchanged":
                counts = (layer.rank, layer.window, layer.fan_in)
                numbers = (*map(str, counts), f"{layer.c:.5f}", f"{layer.std:.5f}")
            rows.append((layer.name or "(model)", layer.kind, layer.role, *numbers))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines += [f"{x.name or '(model)'}: {x.why}" for x in self.layers if x.why]
        if self.after is not None and self.after[0] is not True:
            word = "not right" if self.after[0] is False else "not known"
            lines.append(f"the model is {word} still: {self.after[1]}")
        return "\n".join(lines)
