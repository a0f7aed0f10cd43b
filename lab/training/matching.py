"""What makes two initializations alike but for one thing: as large steps, or as large inputs."""

from __future__ import annotations

import math

from maxout.lab.exact_gradients import squared_gradients
from maxout.lab.training.architectures import FC_WIDTHS, scaled
from maxout.lab.training.dataset import Dataset
from maxout.lab.training.schemes import scheme, second_moment
from maxout.lab.training.setting import Setting
from maxout.theory.errors import MaxoutError


def step_factor(setting: Setting, shape: tuple[int, ...]) -> float:
    """Return what the scheme multiplies the rate by: 1 but for ``c=V:step``.

    There it is the expected tangent kernel at c = 1/M_K over that at c = V, by the weights at zero
    bias. A step of gradient descent moves the output by the rate times the kernel, so both move it
    alike.

    Raises:
      MaxoutError: for networks whose kernel the theory does not have.
    """
    chosen = scheme(setting.scheme)
    if chosen.match != "step":
        return 1.0
    if setting.network != "fc" or setting.optimizer != "sgd":
        raise MaxoutError("schemes c=V:step match steps of sgd in network fc alone")
    assert chosen.variance is not None
    widths = tuple(scaled(w, setting.multiplier) for w in setting.widths or FC_WIDTHS)
    kernel = squared_gradients(math.prod(shape), widths, setting.rank)
    return kernel.at(1 / second_moment(setting.rank)) / kernel.at(chosen.variance)


def unit_scale(data: Dataset) -> float:
    """Return what makes the mean square of the training part's inputs 1."""
    square = data.values(data.train.inputs).double().square().mean()
    return float(square**-0.5)
