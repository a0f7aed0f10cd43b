"""Every command runs with what it requires alone, and every default that help shows is accepted."""

import re

import pytest
from click.testing import CliRunner

from maxout.cli.main import COMMANDS, OK, cli

NETWORK = ("--rank", "5", "--inputs", "6", "--widths", "6x2")
REQUIRED = {
    "constant": ("5",),
    "moments": ("5",),
    "bounds": (),
    "ladder": NETWORK,
    "typical": NETWORK,
    "gradients": NETWORK,
    "kernel": ("--rank", "5", "0.5"),
    "regions": ("--rank", "2", "--widths", "6"),
    "curve": ("--rank", "3", "--inputs", "2", "--widths", "6", "--circle", "1"),
    "figure": (),
    "results": (),
    "doctor": (),
}
LONG = {"verify": "a suite", "calibrate": "20 minutes", "train": "an hour", "audit": "needs a file"}
"""Commands that take long when nothing is chosen; other tests run them smaller."""

_DEFAULT = re.compile(r"(--[a-z-]+) (?:(?! --[a-z]).)*?\[default: ([^\]]+)\]")
_VALUE = re.compile(r"[\d*^/().a-zA-Z_,-]+")

PROSE = {"K"}
"""Said in place of a value; sentences have spaces."""


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, list(words))
    return done.exit_code, done.output + str(done.exception)


def test_every_command_is_run_or_said_to_be_long() -> None:
    assert {*REQUIRED, *LONG} == {*COMMANDS}


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_required_is_enough(name) -> None:
    code, said = run(name, *REQUIRED[name])
    assert code == OK, said


def defaults(name: str) -> list[tuple[str, str]]:
    """(option, default) of a command's help, where the default is written as a value."""
    help_text = " ".join(CliRunner().invoke(cli, [name, "--help"]).output.split())
    return [
        (option, value)
        for option, value in _DEFAULT.findall(help_text)
        if _VALUE.fullmatch(value) and value not in PROSE
    ]


EVALUATED = {**REQUIRED, "bounds": ("jacobian.mean", *NETWORK)}
CONVOLUTION = ("--rank", "3", "--channels", "2,4", "--size", "5", "--kernel", "3")
OF_CONVOLUTIONS = {"--stride", "--padding", "--dilation", "--groups", "--padding-mode"}
# Rows of all layers are what a ladder shows; the default is that of a statement of one layer.
APART = {("ladder", "--layer")}
FOUND = [
    (name, *found)
    for name in EVALUATED
    for found in defaults(name)
    if (name, found[0]) not in APART
]


@pytest.mark.parametrize(("name", "option", "value"), FOUND)
def test_a_default_is_accepted_and_changes_nothing(name, option, value) -> None:
    words = CONVOLUTION if option in OF_CONVOLUTIONS else EVALUATED[name]
    code, said = run(name, *words, option, value)
    assert code == OK, said
    assert said == run(name, *words)[1]


def test_the_default_c_is_accepted_of_convolutions() -> None:
    assert run("bounds", *CONVOLUTION, "--c", "1/M_K") == run("bounds", *CONVOLUTION)


def test_defaults_in_symbols_are_among_them() -> None:
    assert {("bounds", "--c", "1/M_K"), ("bounds", "--sweep", "2*pi")} <= set(FOUND)
    assert ("typical", "--cosine", "1/sqrt(n_0)") in FOUND
    assert len(FOUND) > 50


def test_a_window_is_typed_as_cells_or_sides() -> None:
    words = ("bounds", "init.max_pooling", *NETWORK, "--bias", "zero", "--window")
    assert run(*words, "2x2") == run(*words, "4")
    assert run(*words, "2x2") != run(*words, "2x3")
    code, said = run("bounds", "init.max_pooling", *NETWORK, "--window", "2x")
    assert code != OK
    assert "window must look like 4 or 2x2; got '2x'" in said
