"""The infinite-width kernels kappa_K and q_K, and the NNGP and tangent kernels of two inputs."""

from typing import Any

import sympy as sp

from maxout.theory.conditions import (
    ANGLE,
    BY_BIAS,
    CORRELATED_INPUTS,
    DIFFERENT_INPUTS,
    GAUSSIAN,
    GIVEN_VARIANCE,
    ONE_HIDDEN,
    VARIANCE_FITS_BIAS,
    ZERO,
    rank_at_most,
    rank_is,
)
from maxout.theory.domain import Domain, Range
from maxout.theory.kernels import tangent_diagonal
from maxout.theory.kernels.infinite_width import MaxKernel, PairNNGP, PairNTK, WinnerProbability
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.statement import Relation, Source, Statement, Status
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
_TANGENT = "gradient by the standard normal variables behind weights and biases"
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
    *_of_pairs("ntk", PairNTK, r"\Theta(x, y)", _TANGENT),
)

_WEIGHTS = "weights N(0, c/fan_in), output weights N(0, 1/fan_in)"
_OUTPUT = "N: one output, whatever their number"
_SUM = "K(x, x): sum of ||dN/dW^(l)||^2 over the layers"
_DIAGONAL = r"\mathbb{E}\,K(x, x)"


def _diagonal(
    key: str, title: str, relation: Relation, right: sp.Expr, source: Source, **fields: Any
) -> Statement:
    return Statement(
        key=f"kernel.diagonal.{key}",
        title=title,
        relation=relation,
        build=lambda t: right,
        source=source,
        parameters=(x_norm,),
        **{
            "left": _DIAGONAL,
            "definitions": (_WEIGHTS, _OUTPUT, _SUM),
            "domain": Domain(ZERO),
            "range": Range.NON_NEGATIVE,
            "proof": "kernels.md#on-the-diagonal",
            **fields,
        },
    )


def _ladder() -> tuple[Statement, ...]:
    found = []
    for bias in ("zero", "gaussian"):
        prefix = "" if bias == "zero" else "gaussian."
        for sharp in (False, True):
            for side, relation in (("lower", Relation.GE), ("upper", Relation.LE)):
                rung = f"{side}.sharp" if sharp else side
                source = (
                    _project("two-sided bounds of the tangent kernel")
                    if sharp
                    else Source("tseran2023", "from the moment bounds of the Jacobian norm")
                )
                found.append(
                    _diagonal(
                        f"{prefix}{rung}",
                        f"{side} bound of the on-diagonal tangent kernel, layer by layer",
                        relation,
                        tangent_diagonal.diagonal_bound(side, bias=bias, sharp=sharp),
                        source,
                        domain=Domain(BY_BIAS[bias]),
                        status=Status.PROVED if sharp else Status.DERIVED,
                        quantity="kernel.diagonal",
                        rung=rung,
                    )
                )
    return tuple(found)


_ON_DIAGONAL = (
    _diagonal(
        "exact",
        "exact mean of the on-diagonal tangent kernel at zero bias",
        Relation.EQ,
        tangent_diagonal.diagonal_mean(),
        _project("exact mean of the tangent kernel"),
        quantity="kernel.diagonal",
        rung="exact",
    ),
    _diagonal(
        "exact.biases",
        "the same with the biases, zero at initialization, as parameters too",
        Relation.EQ,
        tangent_diagonal.diagonal_mean(bias_parameters=True),
        _project("exact mean of the tangent kernel"),
        left=_DIAGONAL + r" + \mathbb{E}\sum_l \|\partial N/\partial b^{(l)}\|^2",
    ),
    _diagonal(
        "gaussian.exact",
        "exact mean of the on-diagonal tangent kernel with gaussian biases",
        Relation.EQ,
        tangent_diagonal.gaussian_diagonal_mean(),
        _project("exact mean of the tangent kernel"),
        domain=Domain(GAUSSIAN),
        quantity="kernel.diagonal",
        rung="exact",
    ),
    *_ladder(),
    _diagonal(
        "scaled",
        "exact mean of Theta(x, x) in the NTK parametrization at finite widths",
        Relation.EQ,
        tangent_diagonal.scaled_diagonal_mean(),
        _project("exact mean of the tangent kernel"),
        left=r"\mathbb{E}\,\Theta(x, x)",
        definitions=(_WEIGHTS, _OUTPUT, _TANGENT),
        proof="kernels.md#convergence",
    ),
    _diagonal(
        "limit",
        "the mean of Theta(x, x) as the widths grow, off by what the exact mean says",
        Relation.LIMIT,
        tangent_diagonal.scaled_diagonal_limit(),
        _project("exact mean of the tangent kernel"),
        left=r"\mathbb{E}\,\Theta(x, x)",
        definitions=(_WEIGHTS, _OUTPUT, _TANGENT, "every width to infinity, the depth fixed"),
        proof="kernels.md#convergence",
    ),
)

STATEMENTS = (*_ONE, *_PAIR, *_ON_DIAGONAL)
