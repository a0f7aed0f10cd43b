"""The infinite-width kernels kappa_K and q_K, and the NNGP and tangent kernels of two inputs."""

from typing import Any

import sympy as sp

from maxout.theory.conditions import (
    ANGLE,
    CORRELATED_INPUTS,
    DIFFERENT_INPUTS,
    GIVEN_VARIANCE,
    ONE_HIDDEN,
    VARIANCE_FITS_BIAS,
    rank_at_most,
    rank_is,
)
from maxout.theory.domain import Domain, Range
from maxout.theory.kernels.infinite_width import MaxKernel, PairNNGP, PairNTK, WinnerProbability
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import (
    K,
    L,
    bias_variance,
    c,
    correlation,
    n_0,
    x_norm,
    y_norm,
)

_PAIRS = "K iid pairs (X_k, Y_k) of standard normals with correlation rho_xy"
_KAPPA = r"\mathbb{E}[\max_k X_k \max_k Y_k]"
_SAME = r"\Pr(\operatorname{argmax} X = \operatorname{argmax} Y)"
_rho = sp.Symbol("rho", real=True)
_LIMITS = (rank_at_most(10**4),)


def _project(name: str) -> Source:
    return Source("project", name)


def _one_unit(
    key: str,
    title: str,
    left: str,
    right: sp.Expr,
    proof: str,
    after: tuple[str, ...] = ("liang2022",),
    **more: Any,
) -> Statement:
    fields = {
        "relation": Relation.EQ,
        "definitions": (_PAIRS, *more.pop("further", ())),
        "domain": Domain(),
        "range": Range.PROBABILITY,
        "parameters": (correlation,) if correlation in right.free_symbols else (),
    }
    return Statement(
        key=f"kernel.{key}",
        title=title,
        left=left,
        build=lambda t: right,
        source=Source("project", "kernels of one unit", after),
        proof=f"kernels.md#{proof}",
        **{**fields, **more},
    )


def _closed(rank: int) -> tuple[Statement, Statement]:
    fields: dict[str, Any] = {"domain": Domain(rank_is(rank))}
    if rank == 2:  # max(X, Y) = (X + Y + |X - Y|)/2: a rectifier's kernel
        fields["after"] = ("cho2009", "liang2022")
    return (
        _one_unit(
            f"winner.rank{rank}",
            f"rank {rank}: the probability that one piece wins at both inputs, in closed form",
            _SAME,
            WinnerProbability(rank, correlation),
            f"rank-{rank}",
            **fields,
        ),
        _one_unit(
            f"kappa.rank{rank}",
            f"rank {rank}: the mean product of the maxima, in closed form",
            _KAPPA,
            MaxKernel(rank, correlation),
            f"rank-{rank}",
            range=Range.REAL,
            **fields,
        ),
    )


_ONE = (
    _one_unit(
        "kappa.derivative",
        "the derivative of kappa is the probability that the same piece wins",
        rf"\frac{{d}}{{d\rho_{{xy}}}} {_KAPPA}",
        WinnerProbability(K, correlation),
        "the-derivative-is-the-winner-probability",
        domain=Domain(DIFFERENT_INPUTS, limits=_LIMITS),
        after=("plackett1954", "liang2022"),
    ),
    _one_unit(
        "kappa.zero",
        "independent pairs: kappa(0) is the squared mean of the largest normal",
        rf"{_KAPPA},\ \rho_{{xy}} = 0",
        LargestNormalMoment(K, 1) ** 2,
        "special-correlations",
        range=Range.NON_NEGATIVE,
    ),
    _one_unit(
        "kappa.one",
        "equal inputs: kappa(1) = M_K",
        rf"{_KAPPA},\ \rho_{{xy}} = 1",
        LargestNormalMoment(K, 2),
        "special-correlations",
        range=Range.NON_NEGATIVE,
    ),
    _one_unit(
        "winner.zero",
        "independent pairs: q(0) = 1/K",
        rf"{_SAME},\ \rho_{{xy}} = 0",
        1 / K,
        "special-correlations",
    ),
    _one_unit(
        "winner.one",
        "equal inputs: q(1) = 1",
        rf"{_SAME},\ \rho_{{xy}} = 1",
        sp.Integer(1),
        "special-correlations",
    ),
    _one_unit(
        "winner.variance",
        "the variance of the largest normal is the integral of q from 0 to 1",
        r"\mathrm{Var}\,\Xi_K",
        sp.Integral(WinnerProbability(K, _rho), (_rho, 0, 1)),
        "special-correlations",
        domain=Domain(limits=_LIMITS),
        range=Range.NON_NEGATIVE,
    ),
    *_closed(2),
    *_closed(3),
    _one_unit(
        "winner.near_one",
        "close inputs: the pieces part ways at a rate E Xi_K/sqrt(pi) of the angle",
        rf"(1 - {_SAME})/\theta,\ \rho_{{xy}} = \cos\theta",
        LargestNormalMoment(K, 1) / sp.sqrt(sp.pi),
        "close-inputs",
        relation=Relation.LIMIT,
        further=("theta to 0",),
        range=Range.NON_NEGATIVE,
    ),
)

_NTK_WEIGHTS = (
    "weights N(0, c/fan_in), output weights N(0, 1/fan_in)",
    "biases N(0, sigma_b^2), hidden and output",
)
TANGENT = "gradient by the standard normal variables behind weights and biases"
_TWO_INPUTS = "inputs x and y at an angle of cosine rho_xy"


def _pair(kernel: type[sp.Function]) -> sp.Expr:
    products = (x_norm**2, x_norm * y_norm * correlation, y_norm**2)
    return kernel(L, K, c, bias_variance, *(product / n_0 for product in products))


def _of_pairs(name: str, kernel: type[sp.Function], left: str, *further: str) -> tuple[Any, ...]:
    words = {"nngp": "the covariance of the output", "ntk": "the tangent kernel of one output"}[
        name
    ]
    source = {
        "nngp": Source("liang2022", "kernel of infinitely wide maxout networks"),
        "ntk": Source("project", "tangent kernel of infinitely wide networks", ("liang2022",)),
    }
    shared: dict[str, Any] = {
        "left": left,
        "build": lambda t: _pair(kernel),
        "source": source[name],
        "parameters": (x_norm, y_norm, correlation, bias_variance),
    }
    definitions = (*_NTK_WEIGHTS, _TWO_INPUTS, *further)
    conditions = (GIVEN_VARIANCE, VARIANCE_FITS_BIAS, ANGLE, CORRELATED_INPUTS)
    return (
        Statement(
            key=f"kernel.{name}.shallow",
            title=f"one hidden layer: {words} has the infinite-width value at every width",
            relation=Relation.EQ,
            definitions=definitions,
            domain=Domain(*conditions, ONE_HIDDEN, limits=_LIMITS),
            proof="kernels.md#one-hidden-layer",
            **{**shared, "left": rf"\mathbb{{E}}\,{left}"},
        ),
        Statement(
            key=f"kernel.{name}.deep",
            title=f"{words} as the widths grow, in probability",
            relation=Relation.LIMIT,
            definitions=(*definitions, "every width to infinity, the depth fixed"),
            domain=Domain(*conditions, limits=_LIMITS),
            proof="kernels.md#the-recursions",
            **shared,
        ),
    )


_PAIR = (
    *_of_pairs("nngp", PairNNGP, r"\mathrm{Cov}(N(x), N(y) \mid \text{hidden layers})"),
    *_of_pairs("ntk", PairNTK, r"\Theta(x, y)", TANGENT),
)

STATEMENTS = (*_ONE, *_PAIR)
