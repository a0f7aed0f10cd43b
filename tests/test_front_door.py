"""The public names: reachable, typed, and the same whichever way they are asked."""

import subprocess
import sys
from pathlib import Path

import pytest

import maxout
from maxout.theory.catalogue import UnknownKeyError

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "tests" / "user_script.py"

_SETTINGS = """
[mypy]
strict = true
[mypy-maxout.*]
follow_imports = silent
[mypy-sympy.*,mpmath.*,flint.*,scipy.*,threadpoolctl.*,numba.*,triton.*]
ignore_missing_imports = true
follow_imports = skip
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The package as it is installed: its folders lie elsewhere in a checkout."""
    target = tmp_path_factory.mktemp("installed")
    build = "from setuptools import setup; setup()"
    words = ["build", "--build-base", str(target / "base"), "build_py", "--build-lib", str(target)]
    words = ["egg_info", "--egg-base", str(target), *words]
    subprocess.run(
        [sys.executable, "-c", build, "-q", *words], cwd=ROOT, check=True, capture_output=True
    )
    return target


def checked(installed: Path, script: Path) -> subprocess.CompletedProcess[str]:
    (installed / "settings.ini").write_text(_SETTINGS)
    words = ["-m", "mypy", "--config-file", "settings.ini", "--cache-dir", "cache", str(script)]
    return subprocess.run(
        [sys.executable, *words], cwd=installed, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_persons_script_is_typed(installed, tmp_path) -> None:
    done = checked(installed, SCRIPT)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "import maxout\n"
        "maxout.constant([2, 3]).midpoint\n"
        'maxout.Network("ten", "20x3")\n'
        "maxout.predict(5, maxout.Network(10, 20))\n"
    )
    told = checked(installed, wrong).stdout
    for line in (2, 3, 4):
        assert f"wrong.py:{line}: error" in told


def test_the_script_runs() -> None:
    subprocess.run([sys.executable, str(SCRIPT)], check=True)


def test_a_key_is_a_statement() -> None:
    network = maxout.Network(10, "20x3", rank=5, bias="zero")
    by_key = maxout.predict("jacobian.mean.exact", network)
    assert by_key == maxout.predict(maxout.CATALOGUE["jacobian.mean.exact"], network)
    for text in ("jacobian.mean", "nothing"):
        with pytest.raises(UnknownKeyError, match=f"no statement is called '{text}'"):
            maxout.predict(text, network)


def test_several_ranks_are_one_rank_each() -> None:
    assert maxout.constant([2, 5], digits=9) == [maxout.constant(k, digits=9) for k in (2, 5)]
    for rank in ("5", b"5", [[2]], 2.5):
        with pytest.raises(maxout.theory.errors.DomainError, match="rank must be an integer"):
            maxout.constant(rank)


def test_every_listed_name_is_there_and_none_is_loaded_unasked() -> None:
    for name in dir(maxout):
        assert getattr(maxout, name) is not None
    code = (
        "import sys, maxout; dir(maxout); assert not {'torch', 'sympy', 'flint'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
