"""``maxout calibrate`` as a user meets it."""

import pytest

from maxout.verify.calibration import KINDS


def test_command(maxout) -> None:
    done = maxout("calibrate", "--short", "--runs", "1", "--json")
    assert done.code == 4, done.err  # one run shows nothing
    found = done.json
    assert found["status"] == "inconclusive"
    assert {row["kind"] for row in found["rows"]} == set(KINDS)


@pytest.mark.parametrize("words", [("--runs", "0"), ("--runs", "many"), ("--seed", "-1")])
def test_bad_input(maxout, words) -> None:
    done = maxout("calibrate", *words)
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
