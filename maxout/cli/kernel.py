"""``maxout kernel``: the infinite-width kernels at correlations, or Gram matrices of inputs."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import numpy as np
import sympy as sp

from maxout.cli import output, parse
from maxout.cli.progress import counted, working
from maxout.numerics import kernels
from maxout.numerics.array_files import read_npy
from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.kernels.winner_table import KERNEL_RANK
from maxout.numerics.reading import FileError, read_table
from maxout.theory.errors import DomainError, MaxoutError
from maxout.theory.kernels.infinite_width import MaxKernel, WinnerProbability

MAX_ENTRIES = 10**8
MAX_WORK = 10**9  # entries times layers
MAX_BYTES = 1 << 28  # of a file of inputs
_NUMBER = re.compile(r"-\.?\d.*")


@click.command("kernel", context_settings={"ignore_unknown_options": True})
@click.argument("correlations", nargs=-1, metavar="[RHO]...")
@click.option("--rank", required=True, help="Rank K, up to 10,000.")
@click.option("--data", help="CSV or NPY file of inputs, one a row: print their Gram matrix.")
@click.option(
    "--kind",
    type=click.Choice(("ntk", "nngp")),
    default="ntk",
    show_default=True,
    help="Tangent kernel, or covariance of the output.",
)
@click.option("--depth", default="3", show_default=True, help="Layers L, the output layer too.")
@click.option("--c", help="Weight variance times fan_in  [default: 1/M_K].")
@click.option("--bias-variance", default="0", show_default=True, help="Variance of every bias.")
@output.json_option
def command(
    correlations: tuple[str, ...],
    rank: str,
    data: str | None,
    kind: str,
    depth: str,
    c: str | None,
    bias_variance: str,
    as_json: bool,
) -> None:
    """Print kappa_K and q_K at correlations RHO, or the kernel of the inputs in a file.

    kappa_K = E[max_k X_k max_k Y_k] and q_K = Pr(one piece wins at both inputs), for K pairs of
    standard normals with correlation RHO. A Gram matrix is printed as comma-separated values.
    """
    for word in correlations:
        if word.startswith("-") and not _NUMBER.fullmatch(word):
            raise click.NoSuchOption(word)
    if bool(correlations) == (data is not None):
        raise click.UsageError("give correlations RHO or --data FILE (one of them)")
    chosen = parse.integer(rank, "rank")
    if data is None:
        _at(chosen, correlations, as_json)
        return
    x = _inputs(Path(data))
    if len(x) ** 2 > MAX_ENTRIES:
        raise MaxoutError(
            f"{data} has {len(x):,} inputs, whose Gram matrix is too large to print: use "
            "maxout.numerics.kernels block by block"
        )
    given: dict[str, Any] = {
        "depth": parse.integer(depth, "depth"),
        "rank": chosen,
        "c": None if parse.variance(c) is None else parse.real(c or "", "c"),
        "bias_variance": parse.real(bias_variance, "bias-variance"),
    }
    if len(x) ** 2 * given["depth"] > MAX_WORK:
        raise DomainError(
            f"depth must be at most {MAX_WORK // len(x) ** 2:,} for {len(x):,} inputs; got "
            f"{given['depth']:,}"
        )
    with working("computing the Gram matrix"):
        gram = {"ntk": kernels.ntk, "nngp": kernels.nngp}[kind](x, **given)
    if as_json:
        output.dump({"kind": kind, **given, "gram": gram.tolist()})
        return
    for row in gram:
        click.echo(",".join(repr(float(value)) for value in row))


def _at(rank: int, words: tuple[str, ...], as_json: bool) -> None:
    # From the correlations as they were typed: near 1 rounding them alone would move q by 1e-8.
    pieces = sp.Integer(KERNEL_RANK(rank))
    rhos = [parse.number(word, "rho") for word in words]
    for word, rho in zip(words, rhos, strict=True):
        if abs(rho) > 1:
            raise DomainError(f"rho must be a correlation, from -1 to 1; got {word[:60]}")
    with working("computing the kernel") as say:
        values = [
            [
                enclose(kind(pieces, sp.Rational(rho)), {}, 17)
                for kind in (MaxKernel, WinnerProbability)
            ]
            for rho in counted(rhos, say)
        ]
    if as_json:
        # What is written out is rounded to float64 once more.
        errors = [
            max(float(value.radius) + abs(float(value)) * 2.0**-53 for value in column)
            for column in zip(*values, strict=True)
        ]
        rows = zip(rhos, values, strict=True)
        output.dump(
            {
                "rank": rank,
                "error": dict(zip(("kappa", "q"), errors, strict=True)),
                "rows": [
                    {"rho": float(rho), "kappa": float(kappa), "q": float(q)}
                    for rho, (kappa, q) in rows
                ],
            }
        )
        return
    output.table(
        ("rho", f"kappa_{rank}", f"q_{rank}"),
        [
            (word.strip(), *(f"{Decimal(value.midpoint):.14f}" for value in row))
            for word, row in zip(words, values, strict=True)
        ],
    )


def _inputs(path: Path) -> np.ndarray:
    """Inputs from a file, by its extension. Nothing in it is ever unpickled.

    Raises:
      FileError: for a file that cannot be read as a matrix of numbers.
    """
    if path.suffix.lower() != ".npy":
        return read_table(path, MAX_BYTES)
    loaded = read_npy(path, MAX_BYTES)
    if loaded.dtype.kind not in "iuf" or loaded.ndim != 2:
        raise FileError(
            f"{path} holds {loaded.dtype} of shape {loaded.shape}: a matrix of real numbers is "
            "needed"
        )
    return np.asarray(loaded, dtype=float)
