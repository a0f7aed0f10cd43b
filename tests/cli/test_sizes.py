"""The commands ladder and typical, c by criterion, and how bounds are shown."""

import importlib.util
import json
import math
import subprocess
import sys

import pytest

from maxout.cli import typical
from maxout.cli.main import run
from maxout.cli.plain import plain
from maxout.nn.auditing import report
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.parameters import PARAMETERS

NETWORK = ("--rank", "5", "--inputs", "6", "--widths", "8,5,7")
SIZED = (*NETWORK, "--bias", "zero")


def test_every_declared_field_is_an_option_of_bounds(maxout) -> None:
    shown = maxout("bounds", "--help").out
    for field in PARAMETERS:
        assert f"--{field.name.replace('_', '-')} " in shown


def test_a_field_reaches_the_statement(maxout) -> None:
    values = [
        maxout("bounds", "jacobian.mean.exact", *SIZED, "--cosine", x, "--json").json[0]["value"]
        for x in ("0", "1")
    ]
    assert float(values[0]) < float(values[1])


@pytest.mark.parametrize("statement", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_left_sides_are_readable(statement) -> None:
    text = plain(statement.left)
    assert text
    assert not set("\\{}") & set(text)


def test_plain_text_of_formulas() -> None:
    assert plain(r"\mathbb{E}\,\|J(x)u\|^{2t}") == "E |J(x)u|^(2t)"
    assert plain(r"\mathrm{Var}\ln\|J(x)u\|^2,\ u \parallel x") == "Var ln|J(x)u|^2, u along x"


def test_estimates_show_their_error_and_certified_values_do_not(maxout) -> None:
    done = maxout("bounds", "jacobian.mean", *NETWORK, "--bias", "gaussian")
    lines = {line.split()[0]: line for line in done.out.splitlines()[2:]}
    assert "+-" in lines["jacobian.mean.gaussian"]
    assert "+-" not in lines["jacobian.mean.upper"]


def test_ladder_is_plain_when_piped_and_reads_upwards(maxout) -> None:
    done = maxout("ladder", "jacobian.mean", *NETWORK, "--bias", "gaussian")
    assert done.code == 0, done.err
    header, row = (line.split() for line in done.out.splitlines()[1:3])
    assert header == ["quantity", "lower", "lower.sharp", "exact", "upper.sharp", "upper"]
    values = [float(cell) for cell in row[1:]]
    assert values == sorted(values)
    assert "not certified (value functions)" in done.out
    assert "\x1b" not in done.out


def test_ladder_json_contract(maxout) -> None:
    done = maxout("ladder", *SIZED, "--json")
    assert done.code == 0, done.err
    rows = {(r["quantity"], r["order"], r["layer"]): r for r in done.json}
    exact = rows["jacobian.mean", None, None]["rungs"]["exact"]
    assert exact["key"] == "jacobian.mean.exact"
    assert exact["certified"] is True
    assert set(exact) == {"key", "value", "radius", "certified", "source", "status"}
    assert ("gradients.bias", None, 3) in rows
    assert all(r["simulated"] is None for r in done.json)


def test_ladder_simulated_lies_near_the_exact_value(maxout) -> None:
    assert importlib.util.find_spec("torch")
    words = ("ladder", "jacobian.mean", "gradients", "activation.mean", *SIZED, "--json")
    done = maxout(*words, "--simulate", "4000", "--seed", "3")
    assert done.code == 0, done.err
    assert {row["quantity"] for row in done.json} >= {"jacobian.mean", "gradients.weights"}
    for row in done.json:
        found, exact = row["simulated"], float(row["rungs"]["exact"]["value"])
        assert found["samples"] == 4000
        # Seven normal standard errors; skewed means of 4000 networks stay within.
        assert abs(found["value"] - exact) < 7 * found["error"], row["quantity"]


@pytest.mark.parametrize(
    "block",
    [
        ("--dropout", "0.3"),
        ("--skip", "linear", "--branch-scale", "0.7", "--inner", "4"),
        ("--skip", "normalized", "--norm", "layer"),
    ],
    ids=lambda words: words[1],
)
def test_ladder_simulates_blocks(maxout, block) -> None:
    network = ("--rank", "3", "--inputs", "7", "--widths", "7,7", "--bias", "zero")
    done = maxout("ladder", *network, *block, "--norm", "2", "--simulate", "4000", "--json")
    assert done.code == 0, done.err
    rows = {row["quantity"]: row for row in done.json}
    assert set(rows) <= {"jacobian.mean", "activation.mean"}
    for row in rows.values():
        found, value = row["simulated"], row["simulated"]["value"]
        # Seven standard errors, as above; between the bounds where nothing is exact.
        for name, rung in row["rungs"].items():
            gap = (value - float(rung["value"])) / found["error"]
            assert {"l": gap > -7, "u": gap < 7, "e": abs(gap) < 7}[name[0]], (row, name)


def test_ladder_says_what_it_does_not_simulate(maxout) -> None:
    done = maxout("ladder", "curve.length.mean", "jacobian.mean", *SIZED, "--simulate", "100")
    assert done.code == 0, done.err
    assert "not simulated here: curve.length.mean (maxout curve --simulate)" in done.out
    assert "not simulated" not in maxout("ladder", "curve.length.mean", *SIZED).out


def test_ladder_without_torch_says_how_to_get_it(tmp_path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['torch'] = None")
    words = [sys.executable, "-m", "maxout", "ladder", "jacobian.mean", *SIZED]
    for extra, code in (([], 0), (["--simulate", "1000"], 2)):
        done = subprocess.run(
            [*words, *extra],
            capture_output=True,
            text=True,
            check=False,
            env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        )
        assert done.returncode == code, done.stderr
        assert ("maxout[torch]" in done.stderr) == (code == 2)


def test_typical_json_and_determinism(maxout) -> None:
    words = ("typical", *SIZED, "--samples", "2000", "--json")
    done = maxout(*words)
    assert done.code == 0, done.err
    found = done.json
    logs = [quantile["log"] for quantile in found["quantiles"]]
    assert [quantile["level"] for quantile in found["quantiles"]] == [0.05, 0.25, 0.5, 0.75, 0.95]
    assert logs == sorted(logs)
    assert found["mean_log_gain"] < found["log_mean_gain"]  # Jensen
    assert maxout(*words).out == done.out
    assert maxout(*words, "--seed", "1").json["quantiles"] != found["quantiles"]


def test_typical_is_exact_along_the_input(maxout) -> None:
    done = maxout("typical", *SIZED, "--cosine", "1", "--samples", "1000", "--json")
    assert done.json["mean_log_gain_exact"] is True


def test_criterion_json_is_a_superset(maxout) -> None:
    plain_record = maxout("constant", "5", "--json").json[0]
    kept = maxout("constant", "5", "--criterion", "activation", "--width", "10", "--json").json[0]
    typical = maxout("constant", "5", "--criterion", "typical", "--width", "10", "--json").json[0]
    assert set(plain_record) < set(kept)
    assert kept["c"] == plain_record["c"]
    assert float(typical["c"]) > float(kept["c"])
    assert typical["certified"] is False
    assert typical["closed_form"] is None
    assert {effect["kept"] for effect in typical["effects"]} == {True, False}


def test_criterion_that_needs_no_width_imports_no_numpy() -> None:
    code = (
        "import sys; from maxout.cli.main import run;"
        "run(['constant', '5', '--criterion', 'activation']);"
        "assert not {'numpy', 'scipy', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "kept" in done.stdout


def test_window_says_what_is_kept(maxout) -> None:
    done = maxout("constant", "5", "--window", "4", "--criterion", "activation")
    assert "rank 20" in done.out
    assert "after pooling" in done.out


def test_dropout_names_both_modes_and_what_each_costs_the_other(maxout) -> None:
    both = maxout("constant", "5", "--dropout", "0.2", "--window", "4", "--json").json
    plain = float(maxout("constant", "20", "--json").json[0]["c"])
    assert [row["mode"] for row in both] == ["train", "eval"]
    for row, stays in zip(both, (0.8, 1.0), strict=True):
        assert float(row["c"]) == pytest.approx(stays * plain, rel=1e-15)
        assert row["certified"] is True
        # c M_K/(1-p) and c M_K, of the c that is printed.
        assert row["factor_in_training"] == pytest.approx(float(row["c"]) / plain / 0.8, rel=1e-14)
        assert row["factor_in_evaluation"] == pytest.approx(float(row["c"]) / plain, rel=1e-14)
    one = maxout("constant", "20", "--dropout", "0.2", "--mode", "eval", "--json").json
    assert one == both[1:]


BAD = {
    "ladder without a network": (("ladder",), "--rank"),
    "ladder of half a network": (("ladder", "--rank", "3"), "--inputs"),
    "ladder of an unknown key": (("ladder", "jacobian.maen", *SIZED), "did you mean"),
    "ladder of no ladder": (("ladder", "order.mean", *SIZED), "has a ladder"),
    "ladder of nothing at all": (
        ("ladder", "--rank", "3", "--inputs", "6", "--widths", "6x2", "--norm", "rms")
        + ("--skip", "normalized"),
        "skip=normalized: maxout bounds --all says why",
    ),
    "ladder order": (("ladder", *SIZED, "--order", "0"), "order must be"),
    "ladder layer": (("ladder", "gradients", *SIZED, "--layer", "9"), "1 <= l <= L-1 (--layer"),
    "too few networks": (("ladder", "jacobian.mean", *SIZED, "--simulate", "3"), "simulate must"),
    "networks in words": (("ladder", "jacobian.mean", *SIZED, "--simulate", "x"), "simulate must"),
    "typical without a network": (("typical",), "--rank"),
    "typical of any biases": (("typical", *NETWORK, "--bias", "any"), "'gaussian' or 'zero'"),
    "samples": (("typical", *SIZED, "--samples", "10"), "samples must be"),
    "cosine": (("typical", *SIZED, "--cosine", "2"), "cosine must be"),
    "norm": (("typical", *SIZED, "--norm", "nan"), "norm must be"),
    "seed": (("typical", *SIZED, "--seed", "-1"), "seed must be"),
    "criterion unknown": (("constant", "5", "--criterion", "median"), "criterion"),
    "criterion without width": (("constant", "5", "--criterion", "typical"), "--width"),
    "width zero": (("constant", "5", "--criterion", "typical", "--width", "0"), "width must be"),
    "field without a network": (("bounds", "--volume", "3"), "--volume needs a network"),
}


@pytest.mark.parametrize(("words", "expected"), BAD.values(), ids=BAD.keys())
def test_one_line_and_exit_code_two(maxout, words, expected) -> None:
    done = maxout(*words)
    assert done.code == 2, done.err
    assert done.out == ""
    assert len(done.err.strip().splitlines()) == 1, done.err
    assert expected in done.err


def test_json_has_no_infinities(maxout) -> None:
    done = maxout(
        "typical", *NETWORK, "--bias", "gaussian", "--norm", "0", "--samples", "1000", "--json"
    )
    json.loads(done.out, parse_constant=lambda name: pytest.fail(name))


@pytest.mark.parametrize("ulps", [-2, -1, 0, 1, 2])
def test_powers_of_ten_beyond_float64_are_written_with_one_digit_before_the_point(ulps) -> None:
    log = 1000 * math.log(10)
    for _ in range(abs(ulps)):
        log = math.nextafter(log, math.copysign(math.inf, ulps))
    assert typical.power_text(log) == "1.0000e+1000"
    assert report.size_text(1000 * (1 + ulps * 2.0**-53)) == "1.00e1000"


TINY, HUGE = ("--c", "1e-320"), ("--c", "1e300")
SMALL = ("--rank", "3", "--inputs", "2", "--widths", "4x2", "--bias", "zero")
HEADED = {
    "bounds": ("bounds", "jacobian.mean", *SMALL),
    "ladder": ("ladder", "jacobian.mean", *SMALL),
    "typical": ("typical", *SMALL, "--samples", "1000"),
    "gradients": ("gradients", *SMALL),
}


@pytest.mark.parametrize("words", HEADED.values(), ids=HEADED)
def test_a_number_in_a_heading_is_short(words, capsys) -> None:
    """c = 1e300 was printed as 301 digits, and 1e-320 as a fraction of them."""
    for c, said in ((TINY, "1e-320"), (HUGE, "1e+300")):
        assert run([*words, *c]) == 0
        shown = capsys.readouterr().out
        assert said in shown
        assert max(map(len, shown.splitlines())) < 120


def test_a_number_that_is_refused_is_cut(capsys) -> None:
    for words in (("kernel", "--rank", "10^200", "0.5"), ("bounds", *SMALL, "--digits", "9" * 300)):
        assert run(list(words)) == 2
        shown = capsys.readouterr().err
        assert shown.strip().endswith("...")
        assert len(shown) < 160
