"""Networks against naive ones: loops, finite differences, and the frame of a Jacobian."""

import math

import numpy as np
import pytest
import torch

from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.verify.sampling.biases import LAWS
from maxout.verify.sampling.network_populations import Networks, Spectra
from maxout.verify.sampling.networks import Sampler, Tile, forward
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

SETTING = Setting(torch.device("cpu"), torch.float64)
NETWORK = Network(3, (4, 5), 2, 3, bias="any")


def tile(biases: str, count: int = 6, **options: float) -> Tile:
    sampler = Sampler(NETWORK, biases, **options)
    (only,) = sampler.tiles(Stream(5, "t", 0), count, SETTING.device, SETTING.dtype)
    return only


def naive(layers, network: int, x: np.ndarray) -> tuple[list[float], list[float]]:
    """One network, unit by unit, piece by piece, and the affine maps of the winning pieces."""
    values = list(x)
    for index, layer in enumerate(layers):
        weights = layer.weights[network].numpy() * layer.scale
        out = []
        for unit in range(weights.shape[0]):
            pieces = []
            for piece in range(weights.shape[1]):
                total = sum(w * v for w, v in zip(weights[unit, piece], values, strict=True))
                if layer.biases is not None:
                    total += float(
                        layer.biases.expand(layer.weights.shape[:3])[network, unit, piece]
                    )
                pieces.append(total)
            out.append(max(pieces))
        if index == len(layers) - 1:
            return values, out
        values = out
    raise AssertionError("a network has an output layer")


@pytest.mark.parametrize("biases", LAWS)
def test_forward_is_the_naive_network(biases) -> None:
    t = tile(biases)
    hidden, outputs = forward(t.layers, t.x)
    for network in range(len(t.x)):
        slow_hidden, slow_outputs = naive(t.layers, network, t.x[network].numpy())
        # sums of at most 5 products of numbers of size up to 1e4 ("large"), in float64
        assert np.allclose(hidden[network], slow_hidden, rtol=1e-12, atol=1e-9)
        assert np.allclose(outputs[network], slow_outputs, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("biases", LAWS)
def test_push_is_the_difference_quotient(biases) -> None:
    """A maxout network is piecewise linear: the central difference is exact within a region."""
    t = tile(biases, norm=2.0)
    (hidden, outputs), (pushed_hidden, pushed) = t.push()
    again = forward(t.layers, t.x)
    assert torch.equal(hidden, again[0])
    assert torch.equal(outputs, again[1])
    step = 1e-6
    after, before = (forward(t.layers, t.x + sign * step * t.u) for sign in (1, -1))
    for exact, high, low in zip((pushed_hidden, pushed), after, before, strict=True):
        # rounding of values up to 20 ("shifted") over the step: 20 * 1e-16 / 1e-6
        assert torch.allclose(exact, (high - low) / (2 * step), rtol=1e-6, atol=1e-8)


# PyTorch scripts its forward decompositions on first use, and deprecates that itself.
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_push_is_forward_mode_too() -> None:
    t = tile("gaussian")
    _, (_, pushed) = t.push()
    _, other = torch.func.jvp(lambda x: forward(t.layers, x)[1], (t.x,), (t.u,))
    assert torch.allclose(pushed, other, rtol=1e-12, atol=1e-14)


def test_hidden_jacobian_pushes_every_direction() -> None:
    t = tile("gaussian")
    jacobian = t.hidden_jacobian()
    _, (pushed, _) = t.push()
    assert torch.allclose((jacobian @ t.u.unsqueeze(-1)).squeeze(-1), pushed, rtol=1e-12)


@pytest.mark.parametrize(("cosine", "norm"), [(0.6, 2.0), (1.0, 1.0), (-1.0, 3.0), (0.0, 1.0)])
def test_inputs_and_directions(cosine, norm) -> None:
    t = tile("zero", cosine=cosine, norm=norm)
    assert torch.allclose(t.x.norm(dim=1), torch.tensor(norm, dtype=torch.float64))
    assert torch.allclose(t.u.norm(dim=1), torch.tensor(1.0, dtype=torch.float64))
    assert torch.allclose((t.x * t.u).sum(1) / norm, torch.tensor(cosine, dtype=torch.float64))


def test_population_measures_what_it_says() -> None:
    population = Networks(Sampler(NETWORK, "gaussian", 0.6, 2.0))
    arrays = population.draw(Stream(1, population.name, 0), SETTING)
    assert {len(values) for values in arrays.values()} == {population.shard_size}
    sampler = population.sampler
    tiles = sampler.tiles(Stream(1, population.name, 0), 50, SETTING.device, SETTING.dtype)
    t = next(tiles)
    (hidden, _), (pushed_hidden, pushed) = t.push()
    for name, values in (("gain", pushed), ("hidden", pushed_hidden), ("length", hidden)):
        assert np.allclose(arrays[name][:50], values.square().sum(1)[:50], rtol=1e-13)


def test_growth_of_the_frame_multiplies_to_the_determinant() -> None:
    network = Network(4, (4, 4, 4), 1, 3, bias="zero")
    sampler = Sampler(network, "zero", 1.0)
    population = Spectra(sampler)
    growth = population.draw(Stream(1, population.name, 0), SETTING)["growth"]
    t = next(sampler.tiles(Stream(1, population.name, 0), 50, SETTING.device, SETTING.dtype))
    jacobian = t.hidden_jacobian()
    layers = len(network.widths)
    # The determinant does not know the frame; the first column is the length of the input.
    volume = torch.linalg.slogdet(jacobian).logabsdet / layers
    assert np.allclose(growth[: len(volume)].sum(1), volume, rtol=0, atol=1e-10)
    (hidden, _), _ = t.push()
    assert np.allclose(growth[: len(hidden), 0], hidden.norm(dim=1).log() / layers, atol=1e-12)


def test_hidden_weights_have_variance_c_over_fan_in() -> None:
    sampler = Sampler(Network(8, (6,), 4, 5, bias="zero"), "zero")
    t = next(sampler.tiles(Stream(0, "v", 0), 400, SETTING.device, SETTING.dtype))
    hidden, output = t.layers
    assert math.isclose(hidden.scale**2, sampler.variance / 8)
    assert math.isclose(output.scale**2, 1 / 6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"network": NETWORK, "biases": "none"},
        {"network": Network(3, (4,), 1, 2, bias="zero"), "biases": "gaussian"},
        {"network": Network(1, (4,), 1, 2, bias="zero"), "biases": "zero", "cosine": 0.5},
    ],
)
def test_samplers_that_cannot_be(wrong) -> None:
    with pytest.raises(MaxoutError, match="bias|drawn|cosine"):
        Sampler(**wrong)
