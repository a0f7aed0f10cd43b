"""PyTorch layers of maxout units, their initializers, and converters of weights.

Needs PyTorch (``pip install 'maxout[torch]'``); importing costs nothing beyond it.
"""

try:
    import torch  # noqa: F401  (looked for here, so that the message says what to install)
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "maxout.nn needs PyTorch: pip install 'maxout[torch]'", name=error.name
    ) from error

from maxout.nn import init
from maxout.nn.auditing.run import audit
from maxout.nn.conv import MaxoutConv1d, MaxoutConv2d, MaxoutConv3d
from maxout.nn.convert import FORMATS, convert_weights
from maxout.nn.functional import LAYOUTS, maxout
from maxout.nn.linear import MaxoutLinear

__all__ = [
    "FORMATS",
    "LAYOUTS",
    "MaxoutConv1d",
    "MaxoutConv2d",
    "MaxoutConv3d",
    "MaxoutLinear",
    "audit",
    "convert_weights",
    "init",
    "maxout",
]
