"""What pyproject.toml allows is what is run: its floors, its Python, its constraints."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = [line.partition("==") for line in lines if line and not line.startswith("#")]
    return {package.lower(): version for package, _, version in found}


def floors(requirements: list[str]) -> dict[str, str]:
    found = {}
    for text in requirements:
        match = re.match(r"([\w.-]+)>=([\d.]+)", text)
        if match:
            found[match[1].lower()] = match[2]
    return found


EXTRAS = PROJECT["optional-dependencies"]
DEV = floors(EXTRAS["dev"])
DOCS = floors(EXTRAS["docs"])
WORK = ("dev", "docs")
"""Extras of those who change the package; users install the others."""
RUNTIME = floors(
    PROJECT["dependencies"] + sum((EXTRAS[name] for name in EXTRAS if name not in WORK), [])
)


def parts(version: str) -> list[int]:
    return [int(part) for part in re.match(r"[\d.]*\d", version)[0].split(".")]


def is_floor(version: str, floor: str) -> bool:
    """Whether a version is the floor itself, 1.26.0 for >=1.26."""
    found, wanted = parts(version), parts(floor)
    return found[: len(wanted)] == wanted and not any(found[len(wanted) :])


def test_the_lowest_versions_are_those_allowed() -> None:
    lowest = pins("constraints-lowest.txt")
    assert set(lowest) == {*RUNTIME, "pytest"}
    for name, floor in {**RUNTIME, "pytest": DEV["pytest"]}.items():
        assert is_floor(lowest[name], floor), f"{name}: {lowest[name]} is run, {floor} allowed"


def test_what_tests_need_is_allowed_as_low_as_it_is_run() -> None:
    run = pins("constraints.txt")
    for name, floor in {**RUNTIME, **DEV, **DOCS}.items():
        assert parts(run[name]) >= parts(floor), name
    for name, floor in {**DEV, **DOCS}.items():
        if name != "pytest":  # which the lowest versions are run with as well
            wanted = parts(floor)
            assert parts(run[name])[: len(wanted)] == wanted, f"{name} {floor} is not what is run"


def test_one_version_of_python_is_claimed() -> None:
    claimed = [c for c in PROJECT["classifiers"] if "Python ::" in c]
    assert claimed == ["Programming Language :: Python :: 3.11"]
