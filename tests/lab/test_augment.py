"""Augmentation: within its stated limits, by the generators alone."""

import numpy as np
import torch

from maxout.lab.training import augment
from maxout.lab.training.augment import augmented
from maxout.lab.training.cell import train_cell
from maxout.lab.training.data import load
from maxout.lab.training.setting import Setting


def generators(*seeds: int) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in seeds]


def images(channels: int = 1, side: int = 9) -> torch.Tensor:
    return torch.rand(2, 6, channels, side, side, generator=torch.Generator().manual_seed(0))


def test_each_seed_has_its_own_changes() -> None:
    x = images()
    together, alone = augmented(x, generators(1, 2)), augmented(x[1:], generators(2))
    assert torch.equal(together[1], alone[0])
    assert not torch.equal(together, x)
    assert together.shape == x.shape
    assert 0 <= together.min() < together.max() <= 1  # interpolated, reflected: nothing beyond


def test_no_change_leaves_images_alone(monkeypatch) -> None:
    for name in ("SHIFT", "TURN", "ZOOM"):
        monkeypatch.setattr(augment, name, 0.0)
    # Positions are computed: rounding of float32 on a grid of 9, times the step of a grey value.
    torch.testing.assert_close(augmented(images(), generators(1, 2)), images(), rtol=0, atol=1e-5)
    flipped = augmented(images(3), generators(1, 2))
    same = [torch.allclose(a, b, atol=1e-5) for a, b in zip(flipped[0], images(3)[0], strict=True)]
    turned = [
        torch.allclose(a, b.flip(-1), atol=1e-5)
        for a, b in zip(flipped[0], images(3)[0], strict=True)
    ]
    assert all(s != t for s, t in zip(same, turned, strict=True))
    assert 0 < sum(turned) < 6


def test_a_shift_moves_by_at_most_15_percent(monkeypatch) -> None:
    for name in ("TURN", "ZOOM"):
        monkeypatch.setattr(augment, name, 0.0)
    side = 101
    spot = torch.zeros(1, 200, 1, side, side)
    spot[..., 50, 50] = 1.0
    moved = augmented(spot, generators(3))[0, :, 0]
    places = torch.arange(side, dtype=torch.float32) - 50
    mass = moved.sum(dim=(1, 2))
    for shift in ((moved.sum(1) * places).sum(1) / mass, (moved.sum(2) * places).sum(1) / mass):
        assert shift.abs().max() <= 0.15 * side + 1e-2
        assert shift.abs().max() > 0.13 * side  # 200 uniform draws reach near the end
        assert (shift > 0).any()
        assert (shift < 0).any()


def test_training_with_augmentation_is_another_cell_and_deterministic() -> None:
    data = load("digits")
    small = {"seeds": 2, "epochs": 1, "multiplier": 1 / 16}
    plain = Setting("digits", "conv", "adam", "maxpool", **small)
    changed = Setting("digits", "conv", "adam", "maxpool", augment=True, **small)
    first, again = train_cell(changed, data), train_cell(changed, data)
    assert first["loss"] == again["loss"] != train_cell(plain, data)["loss"]
