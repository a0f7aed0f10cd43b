"""Imports go down the floors and never in a circle; rooms are found by their names."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("theory", "numerics", "init", "nn", "verify", "lab", "maxout")
SUBJECTS = {"order", "jacobian", "typical", "activation", "gradients", "kernels", "curves"}
SUBJECTS |= {"regions"}


def name_of(path: Path) -> str:
    """maxout.theory.order.moments, from theory/order/moments.py."""
    words = [*path.relative_to(ROOT).with_suffix("").parts]
    words = words if words[0] == "maxout" else ["maxout", *words]
    return ".".join(words[:-1] if words[-1] == "__init__" else words)


MODULES = {name_of(path): path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")}


def imported(name: str) -> set[str]:
    """Modules of the package that a module imports, in functions as well, but not for types only.

    ``from package import name`` asks for the module of that name where there is one.
    """
    tree = ast.parse(MODULES[name].read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {n if n in MODULES else node.module for n in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {n for n in found if n in MODULES and n != name}


GRAPH = {name: imported(name) for name in MODULES}


def floor(name: str) -> int:
    words = name.split(".")
    return FLOORS.index(words[1]) if len(words) > 1 and words[1] in FLOORS else len(FLOORS) - 1


def test_no_module_imports_itself_in_a_circle() -> None:
    try:
        tuple(TopologicalSorter(GRAPH).static_order())
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_imports_go_down() -> None:
    upward = [f"{a} imports {b}" for a in GRAPH for b in GRAPH[a] if floor(b) > floor(a)]
    assert not upward


def roots(path: Path) -> set[str]:
    """First words of everything that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found


def test_theory_computes_with_sympy_alone() -> None:
    """Numbers are numerics' work, but for the lock of SymPy's mpmath and one normal quantile."""
    for name, path in MODULES.items():
        if floor(name) == 0:
            assert not roots(path) & {"numpy", "scipy", "flint", "torch", "click"}, name
            if "mpmath" in roots(path):
                assert name.endswith((".precision_lock", ".asymptotics")), name


def test_every_floor_that_has_subjects_has_all_eight() -> None:
    from maxout.theory.catalogue import SUBJECTS as stated

    assert set(stated) == SUBJECTS
    for name in ("theory", "numerics", "verify"):
        assert {p.name for p in (ROOT / name).iterdir()} >= SUBJECTS


def test_rules_lie_where_they_are_looked_for() -> None:
    """FILE_routes.py and FILE_evalf.py value the functions of one file of theory."""
    for path in (ROOT / "numerics").rglob("*.py"):
        for kind in ("_routes", "_evalf"):
            if path.stem.endswith(kind):
                stated = ROOT / "theory" / path.parent.name / f"{path.stem.removesuffix(kind)}.py"
                assert stated.exists(), path
