"""What a person asks wrongly raises a member of ``MaxoutError``, and nothing else does."""

import ast
from pathlib import Path

import pytest

import maxout
from maxout.theory.errors import MaxoutError, while_on

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("theory", "numerics", "init", "nn", "verify", "maxout")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
TESTS = sorted((ROOT / "tests").rglob("*.py"))

CONVERTED = {
    "theory/convolution.py",
    "theory/field.py",
    "theory/network.py",
    "numerics/array_files.py",
    "numerics/reading.py",
    "numerics/run_fields.py",
}
"""Where a ValueError is caught beside, and a member of the family is made of it."""

FOREIGN = {"tests/verify/test_campaign.py": 1, "tests/theory/test_errors.py": 1}
"""Where the name is needed and how often: what NumPy refuses to pickle, and this file."""


def _name(node: ast.expr | None) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return node.id if isinstance(node, ast.Name) else ""


def test_no_bare_value_error_is_raised() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise) and _name(node.exc) == "ValueError"
    }
    assert found == CONVERTED


def test_no_test_takes_a_bare_value_error_for_a_refusal() -> None:
    found: dict[str, int] = {}
    for path in TESTS:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        handled = {id(h.type) for h in ast.walk(tree) if isinstance(h, ast.ExceptHandler)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == "ValueError" and id(node) not in handled:
                name = path.relative_to(ROOT).as_posix()
                found[name] = found.get(name, 0) + 1
    assert found == FOREIGN


def test_the_family_stays_a_value_error() -> None:
    assert issubclass(MaxoutError, ValueError)
    with pytest.raises(MaxoutError, match="rank must be"):
        maxout.constant(0)


def test_the_subject_is_noted() -> None:
    with pytest.raises(ArithmeticError) as caught, while_on("a"), while_on("b"):
        raise ArithmeticError
    assert caught.value.__notes__ == ["while on b", "while on a"]
    with pytest.raises(MaxoutError) as refused, while_on("a"):
        raise MaxoutError
    assert not hasattr(refused.value, "__notes__")
