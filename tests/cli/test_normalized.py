"""Networks with normalized blocks on the command line: what is stated, and what is not."""

import json

import pytest
from click.testing import CliRunner

from maxout.cli.bounds import command as bounds
from maxout.cli.ladder import command as ladder
from maxout.cli.main import run

SIZES = ("--rank", "3", "--inputs", "96", "--widths", "96x4", "--bias", "zero")
NOTHING = "nothing is stated of such a network"


def shown(command, *words: str) -> str:
    done = CliRunner().invoke(command, [*SIZES, *words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("norm", ["rms", "layer"])
def test_what_is_stated_behind_the_maximum(norm: str) -> None:
    text = shown(bounds, "--norm", norm)
    keys = {line.split()[0] for line in text.splitlines()[2:-1]}
    of_jacobian = ("law", "mean", "moment", "variance", "log.mean", "log.variance", "wide")
    assert keys == {
        *(f"jacobian.{norm}.{what}" for what in of_jacobian),
        *(f"gradients.{norm}.weights.{what}" for what in ("law", "mean")),
        f"kernel.diagonal.{norm}",
    }
    assert NOTHING not in text


@pytest.mark.parametrize(
    ("place", "least", "most"), [("linear", 1 / 1.35, 1 / 1.2), ("before", None, None)]
)
def test_other_places_have_other_statements(place: str, least, most) -> None:
    rows = json.loads(shown(bounds, "--norm", "layer", "--norm-place", place, "--json"))
    found = {row["key"]: row["value"] for row in rows if row["applies"]}
    if place == "before":  # the mean over several blocks has no value
        assert set(found) == {"jacobian.layer.before.law", "activation.layer.before.mean"}
        return
    assert set(found) == {"jacobian.layer.linear.law", "jacobian.layer.linear.mean"}
    # cos = 1/sqrt(96), |x|^2 = 96: (1 - 1/96)/96 times four factors near 1/M_3 = 0.784.
    block = (float(found["jacobian.layer.linear.mean"]) * 96 / (1 - 1 / 96)) ** 0.25
    assert least < block < most


def test_a_ladder_has_the_exact_values() -> None:
    rows = {
        (row["quantity"], row["layer"]): row["rungs"]
        for row in json.loads(shown(ladder, "--norm", "layer", "--json"))
    }
    assert {rungs for found in rows.values() for rungs in found} == {"exact"}
    assert all(found["exact"]["certified"] for found in rows.values())
    growth = [
        float(rows["gradients.weights", layer]["exact"]["value"])
        / float(rows["gradients.weights", layer + 1]["exact"]["value"])
        for layer in (1, 2, 3)
    ]
    # Equal widths: every block multiplies by 94 E 1/rho^2, near 1/Var Xi_3 = 1.787.
    assert growth == pytest.approx([94 * 0.0192422741840425] * 3, rel=1e-10)


@pytest.mark.parametrize(
    "more",
    [
        ("--dropout", "0.1"),
        ("--skip", "plain"),
        ("--bias", "any"),
        ("--norm-place", "linear", "--bias", "gaussian"),
    ],
)
def test_other_combinations_say_so(more: tuple[str, ...]) -> None:
    text = shown(bounds, "--norm", "layer", *more)
    assert NOTHING in text
    assert text.splitlines()[-1].endswith("--all shows each with its reason")


def test_too_narrow_a_block_is_refused_with_the_reason(capsys) -> None:
    words = ["bounds", "jacobian.layer.mean", "--norm", "layer", "--bias", "zero", "--rank", "3"]
    assert run([*words, "--inputs", "4", "--widths", "5,3"]) != 0
    message = capsys.readouterr().err
    assert "every hidden layer has at least 4 units, else it is infinite (--widths)" in message
