"""State dicts: how layers are described, what files are read, and what is refused and never run."""

import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from maxout.nn import FORMATS, MaxoutConv2d, MaxoutLinear, audit, convert_weights
from maxout.nn.auditing.files import read_state
from maxout.nn.auditing.specification import LayerSpec, parse_layer, read_description
from maxout.theory.errors import MaxoutError

UNITS, RANK, IN = 6, 5, 7


def state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    model = nn.Sequential(MaxoutLinear(IN, UNITS, RANK), MaxoutLinear(UNITS, UNITS, RANK))
    model.append(nn.Linear(UNITS, 2))
    return model.state_dict()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_audit(name: str) -> None:
    torch.manual_seed(2)
    layer = MaxoutLinear(IN, UNITS, RANK)
    nn.init.normal_(layer.bias, std=0.3)
    weight, bias = convert_weights(
        layer.weight.detach(), layer.bias.detach(), source="maxout", target=name, rank=RANK
    )
    report = audit({"a.W": weight, "a.b": bias}, layers=[f"a:rank=5:format={name}"])
    expected = audit({"a.W": layer.weight, "a.b": layer.bias}, layers=["a:rank=5"])
    assert report.layers == expected.layers
    assert expected.layers[0].bias_mean_square == pytest.approx(0.09, rel=0.9)
    if FORMATS[name].conv:
        conv = MaxoutConv2d(3, UNITS, (3, 2), RANK)
        weight, bias = convert_weights(
            conv.weight.detach(), source="maxout", target=name, rank=RANK
        )
        (found,) = audit({"a": weight}, layers=[f"a:rank=5:format={name}"]).layers
        assert (found.units, found.rank, found.fan_in) == (UNITS, RANK, 18)
        # Roundings of a sum in another order, where the kernel is turned round.
        c = 18 * float(conv.weight.detach().double().square().mean())
        assert found.c == pytest.approx(c, rel=1e-14)


def test_words() -> None:
    assert parse_layer("a.b:rank=5") == LayerSpec("a.b", 5)
    word = "x:rank=3:layout=strided:window=2x3:bias=y:then=norm"
    assert parse_layer(word) == LayerSpec("x", 3, 6, "maxout-strided", "y", True)
    assert parse_layer("x:rank=3:format=thinc:window=4").format == "thinc"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("", "a layer must have a name"),
        ("a", "layer 'a': say its rank"),
        ("a:rank", "a layer must look like NAME:rank=5"),
        ("a:rank=5:rank=4", "a layer must look like"),
        ("a:rank=0", "rank must be an integer of at least 1; got 0"),
        ("a:rank=-2", "rank must be an integer of at least 1; got '-2'"),
        ("a:rank=2.5", "rank must be an integer"),
        ("a:rank=__import__('os')", "rank must be an integer"),
        ("a:rank=5:window=2x", "window must be an integer"),
        ("a:rank=5:window=0", "window must be an integer of at least 1"),
        ("a:rank=5:layout=diagonal", "layout must be one of contiguous, strided"),
        ("a:rank=5:format=jax", "format must be one of maxout,"),
        ("a:rank=5:format=keras:layout=strided", "the format keras has its own layout"),
        ("a:rank=5:then=relu", "then must be norm; got 'relu'"),
        ("a:rank=5:gain=2", "unknown field 'gain'"),
        ("0:rank=4", "layer '0': rank must divide the 30 channels; got rank 4"),
        ("1:rank=5:format=thinc", r"thinc keeps no weight of shape \(30, 6\)"),
        ("0.bias:rank=5", r"maxout keeps no weight of shape \(30,\)"),
        ("fc:rank=5", "there is no tensor 'fc'; there are 0.bias, 0.weight, 1.bias"),
        ("0:rank=5:bias=b", "there is no tensor 'b'"),
        ("2:rank=1", "no layer of rank 2 or more was named"),
    ],
)
def test_bad_words(word: str, message: str) -> None:
    with pytest.raises(MaxoutError, match=message):
        audit(state(), layers=[word])


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.ones(10, 3, dtype=torch.int64), "floating-point numbers are needed; got torch.int6"),
        (torch.ones(10, 3, dtype=torch.complex64), "got torch.complex64"),
        (torch.ones(10, 3, device="meta"), "meta device and holds no numbers"),
        (torch.full((10, 3), float("inf")), "weights hold NaN or infinite numbers"),
        (torch.ones(10, 0), "the tensor is empty"),
        (torch.ones(10, 3).to_sparse(), "sparse or quantized"),
        ("text", "str is no tensor"),
    ],
)
def test_bad_tensors(tensor: Any, message: str) -> None:
    with pytest.raises(MaxoutError, match=f"layer 'w': .*{message}"):
        audit({"w": tensor}, layers=["w:rank=5"])


