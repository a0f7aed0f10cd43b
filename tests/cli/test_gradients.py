"""maxout gradients and maxout kernel: output in every format, and bad input in one clear line."""

from __future__ import annotations

import csv
import io
import json
import pickle

import numpy as np
import pytest

from maxout.cli.main import run

NETWORK = ("--rank", "4", "--inputs", "6", "--widths", "8,5,7")


def test_table_is_ready_to_plot(maxout) -> None:
    done = maxout("gradients", *NETWORK, "--norm", "1.7", "--c", "1", "--c", "1/2", "--csv")
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["c"], row["layer"]) for row in rows[3:5]] == [("1", "4"), ("1/2", "1")]
    for row in rows:
        ladder = [float(row[n]) for n in ("lower", "lower.sharp", "exact", "upper.sharp", "upper")]
        assert ladder == sorted(ladder)


def test_the_four_layers_and_their_simulation(maxout) -> None:
    done = maxout("gradients", *NETWORK, "--norm", "1.7", "--simulate", "20000", "--json")
    rows = done.json["rows"]
    assert [float(row["exact"]) for row in rows] == pytest.approx(
        [1.5279, 2.7578, 2.4083, 3.3717], abs=5e-5
    )
    for row in rows:
        assert abs(float(row["simulated"]) - float(row["exact"])) < 4.5 * float(row["error"])
        assert 10 ** row["log10"]["exact"] == pytest.approx(float(row["exact"]), rel=1e-5)


def test_depth_and_zero_need_no_float_range(maxout) -> None:
    words = ("--rank", "5", "--inputs", "10", "--widths", "64x1000", "--c", "100", "--json")
    rows = maxout("gradients", *words).json["rows"]
    assert rows[0]["exact"].endswith("e+2252")
    rows = maxout("gradients", *NETWORK, "--norm", "0", "--json").json["rows"]
    assert rows[0]["exact"] == "0"
    assert rows[0]["log10"]["exact"] is None


def test_kernels_at_correlations(maxout) -> None:
    done = maxout("kernel", "--rank", "2", "-0.5", "0", "1", "--json")
    rows = done.json["rows"]
    assert [row["q"] for row in rows] == pytest.approx([1 / 3, 1 / 2, 1], abs=1e-13)
    assert maxout("kernel", "--rank", "2", "-0.5").code == 0


@pytest.mark.parametrize("kind", ["ntk", "nngp"])
def test_gram_matrix_of_a_file(inside, tmp_path, kind) -> None:
    from maxout.numerics import kernels

    x = np.array([[1.0, 0.0], [0.25, -2.0], [1 / 3, 1e-3]])
    np.save(tmp_path / "x.npy", x)
    np.savetxt(tmp_path / "x.csv", x, delimiter=",", fmt="%.17g")
    given = ("--rank", "3", "--kind", kind, "--depth", "4", "--c", "0.7", "--bias-variance", "0.1")
    expected = getattr(kernels, kind)(x, depth=4, rank=3, c=0.7, bias_variance=0.1)
    for name in ("x.npy", "x.csv"):
        code, out, err = inside("kernel", *given, "--data", str(tmp_path / name))
        assert code == 0, err
        assert np.array_equal(np.loadtxt(io.StringIO(out), delimiter=","), expected)
    _, out, _ = inside("kernel", *given, "--data", str(tmp_path / "x.csv"), "--json")
    assert np.array_equal(json.loads(out)["gram"], expected)


