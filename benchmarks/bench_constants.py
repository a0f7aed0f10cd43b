"""The constants' routes side by side in one run: ``bench_constants.py [--json]``.

Certified table K = 2..100 at 50 digits against mpmath.quad on the defining integrals; one large K
at 50 certified digits; float64 for an array of K against scipy.stats.order_statistic, times and
errors.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import scipy.stats as stats
from flint import arb, ctx
from machine import machine

from maxout.numerics.order.float_moments import moments
from maxout.numerics.order.moment_balls import _moment_ball, moment_ball
from maxout.numerics.order.order_moments import moment, table

DIGITS = 50
LARGE = (10**3, 10**6, 10**9, 10**12)
SAMPLED = (2, 5, 17, 58, 100)  # ranks that mpmath is timed at; its time is smooth in K


def seconds(f: Callable[[], Any], repeats: int = 5) -> float:
    """Median CPU time of a call, caches of values emptied before each: warm, but for its answer.

    Of the CPU, not of the wall clock, because others may use the machine.
    """
    times = []
    for _ in range(repeats):
        _moment_ball.cache_clear()
        start = time.process_time()
        f()
        times.append(time.process_time() - start)
    return statistics.median(times)


COLD = """
import time
from maxout.numerics.order.{module} import {name}
start = time.process_time()
{call}
print(time.process_time() - start)
"""


def cold_seconds(module: str, name: str, call: str, repeats: int = 5) -> float:
    """Median CPU time of the first call of a process, after its imports: grids are made in it."""
    code = COLD.format(module=module, name=name, call=call)
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(repeats)
    ]
    return statistics.median(times)


def mpmath_second_moment(rank: int) -> mpmath.mpf:
    """M_K as a careful user writes it: split at the peak, log1p of the tail."""
    peak = mpmath.sqrt(2 * mpmath.log(rank))

    def integrand(x: mpmath.mpf) -> mpmath.mpf:
        tail = mpmath.erfc(x / mpmath.sqrt(2)) / 2
        return rank * x * x * mpmath.npdf(x) * mpmath.exp((rank - 1) * mpmath.log1p(-tail))

    return mpmath.quad(integrand, [-mpmath.inf, peak, mpmath.inf])


def error(value: Any, rank: int, order: int = 2, statistic: str = "largest") -> float:
    with ctx.workprec(100):
        truth = moment_ball(rank, order, statistic)
        return float(abs(arb(float(value)) - truth) / truth)


def certified() -> dict[str, float]:
    ours = seconds(lambda: table(range(2, 101), digits=DIGITS))
    with mpmath.workdps(DIGITS):
        theirs = sum(seconds(lambda k=k: mpmath_second_moment(k), 1) for k in SAMPLED)
    theirs *= 99 / len(SAMPLED)
    cold = cold_seconds("order_moments", "table", f"table(range(2, 101), digits={DIGITS})")
    result = {"table_s": ours, "cold_s": cold, "mpmath_s": theirs, "ratio": theirs / ours}
    for rank in LARGE[1:]:
        result[f"one_{rank:.0e}_ms"] = 1e3 * seconds(lambda k=rank: moment(k, digits=DIGITS))
    return result


def floats(count: int = 1_000_000) -> dict[str, dict[str, float]]:
    random = np.random.default_rng(0)
    ranks = np.floor(10 ** random.uniform(0, 12, count))
    checked = ranks[ranks >= 2][:200]
    found = {}
    for statistic, order in (
        ("largest", 2),
        ("largest", 1),
        ("chi2-largest", 1),
        ("chi2-smallest", 1),
    ):
        call = f"moments([7.0], {order}, {statistic!r})"
        cold = cold_seconds("float_moments", "moments", call)
        moments(ranks, order, statistic)  # makes the grids
        took = seconds(lambda s=statistic, t=order: moments(ranks, t, s), 3)
        values = moments(checked, order, statistic)
        worst = max(
            error(v, int(k), order, statistic) for k, v in zip(checked, values, strict=True)
        )
        found[f"{statistic} {order}"] = {
            "us": 1e6 * took / count,
            "error": worst,
            "cold_ms": 1e3 * cold,
        }
    return found


def scipy_order_statistic() -> dict[str, dict[str, float]]:
    normal = stats.Normal()

    def second(ranks: Any) -> Any:
        return stats.order_statistic(normal, r=ranks, n=ranks).moment(2, kind="raw")

    many = np.arange(2.0, 102.0)
    found = {
        "vectorised": {"us": 1e6 * seconds(lambda: second(many), 3) / len(many)},
        "scalar": {"us": 1e6 * seconds(lambda: second(100.0), 3)},
    }
    for rank in LARGE:
        found[f"K = {rank:.0e}"] = {
            "us": 1e6 * seconds(lambda k=rank: second(float(k)), 3),
            "error": error(second(float(rank)), rank),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args()
    result = {
        "machine": machine(),
        "certified": certified(),
        "float64": floats(),
        "scipy": scipy_order_statistic(),
    }
    if chosen.json:
        print(json.dumps(result, indent=2))
        return
    c = result["certified"]
    print(result["machine"])
    print("| what | measured |\n|---|---|")
    print(f"| M_2..M_100, {DIGITS} certified digits | {1e3 * c['table_s']:.1f} ms |")
    print(f"| the same, first of a process | {1e3 * c['cold_s']:.1f} ms |")
    print(f"| the same by mpmath.quad | {c['mpmath_s']:.1f} s, {c['ratio']:.0f} times slower |")
    for rank in LARGE[1:]:
        print(
            f"| M_K, K = {rank:.0e}, {DIGITS} certified digits | {c[f'one_{rank:.0e}_ms']:.1f} ms |"
        )
    for name, row in result["float64"].items():
        print(
            f"| float64, {name} | {row['us']:.2f} us per K, largest error {row['error']:.1e}; "
            f"first of a process {row['cold_ms']:.1f} ms |"
        )
    for name, row in result["scipy"].items():
        wrong = f", error {row['error']:.1e}" if "error" in row else ""
        print(f"| scipy.stats.order_statistic, {name} | {row['us']:.0f} us per K{wrong} |")


if __name__ == "__main__":
    main()
