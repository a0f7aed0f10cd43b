"""docs/adding-a-statement.md is done word for word, in a copy of the project."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "adding-a-statement.md").read_text()
FILES = re.findall(r"^## \d\. [^\n]*`([\w/.-]+)`\n.*?^```\w+\n(.*?)^```", PAGE, re.M | re.S)
CONSOLE = re.findall(r"^```console\n(.*?)^```", PAGE, re.M | re.S)
FLOORS = ("theory", "numerics", "init", "nn", "verify", "lab")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which the floors are found as when installed, with the page's files added."""
    copy = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "maxout", copy / "maxout")
    for folder in ("tests/oracle", "docs", *FLOORS):
        shutil.copytree(ROOT / folder, copy / folder)
    for floor in FLOORS:
        (copy / "maxout" / floor).symlink_to(copy / floor)
    for name, text in FILES:
        path = copy / name
        assert not path.exists()
        path.write_text(text)
    return copy


def run(project: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_adds_four_files() -> None:
    assert len(FILES) == 4
    assert not [name for name, _ in FILES if (ROOT / name).exists()]


def test_its_commands_print_what_it_says(project: Path) -> None:
    (block,) = CONSOLE
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, expected = part.partition("\n")
        done = run(project, *shlex.split(command))
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        found = done.stdout
        pattern = ".*".join(map(re.escape, expected.rstrip("\n").split("...")))
        assert re.fullmatch(pattern, found.rstrip("\n"), re.S), found


ORACLE = ("pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "tests/oracle")


def test_its_oracle_agrees_and_notices_a_slight_error(project: Path) -> None:
    done = run(project, *ORACLE, "-k", "order.second.mean")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout  # agreement, and factors of 1.004 and 1.0001
    stated = project / "theory" / "order" / "second_statements.py"
    honest = stated.read_text()
    assert (wrong := honest.replace("K * Largest", "1.004 * K * Largest")) != honest
    stated.write_text(
        wrong.replace("1.004", "sp.Rational(251, 250)").replace(
            "from maxout.theory.conditions",
            "import sympy as sp\n\nfrom maxout.theory.conditions",
            1,
        )
    )
    try:
        done = run(project, *ORACLE, "-k", "agrees and order.second.mean")
        assert done.returncode == 1, done.stdout
        assert "by the oracle" in done.stdout
    finally:
        stated.write_text(honest)
