"""Linear regions: bounds on their number, and the moments of the gradients they rest on."""

import sympy as sp

from maxout.theory.conditions import (
    ANY_BIAS,
    GAUSSIAN,
    GAUSSIAN_OR_ZERO,
    PLANE,
    SEVERAL_OUTPUTS,
    WHATEVER_BIAS,
    ZERO,
    few_inputs,
    rank_at_least,
)
from maxout.theory.domain import Domain, Range
from maxout.theory.regions import feature_gradients, region_bounds
from maxout.theory.regions.region_bounds import BiasConstant, SharpGradientConstant
from maxout.theory.regions.region_conditions import cube
from maxout.theory.statement import Relation, Source, Statement, Status
from maxout.theory.symbols import volume

_WEIGHTS = "weights N(0, c/fan_in), output weights N(0, 1/fan_in)"
_FEATURE = "zeta: a pre-activation feature of the last hidden layer, layer l = L-1"
_CUBE = "a cube of volume vol"
_GRADIENT = r"\mathbb{E}\,\|\nabla\zeta(x)\|^t"
_COUNT = r"\mathbb{E}\,\#\{\text{linear regions in the cube}\}"
_PIECES = r"\mathbb{E}\,\#\{\text{linear pieces of the decision boundary in the cube}\}"
_C_BIAS = "C_bias: largest density of a bias"
_PAPER_GRAD = "C_grad through the moment bounds of the Jacobian"
_SHARP_GRAD = "C_grad: the sharp one, at order n_0"
_OUTPUTS = "output biases N(0, 1/n_{L-1}); C_bias and C_grad cover the outputs"

_LIMITS = {
    "paper": (few_inputs(BiasConstant.largest_inputs),),
    "sharp": (few_inputs(SharpGradientConstant.largest_inputs),),
}


def _project(name: str) -> Source:
    return Source("project", name)


