"""``--derive``: a moment derived step by step, each step confirmed numerically as it is printed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from maxout.cli import output
from maxout.cli.progress import working
from maxout.theory.order.moment_derivation import Step

CHECK_DIGITS = 30  # both sides of a step are evaluated to this many digits
AGREEMENT = 25  # and must agree to this many: the rest is left to quadrature and cancellation


class StepError(ArithmeticError):
    """A derivation step whose two sides differ: an error of the program, never of the user."""


def agreement(left: sp.Expr, right: sp.Expr) -> int:
    """Decimal digits to which two expressions agree, evaluated each on its own; at most 30.

    Relative to the larger one, so that small numbers are no easier; absolute where one is 0.
    """
    a, b = (sp.N(side, CHECK_DIGITS) for side in (left, right))
    gap = abs(a - b)
    if not gap:
        return CHECK_DIGITS
    size = sp.Float(1) if 0 in (left, right) else max(abs(a), abs(b))
    return min(CHECK_DIGITS, int(-sp.log(gap / size, 10).evalf()))


def show(steps: Iterable[Step], style: str, header: dict[str, Any]) -> None:
    """Print a derivation, each step after its two sides are found to agree.

    Args:
      header: what is derived, for the JSON object.

    Raises:
      StepError: where a step's sides do not agree, so that nothing wrong passes for derived.
    """
    records = []
    for number, step in enumerate(steps, start=1):
        with working(f"confirming step {number}"):
            digits_agreed = agreement(step.left, step.right)
        if digits_agreed < AGREEMENT:
            raise StepError(f"step {number} of the derivation fails: {step.words}")
        if style == "json":
            records.append(
                {
                    "step": number,
                    "words": step.words,
                    "left": sp.latex(step.left),
                    "right": sp.latex(step.right),
                    "digits_agreed": digits_agreed,
                }
            )
            continue
        output.say(f"{number}. {step.words}")
        left, right = (output.expression(side, style, indent=5) for side in (step.left, step.right))
        if "\n" in left + right:
            output.say("     " + left.replace("\n", "\n     "))
            output.say("   =")
            output.say("     " + right.replace("\n", "\n     "))
        else:
            output.say(f"     {left} = {right}")
        output.say(f"   both sides agree to {digits_agreed} digits")
    if style == "json":
        output.dump({**header, "steps": records})
