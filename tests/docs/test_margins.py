"""docs/margins.md says of every equality and law what the plan says, with a reason where wide."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.statement import Relation

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("margins", ROOT / "tools" / "margins.py")
margins = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = margins  # dataclasses look their module up there
_spec.loader.exec_module(margins)


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "margins.md").read_text()


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    return margins.blocks()


def test_the_page_is_what_the_plan_says(page, blocks) -> None:
    """After a change of margins or networks: python tools/margins.py."""
    for name, block in blocks.items():
        assert margins.rewritten(page, name, block) == page, name


def test_every_equality_is_listed(blocks) -> None:
    judged = (Relation.EQ, Relation.LIMIT)
    for suite in margins.GOALS:
        listed = set(re.findall(r"^\| `([\w.]+)`", blocks[suite], re.MULTILINE))
        assert listed == {key for key, s in CATALOGUE.items() if s.relation in judged}


@pytest.mark.parametrize("suite", margins.GOALS)
def test_what_is_wider_than_the_aim_has_a_reason(blocks, suite) -> None:
    for line in blocks[suite].splitlines()[2:]:
        *_, relative, why = [cell.strip() for cell in line.strip("|").split("|")]
        wide = float(relative.rstrip("%")) > 100 * margins.GOALS[suite]
        assert bool(why) == wide, line


CHEAP = 12
"""Shards that an aim may always cost: about half a second of a core."""


@pytest.mark.parametrize(("suite", "most"), [("quick", 20), ("standard", 10)])
def test_a_wide_margin_is_wide_because_its_aim_is_dear(blocks, suite, most) -> None:
    for line in blocks[suite].splitlines()[2:]:
        *_, relative, why = [cell.strip() for cell in line.strip("|").split("|")]
        wide = float(relative.rstrip("%"))
        assert wide <= most, line
        cost = re.search(r"([\d,]+) shards", why)
        assert wide <= 7 or cost is None or int(cost[1].replace(",", "")) >= CHEAP, line
