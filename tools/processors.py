"""Compare plans, predictions, verdicts and draws between this processor and emulated ones.

``python tools/processors.py --suite standard --verdicts`` runs everything anew in processes that
are told to leave out what an older processor does not have: NumPy's dispatched features, the
kernels of OpenBLAS, MKL, oneDNN and ATen, what Numba compiles for, and fused multiply-adds in the C
library. Names and sizes must be equal, predictions within their stated errors, verdicts equal; exit
status 1 where they are not. ``--draws`` prints which arrays are the same bits, kind by kind; what
is drawn always is (``draw_digests.py``).

An emulation only leaves out: the processor at hand bounds what can be emulated. The C library's
part works where it is glibc 2.33 or newer, and is ignored elsewhere.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from typing import Any

Record = dict[str, Any]

OLDER = ("AVX2", "no AVX")


def environment(processor: str) -> dict[str, str]:
    """Return the variables that make a new process compute as on one of ``OLDER``."""
    from maxout.verify.campaigns.processor import numpy_features

    dispatched = numpy_features(found=False)
    if processor == "AVX2":
        newer = [name for name in dispatched if name.startswith(("AVX512", "X86_V4"))]
        return {
            "NPY_DISABLE_CPU_FEATURES": " ".join(newer),
            "OPENBLAS_CORETYPE": "Haswell",
            "ATEN_CPU_CAPABILITY": "avx2",
            "MKL_ENABLE_INSTRUCTIONS": "AVX2",
            "ONEDNN_MAX_CPU_ISA": "AVX2",
            "NUMBA_CPU_NAME": "haswell",
            "NUMBA_CPU_FEATURES": "+64bit,+cx16,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,"
            "+bmi,+bmi2,+fma",
        }
    return {
        "NPY_DISABLE_CPU_FEATURES": " ".join(dispatched),
        "OPENBLAS_CORETYPE": "Prescott",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F",
    }


def record(suite: str, keys: list[str], verdicts: bool, draws: bool) -> Record:
    """Return what this process plans and predicts, and if asked decides and draws.

    Args:
      suite: "quick" or "standard".
      keys: what to decide and to draw for: statements or prefixes of their keys; all where empty.
    """
    from maxout.numerics.predict import predict
    from maxout.verify import looks
    from maxout.verify.campaigns.manifest import processor
    from maxout.verify.run_setting import RunSetting
    from maxout.verify.suite import job, run

    found: Record = {"processor": processor(), "experiments": [], "draws": {}, "verdicts": []}
    with job(RunSetting(suite, device="cpu")) as ready:
        for e in ready.queue.experiments:
            right = predict(e.statement, e.network, order=e.order, **e.parameters)
            value = right.value
            judged = [e, *(twin.change(e) for twin in e.twins)]
            found["experiments"].append(
                {
                    "what": f"{e.key}; {e.name}",
                    "populations": [
                        [[p.name, p.shard_size] for p in j.populations] for j in judged
                    ],
                    "samples": looks.sizes(e, ready.share),
                    "value": value and [value.midpoint, value.radius],
                }
            )
    if draws:
        with job(RunSetting(suite, keys, device="cpu")) as some:
            found["draws"] = _draws([p for e in some.queue.experiments for p in e.populations])
    if verdicts:
        report = run(RunSetting(suite, keys, device="cpu"))
        found["verdicts"] = [[v.key, v.network, v.status] for v in report.verdicts]
    return found


def _draws(populations: list[Any]) -> dict[str, str]:
    """Digests of the arrays of every population's first shard, by name and precision."""
    import numpy as np
    import torch

    from maxout.verify.sampling.network_populations import Networks
    from maxout.verify.sampling.populations import Setting
    from maxout.verify.sampling.streams import Stream

    torch.set_num_threads(1)
    cpu, found = torch.device("cpu"), {}
    drawn_by_name = {p.name: getattr(p, "networks", p) for p in populations}
    for drawn in drawn_by_name.values():
        both = isinstance(drawn, Networks)
        for dtype in (torch.float64, torch.float32) if both else (torch.float64,):
            kind = type(drawn).__name__ + f", {str(dtype).removeprefix('torch.')}" * both
            arrays = drawn.draw(Stream(0, drawn.name, 0), Setting(cpu, dtype))
            for name, values in arrays.items():
                digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
                found[f"{kind}: {name.split('/')[0]} | {drawn.name}/{name}"] = digest
    return found


def differences(here: Record, there: Record) -> list[str]:
    """Say where another processor's record contradicts this one's."""
    from maxout.numerics.balls.enclosure import Enclosure

    found = []
    if len(here["experiments"]) != len(there["experiments"]):
        found.append("the experiments are others")
    for mine, other in zip(here["experiments"], there["experiments"], strict=False):
        for name in ("what", "populations", "samples"):
            if mine[name] != other[name]:
                found.append(f"{mine['what']}: {name} {mine[name]} and {other[name]}")
        if mine["value"] and other["value"]:
            a, b = (Enclosure(*value, 17, "") for value in (mine["value"], other["value"]))
            if not a.overlaps(b):
                found.append(f"{mine['what']}: predicted {mine['value']} and {other['value']}")
    for mine, other in zip(here["verdicts"], there["verdicts"], strict=True):
        if mine != other:
            found.append(f"verdicts {mine} and {other}")
    return found


def run_as(processor: str | None, arguments: list[str]) -> Record:
    """Make a record in a process of its own, on an emulated processor where one is named."""
    env = {**os.environ, **(environment(processor) if processor else {})}
    command = [sys.executable, __file__, "--record", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{processor}: {done.stderr}")
    found: Record = json.loads(done.stdout)
    return found


def _table(here: Record, others: dict[str, Record]) -> list[str]:
    """Lines that say of every kind of array on which processors its bits are the same."""
    same: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for label, other in others.items():
        for name, digest in here["draws"].items():
            count = same[name.split(" | ")[0]][label]
            count[0] += digest == other["draws"][name]
            count[1] += 1
    return [
        f"{kind:42}" + "".join(f"{label}: {a} of {b} the same   " for label, (a, b) in row.items())
        for kind, row in same.items()
    ]


def main() -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "keys", nargs="*", metavar="KEY", help="what to decide and to draw for; all if none"
    )
    parser.add_argument("--suite", default="quick", choices=("quick", "standard"))
    parser.add_argument("--verdicts", action="store_true", help="decide as well")
    parser.add_argument("--draws", action="store_true", help="compare the bits of draws as well")
    parser.add_argument("--record", action="store_true", help="print this process's record only")
    asked = parser.parse_args()
    if asked.record:
        json.dump(record(asked.suite, asked.keys, asked.verdicts, asked.draws), sys.stdout)
        return 0
    arguments = [word for word in sys.argv[1:] if word != "--record"]
    here = run_as(None, arguments)
    others = {processor: run_as(processor, arguments) for processor in OLDER}
    wrong = 0
    for processor, there in others.items():
        lines = differences(here, there)
        wrong += len(lines)
        count = len(here["experiments"])
        print(f"{processor}: {count} experiments, {len(lines)} differences", flush=True)
        print("".join(f"  {line}\n" for line in lines), end="")
    for line in _table(here, others):
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