def test_chains_and_what_is_not_described() -> None:
    report = audit(state(), layers=["0:rank=5:then=norm", "1:rank=5"])
    assert [x.chain for x in report.layers] == [0, 1]
    assert report.notes == (
        "not described, and taken to stand outside the chain: 2.weight, 2.bias",
    )
    broken = audit(state(), layers=["1:rank=5", "0:rank=5"])
    assert broken.layers[1].start == "its 7 inputs are not the 6 units of 1"
    with pytest.raises(MaxoutError, match="layer '0' is named twice"):
        audit(state(), layers=["0:rank=5", "0:rank=5"])
    with pytest.raises(MaxoutError, match="mean square must be a positive number"):
        audit(state(), layers=["0:rank=5"], input_size=-1.0)


# Files.


def test_checkpoints_and_safetensors(tmp_path: Path) -> None:
    plain = state()
    torch.save(plain, tmp_path / "plain.pt")
    torch.save({"epoch": 3, "state_dict": plain}, tmp_path / "nested.ckpt")
    torch.save(plain, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    names = ["plain.pt", "nested.ckpt", "old.pt"]
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    safetensors.save_file(plain, tmp_path / "file.safetensors")
    for name in [*names, "file.safetensors"]:
        read = read_state(tmp_path / name)
        assert read.keys() == plain.keys()
        assert all(torch.equal(read[key], plain[key]) for key in plain)


def test_entries_of_a_checkpoint(tmp_path: Path) -> None:
    """Training scripts keep a best accuracy as a tensor beside the state dict."""
    plain, other = state(), {"w": torch.ones(4, 2)}
    best = torch.tensor(0.9)
    saved = {"best": best, "model": plain, "ema": {"model": other}, "epoch": 3}
    torch.save(saved, tmp_path / "run.pt")
    assert read_state(tmp_path / "run.pt").keys() == plain.keys()
    assert read_state(tmp_path / "run.pt", "ema.model").keys() == other.keys()
    for key in ("emo", "ema.model.w.x"):
        with pytest.raises(MaxoutError, match=f"has no entry '{key}'; it holds"):
            read_state(tmp_path / "run.pt", key)
    with pytest.raises(MaxoutError, match=r"'epoch' holds no tensors"):
        read_state(tmp_path / "run.pt", "epoch")


def test_shards_by_their_index(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    plain = state()
    where = {name: f"part-{k % 2}.safetensors" for k, name in enumerate(plain)}
    for file in set(where.values()):
        safetensors.save_file({n: plain[n] for n in where if where[n] == file}, tmp_path / file)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": where}))
    read = read_state(index)
    assert all(torch.equal(read[name], plain[name]) for name in plain)
    for bad, message in (
        ({"weight_map": {"a": "../x.safetensors"}}, "no .safetensors file beside it"),
        ({"weight_map": where | {"more": "part-0.safetensors"}}, "names 'more'"),
        ({"weight_map": {"a": "gone.safetensors"}}, "No such file"),
        ({}, 'must hold {"weight_map"'),
    ):
        index.write_text(json.dumps(bad))
        with pytest.raises(MaxoutError, match=message):
            read_state(index)


class Bomb:
    """Its pickle creates a file when it is loaded carelessly."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("how", ["torch.save", "legacy", "raw pickle", "nested"])
def test_a_pickle_that_runs_code_is_refused_before_it_runs(tmp_path: Path, how: str) -> None:
    target, file = tmp_path / "executed", tmp_path / "bomb.pt"
    value: Any = {"0.weight": torch.ones(10, 3), "x": Bomb(target)}
    if how == "raw pickle":
        file.write_bytes(pickle.dumps(Bomb(target)))
    elif how == "nested":
        torch.save({"state_dict": value}, file)
    else:
        torch.save(value, file, _use_new_zipfile_serialization=how != "legacy")
    with pytest.raises(MaxoutError, match="cannot be loaded safely, and was not"):
        read_state(file)
    assert not target.exists()
    # The control: the bomb is live.
    if how != "raw pickle":
        torch.load(file, weights_only=False)
    else:
        pickle.loads(file.read_bytes())
    assert target.exists()


def test_an_environment_that_asks_for_unsafe_loading_is_not_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    torch.save(Bomb(tmp_path / "executed"), tmp_path / "bomb.pt")
    with pytest.raises(MaxoutError, match="cannot be loaded safely"):
        read_state(tmp_path / "bomb.pt")
    assert not (tmp_path / "executed").exists()


def _truncated(path: Path) -> None:
    torch.save(state(), path)
    path.write_bytes(path.read_bytes()[:-400])


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("hello.txt", "no checkpoint")


BAD_FILES = {
    "empty.pt": (lambda p: p.write_bytes(b""), "is empty"),
    "noise.pt": (lambda p: p.write_bytes(bytes(range(256)) * 40), "noise.pt"),
    "text.pt": (lambda p: p.write_text("hello\n"), "text.pt"),
    "short.pt": (_truncated, "no readable PyTorch checkpoint"),
    "other.zip": (_zip, "no readable PyTorch checkpoint"),
    "list.pt": (lambda p: torch.save([torch.ones(3)], p), "holds no state dict"),
    "numbers.pt": (lambda p: torch.save({"lr": 0.1}, p), "holds no state dict"),
    "module.pt": (lambda p: torch.save(nn.Linear(2, 2), p), "cannot be loaded safely"),
    "noise.safetensors": (lambda p: p.write_bytes(b"\xff" * 99), "no readable .safetensors file"),
    "cut.safetensors": (lambda p: p.write_bytes(b"\x10\0\0\0"), "no readable .safetensors file"),
    "keras.h5": (lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\n" + b"0" * 99), "is HDF5"),
    "array.npy": (lambda p: p.write_bytes(b"\x93NUMPY\x01\x00v"), "is an .npy array"),
    "spacy.bin": (lambda p: p.write_bytes(b"\x84\xa5nodes\x90xxxx"), "is thinc's bytes"),
    "folder": (lambda p: p.mkdir(), "is a folder"),
    "missing.pt": (lambda p: None, "cannot read .*: No such file"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files(tmp_path: Path, name: str) -> None:
    make, message = BAD_FILES[name]
    make(tmp_path / name)
    with pytest.raises(MaxoutError, match=message) as caught:
        read_state(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", 'must hold {"layers"'),
        ('{"layers": [3]}', 'must hold {"layers"'),
        ('{"layers": [{"rank": 3}]}', "a layer must have a name"),
        ('{"layers": [{"name": "a", "rank": "5"}]}', "rank must be an integer"),
        ('{"layers": [{"name": "a", "rank": 5, "bias": 3}]}', "bias must be the name"),
        ('{"layers": [{"name": "a", "rank": 5, "format": ["x"]}]}', "format must be one of"),
        ("[" * 100_000, "is not JSON"),
        ("\xff", "is not JSON"),
    ],
)
def test_bad_descriptions(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "layers.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(MaxoutError, match=message):
        read_description(path)
    with pytest.raises(MaxoutError, match="cannot read"):
        read_description(tmp_path / "nowhere.json")


def test_a_description_in_json(tmp_path: Path) -> None:
    path = tmp_path / "layers.json"
    layers = [
        {"name": "0", "rank": 5, "window": [2, 2]},
        {"name": "1", "rank": 5, "layout": "strided", "then": "norm"},
    ]
    path.write_text(json.dumps({"layers": layers}))
    assert read_description(path) == [
        LayerSpec("0", 5, 4),
        LayerSpec("1", 5, 1, "maxout-strided", None, True),
    ]
