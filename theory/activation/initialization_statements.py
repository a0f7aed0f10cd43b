"""How the constant c sets the scale of activations."""

import sympy as sp

from maxout.theory.activation.pooling import PooledMoment, PooledProduct
from maxout.theory.activation.weight_laws import LAWS, two_term_moment
from maxout.theory.conditions import (
    COMMON_CORRELATION,
    HAS_DENSITY,
    SPREAD_OVER_INPUTS,
    ZERO,
)
from maxout.theory.domain import Domain, Range
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import (
    K,
    L,
    c,
    correlation,
    kurtosis,
    n_0,
    participation,
    window,
    x_norm,
)

_POOLED = "y: largest over p cells and K pieces of N(0, 1) features"
_SHARED = "features of one piece in any two cells have correlation rho_xy, others none"
_SQUARE = r"\mathbb{E}\bigl[(\max_{k \leq K} W_k \cdot x)^2\bigr]"
_WEIGHTS = Source("project", "weights that are not normal", after=("petrov1975",))

STATEMENTS = (
    Statement(
        key="init.stationary",
        title="the normalized activation length grows by c M_K a layer, and stays at c = 1/M_K",
        left=r"\mathbb{E}\,\|x^{(L-1)}\|^2 / n_{L-1}",
        relation=Relation.EQ,
        build=lambda t: x_norm**2 / n_0 * (c * LargestNormalMoment(K, 2)) ** (L - 1),
        definitions=("weights N(0, c/fan_in)",),
        domain=Domain(ZERO),
        range=Range.NON_NEGATIVE,
        source=Source("tseran2023", "activation length; initialization c = 1/E[Xi_K^2]"),
        proof="initialization.md#stationary-length",
        parameters=(x_norm,),
    ),
    Statement(
        key="init.max_pooling",
        title="rank K followed by max pooling over p cells acts as rank K p",
        left=r"\mathbb{E}\bigl[(\max_{j \leq p} \Xi_K^{(j)})^2\bigr]",
        relation=Relation.EQ,
        build=lambda t: LargestNormalMoment(K * window, 2),
        definitions=("the p pooled cells are independent", "weights N(0, c/fan_in)"),
        domain=Domain(),
        range=Range.NON_NEGATIVE,
        source=Source("tseran2023", "max-pooling initialization"),
        proof="initialization.md#max-pooling",
        parameters=(window,),
    ),
    Statement(
        key="init.max_pooling.correlated",
        title="max pooling over p cells of common correlation",
        left=r"\mathbb{E}[y^2]",
        relation=Relation.EQ,
        build=lambda t: PooledMoment(K, window, correlation),
        definitions=(_POOLED, _SHARED),
        domain=Domain(COMMON_CORRELATION),
        range=Range.NON_NEGATIVE,
        source=Source("project", "pooling over correlated cells"),
        proof="pooling.md#one-window",
        parameters=(window, correlation),
    ),
    Statement(
        key="init.max_pooling.next",
        title="the mean product of two windows, all of whose cells have one common correlation",
        left=r"\mathbb{E}[y y']",
        relation=Relation.EQ,
        build=lambda t: PooledProduct(K, window, correlation),
        definitions=(f"{_POOLED}; y' another window's", _SHARED),
        domain=Domain(COMMON_CORRELATION),
        range=Range.NON_NEGATIVE,
        source=Source("project", "pooling over correlated cells"),
        proof="pooling.md#two-windows",
        parameters=(window, correlation),
    ),
    Statement(
        key="init.weights.second_moment",
        title="mean square of a unit whose weights are not normal, to first order in 1/fan_in",
        left=_SQUARE,
        relation=Relation.LIMIT,
        build=lambda t: c * x_norm**2 / n_0 * two_term_moment(K, kurtosis, participation),
        definitions=(
            "W_k: iid weights of variance c/n_0, symmetric, with a density and six moments",
            "kappa_4: their excess kurtosis; P_x: sum of x_i^4 over |x|^4",
            "up to O(1/n_0^2) where P_x is of order 1/n_0",
        ),
        domain=Domain(ZERO, HAS_DENSITY, SPREAD_OVER_INPUTS),
        source=_WEIGHTS,
        proof="weights.md#first-order",
        parameters=(x_norm, kurtosis, participation),
    ),
    Statement(
        key="init.uniform",
        title="mean square of a unit with uniform weights of half-width sqrt(3c/fan_in)",
        left=_SQUARE,
        relation=Relation.LIMIT,
        build=lambda t: (
            c * x_norm**2 / n_0 * two_term_moment(K, LAWS["uniform"].kurtosis, participation)
        ),
        definitions=(
            "W_k: iid weights of the first layer, uniform on +-sqrt(3c/n_0); P_x: sum of x_i^4 "
            "over |x|^4",
            "up to O(1/n_0^2) where P_x is of order 1/n_0",
        ),
        domain=Domain(ZERO, SPREAD_OVER_INPUTS),
        source=_WEIGHTS,
        proof="weights.md#uniform-weights",
        parameters=(x_norm, participation),
    ),
    Statement(
        key="init.relu",
        title="a ReLU keeps half of a second moment, so that c = 2 keeps the length",
        left=r"\mathbb{E}[\max(0, Z)^2]",
        relation=Relation.EQ,
        build=lambda t: sp.Rational(1, 2),
        definitions=("Z ~ N(0,1)",),
        domain=Domain(),
        range=Range.NON_NEGATIVE,
        source=Source("he2015", "initialization of rectifiers"),
        proof="initialization.md#relu",
    ),
)
