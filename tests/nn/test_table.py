"""The frozen constants: audited, as the tool writes them, and free at import."""

import importlib.util
import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import mpmath
import pytest

from maxout.init.constants import second_moment
from maxout.init.table import SECOND_MOMENTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_table", ROOT / "tools" / "make_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def enclosures(tool: ModuleType) -> list[tuple[Fraction, Fraction]]:
    return tool.certified()


def test_file_is_what_the_tool_writes(tool: ModuleType, enclosures: list) -> None:
    assert (ROOT / "init" / "table.py").read_text() == tool.text(enclosures)


def test_values_lie_in_their_enclosures_to_half_a_last_place(enclosures: list) -> None:
    for value, (lower, upper) in zip(SECOND_MOMENTS, enclosures, strict=True):
        half = Fraction(math.ulp(value)) / 2
        assert Fraction(value) - half <= lower <= upper <= Fraction(value) + half


def test_audit_notices_a_wrong_value(tool: ModuleType, enclosures: list) -> None:
    tool.check_identity(enclosures)
    shift = Fraction(1, 10**22)
    for rank in (2, 40, 127):
        wrong = list(enclosures)
        wrong[rank - 1] = tuple(end + shift for end in wrong[rank - 1])
        with pytest.raises(ArithmeticError, match="contradict each other"):
            tool.check_identity(wrong)
    with pytest.raises(ArithmeticError, match="do not decide"):
        tool.rounded(Fraction(1), Fraction(1) + Fraction(1, 10**15))


@pytest.mark.parametrize("rank", [3, 5, 17, 100, 128, 129, 500])
def test_against_quadrature(rank: int) -> None:
    """The slow oracle, and values beyond the table."""
    with mpmath.workdps(30):
        integral = mpmath.quad(
            lambda x: mpmath.npdf(x) ** 3 * mpmath.ncdf(x) ** (rank - 3),
            [-8, -2, 0, 1, 2, 3, 4, 6, 12],
        )
        expected = 1 + mpmath.mpf(rank) * (rank - 1) * (rank - 2) / 2 * integral
        # Correctly rounded: half a unit in the last place, and the rest for the oracle.
        assert abs(second_moment(rank) / expected - 1) < 1.2e-16


def test_far_beyond_the_table() -> None:
    """c · 2 ln K = 1.165 at K = 10^6: the limit 1 is approached slowly."""
    assert 2 * math.log(10**6) / second_moment(10**6) == pytest.approx(1.165, abs=5e-4)


def test_importing_costs_nothing_beyond_torch() -> None:
    """Whatever import maxout.nn loads, import torch has loaded, but for the package itself."""
    code = (
        "import sys, torch; before = set(sys.modules); import maxout.nn; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before if 'torch' not in name})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["maxout"]


def test_message_without_torch() -> None:
    code = "import sys; sys.modules['torch'] = None; import maxout.nn"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stderr.splitlines()[-1].endswith(
        "maxout.nn needs PyTorch: pip install 'maxout[torch]'"
    )
