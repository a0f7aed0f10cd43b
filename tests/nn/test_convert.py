"""Converted weights compute what the other framework computes, by its own formula in NumPy."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d, correlate2d

from maxout.nn import FORMATS, MaxoutConv1d, MaxoutConv2d, MaxoutConv3d, MaxoutLinear
from maxout.nn import convert_weights as convert
from maxout.theory.errors import MaxoutError

IN, UNITS, RANK = 4, 3, 5
rng = np.random.default_rng(2)
x = rng.standard_normal((2, IN))
image = rng.standard_normal((IN, 6, 7))


def side_by_side(y: np.ndarray) -> np.ndarray:
    """Lasagne, Chainer, Paddle: reshape the channels to (units, K)."""
    return y.reshape(UNITS, RANK, *y.shape[1:]).max(1)


def apart(y: np.ndarray) -> np.ndarray:
    """TensorFlow addons: reshape the channels to (K, units)."""
    return y.reshape(RANK, UNITS, *y.shape[1:]).max(0)


# format: (weight shape, bias shape, the layer's formula for one batch)
DENSE: dict[str, Any] = {
    "keras": (
        (RANK, IN, UNITS),
        (RANK, UNITS),
        lambda w, b: (np.einsum("bi,kio->bko", x, w) + b).max(1),
    ),
    "tensorflow-addons": (
        (IN, RANK * UNITS),
        (RANK * UNITS,),
        lambda w, b: np.stack([apart(y) for y in x @ w + b]),
    ),
    "lasagne": (
        (IN, UNITS * RANK),
        (UNITS * RANK,),
        lambda w, b: np.stack([side_by_side(y) for y in x @ w + b]),
    ),
    "chainer": (
        (UNITS * RANK, IN),
        (UNITS * RANK,),
        lambda w, b: np.stack([side_by_side(y) for y in x @ w.T + b]),
    ),
    "flax": (
        (IN, UNITS * RANK),
        (UNITS * RANK,),
        lambda w, b: np.stack([side_by_side(y) for y in x @ w + b]),
    ),
    "paddle": (
        (IN, UNITS * RANK),
        (UNITS * RANK,),
        lambda w, b: np.stack([side_by_side(y) for y in x @ w + b]),
    ),
    "thinc": (
        (UNITS, RANK, IN),
        (UNITS, RANK),
        lambda w, b: (np.einsum("bi,opi->bop", x, w) + b).max(-1),
    ),
}


def slide(w: np.ndarray, b: np.ndarray, how: Any) -> np.ndarray:
    """Channel by channel with SciPy; w is (channels, in, height, width)."""
    return np.stack(
        [sum(how(image[i], w[c, i], "valid") for i in range(IN)) + b[c] for c in range(len(w))]
    )


CHANNELS = UNITS * RANK
CONV: dict[str, Any] = {
    "tensorflow-addons": (
        (3, 2, IN, CHANNELS),
        lambda w, b: apart(slide(w.transpose(3, 2, 0, 1), b, correlate2d)),
    ),
    "flax": (
        (3, 2, IN, CHANNELS),
        lambda w, b: side_by_side(slide(w.transpose(3, 2, 0, 1), b, correlate2d)),
    ),
    "lasagne": ((CHANNELS, IN, 3, 2), lambda w, b: side_by_side(slide(w, b, convolve2d))),
    "chainer": ((CHANNELS, IN, 3, 2), lambda w, b: side_by_side(slide(w, b, correlate2d))),
    "paddle": ((CHANNELS, IN, 3, 2), lambda w, b: side_by_side(slide(w, b, correlate2d))),
}
OURS = {"maxout": "contiguous", "maxout-strided": "strided"}
# Sums of at most 25 float64 terms of order 1 in another order.
CLOSE = {"rtol": 0, "atol": 1e-13}


@pytest.mark.parametrize("ours", OURS)
@pytest.mark.parametrize("name", DENSE)
def test_fully_connected(name: str, ours: str) -> None:
    weight_shape, bias_shape, formula = DENSE[name]
    w, b = rng.standard_normal(weight_shape), rng.standard_normal(bias_shape)
    weight, bias = convert(w, b, source=name, target=ours, rank=RANK)
    layer = MaxoutLinear(IN, UNITS, RANK, layout=OURS[ours], dtype=torch.float64)
    layer.load_state_dict({"weight": weight, "bias": bias})
    result = layer(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(result, formula(w, b), **CLOSE)
    back = convert(layer.weight.detach(), layer.bias.detach(), source=ours, target=name, rank=RANK)
    np.testing.assert_array_equal(back[0], w)
    np.testing.assert_array_equal(back[1], b)


@pytest.mark.parametrize("ours", OURS)
@pytest.mark.parametrize("name", CONV)
def test_convolution(name: str, ours: str) -> None:
    shape, formula = CONV[name]
    w, b = rng.standard_normal(shape), rng.standard_normal(CHANNELS)
    weight, bias = convert(w, b, source=name, target=ours, rank=RANK)
    layer = MaxoutConv2d(IN, UNITS, (3, 2), RANK, layout=OURS[ours], dtype=torch.float64)
    layer.load_state_dict({"weight": weight, "bias": bias})
    result = layer(torch.from_numpy(image)).detach().numpy()
    np.testing.assert_allclose(result, formula(w, b), **CLOSE)
    back = convert(weight, bias, source=ours, target=name, rank=RANK)
    np.testing.assert_array_equal(back[0], w)
    np.testing.assert_array_equal(back[1], b)


def test_every_format_was_tested() -> None:
    assert {*DENSE, *OURS} == set(FORMATS)
    assert {*CONV, *OURS} == {name for name, kept in FORMATS.items() if kept.conv}


@pytest.mark.parametrize("layer", [MaxoutConv1d, MaxoutConv2d, MaxoutConv3d, MaxoutLinear])
def test_any_two_formats_there_and_back(layer: Any) -> None:
    """From ours to any format, to any other, and back to ours: nothing is lost or moved."""
    conv = layer is not MaxoutLinear
    given = layer(IN, UNITS, 2, RANK) if conv else layer(IN, UNITS, RANK)
    weight, bias = given.weight.detach(), torch.arange(15.0)
    formats = [name for name, kept in FORMATS.items() if kept.conv or not conv]
    for one, other in itertools.product(formats, repeat=2):
        path = ["maxout", one, other, "maxout"]
        w, b = weight, bias
        for source, target in itertools.pairwise(path):
            w, b = convert(w, b, source=source, target=target, rank=RANK)
        assert torch.equal(w, weight)
        assert torch.equal(b, bias)


def test_results_share_no_memory_with_the_arguments() -> None:
    weight = torch.zeros(UNITS * RANK, IN)
    converted, bias = convert(weight, source="maxout", target="chainer", rank=RANK)
    weight += 1
    assert not converted.any()
    assert bias is None
    frozen = np.zeros((UNITS * RANK, IN))
    frozen.flags.writeable = False
    assert convert(frozen, source="maxout", target="paddle", rank=RANK)[0].is_contiguous()


@pytest.mark.parametrize(
    ("shape", "bias_shape", "arguments", "message"),
    [
        ((15, 4), None, {"source": "jax"}, "format must be one of maxout, maxout-strided, keras"),
        ((15, 4), None, {"target": "jax"}, "format must be one of"),
        ((15, 4), None, {"source": "thinc"}, r"thinc keeps no weight of shape \(15, 4\)"),
        ((3, 5, 4, 2), None, {"source": "thinc"}, "thinc keeps no weight of shape"),
        ((15, 4, 3, 3), None, {"target": "thinc"}, "thinc has no format for convolutions"),
        ((15,), None, {}, r"maxout keeps no weight of shape \(15,\)"),
        ((15, 4, 1, 1, 1, 1), None, {}, "maxout keeps no weight of shape"),
        ((16, 4), None, {}, "rank must divide the 16 channels; got rank 5"),
        ((3, 6, 4), None, {"source": "thinc"}, "holds 6 pieces; got rank 5"),
        ((15, 4), None, {"rank": 0}, "rank must be an integer of at least 1"),
        ((15, 4), (3, 5), {}, r"maxout keeps no bias of shape \(3, 5\)"),
        ((15, 4), (10,), {}, "weight has 3 units of rank 5, bias has 2"),
        ((15, 4), (14,), {}, "rank must divide the 14 channels"),
    ],
)
def test_bad_input(shape: tuple, bias_shape: tuple | None, arguments: dict, message: str) -> None:
    bias = None if bias_shape is None else torch.zeros(bias_shape)
    arguments = {"source": "maxout", "target": "paddle", "rank": RANK, **arguments}
    with pytest.raises(MaxoutError, match=message):
        convert(torch.zeros(shape), bias, **arguments)
