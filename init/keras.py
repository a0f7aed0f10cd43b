"""Initializers of maxout kernels for Keras 3, saved and loaded with the model. Needs Keras.

Keras counts fan_in as all axes of a kernel but the last: right for Dense and Conv layers of
units * K outputs, and not for kernels with pieces on an axis of their own.
"""

from __future__ import annotations

from typing import Any

import keras

from maxout.init.constants import Window, calculate_gain
from maxout.theory.errors import DomainError

LAWS = {"normal": "untruncated_normal", "truncated": "truncated_normal", "uniform": "uniform"}


@keras.saving.register_keras_serializable(package="maxout")
class Maxout(keras.initializers.Initializer):
    """Draws of variance c/fan_in, c = 1/M_K, for a layer of units * K outputs.

    Args:
      rank: affine pieces K of one unit.
      window: cells of the max pooling that follows, or its kernel size.
      law: "normal", "truncated" (at two standard deviations) or "uniform"; of the same variance.
      seed: an integer, a ``keras.random.SeedGenerator`` or None, as Keras's initializers take it.

    Raises:
      DomainError: for another law, or a rank or window that is not an integer of at least 1.
    """

    def __init__(
        self, rank: int, window: Window | list[int] = 1, law: str = "normal", seed: Any = None
    ) -> None:
        if law not in LAWS:
            raise DomainError(f"law must be one of {', '.join(LAWS)}; got {law!r}")
        # A saved model keeps a tuple as a list.
        self.window = tuple(window) if isinstance(window, list) else window
        self.rank, self.law = rank, law
        scale = calculate_gain(rank, self.window) ** 2
        self._scaled = keras.initializers.VarianceScaling(scale, "fan_in", LAWS[law], seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Return a tensor of the shape, Keras's default dtype where none is given."""
        return self._scaled(shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what ``from_config`` takes."""
        seed = self._scaled.get_config()["seed"]
        return {"rank": self.rank, "window": self.window, "law": self.law, "seed": seed}
