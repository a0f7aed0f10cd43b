"""Convolutional networks on the command line: what is stated, what is refused, what is typed."""

from __future__ import annotations

import json
import shlex

import pytest
from click.testing import CliRunner

from maxout.cli.bounds import command as bounds
from maxout.cli.main import run
from maxout.theory.conv_network import ConvNetwork
from maxout.verify.own_run import words

NETWORK = "--rank 3 --channels 2,4,6 --size 5x6 --kernel 3x2 --stride 2x1 --padding 1x0 "
NETWORK += "--dilation 1x2 --groups 2 --c 2/5 --bias zero"


def shown(text: str) -> str:
    done = CliRunner().invoke(bounds, shlex.split(text))
    assert done.exit_code == 0, done.output
    return done.output


def test_a_network_is_read_as_python_writes_it() -> None:
    network = ConvNetwork(
        (2, 4, 6), (5, 6), (3, 2), (2, 1), (1, 0), (1, 2), 2, rank=3, c=0.4, bias="zero"
    )
    assert shown(NETWORK).splitlines()[0] == network.heading
    assert shown(shlex.join(words(network))) == shown(NETWORK)
    around = network.but(padding=1, padding_mode="circular")
    assert shown(shlex.join(words(around))).splitlines()[0] == around.heading


def test_what_is_stated_is_of_convolutions_or_of_no_network() -> None:
    rows = json.loads(shown(f"{NETWORK} --json"))
    assert {row["key"] for row in rows} == {
        "conv.length",
        *(f"conv.jacobian.{rung}" for rung in ("lower", "upper", "lower.sharp", "upper.sharp")),
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--channels 3,8 --size 8 --kernel 3", "a convolutional network needs --rank as well"),
        ("--rank 2 --channels 3,8 --kernel 3", "a convolutional network needs --size as well"),
        (f"{NETWORK} --inputs 60", "--inputs is of fully connected layers"),
        (f"{NETWORK} --dropout 0.1", "nothing is stated of convolutions with such blocks"),
        (f"{NETWORK} --skip plain", "nothing is stated of convolutions with such blocks"),
        (f"{NETWORK} --size 5by6", "size must look like 4 or 2x2"),
        (f"{NETWORK} --groups 3", "groups must divide the channels"),
        (f"{NETWORK} --padding-mode same", "padding_mode must be one of"),
        (f"conv.length {NETWORK} --position 31", "it needs b at most the cells of the input map"),
        (f"conv.length {NETWORK} --cell 5", "it needs a at most the cells of the last hidden map"),
        (f"jacobian.mean.exact {NETWORK}", "it needs fully connected layers"),
        ("conv.length --rank 2 --inputs 3 --widths 3", "it needs convolutional layers"),
    ],
)
def test_refusals_name_what_they_are_about(options: str, message: str, capsys) -> None:
    assert run(["bounds", *shlex.split(options)]) == 2
    assert message in capsys.readouterr().err
