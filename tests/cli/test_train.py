"""``maxout train``: contracts, resuming, interruption, bad input."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from maxout.cli.main import run

TINY = ("train", "--data", "iris", "--epochs", "3", "--width", "1/8", "--seeds", "4")
PAIR = (*TINY, "--scheme", "maxout,c=0.1", "--optimizer", "adam")


def without_time(cells: list[dict]) -> list[dict]:
    return [{k: v for k, v in cell.items() if k != "seconds"} for cell in cells]


def test_json_contract_and_files(maxout, tmp_path) -> None:
    done = maxout(*PAIR, "--json", "--out", str(tmp_path))
    assert done.code == 4, done.err  # four seeds decide nothing at an error rate of 1 %
    assert set(done.json) == {
        "status", "false_alarm_rate", "cells", "table", "comparisons", "sweep",
    }  # fmt: skip
    assert done.json["sweep"] == []
    assert done.json["status"] == "inconclusive"
    assert done.json["false_alarm_rate"] == 0.01
    for cell in done.json["cells"]:
        assert set(cell) == {
            "key", "setting", "chance", "parameters", "examples", "test", "final", "validation",
            "best_epoch", "diverged_epoch", "reached", "loss", "gradients", "seconds",
        }  # fmt: skip
        assert len(cell["test"]) == 4
    (row,) = done.json["comparisons"]
    assert (row["scheme"], row["against"]) == ("maxout", "c=0.1")
    assert row["wins"] + row["ties"] + row["losses"] == 4
    assert {p.name for p in tmp_path.iterdir()} == {
        "accuracies.csv", "cells", "comparisons.csv", "gradients.csv", "losses.csv", "tables.md",
    }  # fmt: skip
    with (tmp_path / "accuracies.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 8
    assert [line.split()[0] for line in done.err.splitlines()] == ["1/2", "2/2"]


def test_worker_processes_change_nothing_and_finished_cells_are_kept(capsys, tmp_path) -> None:
    def trained(name: str, workers: str) -> dict:
        run([*PAIR, "--json", "--workers", workers, "--out", str(tmp_path / name)])
        return json.loads(capsys.readouterr().out)

    alone, pair = trained("alone", "1"), trained("pair", "2")
    assert without_time(alone["cells"]) == without_time(pair["cells"])
    assert trained("pair", "2") == pair  # seconds too: nothing was trained again
    damaged = next((tmp_path / "pair" / "cells").glob("*.json"))
    damaged.write_text(damaged.read_text()[:100])
    assert without_time(trained("pair", "1")["cells"]) == without_time(pair["cells"])


def test_the_table_when_piped_is_plain(capsys) -> None:
    words = ("--scheme", "maxout,c=100000", "--optimizer", "sgd", "--workers", "1")
    assert run([*TINY, *words]) == 4
    out = capsys.readouterr().out
    assert all(ord(ch) < 128 for ch in out)
    assert "4/4" in out  # c=100000: all diverged, and reported
    assert "chance of any wrong verdict at most 0.01" in out


def test_of_several_rates_each_scheme_takes_its_best(maxout, tmp_path) -> None:
    words = ("train", "--data", "iris", "--epochs", "2", "--widths", "6", "--depth", "2",
             "--seeds", "6", "--optimizer", "sgd", "--scheme", "maxout,c=1:function", "--rate",
             "0.001,0.1", "--normalize", "--rank", "3", "--checkpoint", str(tmp_path / "nets"),
             "--out", str(tmp_path / "out"), "--json")  # fmt: skip
    done = maxout(*words)
    assert done.code == 0, done.err  # nothing that the paper claims is compared
    assert len(done.json["cells"]) == len(done.json["sweep"]) == 4
    assert [row["seeds"] for row in done.json["table"]] == [2, 2]
    for row in done.json["table"]:
        rates = {r["rate"]: r for r in done.json["sweep"] if r["scheme"] == row["scheme"]}
        assert rates[row["rate"]]["validation"] == max(r["validation"] for r in rates.values())
    assert (tmp_path / "out" / "sweep.csv").exists()
    network = next((tmp_path / "nets").iterdir())
    layers = [f"--layer={name}:rank=3:layout=strided" for name in ("1", "2")]
    audit = maxout("audit", str(network), *layers, "--layer=3:rank=1", "--json")
    assert audit.code in (0, 1), audit.err
    assert len(audit.json["layers"]) == 3


def test_one_scheme_alone_is_no_claim(capsys) -> None:
    words = ("--scheme", "c=1", "--optimizer", "adam", "--workers", "1", "--json")
    assert run([*TINY, *words]) == 0
    assert json.loads(capsys.readouterr().out)["comparisons"] == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_interrupt_exits_130_and_leaves_nobody_behind(tmp_path, workers) -> None:
    process = subprocess.Popen(
        [
            sys.executable, "-m", "maxout", "train", "--data", "iris", "--epochs", "100000",
            "--scheme", "maxout,c=1", "--seeds", "2", "--width", "1/8", "--workers", workers,
            "--out", str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    time.sleep(10)  # past the imports of the workers, far from the last epoch
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.strip().endswith("interrupted")
    assert "Traceback" not in err
    children = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False
    )
    assert children.stdout == ""


BAD = {
    "data unknown": (("--data", "imagenet"), "data must be one of iris, digits"),
    "data empty": (("--data", "iris,,digits"), "data must be names"),
    "network unknown": (("--network", "mlp"), "network must be one of fc, conv"),
    "optimizer unknown": (("--optimizer", "sgd,lion"), "optimizer must be one of sgd, adam"),
    "scheme unknown": (("--scheme", "maxout,glorot"), "scheme must be one of"),
    "c zero": (("--scheme", "c=0"), "scheme must be one of"),
    "c code": (("--scheme", "c=exit()"), "scheme must be one of"),
    "maxpool without pooling": (("--scheme", "maxpool"), "--network conv"),
    "no image": (("--network", "conv", "--data", "iris"), "needs images"),
    "nothing to augment": (("--augment", "--data", "iris"), "only images"),
    "seeds zero": (("--seeds", "0"), "seeds must be"),
    "seeds a word": (("--seeds", "many"), "seeds must be"),
    "epochs negative": (("--epochs", "-1"), "epochs must be"),
    "width zero": (("--width", "0"), "width must be"),
    "width a word": (("--width", "wide"), "width must be"),
    "alpha zero": (("--alpha", "0"), "alpha must"),
    "seed negative": (("--seed", "-1"), "seed must be"),
    "rate zero": (("--rate", "0"), "rates must be positive"),
    "rate a word": (("--rate", "1e-3,fast"), "rate must be a finite number"),
    "a sweep of few seeds": (("--rate", "1e-3,1e-2", "--seeds", "3"), "at least 5 seeds"),
    "batch zero": (("--batch", "0"), "batch must be"),
    "rank zero": (("--rank", "0"), "rank must be"),
    "depth a word": (("--depth", "deep"), "depth must be"),
    "widths a word": (("--widths", "wide"), "widths must look like"),
    "widths of conv": (
        ("--network", "conv", "--data", "digits", "--widths", "8x2"),
        "widths are for network fc",
    ),
    "steps of adam": (
        ("--data", "iris", "--scheme", "c=1:step", "--optimizer", "adam"),
        "sgd in network fc",
    ),
    "matched to nothing": (("--scheme", "c=1:size"), "scheme must be one of"),
    "workers zero": (("--workers", "0"), "workers must be"),
    "files nowhere": (("--data", "mnist"), "--data-root"),
    "out under a file": (("--data", "iris", "--out", __file__ + "/x"), "cannot write"),
}


@pytest.mark.parametrize(("words", "expected"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line_and_exit_code_two(capsys, words, expected) -> None:
    """In this process: a process each would import torch twenty times over."""
    assert run(["train", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err
    assert expected in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("package", "words", "expected"),
    [
        ("torch", (), "pip install 'maxout[torch,data]'"),
        ("sklearn", ("--data", "iris"), "pip install 'maxout[data]'"),
        ("torchvision", ("--data", "mnist", "--data-root", "."), "torchvision"),
    ],
)
def test_missing_packages_are_named(maxout, tmp_path, package, words, expected) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"import sys; sys.modules['{package}'] = None")
    done = maxout("train", *words, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1, done.err
    assert expected in done.err
