"""Networks in .npz files: what is saved is loaded, and nothing else is."""

import math

import numpy as np
import pytest

from maxout.numerics.regions import (
    count_bounds,
    gradient_table,
    load_layers,
    sample,
    save_layers,
    subdivide,
)
from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network

GOOD = {"weight_1": np.ones((2, 3, 2)), "bias_1": np.zeros((2, 3))}


def test_round_trip(tmp_path) -> None:
    network = Network(2, (5, 4), 3, 3, bias="gaussian")
    layers = sample(network, np.random.default_rng(0))
    save_layers(tmp_path / "n.npz", layers)
    again = load_layers(tmp_path / "n.npz")
    window = (-2, 2, -2, 2)
    assert subdivide(again, window).count == subdivide(layers, window).count
    assert (again.evaluate([[1, 2]]) == layers.evaluate([[1, 2]])).all()


def test_biases_and_the_output_layer_may_be_left_out(tmp_path) -> None:
    np.savez(tmp_path / "n.npz", weight_1=np.ones((2, 3, 2)))
    layers = load_layers(tmp_path / "n.npz")
    assert layers.output is None
    assert not layers.hidden[0][1].any()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "it needs arrays weight_1"),
        ({"w": np.ones(3)}, "it needs arrays weight_1"),
        ({**GOOD, "weight_3": np.ones((2, 3, 2))}, "no array is called weight_3"),
        ({**GOOD, "output_bias": np.ones(1)}, "without output_weight"),
        ({**GOOD, "output_weight": np.ones((1, 5))}, "reads 5 inputs"),
        ({**GOOD, "bias_1": np.zeros(2)}, "biases the same"),
        ({**GOOD, "bias_1": np.full((2, 3), np.nan)}, "finite"),
        ({"weight_1": np.array(["a"])}, "must hold real numbers"),
        ({"weight_1": np.ones((2, 3, 2), dtype=complex)}, "must hold real numbers"),
        ({"weight_1": np.array([{}], dtype=object)}, "pickled objects, which are never loaded"),
    ],
)
def test_bad_files_are_refused(tmp_path, arrays, message: str) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    with pytest.raises(MaxoutError, match=message):
        load_layers(path)


def test_files_that_are_no_archives(tmp_path) -> None:
    (tmp_path / "text.npz").write_text("1,2,3")
    np.save(tmp_path / "one.npy", np.ones(3))
    for name in ("text.npz", "one.npy"):
        with pytest.raises(MaxoutError, match=r"not an \.npz file"):
            load_layers(tmp_path / name)
    with pytest.raises(MaxoutError, match="cannot read"):
        load_layers(tmp_path / "none.npz")


def test_bounds_of_counts() -> None:
    network = Network(2, (5, 4), 3, 3, bias="gaussian")
    bounds = count_bounds(network, 6.0)
    assert bounds["regions.count.upper.sharp"] < bounds["regions.count.upper"]
    assert bounds["regions.boundary.upper.sharp"] < bounds["regions.boundary.upper"]
    # At the smallest side each bound is (16 K N)^{n_0} C(K n_0, 2 n_0)/n_0!: T vol^{1/n_0} = 2^4.
    least = (16 * 3 * 9) ** 2 * math.comb(6, 4) / 2
    for key in ("regions.count.upper", "regions.count.upper.sharp"):
        side = 6 * math.sqrt(least / bounds[key])
        assert key in count_bounds(network, side * (1 + 1e-9))
        assert key not in count_bounds(network, side * (1 - 1e-9))
    assert count_bounds(Network(2, (5, 4), 1, 3, bias="gaussian"), 6.0).keys() == {
        "regions.count.upper",
        "regions.count.upper.sharp",
    }
    assert count_bounds(Network(2, (5, 4), 3, 3, bias="zero"), 6.0) == {}
    assert [row.order for row in gradient_table(network)] == [1, 2]
    with pytest.raises(MaxoutError, match="largest order"):
        gradient_table(network, 0)
    with pytest.raises(MaxoutError, match="volume must be"):
        count_bounds(network, 0)
