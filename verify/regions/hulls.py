"""Regions of one layer in the whole space, counted as vertices of a sum of polytopes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.spatial import ConvexHull

from maxout.verify.sampling.populations import Arrays, Setting
from maxout.verify.sampling.streams import UNITS, Stream

SHARD = 256


@dataclass(frozen=True)
class LayerHulls:
    """``regions``: those of R^``inputs`` of one layer of ``units`` units of rank ``rank``.

    Unit i at the input x is the largest of (x, 1) . p over its points p = (weights, bias); so the
    regions are the vertices of the sum of the units' polytopes at which some (x, 1) is largest: the
    upper ones. Without biases they are all vertices of the sum in R^inputs.
    """

    inputs: int
    units: int
    rank: int
    biases: bool

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("regions",)

    @property
    def name(self) -> str:
        kind = "gaussian" if self.biases else "zero"
        return f"layer-hulls/{self.inputs}/{self.units}/{self.rank}/{kind}"

    @property
    def shard_size(self) -> int:
        return SHARD

    def memory(self, setting: Setting) -> tuple[int, str]:
        points = self.rank**self.units
        return 8 * 4 * points * (self.inputs + 1), f"sums of {points:,} points"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        shape = (self.shard_size, self.units, self.rank, self.inputs + self.biases)
        points = stream.generator(0, UNITS).standard_normal(shape)
        return {"regions": np.array([self._count(layer) for layer in points])}

    def _count(self, layer: np.ndarray) -> float:
        """Count from the points of the units, (units, rank, dimension)."""
        choices = np.array(list(product(range(self.rank), repeat=self.units)))
        sums = layer[np.arange(self.units), choices].sum(axis=1)
        if not self.biases:
            # On a line the ends; Qhull begins at two dimensions.
            return 2.0 if sums.shape[1] == 1 else float(len(ConvexHull(sums).vertices))
        hull = ConvexHull(sums)
        upper = hull.equations[:, -2] > 0  # the facets that are seen from above
        return float(len(np.unique(hull.simplices[upper])))
