"""``maxout audit`` as a user runs it: good files, and one clear line for each kind of bad input."""

import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from maxout.cli.main import run
from maxout.nn import MaxoutLinear


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    torch.manual_seed(0)
    layers = [nn.Linear(16, 80), nn.Linear(16, 80), nn.Linear(16, 1)]
    torch.save(nn.Sequential(*layers).state_dict(), tmp_path / "model.pt")
    return str(tmp_path / "model.pt")


LAYERS = ("--layer", "0:rank=5", "--layer", "1:rank=5", "--layer", "2:rank=1")


def test_table(maxout, checkpoint: str) -> None:
    done = maxout("audit", checkpoint, *LAYERS)
    assert done.code == 0, done.err
    assert done.err == ""
    head, first, *_ = done.out.splitlines()
    assert head.split()[:8] == ["layer", "K", "window", "units", "fan_in", "c", "±", "gain"]
    name, rank, window, units, fan_in, c, error, gain = first.split()[:8]
    assert (name, rank, window, units, fan_in) == ("0", "5", "1", "16", "16")
    # The framework's default has c = 1/3 and gain M_5/3 = 0.6.
    assert abs(float(c) - 1 / 3) < 5 * float(error)
    assert float(gain) == pytest.approx(float(c) * 1.8000204359706329, abs=2e-4)
    assert "0: multiply the weights by 1." in done.out
    assert "maxout_normal_(weight, rank=5, fan_in=16)" in done.out


def test_json(maxout, checkpoint: str, tmp_path: Path) -> None:
    done = maxout("audit", checkpoint, *LAYERS, "--json", "--input-size", "4")
    assert done.code == 0, done.err
    report = done.json
    assert report["input_size"] == 4
    assert not report["ok"]
    assert [layer["name"] for layer in report["layers"]] == ["0", "1", "2"]
    assert report["layers"][0]["activation_depth"]["float16"] > 10
    assert report["assumptions"]
    described = tmp_path / "layers.json"
    described.write_text(
        '{"layers": [{"name": "0", "rank": 5}, {"name": "1", "rank": 5}, {"name": "2", "rank": 1}]}'
    )
    again = maxout("audit", checkpoint, "--layers", str(described), "--json", "--input-size", "4")
    assert again.out == done.out


def test_advice_is_right(maxout, tmp_path: Path) -> None:
    """Done as told, the audit has nothing more to say."""
    from maxout.nn import audit

    model = nn.Sequential(MaxoutLinear(30, 30, 5), MaxoutLinear(30, 30, 3))
    for layer in model:
        nn.init.kaiming_uniform_(layer.weight)
    with torch.no_grad():
        for layer, said in zip(model, audit(model).layers, strict=True):
            layer.weight.mul_(said.factor)
    torch.save(model.state_dict(), tmp_path / "new.pt")
    done = maxout("audit", str(tmp_path / "new.pt"), "--layer", "0:rank=5", "--layer", "1:rank=3")
    assert "nothing to change" in done.out
    assert [line.split()[7] for line in done.out.splitlines()[1:3]] == ["1.0000", "1.0000"]


BAD = {
    "no file": (("nowhere.pt", "--layer", "0:rank=5"), "cannot read nowhere.pt: No such file"),
    "no argument": ((), "FILE"),
    "no layers": (("{file}",), "--layer NAME:rank=5; the file holds 0.weight (80, 16)"),
    "rank does not divide": (("{file}", "--layer", "0:rank=7"), "rank must divide the 80 channels"),
    "rank zero": (("{file}", "--layer", "0:rank=0"), "rank must be an integer"),
    "unknown tensor": (("{file}", "--layer", "fc:rank=5"), "there is no tensor 'fc'"),
    "wrong shape": (("{file}", "--layer", "0:rank=5:format=thinc"), "thinc keeps no weight of"),
    "no maxout layer": (("{file}", "--layer", "2:rank=1"), "no layer of rank 2 or more"),
    "both ways": (("{file}", "--layer", "0:rank=5", "--layers", "x.json"), "not both"),
    "no description": (("{file}", "--layers", "x.json"), "cannot read x.json"),
    "size negative": (("{file}", *LAYERS, "--input-size", "-1"), "must be a positive number"),
    "size nan": (("{file}", *LAYERS, "--input-size", "nan"), "input-size must be a finite number"),
    "size huge": (("{file}", *LAYERS, "--input-size", "1e999"), "input-size must be at most"),
    "corrupt": (("{bad}", "--layer", "0:rank=5"), "no readable .safetensors file"),
    "a program": (("{bomb}", "--layer", "0:rank=5"), "cannot be loaded safely, and was not"),
    "a folder": (("{folder}", "--layer", "0:rank=5"), "is a folder"),
    "integers": (("{integers}", "--layer", "w:rank=5"), "floating-point numbers are needed"),
}


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.mkdir, (self.path,)


@pytest.mark.parametrize("name", BAD)
def test_one_line_and_exit_code_two(
    capsys: pytest.CaptureFixture[str], checkpoint: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"nothing of the kind")
    (tmp_path / "bomb.pt").write_bytes(pickle.dumps(Bomb(tmp_path / "executed"), 2))
    torch.save({"w": torch.ones(10, 3, dtype=torch.int64)}, tmp_path / "integers.pt")
    words, expected = BAD[name]
    places = {
        "file": checkpoint,
        "bad": str(tmp_path / "bad.safetensors"),
        "bomb": str(tmp_path / "bomb.pt"),
        "folder": str(tmp_path),
        "integers": str(tmp_path / "integers.pt"),
    }
    # In this process: a process of its own loads PyTorch each time. One such is enough, below.
    assert run(["audit", *(word.format(**places) for word in words)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1, err
    assert expected in err
    assert not (tmp_path / "executed").exists()


def test_exit_code_of_the_process(maxout, tmp_path: Path) -> None:
    (tmp_path / "bomb.pt").write_bytes(pickle.dumps(Bomb(tmp_path / "executed"), 2))
    done = maxout("audit", str(tmp_path / "bomb.pt"), "--layer", "0:rank=5")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert not (tmp_path / "executed").exists()


def test_without_torch(maxout, checkpoint: str) -> None:
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from maxout.cli.main import run; sys.exit(run(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "audit", checkpoint, *LAYERS],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "maxout: audit needs PyTorch: pip install 'maxout[torch]'\n"
