"""Linear regions in the whole input space: exact for one layer, products for depth."""

from maxout.theory.conditions import (
    GAUSSIAN,
    ONE_HIDDEN,
    WHATEVER_BIAS,
    ZERO,
    rank_at_least,
    rank_at_most,
)
from maxout.theory.domain import Domain, Range
from maxout.theory.regions import layer_counts
from maxout.theory.regions.layer_counts import AffineLayerRegions, LinearLayerRegions
from maxout.theory.regions.region_conditions import inputs_at_most
from maxout.theory.statement import Relation, Source, Statement, Status

_COUNT = r"\mathbb{E}\,\#\{\text{linear regions of } \mathbb{R}^{n_0}\}"
_WEIGHTS = "iid normal weights, of any variance"
_FACES = "A_K(y): sum over g of K C(K-1, g) P_g(-1/g) P_{K-1-g}(1/(g+2)) y^g"
_R = "R_K(n, d): sum over j <= d of the coefficients of y^j in A_K(y)^n"
_Z = "Z_K(n, d): twice those of y^(d-1), y^(d-3), ... in A_K(y)^n; K^n where n (K-1) < d"
_D = "d_l = min(n_0, ..., n_{l-1})"
_LIMITS = (rank_at_most(64), inputs_at_most(1000))
_PROOF = "linear-regions.md#the-whole-space"


def _exact(name: str) -> Source:
    return Source("project", name, ("affentranger1992",))


STATEMENTS = (
    Statement(
        key="regions.whole.layer.gaussian",
        title="the whole space, one layer: the exact mean, gaussian biases of any variance",
        left=_COUNT,
        relation=Relation.EQ,
        build=lambda t: layer_counts.layer_mean(AffineLayerRegions),
        definitions=(_WEIGHTS, _R, _FACES),
        domain=Domain(GAUSSIAN, rank_at_least(2), ONE_HIDDEN, limits=_LIMITS),
        range=Range.AT_LEAST_ONE,
        source=_exact("upper vertices of Gaussian projections"),
        proof=_PROOF,
        quantity="regions.whole.gaussian",
        rung="exact",
    ),
    Statement(
        key="regions.whole.layer.zero",
        title="the whole space, one layer: the exact mean without biases",
        left=_COUNT,
        relation=Relation.EQ,
        build=lambda t: layer_counts.layer_mean(LinearLayerRegions),
        definitions=(_WEIGHTS, _Z, _FACES),
        domain=Domain(ZERO, rank_at_least(2), ONE_HIDDEN, limits=_LIMITS),
        range=Range.AT_LEAST_ONE,
        source=_exact("vertices of Gaussian projections"),
        proof=_PROOF,
        quantity="regions.whole.zero",
        rung="exact",
    ),
    Statement(
        key="regions.whole.upper.gaussian",
        title="the whole space, any depth: product of the layers' means, gaussian biases",
        left=_COUNT,
        relation=Relation.LE,
        build=lambda t: layer_counts.network_mean_upper(AffineLayerRegions),
        definitions=(_WEIGHTS, _R, _FACES, _D),
        domain=Domain(GAUSSIAN, rank_at_least(2), limits=_LIMITS),
        range=Range.AT_LEAST_ONE,
        source=_exact("products over the layers"),
        proof="linear-regions.md#depth",
        quantity="regions.whole.gaussian",
        rung="upper.sharp",
    ),
    Statement(
        key="regions.whole.upper.zero",
        title="the whole space, any depth: product of the layers' means, without biases",
        left=_COUNT,
        relation=Relation.LE,
        build=lambda t: layer_counts.network_mean_upper(LinearLayerRegions),
        definitions=(_WEIGHTS, _Z, _FACES, _D),
        domain=Domain(ZERO, rank_at_least(2), limits=_LIMITS),
        range=Range.AT_LEAST_ONE,
        source=_exact("products over the layers"),
        proof="linear-regions.md#depth",
        quantity="regions.whole.zero",
        rung="upper.sharp",
    ),
    Statement(
        key="regions.whole.maximum",
        title="the whole space, any depth: product of the layers' sharp maxima, any parameters",
        left=r"\#\{\text{linear regions of } \mathbb{R}^{n_0}\}",
        relation=Relation.LE,
        build=lambda t: layer_counts.network_maximum(),
        definitions=("any parameters", _D),
        domain=Domain(WHATEVER_BIAS),
        range=Range.AT_LEAST_ONE,
        source=Source("montufar2021", "sharp maximum of one layer"),
        status=Status.CITED,
        proof="linear-regions.md#depth",
    ),
)
