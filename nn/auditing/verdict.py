"""Whether a model is right as a whole: True, False, or None where nothing can be said; and why."""

from __future__ import annotations

import math
from collections.abc import Sequence

from maxout.init.constants import second_moment
from maxout.nn.auditing.findings import LIMIT, Finding
from maxout.nn.auditing.measure import Measured
from maxout.nn.auditing.report import LayerAudit

# Starts of a chain of predictions that theory covers: sizes are set anew there, or are given.
_KNOWN = ("its input is the model's input", "behind a normalization", "behind layernorm")


def verdict(
    layers: Sequence[LayerAudit],
    findings: Sequence[Finding],
    measured: Sequence[Measured],
    notes: Sequence[str],
    was_run: bool,
) -> tuple[bool | None, str]:
    """The verdict, and its reason in one line.

    A layer whose gain is not what it should be, a finding that is wrong, or a measured growth of
    mean squares or squared gradients beyond the factor LIMIT, and what one network's own weights
    explain, make it False. What is left out or has no theory makes it None.
    """
    if wrong := [x.name for x in layers if not x.ok]:
        return False, f"the gain of {_some(wrong)} is not what keeps the size"
    for finding in findings:
        if finding.verdict is False:
            return False, f"{finding.subject}: {finding.text}"
    again = {name for f in findings if f.subject == "repeated" for name in f.layers}
    once = [x for x in layers if x.name not in again]
    dropped = any(f.subject == "dropout" for f in findings)
    for one in measured:
        if dropped and one.mode == "eval":
            continue  # no c keeps sizes in both modes; the finding says by how much
        if (text := _strays(once, one)) is not None:
            return False, text
    for finding in findings:
        if finding.verdict is None:
            return None, f"{_some(list(finding.layers))}: {finding.text}"
    if left := [
        note
        for note in notes
        if ("left out" in note and "by embedding" not in note) or "outside the chain" in note
    ]:
        return None, left[0]
    residual = any(f.subject == "residual" for f in findings)
    for x in layers:
        start = x.start or ""
        if not start or start.startswith(_KNOWN):
            continue
        if start.startswith("behind a sum of two paths") and residual and was_run:
            continue
        if "is the output of" in start and was_run:
            continue
        return None, f"{x.name} stands {start}, where the prediction ends" if start.startswith(
            "behind"
        ) else f"{x.name}: {start}"
    return True, "every gain is 1 as far as the weights can tell" + (
        ", and sizes and gradients keep in the run" if measured else ""
    )


def _strays(layers: Sequence[LayerAudit], one: Measured) -> str | None:
    """In words, what a run does beyond bounds."""
    told = [x for x in layers if x.name in one.lengths]
    # The logarithm of a length of n units has variance 2/n at most, layer by layer.
    own = math.exp(4 * math.sqrt(sum(2 / x.units for x in layers)))
    band = LIMIT * own
    run = {"train": "in training mode", "eval": "in evaluation mode"}[one.mode]
    base = None
    for x in told:
        size = one.lengths[x.name]
        if base is None or (x.start or "").startswith("behind a normalization"):
            base = (x.name, size)
            continue
        if not base[1]:
            continue
        growth = size / base[1]
        if not 1 / band <= growth <= band:
            return (
                f"{run} mean squares go from {base[1]:.3g} at {base[0]} to {size:.3g} at {x.name}"
            )
    slopes = [(x, one.gradients[x.name]) for x in layers if one.gradients.get(x.name)]
    if len(slopes) > 1:
        last = slopes[-1][1]
        # Branches of a residual stream hand on the square of their scale.
        allowed = 1 / min(x.target for x in layers)
        for x, slope in reversed(slopes[:-1]):
            allowed *= second_moment(x.rank * x.window)
            if not 1 / (band * allowed) <= slope / last <= band * second_moment(x.rank * x.window):
                return (
                    f"{run} squared gradients (relative) are {slope / last:.3g} times as large at "
                    f"{x.name} as at {slopes[-1][0].name}"
                )
    return None


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 4 else f"{names[0]}, ..., {names[-1]}"
