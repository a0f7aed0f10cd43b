"""Bad input: one clear line on stderr, exit code 2, nothing on stdout, no traceback."""

import subprocess
import sys

import pytest

from maxout.cli.main import USAGE, run
from maxout.numerics.balls import normal_power
from maxout.numerics.kernels import winner_table

pytestmark = pytest.mark.smoke

NETWORK = ("--rank", "5", "--inputs", "10")

BAD = {
    "rank zero": (("constant", "0"), "rank must be an integer"),
    "rank negative": (("constant", "-1"), "rank must be an integer"),
    "rank fractional": (("constant", "2.5"), "rank must be an integer"),
    "rank huge": (("constant", "10^20"), "rank must be an integer"),
    "rank spelled out huge": (("constant", "1" + "0" * 20), "rank must be an integer"),
    "rank a word": (("constant", "abc"), "rank must be an integer"),
    "rank code": (("constant", "__import__('os').getcwd()"), "rank must be an integer"),
    "range downwards": (("constant", "5..2"), "upwards"),
    "range open": (("constant", "5.."), "rank must be an integer"),
    "range endless": (("constant", "1..10^12"), "at most"),
    "no rank": (("constant",), "RANK"),
    "unknown option": (("constant", "--digts", "5"), "--digts"),
    "digits zero": (("constant", "5", "--digits", "0"), "digits must be"),
    "digits absurd": (("constant", "5", "--digits", "10000000"), "digits must be"),
    "digits a word": (("constant", "5", "--digits", "many"), "digits"),
    "window zero": (("constant", "5", "--window", "0"), "window must be"),
    "weights alone": (("constant", "5", "--weights", "uniform"), "give both"),
    "fan_in zero": (
        ("constant", "5", "--weights", "uniform", "--fan-in", "0"),
        "fan_in must be an integer from 1 to 1,000,000",
    ),
    "weights of other units": (
        ("constant", "3", "--weights", "laplace", "--fan-in", "4", "--unit", "lwta"),
        "--weights does not go with --unit",
    ),
    "dropout certain": (("constant", "5", "--dropout", "1"), "dropout must be a number at least 0"),
    "dropout a word": (("constant", "5", "--dropout", "half"), "dropout must be"),
    "dropout to many digits": (
        ("constant", "50", "--dropout", "0.5", "--digits", "99999"),
        "digits must be an integer from 1 to 1,000",
    ),
    "mode unknown": (
        ("constant", "5", "--dropout", "0.5", "--mode", "test"),
        "mode must be one of",
    ),
    "mode of nothing": (("constant", "5", "--mode", "eval"), "--dropout"),
    "dropout and criterion": (
        ("constant", "5", "--dropout", "0.5", "--criterion", "mean"),
        "does not go with --criterion",
    ),
    "skip unknown": (("constant", "5", "--skip", "dense", "--blocks", "3"), "skip must be one of"),
    "skip of no blocks": (("constant", "5", "--skip", "plain", "--blocks", "0"), "blocks must be"),
    "skip without blocks": (("constant", "5", "--skip", "plain"), "--blocks"),
    "blocks without skip": (("constant", "5", "--blocks", "3"), "--skip"),
    "skip and dropout": (
        ("constant", "5", "--skip", "plain", "--blocks", "3", "--dropout", "0.5"),
        "does not go with --skip",
    ),
    "order zero": (("moments", "5", "--order", "0"), "order must be"),
    "order fractional": (("moments", "5", "--order", "1.5"), "order must be"),
    "statistic unknown": (("moments", "5", "--statistic", "median"), "statistic"),
    "widths empty": (("bounds", *NETWORK, "--widths", ""), "widths must"),
    "widths zero": (("bounds", *NETWORK, "--widths", "0"), "widths must"),
    "widths negative": (("bounds", *NETWORK, "--widths", "8,-3"), "widths must"),
    "widths repeated never": (("bounds", *NETWORK, "--widths", "8x0"), "widths must"),
    "widths words": (("bounds", *NETWORK, "--widths", "wide"), "widths must"),
    "widths missing": (("bounds", *NETWORK), "--widths"),
    "c zero": (("bounds", *NETWORK, "--widths", "8", "--c", "0"), "c must be"),
    "c negative": (("bounds", *NETWORK, "--widths", "8", "--c", "-1"), "c must be"),
    "c nan": (("bounds", *NETWORK, "--widths", "8", "--c", "nan"), "c must be"),
    "c infinite": (("bounds", *NETWORK, "--widths", "8", "--c", "inf"), "c must be"),
    "c code": (("bounds", *NETWORK, "--widths", "8", "--c", "exit()"), "c must be"),
    "bias unknown": (("bounds", *NETWORK, "--widths", "8", "--bias", "big"), "bias must be"),
    "cosine beyond": (("bounds", *NETWORK, "--widths", "8", "--cosine", "1.5"), "cosine must be"),
    "outputs zero": (("bounds", *NETWORK, "--widths", "8", "--outputs", "0"), "outputs must be"),
    "inputs zero": (("bounds", "--rank", "2", "--inputs", "0", "--widths", "8"), "inputs must be"),
    "unknown key": (("bounds", "jacobian.mean.uper"), "jacobian.mean.upper"),
    "unknown key in results": (
        ("results", "nothing"),
        "no statement is called 'nothing' (maxout results lists all)",
    ),
    "unknown key in verify": (("verify", "jacobian.mean.uper"), "jacobian.mean.upper"),
    "no such command": (("constnat", "5"), "did you mean 'constant'?"),
    "nothing like a command": (("xyzzy",), "no command is called 'xyzzy' (maxout --help)"),
    "no CUDA": (("verify", "--device", "cuda"), "CUDA"),
    "memory too small": (("verify", "--memory", "100"), "memory"),
    "memory unreadable": (("verify", "--memory", "much"), "memory must"),
    "suite unknown": (("verify", "--suite", "slow"), "suite"),
    "seed negative": (("verify", "--seed", "-1"), "seed"),
    "order negative in symbols": (
        ("bounds", "order", "--order", "-1"),
        "--order must be an integer from 1 to 50",
    ),
    "order of a ladder": (
        ("ladder", *NETWORK, "--widths", "8", "--order", "two"),
        "--order must be an integer from 1 to 50; got two",
    ),
    "seed negative in ladder": (("ladder", *NETWORK, "--widths", "8", "--seed", "x"), "seed must"),
    "rank in arabic digits": (("constant", "٣"), "rank must be an integer"),
    "rank superscript": (("constant", "2..³"), "rank must be an integer"),
    "rank fullwidth power": (("constant", "１０^２"), "rank must be an integer"),
    "digits in arabic digits": (("constant", "5", "--digits", "٣٠"), "digits must be an integer"),
    "digits with underscores": (("constant", "5", "--digits", "1_0"), "digits must be an integer"),
    "widths in arabic digits": (("bounds", *NETWORK, "--widths", "٣"), "widths must"),
    "c in arabic digits": (("bounds", *NETWORK, "--widths", "8", "--c", "٠.٥"), "c must be"),
    "ratio superscript": (("bounds", *NETWORK, "--widths", "8", "--c", "1/²"), "c must be"),
    "memory in arabic digits": (("verify", "--memory", "٣G"), "memory must"),
    "seed in arabic digits": (("verify", "--seed", "٣"), "seed must be an integer"),
    "correlation in arabic digits": (("kernel", "--rank", "2", "٠.٥"), "rho must be"),
    "correlation beyond float64": (("kernel", "--rank", "2", "1e400"), "rho must be"),
    "window beyond float64": (
        ("regions", "--rank", "2", "--widths", "3", "--window=-1e400,1,0,1"),
        "window must be at most",
    ),
    "segment in arabic digits": (
        ("curve", *NETWORK, "--widths", "8", "--segment", "٣,0 : 1,1"),
        "segment must be a finite number",
    ),
    "data twice": (("train", "--data", "iris,iris"), "'iris' is there twice"),
    "scheme twice": (("train", "--scheme", "he,relu, he"), "'he' is there twice"),
    "gradients beyond float64": (
        ("gradients", *NETWORK, "--widths", "8", "--norm", "1e300", "--simulate", "10"),
        "leave float64's range",
    ),
    "alpha beyond": (("verify", "--alpha", "2"), "alpha"),
}


