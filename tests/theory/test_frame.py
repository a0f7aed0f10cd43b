"""The moving frame, at zero bias and with gaussian biases, as expressions."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy.special import log_ndtr

from maxout.numerics.jacobian.value_functions import jacobian_moment
from maxout.theory.errors import MaxoutError
from maxout.theory.jacobian import gaussian_frame, moving_frame
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.symbols import K, L, c, cos_0, n, n_0, n_L, x_norm
from maxout.theory.typical import typical_size

M = LargestNormalMoment(K, 2)


def at(expr: sp.Expr, widths: tuple[int, ...]) -> sp.Expr:
    """The expression at concrete widths (n_0, ..., n_L), everything else kept."""
    depth = len(widths) - 1
    found = expr.subs(L, depth).doit()
    return found.xreplace({n[i]: sp.Integer(w) for i, w in enumerate(widths)}).subs(
        {n_0: widths[0], n_L: widths[-1]}
    )


def test_the_mean_by_its_recursion() -> None:
    widths = (6, 8, 5, 7, 2)
    second = sp.Rational(3, 2)
    along, across = cos_0**2, 1 - cos_0**2
    for before, units in zip(widths[:-2], widths[1:-1], strict=True):
        along, across = (
            c / before * (units * second * along + across),
            c / before * (units - 1) * across,
        )
    exact = sp.Rational(widths[-1], widths[-2]) * (along + across)
    found = at(moving_frame.mean_exact(), widths).subs(M, second)
    assert sp.expand(found - exact) == 0


def test_order_one_is_the_mean() -> None:
    widths = (3, 4, 2, 5)
    found = at(moving_frame.moment_exact(1), widths)
    assert sp.expand(found - at(moving_frame.mean_exact(), widths)) == 0


@pytest.mark.parametrize("order", [1, 2, 3])
def test_rank_one_is_a_linear_network(order) -> None:
    widths = (3, 4, 2, 5)
    found = at(moving_frame.moment_exact(order), widths).subs(K, 1).doit()
    exact = moving_frame.chi2_moment(sp.Integer(5), order) / sp.Integer(3) ** order
    for units in widths[1:-1]:
        exact *= (c / units) ** order * moving_frame.chi2_moment(sp.Integer(units), order)
    assert sp.simplify(found - exact) == 0


def test_the_fourth_moment_of_the_specification() -> None:
    """p^4, p^2 q^2 and q^4 of one layer, written out."""
    m, s2 = sp.symbols("m s2", positive=True)
    matrix = moving_frame.transfer_matrix(2, m, s2)
    square, fourth = m * M, moving_frame.SquaredNormMoment(K, m, 2)
    expected = sp.Matrix(
        [
            [m**2 - 1, 0, 0],
            [m - 1, (m - 1) * square, 0],
            [3, 6 * square, fourth],
        ]
    )
    assert (matrix - s2**2 * expected).applyfunc(sp.expand) == sp.zeros(3, 3)


def test_transfer_matrix_refuses_bad_orders() -> None:
    for order in (0, 1.5):
        with pytest.raises(MaxoutError, match="order must be an integer"):
            moving_frame.transfer_matrix(order, n[1], c)
        with pytest.raises(MaxoutError, match="order must be an integer"):
            gaussian_frame.moment_gaussian(order)


def test_exponents_add_up_to_the_volume() -> None:
    """At rank 1 the exponents are E ln of the singular directions of a Gaussian matrix."""
    width = 5
    total = moving_frame.lyapunov_top(sp.Integer(width)).subs(K, 1) + sum(
        moving_frame.lyapunov_rest(sp.Integer(width), sp.Integer(i)) for i in range(1, width)
    )
    # ln |det| of s times a standard Gaussian matrix is a sum of ln chi_1, ..., ln chi_5.
    exact = width * sp.log(c / width) / 2 + sum(
        (sp.log(2) + sp.digamma(sp.Rational(i, 2))) / 2 for i in range(1, width + 1)
    )
    assert abs(sp.N((total - exact).subs(c, 2), 20)) < 1e-15


def recursion_value(network: Network, norm: float, cosine: float, order: int) -> float:
    """The theory's own backward step, averaged over Xi of one-unit layers by a plain rule."""
    step = 0.15
    xi = np.arange(-9, 9, step)
    masses = step * network.rank * np.exp(-(xi**2) / 2 + (network.rank - 1) * log_ndtr(xi))
    masses /= math.sqrt(2 * math.pi)
    X, R = sp.symbols("X R", positive=True)
    values = [sp.Function(f"V{a}") for a in range(order + 1)]
    hidden = list(network.hidden())

    def value(a: int, layer: int, lengths: np.ndarray) -> np.ndarray:
        if layer == len(hidden):
            return np.full_like(lengths, math.comb(order, a))
        fan_in, units = hidden[layer]
        scale = network.c / fan_in
        inside = gaussian_frame.backward(
            order, a, lambda b, after: values[b](after), sp.Integer(units), scale, X, R
        )
        after = {f"V{b}": (lambda x, b=b: value(b, layer + 1, x)) for b in range(order + 1)}
        f = sp.lambdify((X, R), inside, [after, "numpy"])
        return f(lengths[..., None], xi**2) @ masses

    along = float(gaussian_frame.start().subs({cos_0: cosine, x_norm: norm}))
    start = sum(
        along**a * (1 - along) ** (order - a) * value(a, 0, np.array(norm**2))
        for a in range(order + 1)
    )
    outputs = math.prod(network.outputs + 2 * i for i in range(order))
    return float(start) * outputs / network.widths[-1] ** order


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_backward_step_has_the_values_of_the_numbers(order) -> None:
    network = Network(3, (1, 1), 2, 4, c=sp.Rational(13, 10), bias="gaussian")
    found = float(jacobian_moment(network, 0.8, 0.7, order))
    assert abs(recursion_value(network, 0.8, 0.7, order) / found - 1) < 1e-11


def test_the_moment_is_written_in_value_functions() -> None:
    right = gaussian_frame.moment_gaussian(2)
    assert len(right.atoms(gaussian_frame.ValueFunction)) == 3
    assert "V^{(2)}_{1,0}" in sp.latex(right)
    variance = gaussian_frame.variance_gaussian()
    assert sp.expand(variance - right + gaussian_frame.moment_gaussian(1) ** 2) == 0


def test_logarithms_at_rank_two_agree_with_those_along_the_input() -> None:
    widths = (6, 8, 5, 2)
    along = at(typical_size.log_gain_mean(), widths).subs(K, 2).doit()
    any_direction = at(typical_size.log_gain_mean_rank2(), widths)
    assert abs(sp.N((along - any_direction).subs(c, sp.Rational(1, 3)), 20)) < 1e-15
    variance = at(typical_size.log_gain_variance(), widths).subs(K, 2).doit()
    exact = sum(sp.polygamma(1, sp.Rational(m, 2)) for m in (8, 5, 2))
    assert abs(sp.N(variance - exact, 20)) < 1e-15
    assert sp.latex(typical_size.LogNormVariance(K, n[1])).startswith(r"\mathrm{Var}")
