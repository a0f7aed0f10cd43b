"""``maxout constant RANK --window 2x2 --correlation 0.9``: max pooling over correlated cells."""

from __future__ import annotations

from typing import Any

import sympy as sp

from maxout.cli import output
from maxout.numerics.activation.pooled_stack import Stage, common_correlation, stages
from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.evaluator import enclose
from maxout.theory.activation.pooling import PooledMoment


def show(
    ranks: list[int], window: int, correlation: Any, count: int | None, digits: int, as_json: bool
) -> None:
    """Print c = 1/M_{K,p}(rho) of each rank, or of each stage of a stack."""
    if count is not None:
        _stack(ranks, window, correlation, count, digits, as_json)
        return
    rho = common_correlation(correlation)
    rows = []
    for rank in ranks:
        moment = PooledMoment(sp.Integer(rank), sp.Integer(window), rho)
        rows.append((rank, enclose(1 / moment, {}, digits), enclose(moment, {}, digits)))
    if as_json:
        output.dump([_record(rank, window, rho, c, m, digits) for rank, c, m in rows])
        return
    output.table(
        ("K", "cells", "correlation", "c = 1/M_{K,p}", "M_{K,p}", "radius", "certified"),
        [
            (
                str(rank),
                str(window),
                f"{float(rho):g}",
                c.midpoint,
                m.midpoint,
                max(c.radius, m.radius, key=float),
                "yes" if c.certified and m.certified else "no",
            )
            for rank, c, m in rows
        ],
    )


def _record(
    rank: int, window: int, rho: sp.Expr, c: Enclosure, moment: Enclosure, digits: int
) -> dict[str, Any]:
    return {
        "rank": rank,
        "window": window,
        "correlation": float(rho),
        "c": c.midpoint,
        "second_moment": moment.midpoint,
        "digits": digits,
        "certified": c.certified and moment.certified,
        "radius": max(c.radius, moment.radius, key=float),
    }


def _stack(
    ranks: list[int], window: int, correlation: Any, count: int, digits: int, as_json: bool
) -> None:
    found = {rank: stages(rank, window, correlation, count, min(digits, 15)) for rank in ranks}
    if as_json:
        output.dump(
            [{"rank": rank, "stages": [_stage(s) for s in one]} for rank, one in found.items()]
        )
        return
    for rank, one in found.items():
        output.say(f"rank {rank}, max pooling over {window} cells, wide stages")
        output.table(
            ("stage", "correlation", "c = 1/M_{K,p}", "mean square at c = 1/M_{Kp}"),
            [
                (str(i), f"{s.correlation:.6g}", f"{float(s.constant):.8g}", f"{s.length:.4g}")
                for i, s in enumerate(one, start=1)
            ],
        )


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "correlation": stage.correlation,
        "c": float(stage.constant),
        "second_moment": float(stage.moment),
        "length": stage.length,
    }