@pytest.mark.parametrize(("words", "expected"), BAD.values(), ids=BAD.keys())
def test_one_line_and_exit_code_two(maxout, words, expected) -> None:
    if words[:3] == ("verify", "--device", "cuda"):
        import torch

        if torch.cuda.is_available():  # then asking for CUDA is no mistake
            return
    done = maxout(*words)
    assert done.code == 2, done.err
    assert done.out == ""
    assert len(done.err.strip().splitlines()) == 1, done.err
    assert expected in done.err
    assert "Traceback" not in done.err


def test_digits_out_of_reach_are_no_defect(monkeypatch, capsys) -> None:
    """What a method does not reach is told with what to ask for instead."""
    monkeypatch.setattr(normal_power, "MAX_NODES", 1)
    assert run(["constant", "9", "--digits", "77"]) == USAGE
    said = capsys.readouterr()
    assert "ask for fewer digits" in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""


def test_a_kernel_table_that_fails_its_audit_is_no_defect(monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.setattr(winner_table, "ACCURACY", 1e-40)
    (tmp_path / "x.csv").write_text("1,2\n3,4\n")
    assert run(["kernel", "--rank", "37", "--data", str(tmp_path / "x.csv")]) == USAGE
    said = capsys.readouterr()
    assert "failed its audit" in said.err
    assert "take another rank" in said.err
    assert len(said.err.splitlines()) == 1


NET = (*NETWORK, "--widths", "8")
EARLY = {
    "no file": (("audit", "nowhere.pt", "--layer", "a:rank=5"), "cannot read nowhere.pt"),
    "size": (("audit", "x.pt", "--input-size", "0"), "input-size must be a positive number"),
    "no description": (("audit", "x.pt", "--layers", "no.json"), "cannot read no.json"),
    "no layer": (("audit", "x.pt", "--layer", "fc1"), "say its rank"),
    "rank of a layer": (("audit", "x.pt", "--layer", "fc1:rank=nine"), "rank must be an integer"),
    "field of a layer": (("audit", "x.pt", "--layer", "a:rank=5:size=9"), "unknown field 'size'"),
    "samples": (("ladder", *NET, "--simulate", "-3"), "--simulate must be an integer from 100"),
    "seed": (("ladder", *NET, "--simulate", "100", "--seed", "10^60"), "from 0 to 2^128 - 1"),
    "seed of gradients": (("gradients", *NET, "--simulate", "9", "--seed", "-1"), "seed must be"),
}


@pytest.mark.parametrize(("words", "expected"), EARLY.values(), ids=EARLY)
def test_what_is_refused_is_refused_before_torch_is_imported(words, expected) -> None:
    """The import takes seconds, and a slip is told at once."""
    program = (
        "import sys; from maxout.cli.main import run; code = run(sys.argv[1:]);"
        "sys.exit(9 if 'torch' in sys.modules else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert expected in done.stderr
