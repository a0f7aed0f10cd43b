"""One use of each part of the program, as a user would: run with every version set that is allowed.

``-m smoke`` runs these, the bad input and the streams beside them.
"""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.smoke

NETWORK = ("--rank", "3", "--inputs", "4", "--widths", "6,5")


def test_help_alone(maxout) -> None:
    done = maxout()
    assert (done.code, done.err) == (0, "")
    assert "verify" in done.out


@pytest.mark.parametrize("words", [("constnat",), ("constant", "--digts", "5"), ("constant",)])
def test_usage_errors_of_click(maxout, words) -> None:
    done = maxout(*words)
    assert done.code == 2, done.err
    assert len(done.err.splitlines()) == 1


def test_constants(maxout) -> None:
    rows = maxout("constant", "2..5", "1000", "--json").json
    assert [row["c"] for row in rows][:2] == ["1.0000000000000000000", "0.78390520469112431586"]
    assert all(row["certified"] for row in rows)
    # 10/(5 sqrt(3)) ... : closed forms are printed and derived by SymPy alone
    assert maxout("constant", "5", "--derive").code == 0


def test_values_of_every_statement(maxout) -> None:
    for bias in ("any", "gaussian", "zero"):
        done = maxout("bounds", *NETWORK, "--bias", bias, "--json")
        assert done.code == 0, done.err
        assert len(done.json) > 20


def test_a_ladder_with_simulation(maxout) -> None:
    done = maxout("ladder", *NETWORK, "--bias", "zero", "--simulate", "200")
    assert done.code == 0, done.err
    assert "jacobian.mean" in done.out


@pytest.mark.parametrize(
    "words",
    [
        ("regions", "--rank", "3", "--widths", "5,4", "--outputs", "2", "--bias", "gaussian"),
        ("regions", "--rank", "2", "--widths", "8", "--bias", "zero"),
    ],
)
def test_regions_satisfy_eulers_relation(maxout, words) -> None:
    found = maxout(*words, "--json").json
    assert found["vertices"] - found["edges"] + found["activation_regions"] == 1
    assert not found["findings"]
    assert len(found["regions"]) == found["activation_regions"]


@pytest.mark.parametrize(
    "words",
    [
        ("typical", *NETWORK, "--bias", "zero"),
        ("gradients", *NETWORK, "--simulate", "50"),
        ("kernel", "--rank", "5", "0.5"),
        ("curve", *NETWORK, "--bias", "gaussian", "--circle", "1"),
        ("moments", "5", "--order", "3"),
        ("results", "--bibtex"),
    ],
    ids=lambda words: words[0],
)
def test_a_command(maxout, words) -> None:
    done = maxout(*words)
    assert done.code == 0, done.err
    assert done.err == ""
    assert done.out


@pytest.mark.parametrize(
    "key", ["order.mean", "jacobian.mean", "curve.length", "kernel.winner.one", "regions.count"]
)
def test_verdicts(maxout, key) -> None:
    done = maxout("verify", key, "--json")
    assert done.code == 0, done.err
    assert {verdict["status"] for verdict in done.json["verdicts"]} == {"verified"}


_CLUSTER = """
from distributed import Client
from maxout.verify import RunSetting, run
from maxout.verify.engines.dask import Dask
if __name__ == "__main__":
    with Client(n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        engine = Dask(client.scheduler.address)
        print(run(RunSetting(keys=["order.mean"]), engine=engine).status)
"""


def test_a_dask_cluster(tmp_path) -> None:
    script = tmp_path / "cluster.py"
    script.write_text(_CLUSTER)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "verified\n"), done.stderr


def test_a_figure_and_a_training(maxout, tmp_path) -> None:
    picture = tmp_path / "typical.png"
    done = maxout("figure", "second-moments", "--out", str(picture))
    assert done.code == 0, done.err
    assert picture.read_bytes().startswith(b"\x89PNG")
    done = maxout(
        "train", "--data", "iris", "--seeds", "2", "--epochs", "2", "--scheme", "maxout,he"
    )
    assert done.code in (0, 1, 4), done.err  # three numbers say nothing about initializations
    assert "iris" in done.out


_AUDIT = """
import sys, torch
from torch import nn
from maxout.nn import MaxoutLinear, audit
from safetensors.torch import save_file
torch.manual_seed(0)
model = nn.Sequential(MaxoutLinear(8, 16, 3), MaxoutLinear(16, 4, 3))
assert audit(model, torch.randn(64, 8)).ok
save_file(model.state_dict(), sys.argv[1])
"""


def test_layers_and_an_audit(maxout, tmp_path) -> None:
    path = tmp_path / "weights.safetensors"
    subprocess.run([sys.executable, "-c", _AUDIT, str(path)], check=True)
    done = maxout("audit", str(path), "--layer", "0:rank=3", "--layer", "1:rank=3")
    assert done.code == 0, done.err
