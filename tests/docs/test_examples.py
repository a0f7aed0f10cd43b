"""Every example in README.md and docs/ is executed: Python prompts and console blocks."""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_examples(page: Path) -> None:
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def _commands(page: Path) -> list[tuple[str, str]]:
    """(command line, expected output) of each `$ maxout` line of a console block."""
    found = []
    for block in CONSOLE.findall(page.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            if command.startswith("maxout "):
                found.append((command, output.rstrip("\n")))
    return found


# What the page adds is not there: test_adding_a_statement.py runs its commands where it is.
ELSEWHERE = "adding-a-statement.md"
EXAMPLES = [
    (page.name, *example) for page in PAGES if page.name != ELSEWHERE for example in _commands(page)
]


@pytest.mark.parametrize(("page", "command", "expected"), EXAMPLES)
def test_console_examples(page: str, command: str, expected: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # An ellipsis stands for what may differ, such as the seconds a run took.
    pattern = ".*".join(map(re.escape, expected.split("...")))
    assert re.fullmatch(pattern, done.stdout.rstrip("\n"), re.DOTALL), done.stdout


def test_the_readme_shows_commands() -> None:
    assert any(page == "README.md" for page, _, _ in EXAMPLES)


def test_links_and_proof_anchors_exist() -> None:
    """Every statement's proof note points to a heading that is there."""
    from maxout.theory.catalogue import CATALOGUE

    missing = []
    for statement in CATALOGUE.values():
        name, _, anchor = statement.proof.partition("#")
        page = ROOT / "docs" / name
        headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE) if page.exists() else []
        slugs = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}
        if anchor not in slugs:
            missing.append(f"{statement.key}: {statement.proof}")
    assert not missing
