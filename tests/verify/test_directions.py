"""Several directions at one input, in the same networks: each as if it were the only one."""

import math

import numpy as np
import pytest
import torch

from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.verify.sampling import layerwise
from maxout.verify.sampling.network_populations import Along, Networks
from maxout.verify.sampling.networks import Sampler, forward
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

CPU = torch.device("cpu")
NETWORK = Network(4, (6, 5), 3, 3, bias="gaussian")
FAN = Sampler(NETWORK, "gaussian", 0.6, 2.0, others=(-0.3, 1.0, 0.0))


def draws(population) -> dict[str, np.ndarray]:
    return population.draw(Stream(1, "fan", 0), Setting(CPU, torch.float64))


def test_directions_are_units_at_their_angles() -> None:
    x, *along = map(torch.from_numpy, FAN.directions(Stream(1, "fan", 0).generator(0), 0, 50))
    assert torch.allclose(x.norm(dim=1), torch.tensor(2.0, dtype=torch.float64))
    for u, cosine in zip(along, FAN.cosines, strict=True):
        assert torch.allclose(u.norm(dim=1), torch.tensor(1.0, dtype=torch.float64))
        assert torch.allclose((x * u).sum(1) / 2, torch.tensor(cosine, dtype=torch.float64))


def test_all_directions_are_pushed_through_the_same_networks() -> None:
    (tile,) = FAN.tiles(Stream(1, "fan", 0), 20, CPU, torch.float64)
    _, along = tile.push_all()
    assert len(along) == 4
    step = 1e-6
    for (_, pushed), u in zip(along, (tile.u, *tile.others), strict=True):
        after, before = (forward(tile.layers, tile.x + s * step * u)[1] for s in (1, -1))
        # As in test_networks: rounding of values of order one over the step.
        assert torch.allclose(pushed, (after - before) / (2 * step), rtol=1e-6, atol=1e-8)


def test_the_first_direction_is_drawn_as_if_alone() -> None:
    alone = draws(Networks(Sampler(NETWORK, "gaussian", 0.6, 2.0)))
    together = draws(Networks(FAN))
    for name, values in alone.items():
        assert np.array_equal(together[name], values), name


def test_layer_by_layer_agrees_in_every_direction() -> None:
    count = 40
    stream = Stream(1, "fan", 0)
    (found,) = layerwise.squared_norms(FAN, stream, count, torch.float32)
    whole = draws(Networks(FAN))
    assert set(found) == set(whole)
    for name, values in found.items():
        # Sums of at most 6 products of order one, in float32.
        assert np.allclose(values, whole[name][:count], rtol=1e-4, atol=1e-6), name


@pytest.mark.parametrize("cosine", FAN.cosines)
def test_a_view_is_of_its_own_direction(cosine) -> None:
    networks = Networks(FAN)
    seen = Along(networks, cosine).view(draws(networks))
    (tile,) = FAN.tiles(Stream(1, "fan", 0), 20, CPU, torch.float64)
    _, along = tile.push_all()
    hidden, outputs = along[FAN.cosines.index(cosine)]
    assert set(seen) == {"gain", "hidden", "length"}
    assert np.allclose(seen["gain"][:20], outputs.square().sum(1), rtol=1e-12)
    assert np.allclose(seen["hidden"][:20], hidden.square().sum(1), rtol=1e-12)


def test_one_input_has_no_second_direction() -> None:
    line = Network(1, (3,), 1, 2, bias="zero")
    draws = Stream(1, "line", 0).generator(0)
    x, u, other = Sampler(line, "zero", 1.0, 2.0, others=(-1.0,)).directions(draws, 0, 3)
    assert np.array_equal(x, 2 * u)
    assert np.array_equal(other, -u)
    assert np.array_equal(np.abs(u), np.ones((3, 1)))
    with pytest.raises(MaxoutError, match="with one input"):
        Sampler(line, "zero", 1.0, others=(0.5,))


def test_experiments_judge_the_direction_that_they_name(plan) -> None:
    """Gains of 1, 2, 3... by direction: the data must be those of the experiment's angle."""
    checked = 0
    for found in plan("standard").values():
        for experiment in found:
            first = experiment.populations[0]
            if not isinstance(first, Along) or experiment.key != "jacobian.mean.exact":
                continue
            sampler = first.networks.sampler
            arrays = {"length": np.zeros(2)}
            for place, ending in enumerate(sampler.endings):
                arrays[f"gain{ending}"] = np.full(2, float(place))
                arrays[f"hidden{ending}"] = np.zeros(2)
            cosine = float(experiment.parameters["cosine"])
            assert experiment.data((arrays,))[0] == sampler.cosines.index(cosine)
            assert math.isclose(first.cosine, cosine)
            checked += 1
    assert checked >= 4
