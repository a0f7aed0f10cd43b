"""Quantities that sampled networks are measured for, with the facts that judge any claim of them.

Sizes and variances are those of ``facts`` and of ``numerics``, never of the claim: a statement
that is wrong by any factor is judged by the same samples as a true one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from maxout.numerics.jacobian.value_functions import jacobian_moment
from maxout.verify import facts
from maxout.verify.decisions import DecisionError
from maxout.verify.decisions.estimands import Estimand, Mean, mean_from_square
from maxout.verify.experiment import Measure
from maxout.verify.experiment_networks import Case
from maxout.verify.gradients.sampled_gradients import ParameterGradients
from maxout.verify.sampling.half_squares import half_squares_variance
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Population
from maxout.verify.simulate import MEASURES


@dataclass(frozen=True)
class Asked:
    """Where a quantity is asked about.

    Attributes:
      case: the network, its biases, and the angle and norm of the input.
      order: t, 1 where there is none.
      layer: of the parameters that are differentiated.
      share: margin, as a share of the quantity.
    """

    case: Case
    order: int
    layer: int
    share: float


def _gain(case: Case, order: int) -> float:
    if case.network.bias == "gaussian":
        return float(jacobian_moment(case.network, case.norm, case.cosine, order))
    return facts.gain_moment(case.network, order, case.cosine)


def _length(case: Case, order: int) -> float:
    layer, units = len(case.network.widths), case.network.widths[-1]
    return facts.length_moment(case.network, layer, case.norm, order) / units**order


Moment = Callable[[int], float]
"""Order t -> the t-th moment of what one network gives."""

_SPREADS = ("jacobian.variance", "activation.variance")
"""Quantities that pairs of networks are measured for."""


def _moment(quantity: str, asked: Asked) -> Moment:
    case = asked.case
    if case.network.bias == "any":
        raise DecisionError("with any biases no variance is known here: give estimand=")
    subject = quantity.partition(".")[0]
    if subject == "jacobian":
        return partial(_gain, case)
    if subject == "activation":
        return partial(_length, case)
    if case.network.bias == "zero" and quantity == "gradients.bias":
        return partial(facts.bias_gradient_moment, case.network, asked.layer)
    if case.network.bias == "zero" and quantity == "gradients.weights":
        return partial(facts.weight_gradient_moment, case.network, asked.layer, case.norm)
    raise DecisionError(f"of {quantity} no variance is known here: give estimand=")


def estimand_of(quantity: str, asked: Asked) -> Estimand:
    """What is estimated, and how narrowly.

    Raises:
      DecisionError: where no bound of the variance is known.
    """
    moment = _moment(quantity, asked)
    if quantity in _SPREADS:
        return Mean(moment(2) - moment(1) ** 2, half_squares_variance(moment), asked.share)
    return mean_from_square(moment(asked.order), moment(2 * asked.order), asked.share)


def population_of(quantity: str, case: Case) -> Population:
    """The networks in which a quantity is measured."""
    kind, _ = MEASURES[quantity]
    if kind is ParameterGradients:
        return ParameterGradients(Sampler(case.network, case.biases, case.cosine, case.norm))
    return case.population


def measure_of(quantity: str, asked: Asked) -> Measure:
    """Arrays of that population -> observations whose mean is the quantity."""
    _, measure = MEASURES[quantity]
    return lambda arrays: measure(arrays, asked.case.network, asked.order, asked.layer)


def group_of(quantity: str) -> int:
    """Networks that make one observation."""
    return 2 if quantity in _SPREADS else 1
