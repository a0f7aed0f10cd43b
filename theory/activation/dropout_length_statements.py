"""The activation length with dropout: exact in training and in evaluation mode."""

from maxout.theory.block_conditions import DROPOUT_ALONE
from maxout.theory.conditions import ZERO
from maxout.theory.domain import Domain, Range
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, L, c, dropout, n_0, x_norm

_M = LargestNormalMoment(K, 2)
_SOURCE = Source("project", "length with dropout")
_DOMAIN = Domain(ZERO, blocks=DROPOUT_ALONE)

STATEMENTS = (
    Statement(
        key="dropout.length.train",
        title="in training mode the length grows by c M_K/(1-p) a layer; c = (1-p)/M_K keeps it",
        left=r"\mathbb{E}\,\|D_{L-1} x^{(L-1)}\|^2 / n_{L-1}",
        relation=Relation.EQ,
        build=lambda t: x_norm**2 / n_0 * (c * _M / (1 - dropout)) ** (L - 1),
        definitions=(
            "weights N(0, c/fan_in)",
            "training mode: units behind every maximum are 0 with chance p_drop, else times "
            "1/(1 - p_drop), independent of all else",
            "the length is that behind the last mask",
        ),
        domain=_DOMAIN,
        range=Range.NON_NEGATIVE,
        source=_SOURCE,
        proof="dropout.md#the-length-in-training-mode",
        parameters=(x_norm,),
        quantity="activation.mean",
        rung="exact",
    ),
    Statement(
        key="dropout.length.eval",
        title="in evaluation mode the same weights give the length without dropout, c M_K a layer",
        left=r"\mathbb{E}\,\|x^{(L-1)}\|^2 / n_{L-1},\ \text{masks off}",
        relation=Relation.EQ,
        build=lambda t: x_norm**2 / n_0 * (c * _M) ** (L - 1),
        definitions=("weights N(0, c/fan_in)", "evaluation mode: no unit is dropped or scaled"),
        domain=_DOMAIN,
        range=Range.NON_NEGATIVE,
        source=_SOURCE,
        proof="dropout.md#evaluation-mode",
        parameters=(x_norm,),
    ),
)
