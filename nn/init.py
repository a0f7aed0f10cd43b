"""Initialization of maxout networks: variance c/fan_in with c = 1/M_K.

Functions in place, named as in ``torch.nn.init``, and :func:`init_model_` for a whole model.
"""

from maxout.init.constants import calculate_gain
from maxout.nn.init_model import init_model_
from maxout.nn.init_report import InitReport, LayerInit
from maxout.nn.initializers import maxout_normal_, maxout_truncated_normal_, maxout_uniform_

__all__ = [
    "InitReport",
    "LayerInit",
    "calculate_gain",
    "init_model_",
    "maxout_normal_",
    "maxout_truncated_normal_",
    "maxout_uniform_",
]
