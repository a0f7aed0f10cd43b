"""One cell: deterministic, resumable, and honest about divergence."""

import numpy as np
import pytest
import torch

from maxout.lab.training import cell as cells
from maxout.lab.training.cell import initial_stack, train_cell
from maxout.lab.training.data import load
from maxout.lab.training.setting import Setting
from maxout.theory.errors import MaxoutError

IRIS = Setting("iris", "fc", "adam", "maxout", seeds=3, epochs=4, multiplier=0.25)


def numbers(cell: dict) -> dict:
    return {name: value for name, value in cell.items() if name != "seconds"}


def changed(**fields) -> Setting:
    return Setting(**{**IRIS.__dict__, **fields})


@pytest.fixture(scope="module")
def iris():
    return load("iris")


@pytest.fixture(scope="module")
def trained(iris):
    return train_cell(IRIS, iris)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_on_any_number_of_threads(iris, trained, threads) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert numbers(train_cell(IRIS, iris)) == numbers(trained)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_going_on_from_a_checkpoint_changes_nothing(iris, tmp_path, optimizer) -> None:
    setting = changed(optimizer=optimizer, epochs=5)
    path = tmp_path / "cell.checkpoint"
    assert train_cell(setting, iris, checkpoint=path, stop_after=2) == {}
    seen = []
    resumed = train_cell(setting, iris, checkpoint=path, progress=seen.append)
    assert seen == [3, 4, 5]
    assert numbers(resumed) == numbers(train_cell(setting, iris))


def test_a_checkpoint_of_another_setting_or_damaged_is_not_used(iris, trained, tmp_path) -> None:
    path = tmp_path / "cell.checkpoint"
    train_cell(changed(root=1), iris, checkpoint=path, stop_after=2)
    assert numbers(train_cell(IRIS, iris, checkpoint=path)) == numbers(trained)
    path.write_bytes(b"\x80\x02nonsense")
    assert numbers(train_cell(IRIS, iris, checkpoint=path)) == numbers(trained)


def test_another_root_or_data_is_another_cell(iris, trained) -> None:
    assert train_cell(changed(root=1), iris)["test"] != trained["test"]
    assert IRIS.key("a") != IRIS.key("b")
    assert IRIS.key("a") != changed(epochs=5).key("a")


def test_seeds_are_the_same_however_many(iris) -> None:
    few = initial_stack(changed(seeds=2), iris)
    many = initial_stack(changed(seeds=4), iris)
    for name, parameter in few.parameters.items():
        assert torch.equal(parameter, many.parameters[name][:2])


def test_a_diverged_seed_counts_as_guessing(iris) -> None:
    cell = train_cell(changed(scheme="c=100000", optimizer="sgd"), iris)
    assert cell["diverged_epoch"] == [1, 1, 1]
    assert cell["test"] == cell["final"] == [1 / 3] * 3
    assert cell["best_epoch"] == [None] * 3
    assert len(cell["loss"]) == 1  # nobody is left: no further epochs


def test_one_seed_diverging_leaves_the_others_as_they_were(iris, trained, monkeypatch) -> None:
    def poisoned(setting, data):
        stack = initial_stack(setting, data)
        with torch.no_grad():
            stack.parameters[stack.layers[0][0]][1] = float("nan")
        return stack

    monkeypatch.setattr(cells, "initial_stack", poisoned)
    cell = train_cell(IRIS, iris)
    assert cell["diverged_epoch"] == [None, 1, None]
    for name in ("test", "final", "validation"):
        assert [cell[name][s] for s in (0, 2)] == [trained[name][s] for s in (0, 2)]
        assert cell[name][1] == 1 / 3


def test_training_learns_and_records(iris) -> None:
    cell = train_cell(changed(epochs=60, multiplier=1.0), iris)
    assert np.mean(cell["test"]) > 0.8  # guessing is 1/3
    assert cell["loss"][-1][1] < 0.7 * cell["loss"][0][1]
    epochs = sorted({row["epoch"] for row in cell["gradients"]})
    assert epochs[0] == 0
    assert epochs[-1] == 60
    assert {row["layer"] for row in cell["gradients"]} == set(range(22))  # 21 layers, and all
    assert all(row["lower"] <= row["median"] <= row["upper"] for row in cell["gradients"])


def test_the_rate_is_halved(iris, monkeypatch) -> None:
    rates = []
    original = torch.optim.SGD.step

    def watched(self, *arguments, **options):
        rates.append(self.param_groups[0]["lr"])
        return original(self, *arguments, **options)

    monkeypatch.setattr(torch.optim.SGD, "step", watched)
    train_cell(changed(optimizer="sgd", halving=2), iris)
    steps = len(rates) // 4
    assert rates == [0.001] * 2 * steps + [0.0005] * 2 * steps


def test_augmenting_what_is_no_image_is_refused(iris) -> None:
    with pytest.raises(MaxoutError, match="only images"):
        train_cell(changed(augment=True), iris)


def test_a_checkpoint_without_its_parts_is_named(iris, tmp_path) -> None:
    path = tmp_path / "cell.checkpoint"
    train_cell(IRIS, iris, checkpoint=path, stop_after=2)
    saved = torch.load(path, weights_only=True)
    for spoilt in (
        {name: value for name, value in saved.items() if name != "optimizer"},
        {**saved, "parameters": {name: torch.ones(1) for name in range(2)}},
        {**saved, "arrays": 3},
    ):
        torch.save(spoilt, path)
        with pytest.raises(MaxoutError, match=r"cell\.checkpoint is damaged .* delete it"):
            train_cell(IRIS, iris, checkpoint=path)
