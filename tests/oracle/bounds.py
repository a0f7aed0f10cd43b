"""Oracles of bounds: what they bound, exactly, at one network and direction each.

Where "any biases" are allowed, zero ones are as good as others. A curve on a ray at zero bias is
stretched alike everywhere, and so is a short one.
"""

import math
from fractions import Fraction as F

from . import chains
from .curves import LENGTH, given
from .gradients import GAINS, incoming, layer, norms, on_paths, outgoing, points
from .jacobian import PAPER_POINTS, biased, with_orders
from .kernels import diagonal, diagonal_gaussian
from .quadrature import of_radius
from .regions import CUBE
from .registry import At, bounded

COSINE = 0.3


def gain(at: At, t: int) -> float:
    """E ||J u||^{2t} at zero bias, at an angle to the input."""
    hidden = chains.zero_bias(at.n[:-1], at.K, at.c, chains.direction(COSINE**2, t))
    return chains.output(hidden, at.n[-2], at.n[-1])


@bounded(
    "jacobian.mean.lower",
    "jacobian.mean.upper",
    "jacobian.mean.lower.sharp",
    "jacobian.mean.upper.any",
    at=PAPER_POINTS,
)
@bounded("jacobian.mean.upper.sharp", at=biased(PAPER_POINTS, "zero"))
def mean(at: At) -> float:
    return gain(at, 1)


@bounded("jacobian.variance.upper", at=PAPER_POINTS)
def variance(at: At) -> float:
    return gain(at, 2) - gain(at, 1) ** 2


@bounded("jacobian.moment.upper", at=with_orders(PAPER_POINTS, 1, 2, 3))
def moment(at: At) -> float:
    assert at.t is not None
    return gain(at, at.t)


for rung in GAINS:

    @bounded(f"gradients.bias.{rung}", at=tuple(at for at in points("any") if layer(at) < at.L - 1))
    def bias_gradient(at: At) -> float:
        return outgoing(at, layer(at))

    # In the last layer all bounds are equal to what they bound.
    @bounded(
        f"gradients.weights.{rung}",
        at=tuple(at for at in points("zero", "norm") if layer(at) < at.L - 1),
    )
    def weight_gradient(at: At) -> float:
        return incoming(at, layer(at) - 1) * outgoing(at, layer(at))

    @bounded(
        f"gradients.gaussian.weights.{rung}",
        at=tuple(at for at in points("gaussian", "norm") if layer(at) < at.L - 1),
    )
    def gaussian_weight_gradient(at: At) -> float:
        return on_paths(at, layer(at), 1)

    bounded(f"kernel.diagonal.{rung}", at=norms("zero"))(diagonal)
    bounded(f"kernel.diagonal.gaussian.{rung}", at=norms("gaussian"))(diagonal_gaussian)


def along(at: At, t: int) -> float:
    """E ||J u||^t at zero bias, u along the input: a product over the layers, t odd too."""
    value = of_radius(1, at.n[-1], lambda r: r**t) / at.n[-2] ** (t / 2)
    for before, units in zip(at.n[:-2], at.n[1:-1], strict=True):
        value *= (at.c / before) ** (t / 2) * of_radius(at.K, units, lambda r: r**t)
    return value


@bounded(
    "curve.length.mean.upper",
    "curve.length.mean.upper.sharp",
    at=given(PAPER_POINTS, "any", **LENGTH),
)
@bounded("curve.length.mean.upper.angle", at=given(PAPER_POINTS, "zero", **LENGTH, cosine=F(1)))
def length(at: At) -> float:
    return at["length"] * along(at, 1)


@bounded(
    "curve.length.mean.upper.sphere",
    at=given((At((3, 5, 2)), At((4, 6, 3), 5, F(7, 4))), "gaussian", **LENGTH, norm=F(17, 10)),
)
def length_on_sphere(at: At) -> float:
    """One hidden layer: a direction across (x, 1) becomes a normal vector, whatever the winners."""
    hidden = math.sqrt(at.c / at.n[0]) * of_radius(1, at.n[1], lambda r: r)
    return at["length"] * hidden * of_radius(1, at.n[2], lambda r: r) / math.sqrt(at.n[1])


@bounded(
    "curve.length.second.upper",
    "curve.length.second.upper.sharp",
    at=given(PAPER_POINTS, "any", **LENGTH),
)
def second(at: At) -> float:
    return at["length"] ** 2 * gain(at, 1)


@bounded("curve.length.moment.upper", at=given(PAPER_POINTS, "any", 1, 2, 3, **LENGTH))
@bounded("curve.length.moment.upper.sharp", at=given(PAPER_POINTS, "zero", 1, 2, 3, 4, **LENGTH))
def length_moment(at: At) -> float:
    """On a ray at odd orders; at even ones, where that is the bound, short and at an angle."""
    assert at.t is not None
    return at["length"] ** at.t * (along(at, at.t) if at.t % 2 else gain(at, at.t // 2))


ONE_LAYER = (At((3, 5, 2)), At((4, 6, 3), 5, F(7, 4)))


@bounded("regions.gradient.upper", at=with_orders(biased(PAPER_POINTS, "any"), 2, 4))
@bounded("regions.gradient.upper.sharp", at=with_orders(biased(PAPER_POINTS, "zero"), 2, 4))
def feature_gradient(at: At) -> float:
    assert at.t is not None
    return chains.column_moment(at.n[:-2], at.K, at.c, at.t // 2)


@bounded("regions.gradient.upper", at=with_orders(biased(ONE_LAYER, "any"), 1, 3))
@bounded("regions.gradient.upper.sharp", at=with_orders(biased(ONE_LAYER, "zero"), 1, 3))
def weights_of_a_feature(at: At) -> float:
    """Of the first layer: a normal vector."""
    assert at.t is not None
    return (at.c / at.n[0]) ** (at.t / 2) * of_radius(1, at.n[0], lambda r: r**at.t)


@bounded("regions.count.patterns", at=(At((1, 5, 2)), At((1, 4, 3), 5)))
def pieces_on_a_line(at: At) -> float:
    """At most: a unit of rank K breaks a line K - 1 times."""
    return at.n[1] * (at.K - 1) + 1


def in_general_position(at: At) -> float:
    """At most: regions of space behind one layer; its pieces break on (K-1) n planes."""
    planes = at.n[1] * (at.K - 1)
    return sum(math.comb(planes, j) for j in range(at.n[0] + 1))


SHALLOW = tuple(At((2, *at.n[1:2], 3), at.K, at.exact_c, at.bias, given=at.given) for at in CUBE)


@bounded("regions.count.upper", "regions.count.upper.sharp", at=SHALLOW)
def regions_of_one_layer(at: At) -> float:
    return in_general_position(at)


@bounded("regions.boundary.upper", "regions.boundary.upper.sharp", at=SHALLOW)
def boundary_of_one_layer(at: At) -> float:
    """A region holds one linear piece for each pair of classes."""
    return math.comb(at.n[-1], 2) * in_general_position(at)
