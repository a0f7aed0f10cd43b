"""Initialization without a framework, and small adapters to JAX, Keras and thinc.

Weights of a maxout layer get variance c/fan_in with c = 1/M_K. Importing this needs no other
package, ``maxout.init.jax``, ``maxout.init.keras`` and ``maxout.init.thinc`` each their own. For
PyTorch see ``maxout.nn.init``.
"""

from maxout.init.constants import calculate_gain, second_moment, std

__all__ = ["calculate_gain", "second_moment", "std"]
