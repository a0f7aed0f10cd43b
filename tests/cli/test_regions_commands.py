"""``maxout regions`` and ``maxout curve`` as a user runs them; wrong usage too."""

import csv

import numpy as np
import pytest

DRAW = ("regions", "--rank", "2", "--widths", "4,3")


def test_regions_in_a_window(maxout, tmp_path) -> None:
    picture, table = tmp_path / "regions.png", tmp_path / "regions.csv"
    done = maxout(*DRAW, "--outputs", "2", "--json", "--plot", str(picture), "--csv", str(table))
    assert done.code == 0, done.err
    found = done.json
    assert found["undecided"] == 0
    assert not found["findings"]
    assert len(found["regions"]) == found["activation_regions"] == found["linear_regions"]
    assert sum(region["area"] for region in found["regions"]) == pytest.approx(36)
    assert found["vertices"] - found["edges"] + found["activation_regions"] == 1
    paper, sharp, *_ = (row["value"] for row in found["expected"])
    assert found["activation_regions"] < sharp < paper
    rows = list(csv.reader(table.read_text().splitlines()))
    assert len(rows) == 1 + found["activation_regions"]
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_map_of_a_region_is_the_networks(maxout, tmp_path) -> None:
    from maxout.numerics.regions import load_layers

    path = tmp_path / "n.npz"
    done = maxout(*DRAW, "--json", "--save", str(path))
    layers = load_layers(path)
    for region in done.json["regions"]:
        centre = np.mean(region["corners"], axis=0)
        (dx, dy, offset), *_ = region["map"]
        assert centre @ [dx, dy] + offset == pytest.approx(layers.evaluate(centre)[0])
    again = maxout("regions", "--load", str(path), "--json")
    assert again.json["activation_regions"] == done.json["activation_regions"]


def test_svg_pictures_are_reproducible(maxout, tmp_path) -> None:
    paths = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for path in paths:
        assert maxout(*DRAW, "--plot", str(path)).code == 0
    assert paths[0].read_text() == paths[1].read_text()
    assert "<svg" in paths[0].read_text()


