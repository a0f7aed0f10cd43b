"""``maxout verify`` at a network of one's own: what it says, and what it refuses."""

import json

import pytest

from maxout.cli import verdicts
from maxout.cli.main import run

NETWORK = ["--rank", "3", "--inputs", "4", "--widths", "6,5", "--c", "0.7", "--bias", "gaussian"]


def test_it_says_the_cost_what_holds_and_what_was_left(maxout) -> None:
    keys = ("order.mean", "jacobian.mean.gaussian", "jacobian.mean.exact")
    done = maxout("verify", *keys, *NETWORK, "--budget", "5s")
    assert done.code == 0, done.err
    first, second = done.err.strip().splitlines()
    assert first.startswith("4-[6,5]-1 K=3 c=7/10 bias=gaussian: ")
    assert "samples of 2 populations in about" in first
    assert "would be refuted 9 times in 10 if it were off by" in second
    assert "jacobian.mean.exact not applicable: it needs zero biases (--bias)" in done.out
    assert done.out.splitlines()[-1].startswith("2 verified, 1 not applicable; chance of any false")


def test_the_report_in_json_has_every_statement_with_its_reason(capsys) -> None:
    assert run(["verify", "order.mean", "order.orthant", *NETWORK, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == 1
    assert report["network"] == "4-[6,5]-1 K=3 c=7/10 bias=gaussian"
    notes = {v["key"]: (v["status"], v["note"]) for v in report["verdicts"]}
    assert notes["order.orthant"] == ("not applicable", "it speaks of no network")
    assert notes["order.mean"][0] == "verified"


def test_where_nothing_applies_nothing_is_verified(capsys) -> None:
    assert run(["verify", "jacobian.mean.exact", *NETWORK]) == 4
    assert "1 not applicable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--suite", "standard", *NETWORK], "takes the place of a suite"),
        (["--controls", *NETWORK], "judged at the suite's networks"),
        (["--budget", "5s"], "a network of your own, which needs --rank, --inputs and --widths"),
        (["--budget", "soon", *NETWORK], "must look like 60s, 5m, 2h or 1d"),
        (["--budget", "0s", *NETWORK], "a time from 1 s to 100 days"),
        (["--rank", "3"], "a network needs --inputs, --widths as well"),
        ([*NETWORK, "--norm", "2"], "norm must be none, rms, layer here"),
        (["--engine", "torchrun"], "engine must be one of threads, processes, dask:ADDRESS"),
        (["--engine", "dask:"], "engine must be one of"),
        (["--engine", "dask:tcp://a:1", "--workers", "2"], "a dask cluster has its own"),
        (["--engine", "processes", "--controls"], "controls run in this process"),
        (["--dropout", "0.1"], "A network needs --rank, --inputs, --widths"),
    ],
)
def test_what_does_not_go_together_is_one_line(capsys, words, said) -> None:
    assert run(["verify", "order.mean", *words]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert captured.out == ""


def test_help_fits_on_a_screen_and_names_the_network(capsys) -> None:
    assert run(["verify", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 33
    assert any("--rank 7 --inputs 30 --widths 100x10" in line for line in lines)


def verdict(key: str, predicted: float, detectable: float, status: str = "verified") -> dict:
    return {
        "key": key,
        "status": status,
        "relation": "==",
        "predicted": predicted,
        "estimate": predicted,
        "interval": [None, None],
        "samples": 7,
        "detectable": detectable,
        "times": None,
        "refuted_at": None,
        "network": f"at {predicted}",
        "note": "",
    }


def test_a_row_a_statement_shows_its_worst_case_and_its_smallest_margin(capsys) -> None:
    rows = [
        verdict("a.b", 2.0, 0.1),
        verdict("a.b", 4.0, 0.1),
        verdict("a.b", 8.0, 0.1, "inconclusive"),
        verdict("a.c", 1.0, 0.3),
    ]
    report = {"verdicts": rows, "false_alarm_rate": 1e-3, "seed": 3}
    verdicts.show(report)
    _, first, second, last = capsys.readouterr().out.splitlines()
    assert first.split() == ["a.b", "==", "8", "8", "[-,", "-]", "3", "1.2", "%", "inconclusive"]
    assert second.split() == ["a.c", "==", "1", "1", "[-,", "-]", "1", "30", "%", "verified"]
    assert last == "1 inconclusive, 3 verified; chance of any false alarm at most 0.001; seed 3"
    verdicts.show(report, everything=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines[1:-1]] == ["8", "1", "2", "4"]
    assert lines[1].endswith("inconclusive  at 8.0")


def test_explained_at_a_network_it_names_the_one_draw_for_all_angles(maxout) -> None:
    done = maxout("verify", "--explain", "jacobian.mean.gaussian", *NETWORK, "--json")
    assert done.code == 0, done.err
    ((explained,),) = [one["experiments"] for one in done.json]
    assert explained["network"].startswith("4-[6,5]-1 K=3 c=7/10 bias=gaussian; ")
    assert explained["populations"] == [
        "networks/4-[6,5]-1 K=3 c=7/10 bias=gaussian/gaussian/0.6,0.3,0.9,0.995,1.0,0.0/2.0"
    ]


def test_processes_say_what_threads_say(maxout) -> None:
    words = ("verify", "jacobian.mean.gaussian", *NETWORK, "--json")
    one, two = maxout(*words), maxout(*words, "--workers", "2")
    assert (one.code, two.code) == (0, 0), two.err
    assert one.json == two.json
