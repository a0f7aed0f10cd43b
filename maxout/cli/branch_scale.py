"""``maxout constant --skip``: the factor of a branch that keeps blocks within a factor e."""

from __future__ import annotations

from typing import Any

import click

from maxout.cli import output, parse
from maxout.cli.progress import counted, working
from maxout.numerics.jacobian.branch_scale import BranchScale, branch_scale


def answer(
    ranks: list[int], skip: str | None, blocks: str | None, as_json: bool, apart: dict[str, Any]
) -> None:
    """Print the factor for every rank, at c = 1/M_K.

    Args:
      apart: options that do not go with --skip -> what was given of them, or None.

    Raises:
      click.UsageError, MaxoutError: for options that do not go together, or a bad value.
    """
    if skip is None or blocks is None:
        missing, for_what = ("--skip", "--blocks") if skip is None else ("--blocks", "--skip")
        raise click.UsageError(f"{for_what} needs {missing} as well")
    if given := [name for name, value in apart.items() if value is not None]:
        raise click.UsageError(f"--skip does not go with {' or '.join(given)}: leave one out")
    count = parse.integer(blocks, "blocks")
    with working("solving") as say:
        found = [branch_scale(skip, rank, count) for rank in counted(ranks, say)]
    if as_json:
        output.dump([_record(one) for one in found])
        return
    output.table(
        ("K", "skip", "blocks", "beta", "grows by", "at beta = 1"),
        [
            (
                str(one.rank),
                one.kind,
                str(one.blocks),
                f"{one.beta:.9g}",
                f"{one.factor:.6g}",
                f"{one.unscaled:.6g}",
            )
            for one in found
        ],
    )
    output.say(f"grows by: {found[0].kept}; c = 1/M_K")


def _record(one: BranchScale) -> dict[str, Any]:
    return {
        "rank": one.rank,
        "skip": one.kind,
        "blocks": one.blocks,
        "branch_scale": one.beta,
        "factor": one.factor,
        "factor_unscaled": one.unscaled if one.unscaled < float("inf") else None,
        "kept": one.kept,
    }
