"""``maxout figure``: data, pictures, and bad input."""

import csv
import json

import pytest

from maxout.cli.main import USAGE, run
from maxout.lab.figures import FIGURES

SMALL = ("figure", "second-moments", "--networks", "20")


def test_other_networks_are_drawn_where_they_are_asked_for(capsys) -> None:
    words = ["angles", "--widths", "2,3", "--rank", "2..3", "--depth", "4", "--c", "0.3,1/M_K"]
    assert run(["figure", *words, "--networks", "5", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    titles = [f"width {width}, c = {c}" for width in (2, 3) for c in ("0.3", "1/M_K")]
    assert [panel["title"] for panel in data["panels"]] == titles
    assert [len(c["y"]) for c in data["panels"][0]["curves"]] == [4, 4, 4, 4, 2]
    assert data["command"] == (
        "maxout figure angles --widths 2,3 --rank 2,3 --depth 4 --c 3/10,1/M_K "
        "--networks 5 --seed 0"
    )


def test_without_a_name_the_figures_are_listed(capsys) -> None:
    assert run(["figure"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in FIGURES)
    assert run(["figure", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["figures"]) == set(FIGURES)


def test_data_go_to_stdout_and_files_are_named_on_stderr(maxout, tmp_path) -> None:
    picture, table = tmp_path / "a.png", tmp_path / "a.csv"
    done = maxout(*SMALL, "--json", "--out", str(picture), "--csv", str(table))
    assert done.code == 0, done.err
    assert done.json["figure"] == "second-moments"
    assert len(done.json["panels"]) == 2
    assert done.err.splitlines() == [f"wrote {table}", f"wrote {picture}"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    with table.open() as rows:
        first = next(csv.DictReader(rows))
    curve = done.json["panels"][0]["curves"][0]
    assert (first["curve"], float(first["y"])) == (curve["label"], curve["y"][0])


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_seed_writes_the_same_bytes(capsys, tmp_path, suffix) -> None:
    files = [tmp_path / f"{i}{suffix}" for i in range(2)]
    for path in files:
        assert run([*SMALL, "--seed", "3", "--out", str(path)]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    shown = capsys.readouterr().out
    assert "sampled, 95 % intervals" in shown
    assert "certified" in shown


def test_a_training_is_drawn(capsys, tmp_path) -> None:
    (tmp_path / "gradients.csv").write_text(
        "data,network,optimizer,scheme,epoch,layer,mean,lower,median,upper\n"
        "iris,fc,sgd,maxout,0,0,3,1,2,4\niris,fc,sgd,maxout,0,1,3,1,2,4\n"
    )
    picture = tmp_path / "training.svg"
    words = ["figure", "training-gradients", "--data", str(tmp_path), "--out", str(picture)]
    assert run(words) == 0
    assert picture.read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nothing"], "no figure is called 'nothing'"),
        (["angles", "--networks", "1"], "networks must be from 2"),
        (["angles", "--networks", "many"], "networks must be an integer"),
        (["angles", "--networks", "10^9"], "networks must be from 2"),
        (["angles", "--seed", "-1"], "seed must be an integer from 0"),
        (["angles", "--seed", "x"], "seed must be an integer"),
        (["angles", "--out", "a.gif"], "a picture must end in .png, .svg, .pdf"),
        (["angles", "--out", "/no/such/folder/a.png"], "there is no folder"),
        (["angles", "--csv", "/no/such/folder/a.csv"], "there is no folder"),
        (["angles", "--data", "."], "angles takes no data"),
        (["training-gradients"], "needs the folder of a training"),
        (["training-gradients", "--data", "/no/such/folder"], "cannot read"),
        (["training-gradients", "--data", ".", "--networks", "5"], "takes no networks"),
        (["angles", "--width", "3"], "No such option"),
        (["angles", "--widths", "2,x"], "widths must be an integer"),
        (["angles", "--widths", ""], "widths must be an integer"),
        (["angles", "--rank", "5..2"], "a range of ranks must go upwards"),
        (["angles", "--c", "1/M_3"], "c must be a finite number"),
        (["angles", "--c", "-1"], "c must be a positive number"),
        (["gradient-plane", "--widths", "3"], "gradient-plane takes no widths"),
    ],
)
def test_bad_input_is_one_line(capsys, words, complaint) -> None:
    assert run(["figure", *words]) == USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert complaint in captured.err
    assert len(captured.err.splitlines()) == 1


def test_a_folder_that_cannot_be_written_to_is_one_line(capsys, tmp_path) -> None:
    (tmp_path / "taken.csv").mkdir()
    assert run([*SMALL, "--csv", str(tmp_path / "taken.csv")]) == USAGE
    assert "cannot write" in capsys.readouterr().err
