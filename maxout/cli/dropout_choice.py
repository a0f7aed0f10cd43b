"""``maxout constant --dropout``: c by the mode whose activation length it keeps."""

from __future__ import annotations

from typing import Any

import click

from maxout.cli import output, parse
from maxout.cli.progress import counted, working
from maxout.numerics.activation.dropout_choice import MODES, DropoutChoice, choose_with_dropout
from maxout.theory.field import short

DEEP = 20  # layers over which a factor is shown to add up


def answer(
    ranks: list[int],
    dropout: str | None,
    mode: str | None,
    digits: int,
    as_json: bool,
    apart: dict[str, Any],
) -> None:
    """Print c of every rank, for the mode given or for both.

    Args:
      apart: options that do not go with --dropout -> what was given of them, or None.

    Raises:
      click.UsageError, MaxoutError: for options that do not go together, or a bad value.
    """
    if dropout is None:
        raise click.UsageError("--mode of what? Give --dropout, the chance that a unit is dropped")
    if given := [name for name, value in apart.items() if value is not None]:
        raise click.UsageError(f"--dropout does not go with {' or '.join(given)}: leave one out")
    chance = parse.number(dropout, "dropout")
    modes = tuple(MODES) if mode is None else (mode,)
    with working("enclosing") as say:
        pairs = [(rank, which) for rank in counted(ranks, say) for which in modes]
        choices = [choose_with_dropout(rank, chance, which, digits) for rank, which in pairs]
    if as_json:
        output.dump([_record(choice) for choice in choices])
    else:
        _show(choices)


def _show(choices: list[DropoutChoice]) -> None:
    output.table(
        ("K", "mode", "c", "training", f"{DEEP} layers", "evaluation", f"{DEEP} layers"),
        [
            (
                str(x.rank),
                x.mode,
                x.c.midpoint,
                short(x.train),
                f"{float(x.train) ** DEEP:.3g}",
                short(x.evaluation),
                f"{float(x.evaluation) ** DEEP:.3g}",
            )
            for x in choices
        ],
    )
    for mode in dict.fromkeys(x.mode for x in choices):
        output.say(f"mode {mode}: {MODES[mode]}")
    output.say("training, evaluation: factor a layer of the mean of ||x||^2/n, zero biases, exact")


def _record(choice: DropoutChoice) -> dict[str, Any]:
    return {
        "rank": choice.rank,
        "dropout": str(choice.dropout),
        "mode": choice.mode,
        "c": choice.c.midpoint,
        "radius": choice.c.radius,
        "certified": choice.c.certified,
        "digits": choice.c.digits,
        "factor_in_training": float(choice.train),
        "factor_in_evaluation": float(choice.evaluation),
    }