STATEMENTS = (
    Statement(
        key="regions.gradient.upper",
        title="moment of order t of a feature's gradient, through the paper's moment bounds",
        left=_GRADIENT,
        relation=Relation.LE,
        build=lambda t: feature_gradients.gradient_moment_upper(t),
        definitions=(_WEIGHTS, _FEATURE, "integer t >= 1"),
        domain=Domain(ANY_BIAS),
        range=Range.NON_NEGATIVE,
        source=Source("tseran2023", "from the moment bounds of the Jacobian norm"),
        status=Status.DERIVED,
        proof="linear-regions.md#the-gradient-constant",
        orders=(1, 2, 3, 4),
    ),
    Statement(
        key="regions.gradient.upper.sharp",
        title="the same through the largest moments of the Jacobian; c (c M_K)^(l-1) at t = 2",
        left=_GRADIENT,
        relation=Relation.LE,
        build=lambda t: feature_gradients.gradient_moment_upper(t, "sharp"),
        definitions=(_WEIGHTS, _FEATURE, "integer t >= 1"),
        domain=Domain(GAUSSIAN_OR_ZERO),
        range=Range.NON_NEGATIVE,
        source=_project("refined constant of the bound on linear regions"),
        proof="linear-regions.md#the-gradient-constant",
        orders=(1, 2, 3, 4),
        symbolic_order=False,
    ),
    Statement(
        key="regions.gradient.exact",
        title="the exact moment of order 2t of a feature's gradient at zero bias",
        left=r"\mathbb{E}\,\|\nabla\zeta(x)\|^{2t}",
        relation=Relation.EQ,
        build=lambda t: feature_gradients.gradient_moment_exact(int(t)),
        definitions=(_WEIGHTS, _FEATURE, "integer t >= 1"),
        domain=Domain(ZERO),
        range=Range.NON_NEGATIVE,
        source=_project("exact moments of the features' gradients"),
        proof="linear-regions.md#exact-moments-at-zero-bias",
        orders=(1, 2),
        symbolic_order=False,
    ),
    Statement(
        key="regions.count.patterns",
        title="at most K^N linear regions, whatever the parameters",
        left=r"\#\{\text{linear regions}\}",
        relation=Relation.LE,
        build=lambda t: region_bounds.patterns_upper(),
        definitions=("N = n_1 + ... + n_{L-1} maxout units of rank K", "any parameters"),
        domain=Domain(WHATEVER_BIAS),
        range=Range.AT_LEAST_ONE,
        source=Source("tseran2021", "activation patterns"),
        proof="linear-regions.md#patterns",
    ),
    Statement(
        key="regions.count.upper",
        title="the 2021 bound on the expected number of linear regions in a cube",
        left=_COUNT,
        relation=Relation.LE,
        build=lambda t: region_bounds.regions_upper("paper"),
        definitions=(_WEIGHTS, _CUBE, _C_BIAS, _PAPER_GRAD),
        domain=Domain(GAUSSIAN, rank_at_least(2), cube("paper"), limits=_LIMITS["paper"]),
        range=Range.AT_LEAST_ONE,
        source=Source("tseran2021", "upper bound on the expected number of linear regions"),
        status=Status.CITED,
        proof="linear-regions.md#the-2021-bound",
        parameters=(volume,),
    ),
    Statement(
        key="regions.count.upper.sharp",
        title="the 2021 bound with the sharp gradient constant",
        left=_COUNT,
        relation=Relation.LE,
        build=lambda t: region_bounds.regions_upper("sharp"),
        definitions=(_WEIGHTS, _CUBE, _C_BIAS, _SHARP_GRAD),
        domain=Domain(GAUSSIAN, rank_at_least(2), cube("sharp"), limits=_LIMITS["sharp"]),
        range=Range.AT_LEAST_ONE,
        source=Source("project", "the 2021 bound with the refined constant", ("tseran2021",)),
        status=Status.DERIVED,
        proof="linear-regions.md#the-2021-bound",
        parameters=(volume,),
    ),
    Statement(
        key="regions.boundary.upper",
        title="the 2021 bound on the expected linear pieces of the decision boundary in a cube",
        left=_PIECES,
        relation=Relation.LE,
        build=lambda t: region_bounds.decision_boundary_upper("paper"),
        definitions=(_WEIGHTS, _CUBE, _OUTPUTS, _PAPER_GRAD),
        domain=Domain(
            GAUSSIAN,
            rank_at_least(2),
            SEVERAL_OUTPUTS,
            cube("paper", outputs=True),
            limits=_LIMITS["paper"],
        ),
        range=Range.NON_NEGATIVE,
        source=Source("tseran2021", "upper bound on the linear pieces of the decision boundary"),
        status=Status.CITED,
        proof="linear-regions.md#the-decision-boundary",
        parameters=(volume,),
    ),
    Statement(
        key="regions.boundary.upper.sharp",
        title="the 2021 bound on those pieces with the sharp gradient constant",
        left=_PIECES,
        relation=Relation.LE,
        build=lambda t: region_bounds.decision_boundary_upper("sharp"),
        definitions=(_WEIGHTS, _CUBE, _OUTPUTS, _SHARP_GRAD),
        domain=Domain(
            GAUSSIAN,
            rank_at_least(2),
            SEVERAL_OUTPUTS,
            cube("sharp", outputs=True),
            limits=_LIMITS["sharp"],
        ),
        range=Range.NON_NEGATIVE,
        source=Source("project", "the 2021 bound with the refined constant", ("tseran2021",)),
        status=Status.DERIVED,
        proof="linear-regions.md#the-decision-boundary",
        parameters=(volume,),
    ),
    Statement(
        key="regions.subdivision",
        title="the regions found in a window are a subdivision of it, and the network's own",
        left=(
            r"\Pr(V - E + F = 1,\ \text{neighbours differ by one unit's winner, "
            r"areas add up, values and gradients agree})"
        ),
        relation=Relation.EQ,
        build=lambda t: sp.Integer(1),
        definitions=("weights with a density, in general position",),
        domain=Domain(GAUSSIAN_OR_ZERO, PLANE),
        range=Range.PROBABILITY,
        source=_project("exact counting by polygon subdivision"),
        proof="linear-regions.md#exact-counting",
    ),
)