@pytest.fixture
def inside(capsys):
    """The command in this process, for inputs that are many: (exit code, stdout, stderr)."""

    def call(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        done = capsys.readouterr()
        return code, done.out, done.err

    return call


def files(folder) -> dict[str, str]:
    """Files that must be refused."""

    class Trap:
        def __reduce__(self):
            return (json.dumps, ("unpickled",))

    (folder / "trap.npy").write_bytes(pickle.dumps(Trap()))
    np.save(folder / "objects.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    np.save(folder / "words.npy", np.array([["a", "b"]]))
    (folder / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00")
    (folder / "header.csv").write_text("a,b\n1,2\n")
    (folder / "ragged.csv").write_text("1,2\n3\n")
    (folder / "empty.csv").write_text("\n\n")
    (folder / "nan.csv").write_text("1,nan\n")
    (folder / "zero.csv").write_text("0,0\n1,0\n")
    (folder / "binary.csv").write_bytes(bytes(range(256)))
    return {
        "trap.npy": "not an .npy file of numbers",
        "objects.npy": "pickled objects, which are never loaded",
        "words.npy": "it must hold real numbers; it holds <U1",
        "cut.npy": "not an .npy file of numbers",
        "header.csv": "must be finite numbers separated by commas; got 'a'",
        "ragged.csv": "has 1 numbers, those before 2",
        "empty.csv": "holds no numbers",
        "nan.csv": "must be finite numbers separated by commas; got 'nan'",
        "zero.csv": "x[0] is zero",
        "binary.csv": "is not a text file",
        "missing.csv": "cannot read",
    }


def test_files_that_are_refused(inside, tmp_path) -> None:
    for name, expected in files(tmp_path).items():
        code, out, err = inside("kernel", "--rank", "3", "--data", str(tmp_path / name))
        assert (code, out) == (2, ""), name
        assert expected in err
        assert len(err.strip().splitlines()) == 1, err


BAD = {
    "rank missing": (("gradients", "--inputs", "6", "--widths", "8"), "--rank"),
    "rank zero": (("gradients", "--rank", "0", "--inputs", "6", "--widths", "8"), "rank must be"),
    "widths zero": (("gradients", "--rank", "2", "--inputs", "6", "--widths", "0"), "widths must"),
    "c zero": (("gradients", *NETWORK, "--c", "1", "--c", "0"), "c must be"),
    "c code": (("gradients", *NETWORK, "--c", "exit()"), "c must be"),
    "norm negative": (("gradients", *NETWORK, "--norm", "-1"), "norm must be"),
    "norm nan": (("gradients", *NETWORK, "--norm", "nan"), "norm must be"),
    "bias any": (("gradients", *NETWORK, "--bias", "any"), "'gaussian' or 'zero'"),
    "simulate one": (("gradients", *NETWORK, "--simulate", "1"), "simulate must be"),
    "simulate a word": (("gradients", *NETWORK, "--simulate", "many"), "simulate must be"),
    "seed negative": (("gradients", *NETWORK, "--simulate", "9", "--seed", "-1"), "seed"),
    "two formats": (("gradients", *NETWORK, "--csv", "--json"), "not both"),
    "by unknown": (("gradients", *NETWORK, "--by", "units"), "--by"),
    "rho beyond": (("kernel", "--rank", "3", "1.5"), "rho must be a correlation"),
    "rho nan": (("kernel", "--rank", "3", "nan"), "rho must be"),
    "rho an option": (("kernel", "--rank", "3", "--rho", "1"), "--rho"),
    "rank too large": (("kernel", "--rank", "10001", "0"), "rank must be"),
    "nothing asked": (("kernel", "--rank", "3"), "give correlations RHO or --data"),
    "both asked": (("kernel", "--rank", "3", "0", "--data", "x.csv"), "one of them"),
}


@pytest.mark.parametrize(("words", "expected"), BAD.values(), ids=BAD.keys())
def test_one_line_and_exit_code_two(inside, words, expected) -> None:
    code, out, err = inside(*words)
    assert (code, out) == (2, ""), err
    assert len(err.strip().splitlines()) == 1, err
    assert expected in err


def test_bad_input_in_a_process_of_its_own(maxout) -> None:
    done = maxout("kernel", "--rank", "3", "1.5")
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


def test_bad_depth_c_and_bias_of_the_kernel(inside, tmp_path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("1,0\n0,1\n")
    for words, expected in (
        (("--depth", "1"), "depth must be"),
        (("--c", "-1"), "c must be"),
        (("--bias-variance", "-1"), "bias_variance must be"),
        (("--kind", "rbf"), "--kind"),
    ):
        code, out, err = inside("kernel", "--rank", "3", "--data", str(path), *words)
        assert (code, out) == (2, "")
        assert expected in err
