"""kappa_K, q_K, the recursions and the tangent kernel's diagonal, as SymPy states them."""

from __future__ import annotations

import mpmath
import pytest
import sympy as sp

from maxout.numerics.kernels.kernel_integral import kernel_value, winner_value
from maxout.theory import symbols
from maxout.theory.errors import MaxoutError
from maxout.theory.gradients import parameter_gradients
from maxout.theory.kernels import infinite_width, tangent_diagonal
from maxout.theory.kernels.infinite_width import MaxKernel, WinnerProbability
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment

RHO = sp.Symbol("rho", real=True)
K = symbols.K


def test_special_values():
    assert MaxKernel(K, 1) == LargestNormalMoment(K, 2)
    assert MaxKernel(K, 0) == LargestNormalMoment(K, 1) ** 2
    assert WinnerProbability(K, 0) == 1 / K
    assert WinnerProbability(K, 1) == 1
    assert WinnerProbability(7, -1) == 0
    assert MaxKernel(1, RHO) == RHO
    assert WinnerProbability(1, -1) == 1
    assert MaxKernel(2, -1) == 0
    assert sp.simplify(MaxKernel(3, -1) - sp.sqrt(3) / sp.pi) == 0


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_closed_forms_have_the_winner_probability_as_derivative(rank):
    slope = MaxKernel(rank, RHO).diff(RHO)
    assert sp.simplify(slope - WinnerProbability(rank, RHO)) == 0
    assert sp.simplify(slope - WinnerProbability(rank % 3 + 1, RHO)) != 0


def test_derivative_of_the_unevaluated_kernel():
    assert MaxKernel(K, RHO**2).diff(RHO) == 2 * RHO * WinnerProbability(K, RHO**2)
    assert MaxKernel(9, RHO).diff(RHO) == WinnerProbability(9, RHO)


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("rho", ["-0.4", "0.3"])
def test_quadrature_against_the_closed_forms_beyond_float64(rank, rho):
    exact = sp.Rational(rho)
    for value, function in ((winner_value, WinnerProbability), (kernel_value, MaxKernel)):
        with mpmath.workdps(30):
            closed = mpmath.mpf(str(function(rank, exact).evalf(30)))
            assert abs(value(rank, mpmath.mpf(rho), 70) - closed) < mpmath.mpf(2) ** -70


def test_evalf_of_rank_4_and_its_finite_difference():
    rho, step = sp.Rational(1, 4), sp.Rational(1, 50)
    q = WinnerProbability(4, rho).evalf(15)
    points = [MaxKernel(4, rho + k * step).evalf(18) for k in (-2, -1, 1, 2)]
    slope = (points[0] - 8 * points[1] + 8 * points[2] - points[3]) / (12 * step)
    # Fourth order: step^4/30 times the fifth derivative, which is below 10 here.
    assert abs(slope - q) < 10 * step**4 / 30
    assert abs(slope - WinnerProbability(5, rho).evalf(15)) > sp.Rational(1, 100)
    assert q == WinnerProbability(4, sp.Float("0.25", 30)).evalf(15)


def test_evalf_leaves_precision_alone():
    before = mpmath.mp.prec
    WinnerProbability(4, sp.Rational(1, 3)).evalf(12)
    assert mpmath.mp.prec == before


@pytest.mark.parametrize("arguments", [(0, 0.5), (sp.Rational(5, 2), 0), (-3, 0.1)])
def test_ranks_outside_the_domain(arguments):
    with pytest.raises(MaxoutError, match="rank must be an integer >= 1"):
        MaxKernel(*arguments)


@pytest.mark.parametrize("rho", [sp.Rational(11, 10), -2, sp.I, sp.sqrt(2), sp.nan, sp.oo])
def test_correlations_outside_the_domain(rho):
    for function in (MaxKernel, WinnerProbability):
        with pytest.raises(MaxoutError, match="correlation must be a real number from -1 to 1"):
            function(4, rho)


def test_printing():
    assert sp.latex(MaxKernel(K, RHO)) == r"\kappa_{K}\left(\rho\right)"
    assert sp.latex(WinnerProbability(4, RHO) ** 2) == r"q_{4}^{2}\left(\rho\right)"
    assert str(MaxKernel(4, RHO)) == "MaxKernel(4, rho)"


@pytest.mark.parametrize("bias_variance", [0, sp.Rational(1, 3)])
def test_recursion_of_rank_1_is_the_deep_linear_kernel(bias_variance):
    values = {symbols.c: 1, symbols.n_0: 2, infinite_width.bias_variance: bias_variance}
    values |= {infinite_width.x_x: 3, infinite_width.y_y: 4, infinite_width.x_y: sp.Rational(1, 2)}
    first = sp.Rational(1, 4) + bias_variance
    assert infinite_width.nngp(4, 1).subs(values) == first + 3 * bias_variance
    assert infinite_width.ntk(2, 1).subs(values) == 2 * first + bias_variance


