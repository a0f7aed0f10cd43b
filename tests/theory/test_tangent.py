"""The tangent kernel's diagonal against sums of the layers' gradients, written out."""

from __future__ import annotations

import pytest
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.kernels import ntk
from maxout.theory import symbols
from maxout.theory.gradients import parameter_gradients
from maxout.theory.kernels import tangent_diagonal
from maxout.theory.kernels.infinite_width import PairNNGP, PairNTK
from maxout.theory.network import Network

NORM = sp.Rational(17, 10)
CASE = Network(6, (8, 5, 7), 3, 4, bias="zero")


def value(expression: sp.Expr, net: Network = CASE, layer: int = 1) -> float:
    return float(enclose(expression, {**net.environment(), symbols.x_norm: NORM, symbols.l: layer}))


def test_mean_is_the_sum_of_the_layers() -> None:
    layers = [value(parameter_gradients.weight_gradient(), layer=k) for k in (1, 2, 3)]
    biases = [value(parameter_gradients.bias_gradient(), layer=k) for k in (1, 2, 3)]
    total = sum(layers) + value(parameter_gradients.output_weight_gradient())
    assert value(tangent_diagonal.diagonal_mean()) == pytest.approx(total, rel=1e-13)
    assert value(tangent_diagonal.diagonal_mean(True)) == pytest.approx(
        total + sum(biases) + 1, rel=1e-13
    )
    assert total == pytest.approx(1.5279 + 2.7578 + 2.4083 + 3.3717, abs=2e-4)


@pytest.mark.parametrize("bias", ["zero", "gaussian"])
@pytest.mark.parametrize("side", ["lower", "upper"])
@pytest.mark.parametrize("sharp", [False, True])
def test_bounds_are_sums_of_the_layers_bounds(bias: str, side: str, sharp: bool) -> None:
    layers = [
        value(parameter_gradients.weight_gradient_bound(side, bias=bias, sharp=sharp), layer=k)
        for k in (1, 2, 3)
    ]
    total = sum(layers) + value(parameter_gradients.output_weight_gradient(bias))
    stated = value(tangent_diagonal.diagonal_bound(side, bias=bias, sharp=sharp))
    assert stated == pytest.approx(total, rel=1e-13)


def test_scaled_mean_comes_to_the_kernel_of_equal_inputs() -> None:
    limit = value(tangent_diagonal.scaled_diagonal_limit())
    x = [[float(NORM), 0, 0, 0, 0, 0]]
    assert ntk(x, depth=4, rank=4).item() == pytest.approx(limit, rel=1e-12)
    off = []
    for width in (100, 1000):
        wide = Network(6, (width,) * 3, 1, 4, bias="zero")
        off.append(value(tangent_diagonal.scaled_diagonal_mean(), wide) / limit - 1)
    assert off[0] / off[1] == pytest.approx(10, rel=0.02)
    assert 1e-4 < off[1] < 1e-3


@pytest.mark.parametrize("kernel", [PairNNGP, PairNTK])
def test_kernels_of_symbolic_depth_write_themselves_out(kernel: type[sp.Function]) -> None:
    L, K = symbols.L, sp.Integer(3)
    symbolic = kernel(L, K, sp.Rational(3, 4), sp.Rational(1, 5), 1, sp.Rational(-1, 3), 2)
    assert symbolic.doit() == symbolic
    assert sp.latex(symbolic)
    concrete = symbolic.subs(L, 3).doit()
    assert not concrete.has(PairNNGP, PairNTK)
    from maxout.numerics import kernels
    from maxout.theory.order.moments import LargestNormalMoment

    second = float(enclose(LargestNormalMoment(K, 2)))
    stated = float(concrete.subs(LargestNormalMoment(K, 2), second).evalf(15))
    # Two inputs with these inner products, n_0 = 2.
    x = [[2**0.5, 0.0]]
    y = [[-(2**0.5) / 3, (4 - 2 / 9) ** 0.5]]
    function = kernels.nngp if kernel is PairNNGP else kernels.ntk
    given = {"depth": 3, "rank": 3, "c": 0.75, "bias_variance": 0.2}
    assert function(x, y, **given).item() == pytest.approx(stated, rel=1e-12)
