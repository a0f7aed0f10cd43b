"""How a trial is planned: a true claim, one just beyond the margin, or an error to be shown."""

from __future__ import annotations

import math
from collections.abc import Iterator

from maxout.verify.calibration.trial import Draw, Trial
from maxout.verify.decisions import Decision, MeanEquality

ALPHA = 0.05
"""Rate that the procedures are held to here: large enough to be seen in some thousand runs."""

_BEYOND = 1 + 1e-9


def needed(decision: Decision, discrepancy: float, alpha: float) -> int:
    """Fewest observations, but for a hundredth, whose detectable discrepancy is this one."""
    samples = math.ceil((decision.detectable(1, alpha) / discrepancy) ** 2)
    while decision.detectable(samples, alpha) > discrepancy:  # not all fall like one over a root
        samples = samples * 101 // 100 + 1
    while samples > 100 and decision.detectable(samples * 99 // 100, alpha) <= discrepancy:
        samples = samples * 99 // 100
    return samples


def equality(variance: float, mean: float, margin: float = 0.02) -> MeanEquality:
    return MeanEquality(variance, margin * abs(mean))


def on_true(
    decision: Decision, data: str, claim: float, draw: Draw, sizes: tuple[int, ...]
) -> Iterator[Trial]:
    for samples in sizes:
        yield Trial("false alarm", decision, data, "", claim, samples, draw, ALPHA)


def beyond_margin(decision: Decision, data: str, truth: float, draw: Draw, sign: int = 1) -> Trial:
    """A claim just further from the truth than the margin, at the planned size."""
    claim = truth + sign * decision.margin * _BEYOND
    samples = decision.samples_needed(ALPHA)
    return Trial(
        "false verification",
        decision,
        data,
        "off by the margin",
        claim,
        samples,
        draw,
        ALPHA,
        decision.margin,
    )


def planted(
    decision: Decision, data: str, planted: str, truth: float, claim: float, draw: Draw
) -> Trial:
    """A wrong claim, at the number of observations that the procedure says will show it."""
    gap = abs(claim - truth)
    samples = needed(decision, gap, ALPHA)
    return Trial("power", decision, data, planted, claim, samples, draw, ALPHA, gap)
