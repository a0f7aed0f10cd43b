"""Where output goes: a full disk, a closed descriptor, a reader that leaves; and exit codes."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.smoke

COMMANDS = {
    "results": "results",
    "json": "results --json",
    "constants": "constant 2..5",
    "help": "--help",
    "version": "--version",
    "verdicts": "verify order.mean",
}


def shell(words: str, around: str, **options) -> subprocess.CompletedProcess[str]:
    """Run a command in a shell that redirects its streams; ``%`` stands for the command."""
    line = around.replace("%", f"{sys.executable} -m maxout {words}")
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, **options
    )


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())
@pytest.mark.parametrize(
    ("around", "reason"), [("% > /dev/full", "No space left on device"), ("% >&-", "it is closed")]
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written(words, around, reason, unbuffered, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    done = shell(words, around)
    assert done.returncode == 2, done.stderr
    assert done.stderr == f"maxout: cannot write to stdout: {reason}\n"


@pytest.mark.parametrize("words", ["results", "constant 2..200 --json"])
def test_a_reader_that_leaves_is_no_verdict(words) -> None:
    done = shell(words, "% | true; echo ${PIPESTATUS[0]}")
    assert done.stderr == ""
    assert done.stdout == "141\n"


def test_a_closed_stderr_changes_nothing() -> None:
    done = shell("verify order.mean --json", "% 2>&-")
    assert done.returncode == 0
    assert '"status": "verified"' in done.stdout
    assert shell("constant 0", "% 2>&-").returncode == 2


_FAULTY = """
import sys
from maxout.cli import main
from maxout.numerics import predict as module
def broken(*_, **__):
    raise {error}
module.enclose = broken
sys.exit(main.run(sys.argv[1:]))
"""


@pytest.mark.parametrize("error", ["ValueError('broken')", "ZeroDivisionError('broken')"])
def test_a_defect_names_the_statement_it_was_met_at(error) -> None:
    words = ["bounds", "jacobian.mean.upper", "--rank", "5", "--inputs", "10", "--widths", "8"]
    done = subprocess.run(
        [sys.executable, "-c", _FAULTY.format(error=error), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "internal error" in line
    assert "jacobian.mean.upper" in line
    assert error.partition("(")[0] in line


@pytest.mark.parametrize(("words", "code"), [("constant 0", 2), ("verify order.mean", 0)])
def test_a_stderr_that_takes_nothing_changes_no_code(words, code) -> None:
    assert shell(words, "% 2> /dev/full").returncode == code


_FAULTY_FILE = """
import sys
from maxout.cli import main
from maxout.numerics.regions import network_files
def broken(*_, **__):
    raise IndexError("broken")
network_files.MaxoutLayers = broken
sys.exit(main.run(sys.argv[1:]))
"""


def test_a_defect_names_the_file_it_was_met_at(maxout, tmp_path) -> None:
    path = tmp_path / "network.npz"
    assert maxout("regions", "--rank", "2", "--widths", "3", "--save", str(path)).code == 0
    done = subprocess.run(
        [sys.executable, "-c", _FAULTY_FILE, "regions", "--load", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert str(path) in line
    assert "IndexError" in line