def test_along_a_line(maxout, tmp_path) -> None:
    points, picture, table = (tmp_path / name for name in ("p.csv", "l.png", "l.csv"))
    points.write_text("# three points\n-1,0.5,0\n1,0.5,1\n\n2,2,2\n")
    done = maxout(
        *DRAW, "--inputs", "3", "--points", str(points),
        "--plot", str(picture), "--csv", str(table), "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert len(done.json["pieces"]) == done.json["breakpoints"] + 2
    assert sum(done.json["layers"]) == done.json["breakpoints"]
    assert len(done.json["expected_layers"]) == 2
    assert picture.stat().st_size > 1000
    assert len(table.read_text().splitlines()) == 1 + len(done.json["pieces"])


def test_a_tie_is_told(maxout, tmp_path) -> None:
    """Two pieces that differ in the last bits: the count cannot be proved, and says so."""
    weight = np.array([[[1.0, 0.0], [0.0, 1.0], [1.0, 2.0**-60]]])
    np.savez(tmp_path / "tie.npz", weight_1=weight)
    done = maxout("regions", "--load", str(tmp_path / "tie.npz"), "--window=-1,1,-1,1")
    assert done.code == 4
    assert "fell within rounding" in done.err
    assert "decisions within rounding" in done.out


def test_curve_of_a_circle(maxout) -> None:
    done = maxout(
        "curve", "--rank", "3", "--inputs", "2", "--widths", "6,5", "--bias", "zero",
        "--circle", "1", "--simulate", "100", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    found = done.json
    assert found["angle"] == pytest.approx(2 * np.pi)
    assert found["exact"] < found["sharp"] < found["paper"]
    assert found["breakpoints"][0] == pytest.approx(18)
    simulated = found["simulated"]
    assert simulated["breakpoints"][0] == 18  # rank 3: no variance in the plane
    assert abs(simulated["total"] - sum(found["breakpoints"])) < 6 * simulated["total_error"]


def test_curve_without_a_bias_law_has_bounds_only(maxout) -> None:
    done = maxout(
        "curve", "--rank", "3", "--inputs", "2", "--widths", "6", "--segment", "0,1 : 1,1"
    )
    assert done.code == 0
    assert "breakpoints" not in done.out


CURVE = (
    "curve", "--rank", "3", "--inputs", "2", "--widths", "4x2", "--segment", "0,1:1,1", "--bias",
)  # fmt: skip
BEYOND = "too near an end of float64's range, above 1e+100 or below 1e-100: give another c"
LEAVES = "leaves float64's range: give another c"

BAD = {
    "weights without their digits": ((*DRAW, "--c", "1e-320"), BEYOND),
    "values that vanish": ((*DRAW, "--c", "1e-190"), BEYOND),
    "weights too large": ((*DRAW, "--c", "1e300"), BEYOND),
    "weights along a curve": ((*DRAW, "--c", "1e-320", "--circle", "1"), BEYOND),
    "length of nothing": ((*CURVE, "zero", "--c", "1e-320"), LEAVES),
    "length without end": ((*CURVE, "any", "--c", "1e300", "--order", "2"), LEAVES),
    "drawn lengths": ((*CURVE, "zero", "--c", "1e140"), BEYOND),
    "no network": (("regions",), "--rank and --widths"),
    "window of no area": ((*DRAW, "--window", "1,1,0,1"), "needs an area"),
    "window upside down": ((*DRAW, "--window", "0,1,1,0"), "needs an area"),
    "window unreadable": ((*DRAW, "--window", "wide"), "window must be"),
    "window infinite": ((*DRAW, "--window", "-inf,1,0,1"), "window must be"),
    "window and curve": ((*DRAW, "--window", "0,1,0,1", "--circle", "1"), "not both"),
    "two curves": ((*DRAW, "--circle", "1", "--segment", "0,1:1,1"), "one curve"),
    "three inputs in a window": ((*DRAW, "--inputs", "3"), "network of 2 inputs"),
    "biases unknown": ((*DRAW, "--bias", "any"), "--bias gaussian or --bias zero"),
    "load and draw": ((*DRAW, "--load", "n.npz"), "leave out"),
    "load missing": (("regions", "--load", "/nonexistent.npz"), "cannot read"),
    "load not an archive": (("regions", "--load", __file__), "not an .npz file"),
    "plot ending": ((*DRAW, "--plot", "x.gif"), "must end in"),
    "plot nowhere": ((*DRAW, "--plot", "/nonexistent/x.png"), "no such folder"),
    "csv nowhere": ((*DRAW, "--csv", "/nonexistent/x.csv"), "cannot write"),
    "seed": ((*DRAW, "--seed", "-1"), "seed must be"),
    "segment with nan": ((*DRAW, "--segment", "nan,0:1,1"), "finite"),
    "segment of no length": ((*DRAW, "--segment", "1,1:1,1"), "coincide"),
    "segment code": ((*DRAW, "--segment", "exit():1,1"), "segment must be a finite number"),
    "circle of no radius": ((*DRAW, "--circle", "0"), "radius above 0"),
    "points missing": ((*DRAW, "--points", "/nonexistent.csv"), "cannot read"),
    "points words": ((*DRAW, "--points", __file__), "numbers separated by commas"),
    "curve without network": (("curve", "--circle", "1"), "give a network"),
    "curve without curve": (
        ("curve", "--rank", "2", "--inputs", "2", "--widths", "3"),
        "give a curve",
    ),
    "curve through the origin": (
        ("curve", "--rank", "2", "--inputs", "2", "--widths", "3", "--bias", "zero",
         "--segment", "-1,0 : 1,0"),
        "meets the origin",
    ),
    "order": (
        ("curve", "--rank", "2", "--inputs", "2", "--widths", "3", "--circle", "1",
         "--order", "0"),
        "order must be",
    ),
    "one network": (
        ("curve", "--rank", "2", "--inputs", "2", "--widths", "3", "--circle", "1",
         "--simulate", "1"),
        "simulate must be",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "expected"), BAD.values(), ids=BAD.keys())
def test_one_line_and_exit_code_two(maxout, words, expected) -> None:
    done = maxout(*words)
    assert done.code == 2
    assert not done.out
    assert expected in done.err
    assert len(done.err.splitlines()) == 1
