"""Work that would not end or not fit is refused; what takes long says so, and Ctrl-C ends it."""

import io
import os
import pty
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from maxout.cli import limits, parse, progress
from maxout.cli.main import INTERRUPTED, OK, USAGE, run
from maxout.numerics.regions import MaxoutLayers, count_segment, room, subdivide
from maxout.theory.errors import DomainError, MaxoutError
from maxout.theory.network import Network
from maxout.theory.typed import MAX_LAYERS

FIVE = ("--rank", "5", "--inputs", "10")
TWO = ("--rank", "2", "--inputs", "2")

TOO_MUCH = {
    "layers": (("bounds", *FIVE, "--widths", "1x100000"), "at most 10,000 hidden layers"),
    "layers in parts": (("gradients", *FIVE, "--widths", "5x9999,4,4"), "at most 10,000 hidden"),
    "rows of layers": (("ladder", *FIVE, "--widths", "5x301"), "at most 300 hidden layers"),
    "ranks": (("constant", "1..10001"), "at most 10,000 ranks at a time"),
    "digits": (("constant", "9", "--digits", "1001"), "at most 1,000 where no closed form"),
    "digits of moments": (("moments", "9", "--order", "1", "--digits", "1001"), "no closed form"),
    "digits of ranks": (("constant", "5..9", "--digits", "2000"), "as at rank 9; got 2,000"),
    "digits of bounds": (("bounds", *FIVE, "--widths", "8", "--digits", "1001"), "at most 1,000"),
    "draws": (
        ("gradients", *FIVE, "--widths", "1000x3", "--simulate", "100000"),
        "100,000 networks of 10,051,000 weights are 1,005,100,000,000 draws; at most",
    ),
    "one network": (
        ("ladder", *FIVE, "--widths", "10^5x3", "--simulate", "100"),
        "the network would have 100,005,100,000 weights; at most 100,000,000",
    ),
    "numbers kept": (
        ("gradients", *FIVE, "--widths", "1x99", "--simulate", "1000000"),
        "simulate must be at most 500,000 at this depth; got 1,000,000",
    ),
    "draws of a chain": (
        ("typical", *FIVE, "--widths", "8x100", "--bias", "zero", "--samples", "10^7"),
        "samples must be at most 2,000,000 for 100 hidden layers; got 10,000,000",
    ),
    "network of regions": (
        ("regions", "--rank", "3", "--widths", "10^5x2"),
        "the network would have 30,000,700,000 weights; at most 100,000,000",
    ),
    "network of a curve": (
        ("curve", *TWO, "--widths", "10^5x2", "--bias", "zero", "--circle", "1"),
        "weights; at most 100,000,000",
    ),
    "layers of a kernel": (
        ("kernel", "--rank", "3", "--data", "{two}", "--depth", "10^9"),
        "depth must be at most 250,000,000 for 2 inputs; got 1,000,000,000",
    ),
    "layers of a kernel, fewer": (
        ("kernel", "--rank", "3", "--data", "{two}", "--depth", "10^7"),
        "depth must be an integer from 2 to 1,000,000",
    ),
    "long curve": (
        ("curve", *TWO, "--widths", "99", "--bias", "zero", "--points", "{many}"),
        "simulate must be at most 101 for a curve of 99,999 segments and networks of 99 units",
    ),
    "longer curve": (
        ("regions", *TWO, "--widths", "20000", "--bias", "zero", "--points", "{many}"),
        "a curve through 20,000 units may have 50,000 segments; got 99,999",
    ),
    "trainings": (
        ("train", "--data", "iris", "--seeds", "4096", "--width", "16"),
        "are too large to train side by side: at most 100,000,000 parameters in all",
    ),
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_what_would_not_end_is_refused_in_one_line(capsys, tmp_path, case) -> None:
    words, expected = TOO_MUCH[case]
    (tmp_path / "two").write_text("1,2\n2,1\n")
    if "{many}" in words:
        angle = np.linspace(0, 6, 10**5)
        table = np.column_stack([np.cos(angle), np.sin(angle)])
        np.savetxt(tmp_path / "many", table, delimiter=",", fmt="%.9f")
    places = {"two": tmp_path / "two", "many": tmp_path / "many"}
    assert run([word.format(**places) for word in words]) == USAGE
    said = capsys.readouterr()
    assert expected in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""


def test_sizes_at_the_limits_are_let_in() -> None:
    assert len(parse.widths("1x10000")) == MAX_LAYERS
    assert len(parse.ranks(("1..10000",))) == parse.MAX_RANKS
    network = Network(10, (100,), 1, 10)  # 10,100 + ... weights
    weights = 10 * 100 * 10 + 100
    limits.check_drawn(network, limits.MAX_DRAWS // weights)
    with pytest.raises(DomainError, match="ask for fewer networks"):
        limits.check_drawn(network, limits.MAX_DRAWS // weights + 1)
    limits.check_kept(limits.MAX_KEPT // 3, 3, "simulate")
    limits.check_followed(10**5, 100, 100)
    with pytest.raises(DomainError, match="simulate must be at most 100 "):
        limits.check_followed(10**5, 100, 101)


def test_a_chain_of_a_deep_network_has_fewer_draws(capsys) -> None:
    assert limits.chain_draws(200) == 100_000
    assert limits.chain_draws(MAX_LAYERS) == 2000
    words = ["curve", *TWO, "--widths", "2x1000", "--bias", "gaussian", "--circle", "1"]
    assert run([*words, "--simulate", "0", "--json"]) == OK
    assert len(re.findall(r"\n    [\d.e-]+", capsys.readouterr().out)) == 1000


def test_many_digits_come_from_a_closed_form(capsys) -> None:
    assert run(["constant", "5", "--digits", "10000", "--json"]) == OK
    text = capsys.readouterr().out
    digits = re.search(r'"c": "0\.(\d+)"', text)
    assert digits
    assert len(digits[1]) == 10_000
    # The same as by quadrature, as far as that goes.
    assert run(["constant", "5", "--digits", "400", "--json"]) == OK
    short = re.search(r'"c": "0\.(\d+)"', capsys.readouterr().out)
    assert short
    assert digits[1].startswith(short[1][:-1])


def grid() -> MaxoutLayers:
    """Units max(0, x - i) and max(0, y - i): some hundred regions, in two layers."""
    lines = np.array([[[0.0, 0.0], [1.0, 0.0]]] * 9 + [[[0.0, 0.0], [0.0, 1.0]]] * 9)
    bias = np.array([[0.0, -i / 10] for i in range(9)] * 2)
    rest = np.array([[np.zeros(18), np.ones(18)]] * 2), np.array([[0.0, -1.0]] * 2)
    return MaxoutLayers([(lines, bias), rest], (np.ones((1, 2)), np.zeros(1)))


def test_room_for_regions_and_pieces(monkeypatch) -> None:
    said: list[str] = []
    count = subdivide(grid(), (-1, 1, -1, 1), said.append).count
    assert count > 100
    assert said[0] == "100 regions after 1 of 2 layers"
    assert said[-1] == f"{count} regions after 2 of 2 layers"
    along = [(-1.0, -1.0), (1.0, 1.0)]
    assert len(count_segment(grid(), *along).segment) > 9
    monkeypatch.setattr(room, "MAX_NUMBERS", 99 * (6 * 18 + 64))
    with pytest.raises(
        MaxoutError, match="more than 99 regions after 1 of 2 layers, the most that"
    ):
        subdivide(grid(), (-1, 1, -1, 1))
    monkeypatch.setattr(room, "MAX_NUMBERS", 9 * (4 * 18))
    with pytest.raises(MaxoutError, match="more than 9 pieces after 1 of 2 layers"):
        count_segment(grid(), *along)


def test_no_more_regions_than_can_be_checked(monkeypatch) -> None:
    """A network of 200x3 units had 214,523 regions, which took eight minutes, and then its check.

    Each region is compared with the network itself, which costs as many products as it has weights.
    """
    weights = sum(w.size for w, _ in grid().hidden) + 2
    assert weights == 2 * 18 * 2 + 2 * 2 * 18 + 2
    monkeypatch.setattr(room, "MAX_PRODUCTS", 99 * weights)
    with pytest.raises(MaxoutError, match="more than 99 regions after 1 of 2 layers.*smaller wind"):
        subdivide(grid(), (-1, 1, -1, 1))
    monkeypatch.setattr(room, "MAX_PRODUCTS", 9 * weights)
    with pytest.raises(MaxoutError, match="more than 9 pieces after 1 of 2 layers.*shorter curve"):
        count_segment(grid(), (-1.0, -1.0), (1.0, 1.0))


# Progress.


class Screen(io.StringIO):
    """What is written, and a wait for something to stand there."""

    def wait_for(self, text: str) -> None:
        while text not in self.getvalue():
            time.sleep(0.001)


def test_work_that_takes_long_is_named_with_how_far_it_is(monkeypatch) -> None:
    screen = Screen()
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(progress.sys, "stderr", screen)
    with progress.working("counting", shown=True) as say:
        screen.wait_for("counting, 0 s")
        for item in progress.counted("ab", say):
            screen.wait_for({"a": "counting, 1 of 2, ", "b": "counting, 2 of 2, "}[item])
    assert screen.getvalue().endswith("\r\x1b[K")
    assert "\n" not in screen.getvalue()


def test_short_work_and_logs_are_left_alone(monkeypatch) -> None:
    screen = Screen()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    monkeypatch.setattr(progress, "PATIENCE", 3600.0)
    with progress.working("counting", shown=True) as say:
        say("1 of 2")
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with progress.working("counting") as say:  # no terminal
        say("1 of 2")
    assert screen.getvalue() == ""


def test_the_line_goes_with_an_error(monkeypatch) -> None:
    screen = Screen()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)

    def fail() -> None:
        with progress.working("counting", shown=True):
            screen.wait_for("counting")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert screen.getvalue().endswith("\r\x1b[K")


LONG = {
    "digits": ("constant", "2..9999", "--digits", "300"),
    "regions": ("regions", "--rank", "5", "--widths", "100x3"),
    "draws": ("typical", "--rank", "5", "--inputs", "9", "--widths", "8", "--bias", "zero",
              "--samples", "10^8"),
}  # fmt: skip


@pytest.mark.parametrize("case", LONG)
def test_on_a_terminal_long_work_says_so_and_an_interrupt_ends_it(case) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "maxout", *LONG[case]], stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    # Whatever its speed here, it says that it works before it is interrupted.
    while not re.search(rb"[1-9]\d* s", seen):
        seen += os.read(ours, 1024)
    process.send_signal(signal.SIGINT)
    while True:
        try:
            part = os.read(ours, 1024)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
    assert process.wait() == INTERRUPTED
    assert re.search(rb"\r\x1b\[K(\r\n)?maxout: interrupted\r\n\Z", seen), seen[-80:]
    os.close(ours)
