"""Random shifts, turns, zooms and flips of images: the paper's augmentation.

Shifts up to 15 % of the side and turns up to a tenth of a full one, uniform; zoom 0.9 to 1.1; flips
of colour images only. Beyond the edge the image is reflected.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

SHIFT, TURN, ZOOM = 0.15, 0.1, 0.1


def augmented(images: Tensor, generators: list[np.random.Generator]) -> Tensor:
    """Transform images (seeds, batch, channels, height, width), each seed by its own generator."""
    seeds, batch, channels = images.shape[:3]
    draws = np.stack([generator.uniform(-1, 1, size=(batch, 5)) for generator in generators])
    across, down, turn, zoom, flip = torch.from_numpy(draws).to(images.dtype).unbind(-1)
    angle = 2 * math.pi * TURN * turn
    size = 1 + ZOOM * zoom
    mirror = torch.where(flip < 0, -1.0, 1.0) if channels == 3 else torch.ones_like(flip)
    cosine, sine = size * angle.cos(), size * angle.sin()
    # affine_grid maps places of the result to places of the image, both from -1 to 1.
    matrices = torch.stack(
        [
            torch.stack([mirror * cosine, -sine, 2 * SHIFT * across], dim=-1),
            torch.stack([mirror * sine, cosine, 2 * SHIFT * down], dim=-1),
        ],
        dim=-2,
    )
    flat = images.flatten(0, 1)
    grid = functional.affine_grid(matrices.flatten(0, 1), list(flat.shape), align_corners=False)
    moved = functional.grid_sample(flat, grid, padding_mode="reflection", align_corners=False)
    return moved.view_as(images)
