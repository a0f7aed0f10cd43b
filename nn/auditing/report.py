"""What an audit found, layer by layer; prints as a table with advice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maxout.nn.auditing.findings import Finding
    from maxout.nn.auditing.measure import Measured

# dtype -> (largest number, smallest normal one: below it digits are lost, and some devices flush)
RANGES = {
    "float32": (3.4028234663852886e38, 1.1754943508222875e-38),
    "float16": (65504.0, 6.103515625e-05),
    "bfloat16": (3.3895313892515355e38, 1.1754943508222875e-38),
}


@dataclass(frozen=True)
class LayerAudit:
    """One layer's weights and what they do. Sizes are logarithms to base 10.

    Attributes:
      name, rank, window, units, fan_in: as found; the window is that of max pooling behind it.
      chain: number of the chain of predictions it belongs to, from 0.
      start: why that chain begins here; None inside a chain.
      c, c_error: fan_in times the mean square of the weights, and its standard error.
      gain, gain_error: c M_{K p}, the factor on the mean square of an activation; 1 keeps it. nan
        where a normalization stands before the maximum, so that c does nothing.
      target: what the gain should be in evaluation: 1, or less at the end of a residual branch.
      keeps: chance that an input survives the dropout in front, in training.
      factor: what to multiply the weights by for that gain; nan where they are zero.
      bias_mean_square: mean square of the biases.
      activation: predicted mean square of the layer's units, E||x^(l)||^2/n_l.
      measured: the same as the example input gave it; None without one.
      gradient: predicted E||dN/dx^(l)||^2 of one coordinate N at the chain's end; (low, high),
        equal where the value is exact.
      weight_gradient: predicted E||dN/dW^(l)||_F^2; None for convolutions.
      activation_depth, gradient_depth: dtype -> how many layers like this one a signal of size 1
        survives before its root mean square leaves the dtype's normal numbers; None: any number.
      oddities: why the weights do not look freshly drawn; empty if they do.
      notes: what else was seen.
    """

    name: str
    rank: int
    window: int
    units: int
    fan_in: int
    chain: int
    start: str | None
    c: float
    c_error: float
    gain: float
    gain_error: float
    factor: float
    bias_mean_square: float
    activation: float
    measured: float | None
    gradient: tuple[float, float]
    weight_gradient: tuple[float, float] | None
    activation_depth: dict[str, int | None]
    gradient_depth: dict[str, int | None]
    oddities: tuple[str, ...]
    notes: tuple[str, ...]
    target: float = 1.0
    keeps: float = 1.0

    @property
    def size(self) -> int:
        """How many weights there are."""
        return self.units * self.rank * self.fan_in

    @property
    def ok(self) -> bool:
        """Whether the gain is its target within four standard errors, or within 2 %.

        2 % a layer is a factor of 1.5 over twenty layers: no reason to touch the weights. With
        dropout in front either mode's target will do here; at the end of a residual branch, less.
        """
        if math.isnan(self.gain):
            return True
        # Of few weights the sample does not know its own error; normal draws have this one.
        error = max(self.gain_error / self.target, math.sqrt(2 / self.size))
        allowed = max(4 * error, 0.02)
        if not self.gain:
            return False
        ratio = math.log(self.gain / self.target)
        if self.target < 1:
            return ratio <= allowed
        return abs(ratio) <= allowed or abs(ratio - math.log(self.keeps)) <= allowed

    @property
    def advice(self) -> str:
        if self.ok:
            return "keep"
        call = f"maxout_normal_(weight, rank={self.rank}, fan_in={self.fan_in}"
        call += f", window={self.window})" if self.window > 1 else ")"
        if math.isnan(self.factor):
            return f"initialize: {call}"
        return f"multiply the weights by {self.factor:.4g}, or {call}"

    def to_json(self) -> dict[str, Any]:
        """All of it, with None for what is not a finite number."""
        record = {name: _plain(value) for name, value in vars(self).items()}
        return record | {"ok": self.ok, "advice": self.advice}


@dataclass(frozen=True)
class AuditReport:
    """What :func:`maxout.nn.audit` found.

    Attributes:
      layers: in the order of the forward pass.
      input_size: mean square of the input's coordinates the first chain starts from.
      notes: what could not be told, and was left out.
      assumptions: what the predictions rest on.
      findings: about the model beside its layers, with what to do.
      measured: runs forward and backward, in evaluation mode and in training mode.
      verdict: (ok, why); ok is True, False, or None where nothing can be said.
    """

    layers: tuple[LayerAudit, ...]
    input_size: float
    notes: tuple[str, ...]
    assumptions: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    measured: tuple[Measured, ...] = ()
    verdict: tuple[bool | None, str] = (None, "not judged")

    @property
    def ok(self) -> bool | None:
        """Whether the model keeps sizes and gradients: True, False, or None where it is unknown."""
        return self.verdict[0]

    @property
    def range_warnings(self) -> tuple[str, ...]:
        """Where the predicted root mean squares leave the normal numbers of a dtype."""
        found = []
        for dtype, (largest, smallest) in RANGES.items():
            top, bottom = 2 * math.log10(largest), 2 * math.log10(smallest)
            for what, sizes in (
                ("activations", [(x.activation, x.activation) for x in self.layers]),
                ("gradients", [_per_unit(x) for x in self.layers][::-1]),
            ):
                names = [x.name for x in self.layers]
                names = names if what == "activations" else names[::-1]
                for name, (low, high) in zip(names, sizes, strict=True):
                    certain = low > top or high < bottom
                    if high > top or low < bottom:
                        verb = "overflow" if high > top else "underflow"
                        found.append(
                            f"{what} {verb if certain else 'may ' + verb} {dtype} at layer {name}"
                        )
                        break
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """The report as plain lists and dictionaries."""
        return {
            "ok": self.ok,
            "reason": self.verdict[1],
            "findings": [_plain(vars(finding)) for finding in self.findings],
            "measured": [_plain(vars(one)) for one in self.measured],
            "input_size": _plain(self.input_size),
            "layers": [layer.to_json() for layer in self.layers],
            "range_warnings": list(self.range_warnings),
            "notes": list(self.notes),
            "assumptions": list(self.assumptions),
        }

    def columns(self) -> tuple[str, ...]:
        """Heads of :meth:`rows`."""
        measured = ("measured",) if any(x.measured is not None for x in self.layers) else ()
        return (
            "layer", "K", "window", "units", "fan_in", "c", "±", "gain", "activation", *measured,
            "gradient", "fp16 depth",
        )  # fmt: skip

    def rows(self) -> list[tuple[str, ...]]:
        """The table, one layer a row."""
        measured = "measured" in self.columns()
        rows = []
        for x in self.layers:
            seen = ("-" if x.measured is None else size_text(x.measured),) if measured else ()
            gain = "-" if math.isnan(x.gain) else f"{x.gain:.4f}"
            rows.append(
                (
                    x.name, str(x.rank), str(x.window), str(x.units), str(x.fan_in),
                    f"{x.c:.4f}", f"{x.c_error:.2g}", gain,
                    size_text(x.activation), *seen, _interval(x.gradient),
                    _depth(x.activation_depth["float16"]),
                )
            )  # fmt: skip
        return rows

    def remarks(self) -> list[str]:
        """Lines to print below the table."""
        lines = []
        chains = [x for x in self.layers if x.start is not None]
        for x in chains[1:]:
            lines.append(f"{x.name}: the prediction begins anew here, {x.start}")
        advice = [(x.advice, x.name) for x in self.layers if not x.ok]
        if advice:
            lines.append("what to change:")
            lines += [f"  {names}: {text}" for text, names in _gathered(advice)]
        ok, why = self.verdict
        word = {True: "nothing to change", False: "not right", None: "not known"}[ok]
        if ok is not False or not advice:
            lines.append(f"{word}: {why}")
        lines += [
            f"{text}: {f.subject}: {f.text}"
            for f in self.findings
            if f.text not in why
            for text in [
                f.layers[0] if len(f.layers) == 1 else f"{f.layers[0]}, ..., {f.layers[-1]}"
            ]
        ]
        lines += [f"warning: {text}" for text in self.range_warnings]
        odd = [(text, x.name) for x in self.layers for text in x.oddities]
        if odd:
            lines.append("not like weights at initialization, of which the theory speaks:")
            lines += [f"  {names}: {text}" for text, names in _gathered(odd)]
        noted = [(text, x.name) for x in self.layers for text in x.notes]
        lines += [f"{names}: {text}" for text, names in _gathered(noted)]
        return lines + list(self.notes)

    def __str__(self) -> str:
        rows = [self.columns(), *self.rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join(lines + self.remarks())


def _gathered(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """(text, names it is said of), in order."""
    names: dict[str, list[str]] = {}
    for text, name in pairs:
        names.setdefault(text, []).append(name)
    return [
        (text, ", ".join(found) if len(found) < 5 else f"{found[0]}, ..., {found[-1]}")
        for text, found in names.items()
    ]


def _per_unit(layer: LayerAudit) -> tuple[float, float]:
    """The gradient's mean square over the layer's units."""
    units = math.log10(layer.units)
    return layer.gradient[0] - units, layer.gradient[1] - units


def size_text(log10: float) -> str:
    """A number given by its logarithm to base 10, however large."""
    if math.isnan(log10):
        return "-"
    if math.isinf(log10):
        return "0" if log10 < 0 else "inf"
    if -3 <= log10 < 4:
        return f"{10**log10:.4g}"
    exponent = math.floor(log10)
    mantissa = f"{10 ** (log10 - exponent):.2f}"
    if mantissa.startswith("10"):  # a power of ten, but for rounding
        mantissa, exponent = "1.00", exponent + 1
    return f"{mantissa}e{exponent}"


def _interval(bounds: tuple[float, float]) -> str:
    low, high = map(size_text, bounds)
    return low if low == high else f"{low}..{high}"


def _depth(depth: int | None) -> str:
    return "any" if depth is None else str(depth)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, Mapping) else value
