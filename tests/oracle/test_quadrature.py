"""The oracles' own integrals where a closed value is known, and what they are made of."""

import ast
import math
from pathlib import Path

import pytest
from numpy import log

from . import chains, quadrature
from .registry import ROUNDING

HERE = Path(__file__).parent


def close(value: float) -> object:
    return pytest.approx(value, rel=ROUNDING)


def test_moments_of_the_largest_normal() -> None:
    assert quadrature.largest(2, 1) == close(1 / math.sqrt(math.pi))
    assert quadrature.M(3) == close(1 + math.sqrt(3) / (2 * math.pi))
    assert quadrature.chi2_largest(2, 1) == close(1 + 2 / math.pi)
    assert quadrature.chi2_smallest(2, 1) == close(1 - 2 / math.pi)


@pytest.mark.parametrize("K", [1, 2, 3, 5])
@pytest.mark.parametrize("m", [1, 2, 3, 5, 8])
def test_the_density_of_a_radius(K: int, m: int) -> None:
    assert quadrature.of_radius(K, m, lambda r: r**0) == close(1)
    assert quadrature.radius_moment(K, m, 1) == close(m * quadrature.M(K))
    few, weight = quadrature.radius(K, m, chains.NODES)
    assert float(weight @ few**2) == close(m * quadrature.M(K))


@pytest.mark.parametrize("m", [1, 3, 8])
def test_lengths_of_ordered_half_normals(m: int) -> None:
    for kind, mean in (
        (quadrature.LARGEST, quadrature.chi2_largest(4, 1)),
        (quadrature.SMALLEST, quadrature.chi2_smallest(4, 1)),
    ):
        assert quadrature.of_radius(4, m, lambda r: r**0, kind) == close(1)
        assert quadrature.of_radius(4, m, lambda r: r**2, kind) == close(m * mean)


def test_the_logarithm_of_a_radius() -> None:
    """E ln chi^2_2 = ln 2 - gamma."""
    euler = 0.57721566490153286
    assert quadrature.of_radius(2, 2, lambda r: 2 * log(r)) == close(math.log(2) - euler)


def test_crossings() -> None:
    """Three planes over a circle: three changes of the winner a unit, always."""
    assert 2 * math.pi * quadrature.crossing_rate(3) == close(3)


@pytest.mark.parametrize("rho", [-0.6, 0.3, 0.95])
def test_pairs(rho: float) -> None:
    same = 0.5 + math.asin(rho) / math.pi
    assert quadrature.same_winner(2, rho) == close(same)
    assert quadrature.kappa(2, rho) == close(rho * same + math.sqrt(1 - rho**2) / math.pi)


def test_oracles_share_nothing_with_the_program() -> None:
    """Only the registries, which ask the program for its values, import any of it."""
    for path in HERE.glob("*.py"):
        if path.name.endswith("registry.py") or path.name.startswith("test_"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [name for name in names if name.split(".")[0] == "maxout"], path.name
