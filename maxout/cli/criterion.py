"""``maxout constant --criterion``: c, with what it keeps from layer to layer."""

from __future__ import annotations

from typing import Any

from maxout.cli import output
from maxout.numerics.typical.criteria import CRITERIA, Choice

DEEP = 20  # layers over which a factor is shown to add up


def show(choices: list[Choice], window: int) -> None:
    """Print choices of c: one in full, several as a table."""
    if len(choices) > 1:
        output.table(
            ("K", "c", "radius", "certified"),
            [
                (str(x.rank), x.c.midpoint, x.c.radius, "yes" if x.c.certified else "no")
                for x in choices
            ],
        )
        output.say(f"criterion {choices[0].criterion}: keeps {CRITERIA[choices[0].criterion]}")
        return
    (choice,) = choices
    at = "" if choice.width is None else f", width {choice.width}"
    output.say(f"rank {choice.rank}{at}: c = {choice.c}")
    output.say(f"criterion {choice.criterion}: keeps {CRITERIA[choice.criterion]}")
    output.table(
        ("zero biases", "factor a layer", f"over {DEEP} layers", ""),
        [
            (
                effect.what,
                "1" if effect.kept else f"{effect.factor:.6f}",
                "1" if effect.kept else f"{effect.factor**DEEP:.3g}",
                "kept" if effect.kept else "not kept",
            )
            for effect in choice.effects
        ],
    )
    if choice.width is None:
        output.say("typical sizes depend on the width: give --width")
    if window > 1:
        output.say(
            f"||x||^2/n is that of the layer after pooling over {window} cells: kept where the "
            "pooled cells are independent"
        )


def record(choice: Choice) -> dict[str, Any]:
    """What a choice adds to the JSON object of a rank."""
    return {
        "c": choice.c.midpoint,
        # The closed form of a rank's record is that of 1/M_K.
        **({"closed_form": None} if choice.criterion == "typical" else {}),
        "digits": choice.c.digits,
        "certified": choice.c.certified,
        "radius": choice.c.radius,
        "criterion": choice.criterion,
        "width": choice.width,
        "effects": [
            {"what": e.what, "factor_per_layer": e.factor, "kept": e.kept} for e in choice.effects
        ],
    }