def test_recursion_meets_the_arrays():
    np = pytest.importorskip("numpy")
    from maxout.numerics import kernels as numeric

    x, y = np.array([1.0, -0.5]), np.array([0.25, 2.0])
    values = {
        symbols.c: sp.Rational(3, 4),
        symbols.n_0: 2,
        infinite_width.bias_variance: sp.Rational(1, 5),
    }
    values |= {infinite_width.x_x: 1.25, infinite_width.y_y: 4.0625, infinite_width.x_y: -0.75}
    second = {LargestNormalMoment(3, 2): 1 + sp.sqrt(3) / (2 * sp.pi)}
    given = {"depth": 3, "rank": 3, "c": 0.75, "bias_variance": 0.2}
    for exact, function in ((infinite_width.nngp, numeric.nngp), (infinite_width.ntk, numeric.ntk)):
        stated = exact(3, 3).subs(second).subs(values).evalf(15)
        assert function(x[None], y[None], **given).item() == pytest.approx(float(stated), rel=1e-13)


WIDTHS = (6, 8, 5, 7, 1)
MOMENTS = {  # elementary at rank 4; the second moment of the largest is that of the whole sample
    LargestNormalMoment(K, 2): 1 + sp.sqrt(3) / sp.pi,
    LargestChi2Moment(K, 1): 1 + 8 / (sp.sqrt(3) * sp.pi),
    SmallestChi2Moment(K, 1): 1 - 12 / sp.pi + 16 / (sp.sqrt(3) * sp.pi),
}


NORM = sp.Rational(17, 10)


def at_the_case(expression, layer=None, norm=NORM):
    """n_0 = 6, widths 8, 5, 7, K = 4, c = 1/M_4, ||x|| = 1.7."""
    expression = expression.subs(MOMENTS).subs({symbols.L: 4, symbols.x_norm: norm})
    if layer is not None:
        expression = expression.subs(symbols.l, layer)
    expression = expression.subs(symbols.c, 1 / MOMENTS[LargestNormalMoment(K, 2)])
    expression = expression.subs(symbols.n_0, WIDTHS[0]).doit()
    return float(expression.subs({symbols.n[k]: w for k, w in enumerate(WIDTHS)}))


def test_the_four_layers_of_the_diagonal():
    layers = [at_the_case(parameter_gradients.weight_gradient(), k) for k in (1, 2, 3)]
    layers.append(at_the_case(parameter_gradients.output_weight_gradient()))
    assert layers == pytest.approx([1.5279, 2.7578, 2.4083, 3.3717], abs=5e-5)
    assert at_the_case(tangent_diagonal.diagonal_mean()) == pytest.approx(sum(layers), rel=1e-12)


@pytest.mark.parametrize("bias_parameters", [False, True])
def test_the_bounds_of_the_diagonal_are_a_ladder(bias_parameters):
    steps = [
        tangent_diagonal.diagonal_bound("lower", bias_parameters),
        tangent_diagonal.diagonal_bound("lower", bias_parameters, sharp=True),
        tangent_diagonal.diagonal_mean(bias_parameters),
        tangent_diagonal.diagonal_bound("upper", bias_parameters, sharp=True),
        tangent_diagonal.diagonal_bound("upper", bias_parameters),
    ]
    values = [at_the_case(step) for step in steps]
    assert values == sorted(values)
    assert len(set(values)) == 5


def test_bias_parameters_add_their_own_gradients():
    added = at_the_case(tangent_diagonal.diagonal_mean(True)) - at_the_case(
        tangent_diagonal.diagonal_mean()
    )
    parts = [at_the_case(parameter_gradients.bias_gradient(), k) for k in (1, 2, 3)]
    assert added == pytest.approx(sum(parts) + 1, rel=1e-12)


def test_the_diagonal_comes_to_its_limit_as_the_widths_grow():
    """The deviation falls as 1/width, and the limit is the recursion's value at x = y."""
    limit = at_the_case(tangent_diagonal.scaled_diagonal_limit())
    ratios = []
    for factor in (1, 1000):
        widths = {symbols.n[k]: w * factor for k, w in enumerate(WIDTHS[:-1])}
        widths[symbols.n[0]] = WIDTHS[0]
        exact = tangent_diagonal.scaled_diagonal_mean().subs(MOMENTS)
        exact = exact.subs({symbols.L: 4, symbols.x_norm: sp.Rational(17, 10)})
        exact = exact.subs(symbols.c, 1 / MOMENTS[LargestNormalMoment(K, 2)])
        ratios.append(float(exact.subs(symbols.n_0, 6).doit().subs(widths)) / limit - 1)
    assert abs(ratios[0]) > 0.01
    assert ratios[1] == pytest.approx(ratios[0] / 1000, rel=0.5)

    square = sp.Rational(289, 100)
    same = {
        infinite_width.x_x: square,
        infinite_width.x_y: square,
        infinite_width.y_y: square,
        symbols.n_0: 6,
    }
    same |= {infinite_width.bias_variance: 0, symbols.c: 1 / MOMENTS[LargestNormalMoment(K, 2)]}
    recursion = infinite_width.ntk(4).subs(same).subs(MOMENTS)
    assert float(sp.simplify(recursion)) == pytest.approx(limit, rel=1e-12)
