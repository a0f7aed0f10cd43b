"""Where a statement stands: file and line of each of its parts."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sympy as sp

import maxout.theory
from maxout.numerics.routes import enclosure_of, estimate_of
from maxout.theory.catalogue import subject_of
from maxout.theory.rooms import modules_of
from maxout.theory.statement import Statement
from maxout.verify.experiments import BUILDERS

Place = tuple[str, str]
"""(part, "file:line")"""

_ROOT = Path(maxout.theory.__file__ or "").resolve().parent.parent


def where(statement: Statement) -> list[Place]:
    """Return the places of a statement, its routes, experiment, oracle and proof.

    Oracles and proofs are not installed: they are found in a checkout.
    """
    subject = subject_of(statement.key)
    stated = _of_key(statement.key, "maxout.theory", subject, "statements")
    found = [("statement", stated or _of_code(statement.build))]
    found += [("route", place) for place in dict.fromkeys(_routes(statement))]
    tried = _of_key(statement.key, "maxout.verify", subject, "experiments")
    found.append(("experiment", tried or _of_code(BUILDERS[statement.key])))
    oracles = sorted((_ROOT / "tests" / "oracle").glob("*.py"))
    found.append(("oracle", _written(oracles, statement.key) or "tests/oracle, in a checkout"))
    found.append(("proof", _proof(statement.proof)))
    return found


def _of_key(key: str, floor: str, subject: str, kind: str) -> str | None:
    """Where a subject's modules of one kind write the key; None where it is put together."""
    modules = modules_of(floor, subject, kind)
    return _written([Path(module.__file__ or "") for module in modules], key)


def _of_code(function: Callable[..., Any]) -> str:
    code = inspect.unwrap(getattr(function, "func", function)).__code__
    return _place(Path(code.co_filename), code.co_firstlineno)


def _written(paths: list[Path], key: str) -> str | None:
    """The first line that writes the key, or else a pattern that makes it."""
    trees = [(path, list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))) for path in paths]
    for is_it in (_says, _makes):
        for path, nodes in trees:
            lines = [node.lineno for node in nodes if is_it(node, key)]  # type: ignore[attr-defined]
            if lines:
                return _place(path, min(lines))
    return None


def _says(node: ast.AST, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def _makes(node: ast.AST, text: str) -> bool:
    if not isinstance(node, ast.JoinedStr) or len(node.values) < 2:
        return False
    parts = [re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".+" for v in node.values]
    return re.fullmatch("".join(parts), text) is not None


def _routes(statement: Statement) -> Iterator[str]:
    """Rules of the functions in the right side: what values them."""
    for kind in dict.fromkeys(type(part) for part in sp.preorder_traversal(statement.right())):
        rule: Any = enclosure_of(kind) or estimate_of(kind)
        if rule is not None:
            yield _of_code(rule)


def _proof(proof: str) -> str:
    page, _, anchor = proof.partition("#")
    path = _ROOT / "docs" / page
    if not path.is_file():
        return f"docs/{proof}, in a checkout"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
        if line.startswith("#") and words.replace(" ", "-") == anchor:
            return _place(path, number)
    return _place(path, 1)


def _place(path: Path, line: int) -> str:
    shown = path.resolve()
    if shown.is_relative_to(_ROOT):
        shown = shown.relative_to(_ROOT)
    return f"{shown}:{line}"
