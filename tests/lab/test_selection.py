"""Sweeps of rates: chosen by seeds that are not compared; schemes matched to another."""

import math

import numpy as np
import pytest
import torch

from maxout.lab.exact_gradients import squared_gradients
from maxout.lab.training import selection
from maxout.lab.training.cell import initial_stack, train_cell
from maxout.lab.training.data import load
from maxout.lab.training.matching import step_factor, unit_scale
from maxout.lab.training.schemes import second_moment
from maxout.lab.training.setting import Setting
from maxout.lab.training.training_campaign import plan
from maxout.theory.errors import MaxoutError

WIDTHS = (7, 5, 6)


def cell(scheme, rate, validation, test):
    setting = {"data": "d", "network": "fc", "optimizer": "sgd", "scheme": scheme, "rate": rate}
    return {
        "setting": setting,
        "chance": 0.1,
        "validation": validation,
        "test": test,
        "final": test,
        "diverged_epoch": [None] * (len(test) - 1) + [3],
        "reached": [2] * len(test),
    }


def test_the_first_seeds_choose_and_the_others_are_compared() -> None:
    cells = [
        # Better with all seeds, and with those that are compared; worse with those that choose.
        cell("maxout", 0.1, [0.5] * 4 + [0.9] * 4, [0.9] * 8),
        cell("maxout", 0.01, [0.6] * 4 + [0.1] * 4, [0.8] * 4 + [0.2, 0.3, 0.4, 0.5]),
        cell("c=1", 0.1, [0.7] * 8, [0.7] * 8),
        cell("c=1", 0.01, [0.7] * 8, [0.6] * 8),
        cell("relu", 0.1, [0.1] * 8, [0.3] * 8),
    ]
    maxout, one, relu = selection.chosen(cells)
    assert (maxout.scheme, maxout.rate) == ("maxout", 0.01)
    assert maxout.test.tolist() == [0.2, 0.3, 0.4, 0.5]
    assert maxout.diverged.tolist() == [0, 0, 0, 3]
    assert (one.rate, len(one.test)) == (0.01, 4)  # of equals the smaller
    assert (relu.rate, len(relu.test)) == (0.1, 8)  # one rate, nothing to choose
    rows = selection.sweep(cells)
    assert [(row["scheme"], row["rate"]) for row in rows] == [
        ("maxout", 0.1), ("maxout", 0.01), ("c=1", 0.1), ("c=1", 0.01),
    ]  # fmt: skip
    assert rows[1]["validation"] == pytest.approx(0.6)
    assert rows[1]["test"] == pytest.approx(0.35)
    assert rows[1]["diverged"] == 1


def test_a_sweep_needs_seeds_of_both_kinds() -> None:
    with pytest.raises(MaxoutError, match="at least 5 seeds; got 4"):
        plan(data=["iris"], rates=(0.1, 0.01), seeds=4)
    assert {s.rate for s in plan(data=["iris"], rates=(0.1, 0.01, 0.1), seeds=5)} == {0.1, 0.01}
    with pytest.raises(MaxoutError, match="rates must be positive"):
        plan(data=["iris"], rates=(0.1, -1.0))


def stack(scheme, seeds=3):
    setting = Setting("iris", "fc", "sgd", scheme, seeds=seeds, widths=WIDTHS)
    return initial_stack(setting, load("iris"))


def test_matched_functions_are_the_same_function() -> None:
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32))
    reference = stack("maxout").forward(x, shared=True)
    matched = stack("c=0.9:function").forward(x, shared=True)
    torch.testing.assert_close(matched, reference, rtol=1e-5, atol=1e-6)
    plain = stack("c=0.9").forward(x, shared=True) / reference
    torch.testing.assert_close(plain, torch.full_like(plain, (0.9 * second_moment(5)) ** 1.5))


@pytest.mark.parametrize("c", [0.5, 1.3])
def test_the_kernel_that_matches_steps_is_the_mean_of_networks(c) -> None:
    kernel = squared_gradients(4, WIDTHS, 5)
    x = torch.tensor([0.3, -1.0, 0.2, 0.9])
    sampled = sum(
        square.flatten(1).sum(1) for square in stack(f"c={c}", 4000).probe(x).values()
    ).numpy()
    error = sampled.std() / math.sqrt(len(sampled))
    norm = float(x.double().norm())
    assert abs(sampled.mean() - kernel.at(c, norm)) < 4.5 * error
    assert abs(sampled.mean() - kernel.at(1.1 * c, norm)) > 4.5 * error
    setting = Setting("iris", "fc", "sgd", f"c={c}:step", widths=WIDTHS)
    assert step_factor(setting, (4,)) == pytest.approx(
        kernel.at(1 / second_moment(5)) / kernel.at(c), rel=1e-12
    )


@pytest.mark.parametrize(("network", "optimizer"), [("conv", "sgd"), ("fc", "adam")])
def test_steps_that_the_theory_does_not_have_are_refused(network, optimizer) -> None:
    with pytest.raises(MaxoutError, match="sgd in network fc alone"):
        step_factor(Setting("digits", network, optimizer, "c=1:step"), (1, 8, 8))


def test_normalized_inputs_have_mean_square_one_in_the_training_part() -> None:
    data = load("digits")
    scaled = data.values(data.train.inputs).double() * unit_scale(data)
    assert float(scaled.square().mean()) == pytest.approx(1, rel=1e-6)


def test_trained_networks_are_kept_as_they_are_after_the_last_epoch(tmp_path) -> None:
    from maxout.nn.checkpoints import load_checkpoint

    setting = Setting("iris", "fc", "adam", "maxout", seeds=2, epochs=2, widths=WIDTHS, rank=3)
    data = load("iris")
    found = train_cell(setting, data, weights=tmp_path)
    files = sorted(tmp_path.iterdir())
    assert [f.name for f in files] == [f"iris-fc-adam-maxout-0.001-{seed}.pt" for seed in (0, 1)]
    x = data.values(data.test.inputs)
    for seed, file in enumerate(files):
        values = x
        state = load_checkpoint(file)
        names = sorted({name.rsplit(".", 1)[0] for name in state}, key=int)
        for name in names:
            values = values @ state[f"{name}.weight"].T + state[f"{name}.bias"]
            if name != names[-1]:
                values = values.unflatten(-1, (3, -1)).amax(-2)
        right = (values.argmax(-1) == data.test.labels).double().mean()
        assert float(right) == pytest.approx(found["final"][seed])
