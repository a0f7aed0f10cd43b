"""On a terminal no line is wider than the window; in a pipe every line stays whole."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import unicodedata
from pathlib import Path

import pytest
import torch

from maxout.cli.main import INCONCLUSIVE, OK, REFUTED

NETWORK = ("--rank", "5", "--inputs", "10", "--widths", "20x3", "--bias", "zero")
COMMANDS = {
    "results": ("results", "kernel"),
    "all results": ("results",),
    "all bounds": ("bounds",),
    "all explained": ("verify", "--explain"),
    "places": ("results", "order.mean", "--where"),
    "symbolic bounds": ("bounds", "jacobian", "curve", "kernel"),
    "latex bounds": ("bounds", "jacobian", "--format", "latex"),
    "bounds": ("bounds", "jacobian", *NETWORK, "--all"),
    "ladder": ("ladder", "jacobian", "kernel.diagonal", *NETWORK),
    "verify": ("verify", "order.mean", "init.relu"),
    "explain": ("verify", "--explain", "order.mean", "jacobian.mean.upper"),
    "constants": ("constant", "2..12"),
    "constant": ("constant", "5", "--digits", "50"),
    "derivation": ("constant", "3", "--derive"),
    "dropout": ("constant", "5", "--dropout", "0.5"),
    "moments": ("moments", "5", "--order", "3"),
    "regions": ("regions", "--rank", "2", "--widths", "8,6", "--outputs", "2"),
    "gradients": ("gradients", "--rank", "4", "--inputs", "6", "--widths", "8x3"),
    "typical": ("typical", *NETWORK),
    "kernel": ("kernel", "--rank", "5", "0", "0.5"),
    "curve": ("curve", "--rank", "3", "--widths", "20,20", "--inputs", "2", "--outputs", "2",
              "--bias", "zero", "--circle", "1"),
    "figures": ("figure",),
    "doctor": ("doctor",),
}  # fmt: skip
WIDTHS = (60, 80, 120)


def seen(
    words: tuple[str, ...], width: int, variable: bool = False, codes: tuple[int, ...] = (OK,)
) -> list[str]:
    """The lines a command prints on a terminal of a width, told by the window or by COLUMNS."""
    ours, theirs = pty.openpty()
    size = 250 if variable else width
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, size, 0, 0))
    set_by_shell = {"COLUMNS": str(width)} if variable else {}
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "TERM")}
    process = subprocess.Popen(
        [sys.executable, "-m", "maxout", *words],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment | set_by_shell | {"TERM": "xterm-256color"},
    )
    os.close(theirs)
    printed = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        printed += part
    os.close(ours)
    _, told = process.communicate()
    assert process.returncode in codes, told.decode()
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.decode()).splitlines()


def columns(line: str) -> int:
    """Columns of a line: marks that stand over a letter take none."""
    return sum(unicodedata.combining(letter) == 0 for letter in line)


def too_wide(words: tuple[str, ...], width: int, variable: bool = False) -> list[str]:
    lines = seen(words, width, variable)
    assert any(line.strip() for line in lines)
    return [line for line in lines if columns(line) > width]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())
def test_no_line_is_wider_than_the_window(words, width) -> None:
    assert too_wide(words, width) == []


@pytest.mark.parametrize("words", [COMMANDS["ladder"], COMMANDS["all results"]])
def test_columns_of_the_shell_are_the_window(words) -> None:
    assert too_wide(words, 72, variable=True) == []


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.pt"
    layers = {f"encoder.block.{i}.maxout.weight": torch.randn(200, 40) for i in range(3)}
    torch.save(layers, path)
    return path


@pytest.mark.parametrize("width", WIDTHS)
def test_an_audit_keeps_to_the_window_and_breaks_no_number(weights, width) -> None:
    layers = [f"encoder.block.{i}.maxout.weight:rank=5" for i in range(3)]
    words = ("audit", str(weights), *(x for name in layers for x in ("--layer", name)))
    lines = seen(words, width)
    assert [line for line in lines if columns(line) > width] == []
    piped = subprocess.run(
        [sys.executable, "-m", "maxout", *words], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    shown = " ".join(lines).split()
    for cell in " ".join(piped[1:4]).split():
        assert cell in shown


@pytest.mark.parametrize("width", WIDTHS)
def test_training_keeps_to_the_window(width, tmp_path) -> None:
    words = ("train", "--data", "iris", "--scheme", "maxout,he", "--optimizer", "adam")
    small = ("--seeds", "4", "--epochs", "1", "--width", "1/8", "--workers", "1")
    # An epoch of four seeds decides nothing.
    words += ("--out", str(tmp_path))
    lines = seen((*words, *small), width, codes=(OK, REFUTED, INCONCLUSIVE))
    assert [line for line in lines if columns(line) > width] == []


def test_a_pipe_gets_whole_lines(maxout) -> None:
    done = maxout("results", "kernel", env={**os.environ, "COLUMNS": "60"})
    assert max(map(len, done.out.splitlines())) > 120
    assert "\x1b" not in done.out


def test_a_formula_keeps_its_lines_together() -> None:
    """Each line of a drawn fraction is indented alike: its bar is as long as its longest side."""
    lines = seen(("constant", "3", "4"), 80)
    bars = [line for line in lines if set(line.strip()) == {"─"} and len(line.strip()) > 3]
    at = lines.index("c(3) =")
    below = lines[at + 1 : lines.index("c(4) =")]
    assert bars
    assert all(line.startswith("    ") for line in below)
