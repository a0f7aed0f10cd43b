"""Curves through a network: length distortion and expected breakpoints."""

import sympy as sp

from maxout.theory import curves
from maxout.theory.moments import LargestNormalMoment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, L, cos_0, l, length, n, sweep, x_norm

_WEIGHTS = "weights N(0, c/fan_in), output weights N(0, 1/fan_in)"
_ANY_BIAS = "biases independent of the weights, otherwise arbitrary"
_ANY = ("any", "gaussian", "zero")
_CURVE = "a rectifiable curve C of length len"
_LENGTH = r"\operatorname{len}(N(C))"
_BREAKS = r"\mathbb{E}\,\#\{\text{breakpoints of } N \text{ along } C\}"
_SWEEP = "C sweeps the angle Theta about the origin and does not meet it"
_SPHERE = "C lies on the sphere of radius |x| about the origin, n_0 >= 2"
_GAUSSIAN = "gaussian biases N(0, c/fan_in)"
_WIDE = "every hidden layer but the last has at least 2 units"
_M = LargestNormalMoment(K, 2)


def _paper(name: str) -> Source:
    return Source("tseran2023", name)


def _project(name: str) -> Source:
    return Source("project", name)


STATEMENTS = (
    Statement(
        key="curve.length.mean.upper",
        title="the expected length of a curve's image is at most (c L_K)^((L-1)/2) a unit",
        left=rf"\mathbb{{E}}\,{_LENGTH}",
        relation=Relation.LE,
        build=lambda t: curves.length_mean_upper(),
        assumptions=(_WEIGHTS, _ANY_BIAS, _CURVE),
        biases=_ANY,
        source=_paper("expected length distortion"),
        proof="curves.md#length-distortion",
        parameters=(length,),
        quantity="curve.length.mean",
        rung="upper",
    ),
    Statement(
        key="curve.length.mean.upper.sharp",
        title="the same with M_K for L_K",
        left=rf"\mathbb{{E}}\,{_LENGTH}",
        relation=Relation.LE,
        build=lambda t: curves.length_mean_upper(_M),
        assumptions=(_WEIGHTS, _ANY_BIAS, _CURVE),
        biases=_ANY,
        source=_project("length distortion through the two-sided bounds"),
        proof="curves.md#length-distortion",
        parameters=(length,),
        quantity="curve.length.mean",
        rung="upper.sharp",
    ),
    Statement(
        key="curve.length.mean.upper.angle",
        title="sharper still: the root of the exact mean, at the curve's angle to its position",
        left=rf"\mathbb{{E}}\,{_LENGTH}",
        relation=Relation.LE,
        build=lambda t: curves.length_mean_at_angle(),
        assumptions=(
            _WEIGHTS,
            "zero biases",
            _CURVE,
            "rho_0: cosine of the angle between position and tangent, the same all along C "
            "(1 on rays, 0 on circles about the origin); elsewhere the root is integrated along C",
        ),
        biases=("zero",),
        source=_project("length distortion through the exact mean"),
        proof="curves.md#the-root-of-the-exact-mean",
        parameters=(cos_0, length),
    ),
    Statement(
        key="curve.length.mean.upper.sphere",
        title="the same with gaussian biases, for a curve on a sphere about the origin",
        left=rf"\mathbb{{E}}\,{_LENGTH}",
        relation=Relation.LE,
        build=lambda t: curves.length_mean_on_sphere(),
        assumptions=(
            _WEIGHTS,
            _GAUSSIAN,
            _CURVE,
            _SPHERE,
            "elsewhere the root is integrated along C",
        ),
        biases=("gaussian",),
        source=_project("length distortion through the exact mean"),
        proof="curves.md#the-root-of-the-exact-mean",
        parameters=(x_norm, length),
    ),
    Statement(
        key="curve.length.second.upper",
        title="the mean squared length is at most (c L_K)^(L-1) a unit",
        left=rf"\mathbb{{E}}\,{_LENGTH}^2",
        relation=Relation.LE,
        build=lambda t: curves.length_second_upper(),
        assumptions=(_WEIGHTS, _ANY_BIAS, _CURVE),
        biases=_ANY,
        source=_paper("second moment of the length distortion"),
        proof="curves.md#length-distortion",
        parameters=(length,),
        quantity="curve.length.second",
        rung="upper",
    ),
    Statement(
        key="curve.length.second.upper.sharp",
        title="the same with M_K for L_K; equality on segments of a ray at zero bias",
        left=rf"\mathbb{{E}}\,{_LENGTH}^2",
        relation=Relation.LE,
        build=lambda t: curves.length_second_upper(_M),
        assumptions=(_WEIGHTS, _ANY_BIAS, _CURVE),
        biases=_ANY,
        source=_project("length distortion through the two-sided bounds"),
        proof="curves.md#length-distortion",
        parameters=(length,),
        quantity="curve.length.second",
        rung="upper.sharp",
    ),
    Statement(
        key="curve.length.moment.upper",
        title="upper bound of the length's moment of order t",
        left=rf"\mathbb{{E}}\,{_LENGTH}^t",
        relation=Relation.LE,
        build=lambda t: curves.length_moment_upper(t),
        assumptions=(_WEIGHTS, _ANY_BIAS, _CURVE, "integer t >= 1"),
        biases=_ANY,
        source=_paper("moments of the length distortion"),
        proof="curves.md#length-distortion",
        orders=(1, 2, 3),
        parameters=(length,),
        quantity="curve.length.moment",
        rung="upper",
    ),
    Statement(
        key="curve.length.moment.upper.sharp",
        title="the moment of order t through the largest moments of the Jacobian",
        left=rf"\mathbb{{E}}\,{_LENGTH}^t",
        relation=Relation.LE,
        build=lambda t: curves.length_moment_upper_sharp(t),
        assumptions=(
            _WEIGHTS,
            "gaussian biases N(0, c/fan_in) or zero biases",
            _CURVE,
            "integer t >= 1",
        ),
        biases=("gaussian", "zero"),
        source=_project("length distortion through the aligned moments"),
        proof="curves.md#the-largest-moments",
        orders=(1, 2, 3, 4),
        symbolic_order=False,
        parameters=(length,),
        quantity="curve.length.moment",
        rung="upper.sharp",
    ),
    Statement(
        key="curve.breakpoints.layer",
        title="expected breakpoints that the last hidden layer adds along a curve",
        left=r"\mathbb{E}\,\#\{\text{breakpoints of layer } L-1 \text{ along } C\}",
        relation=Relation.EQ,
        build=lambda t: curves.layer_breakpoints_mean(layer=L - 1),
        assumptions=(_WEIGHTS, "zero biases", _SWEEP, _WIDE),
        biases=("zero",),
        source=_project("expected breakpoints of a layer"),
        proof="curves.md#breakpoints-at-zero-bias",
        parameters=(sweep,),
        narrowest=2,
    ),
    Statement(
        key="curve.breakpoints",
        title="expected breakpoints of the network along a curve, free of c",
        left=_BREAKS,
        relation=Relation.EQ,
        build=lambda t: curves.breakpoints_mean(),
        assumptions=(_WEIGHTS, "zero biases", _SWEEP, _WIDE),
        biases=("zero",),
        source=_project("expected breakpoints along a curve"),
        proof="curves.md#breakpoints-at-zero-bias",
        parameters=(sweep,),
        narrowest=2,
    ),
    Statement(
        key="curve.breakpoints.first",
        title="gaussian biases: expected breakpoints that the first layer adds along a curve",
        left=r"\mathbb{E}\,\#\{\text{breakpoints of layer } 1 \text{ along } C\}",
        relation=Relation.EQ,
        build=lambda t: curves.first_layer_breakpoints_mean(),
        assumptions=(
            _WEIGHTS,
            "gaussian biases N(0, c/fan_in)",
            "Theta: the angle that (x, 1) sweeps about the origin of the augmented space",
        ),
        biases=("gaussian",),
        source=_project("expected breakpoints with gaussian biases"),
        proof="curves.md#breakpoints-with-gaussian-biases",
        parameters=(sweep,),
    ),
    Statement(
        key="curve.breakpoints.sphere",
        title="gaussian biases: expected breakpoints along a curve on a sphere about the origin",
        left=_BREAKS,
        relation=Relation.EQ,
        build=lambda t: curves.sphere_breakpoints_mean(),
        assumptions=(
            _WEIGHTS,
            _GAUSSIAN,
            _SPHERE,
            "C sweeps the angle Theta about the origin",
            "W_l: mean angular speed of (x^(l), 1) a unit of arc length, by the chain",
        ),
        biases=("gaussian",),
        source=_project("expected breakpoints with gaussian biases"),
        proof="curves.md#breakpoints-with-gaussian-biases",
        parameters=(sweep, x_norm),
    ),
    Statement(
        key="curve.locus.density",
        title="expected (n_0-1)-volume of the bending locus per unit volume, by Cauchy-Crofton",
        left=r"\mathbb{E}\,\mathrm{vol}_{n_0-1}(\{\text{kinks of } N\}\cap dx)/dx",
        relation=Relation.EQ,
        build=lambda t: curves.locus_density(),
        assumptions=(_WEIGHTS, "zero biases", "at a point of norm |x| > 0", "n_0 >= 2", _WIDE),
        biases=("zero",),
        source=_project("density of the bending locus"),
        proof="curves.md#the-bending-locus",
        parameters=(x_norm,),
        narrowest=2,
    ),
    Statement(
        key="curve.plane.regions",
        title="expected linear regions of the whole plane at zero bias (n_0 = 2)",
        left=r"\mathbb{E}\,\#\{\text{linear regions of the plane}\}",
        relation=Relation.EQ,
        build=lambda t: curves.plane_regions_mean(),
        assumptions=(_WEIGHTS, "zero biases", "n_0 = 2", "K >= 2", _WIDE),
        biases=("zero",),
        source=_project("linear regions of the plane"),
        proof="curves.md#the-plane",
        minimum_rank=2,
        narrowest=2,
        inputs=2,
    ),
    Statement(
        key="curve.plane.regions.rank3",
        title="rank 3, one hidden layer: 3 n_1 regions of the plane, with no variance",
        left=r"\#\{\text{linear regions of the plane}\}",
        relation=Relation.EQ,
        build=lambda t: 3 * sp.Sum(n[l], (l, 1, L - 1)),
        assumptions=(_WEIGHTS, "zero biases", "n_0 = 2", "K = 3", "one hidden layer (L = 2)"),
        biases=("zero",),
        source=_project("linear regions of the plane"),
        proof="curves.md#the-plane",
        minimum_rank=3,
        maximum_rank=3,
        inputs=2,
        hidden_layers=1,
    ),
)
