"""Without a KEY the catalogue is a line a statement, by subject; with one, or --all, in full."""

import pytest

from maxout.cli.overview import formula
from maxout.theory.catalogue import CATALOGUE, SUBJECTS, select, subject_of

COMMANDS = {
    "bounds": (("bounds",), [s for s in CATALOGUE.values() if s.biases]),
    "results": (("results",), list(CATALOGUE.values())),
    "explain": (("verify", "--explain"), list(CATALOGUE.values())),
}


@pytest.mark.parametrize(("words", "statements"), COMMANDS.values(), ids=COMMANDS.keys())
def test_an_overview_has_a_line_a_statement_under_its_subject(maxout, words, statements) -> None:
    lines = maxout(*words).out.splitlines()
    found: dict[str, list[str]] = {}
    for line in lines[:-1]:
        if line in SUBJECTS:
            subject = line
            assert subject not in found
        else:
            assert line.startswith("  ")
            found.setdefault(subject, []).append(line.split()[0])
    expected: dict[str, list[str]] = {}
    for statement in statements:
        expected.setdefault(subject_of(statement.key), []).append(statement.key)
    assert found == expected
    assert lines[-1] == f"maxout {' '.join(words)} KEY says more of one; --all, all of all"
    assert max(map(len, lines)) <= 160


@pytest.mark.parametrize("words", [("bounds",), ("results",), ("verify", "--explain")])
def test_all_says_what_a_key_says(maxout, words) -> None:
    everything = maxout(*words, "--all").out
    for key in ("jacobian.mean.upper", "regions.count.upper"):
        alone = maxout(*words, key).out.strip().splitlines()
        said = [line.split() for line in everything.splitlines()]
        assert [line for line in alone if line.split() not in said] == []


def test_a_short_formula_is_shown_and_a_long_one_is_not() -> None:
    short, long = select(("jacobian.mean.upper", "jacobian.law.gaussian"))
    assert formula(short) == "E |J(x)u|^2 <= n_L*(c*L_K)**(L - 1)/n_0"
    assert formula(long) == "|J(x)u|^2 =_d ..."


def test_no_formula_shows_latex() -> None:
    for statement in CATALOGUE.values():
        assert "\\" not in formula(statement)
        assert "mathbb" not in formula(statement)
