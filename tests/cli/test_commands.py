"""The commands as a user meets them: contracts of the JSON, exit codes, plain output when piped."""

import importlib.util
import os
import signal
import subprocess
import sys
import time

import mpmath
import pytest
import sympy

from maxout.cli.closed_values import CLOSED_UP_TO
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.order.moments import LargestNormalMoment, is_closed

NETWORK = ("--rank", "5", "--inputs", "10", "--widths", "20x3", "--outputs", "2")


def test_constant_json_contract(maxout) -> None:
    done = maxout("constant", "2..4", "10^6", "--digits", "25", "--json")
    assert done.code == 0
    assert [row["rank"] for row in done.json] == [2, 3, 4, 10**6]
    for row in done.json:
        assert set(row) >= {
            "rank", "c", "second_moment", "mean", "variance", "chi2_largest_mean",
            "chi2_smallest_mean", "closed_form", "digits", "certified", "radius",
        }  # fmt: skip
        assert row["digits"] == 25
        assert row["certified"] is True
        with mpmath.workdps(30):
            second, mean = mpmath.mpf(row["second_moment"]), mpmath.mpf(row["mean"])
            # 25 digits each: the product is off by a few units of the 25th digit
            assert abs(mpmath.mpf(row["c"]) * second - 1) < mpmath.mpf(10) ** -23
            assert abs(second - mean**2 - mpmath.mpf(row["variance"])) < mpmath.mpf(10) ** -22
    assert done.json[0]["closed_form"] == "1"
    assert done.json[-1]["closed_form"] is None


def test_constant_table_when_piped_is_plain(maxout) -> None:
    done = maxout("constant", "2..5")
    assert done.code == 0
    assert done.err == ""
    assert all(ord(ch) < 128 for ch in done.out)
    assert "\x1b" not in done.out
    assert len(done.out.splitlines()) >= 5


def test_many_ranks_together_show_the_digits_of_each_alone(maxout) -> None:
    together = maxout("constant", "2..16", "400").out.splitlines()
    rows = {row["rank"]: row for row in maxout("constant", "2..16", "400", "--json").json}
    for line in together[1 : len(rows) + 1]:
        rank, c, second, _, certified = line.split()
        row = rows[int(rank)]
        assert (c, second, certified) == (row["c"], row["second_moment"], "yes")


def test_no_closed_form_is_missed() -> None:
    for rank in range(2, 15):
        found = is_closed(LargestNormalMoment(sympy.Integer(rank), 2).doit())
        assert found == (rank <= CLOSED_UP_TO)


@pytest.mark.parametrize("style", ["pretty", "latex", "srepr"])
def test_formats(maxout, style) -> None:
    done = maxout("constant", "5", "--format", style)
    assert done.code == 0
    assert {"pretty": "sqrt", "latex": r"\sqrt", "srepr": "Pow("}[style] in done.out


def test_derivation_confirms_each_step(maxout) -> None:
    done = maxout("constant", "5", "--derive", "--format", "json")
    assert done.code == 0
    assert done.json["steps"]
    assert all(step["digits_agreed"] >= 25 for step in done.json["steps"])


def test_moments(maxout) -> None:
    done = maxout("moments", "3", "--order", "1", "--json")
    assert done.code == 0
    (row,) = done.json
    with mpmath.workdps(30):
        exact = 3 / (2 * mpmath.sqrt(mpmath.pi))
        assert abs(mpmath.mpf(row["value"]) - exact) < mpmath.mpf(10) ** -18


def test_bounds_symbolic_contract(maxout) -> None:
    done = maxout("bounds", "jacobian.mean.upper", "--json")
    assert done.code == 0
    (row,) = done.json
    assert row["value"] is None
    assert row["key"] == "jacobian.mean.upper"
    assert row["relation"] == "<="
    assert r"\mathcal{L}_{K}" in row["latex"]
    assert row["status"] == "proved"


def test_bounds_evaluated_are_ordered(maxout) -> None:
    done = maxout("bounds", *NETWORK, "--bias", "zero", "--json")
    assert done.code == 0
    value = {row["key"]: float(row["value"]) for row in done.json if row["value"]}
    ladder = [
        "jacobian.mean.lower", "jacobian.mean.lower.sharp", "jacobian.mean.exact",
        "jacobian.mean.upper.sharp", "jacobian.mean.upper",
    ]  # fmt: skip
    values = [value[key] for key in ladder]
    assert values == sorted(values)
    assert values[0] < values[-1]


def test_a_statement_that_does_not_apply_is_an_error_when_asked_for(maxout) -> None:
    done = maxout("bounds", "jacobian.mean.exact", *NETWORK, "--bias", "any")
    assert done.code == 2
    assert "does not apply" in done.err


def test_results_lists_everything(maxout) -> None:
    done = maxout("results", "--json")
    assert {row["key"] for row in done.json} == set(CATALOGUE)
    assert "@inproceedings" in maxout("results", "--bibtex").out


def test_help_and_version(maxout) -> None:
    assert "constant" in maxout("--help").out
    assert maxout("--version").out.startswith("maxout ")
    for name in ("constant", "moments", "bounds", "verify", "results"):
        assert maxout(name, "--help").code == 0


def test_reader_that_leaves_early_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m maxout constant 2..40 --json | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_constant_does_not_import_torch_or_rich() -> None:
    code = (
        "import sys; from maxout.cli.main import run; run(['constant', '5', '--json']);"
        "heavy = [m for m in ('torch', 'rich', 'scipy', 'numpy') if m in sys.modules];"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_verify_loads_torch_only_for_networks() -> None:
    """Order statistics are drawn by Numba alone, and PyTorch takes a second to load."""
    code = (
        "import sys; from maxout.cli.main import run; assert run(['verify', 'order.mean']) == 0;"
        "heavy = [m for m in ('torch', 'scipy.stats', 'matplotlib') if m in sys.modules];"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_verify_without_torch_says_how_to_get_it(tmp_path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['torch'] = None")
    done = subprocess.run(
        [sys.executable, "-m", "maxout", "verify"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 2
    assert "pip install 'maxout[torch]'" in done.stderr


def test_verify_json_contract(maxout) -> None:
    assert importlib.util.find_spec("torch")
    done = maxout("verify", "jacobian.mean.upper", "--json", "--seed", "7")
    assert done.code == 0, done.err
    assert set(done.json) == {"schema", "status", "seed", "false_alarm_rate", "verdicts"}
    assert done.json["seed"] == 7
    for verdict in done.json["verdicts"]:
        assert set(verdict) == {
            "key", "status", "relation", "predicted", "estimate", "interval", "samples",
            "detectable", "times", "refuted_at", "note", "network",
        }  # fmt: skip
        assert verdict["key"] == "jacobian.mean.upper"


def test_interrupt_exits_130(tmp_path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "maxout", "verify", "--suite", "standard", "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 120
    while not any(tmp_path.glob("shards/*/*")) and time.monotonic() < until:
        time.sleep(0.1)  # until samples are drawn, well inside the suite's minutes
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.strip().endswith("interrupted")
    assert "Traceback" not in err
