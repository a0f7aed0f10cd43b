"""The infinite-width kernels kappa_K and q_K, and the NNGP and NTK recursions they drive.

For K independent pairs (X_k, Y_k) of standard normals with correlation rho,
kappa_K(rho) = E[max_k X_k max_k Y_k] and q_K(rho) = Pr(argmax_k X_k = argmax_k Y_k);
kappa_K' = q_K. Source: this project, docs/kernels.md.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.function import ArgumentIndexError
from sympy.printing.latex import LatexPrinter

from maxout.theory.errors import DomainError
from maxout.theory.evaluation import numerical
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.symbols import K, bias_variance, c, n_0

x_x = sp.Symbol("<x,x>", positive=True)
x_y = sp.Symbol("<x,y>", real=True)
y_y = sp.Symbol("<y,y>", positive=True)
"""Inner products of the two inputs."""


def _checked(rank: sp.Expr, rho: sp.Expr) -> None:
    if rank.is_number and not (rank.is_Integer and rank.is_positive):
        raise DomainError(f"the rank must be an integer >= 1; got {rank}")
    if rho.is_number:
        # An exact 1 that evaluates to 1 + 1e-30 is no error.
        size = abs(rho.evalf(30))
        if not (rho.is_real and size.is_comparable) or size > 1 + sp.Rational(1, 10**25):
            raise DomainError(f"the correlation must be a real number from -1 to 1; got {rho}")


class _Kernel(sp.Function):
    """A function of rank and correlation; arguments outside their domain raise ``ValueError``."""

    nargs = 2
    is_real = True

    _letter: str

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        rank, rho = self.args
        if not (rank.is_Integer and rho.is_number):
            return None
        if abs(rho._to_mpmath(prec + 20)) >= 1:
            return None
        return numerical(self, prec)

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        rank, rho = (printer.doprint(a) for a in self.args)
        power = f"^{{{exp}}}" if exp else ""
        return rf"{self._letter}_{{{rank}}}{power}\left({rho}\right)"


class MaxKernel(_Kernel):
    """kappa_K(rho) = E[max_k X_k max_k Y_k].

    Evaluates at once for K = 1, 2, 3 and for rho = 0 (squared mean of the largest normal) and
    rho = 1 (its second moment); its derivative is ``WinnerProbability``. Other values print as
    themselves and evaluate at any precision by quadrature (not certified).
    """

    _letter = r"\kappa"

    @classmethod
    def eval(cls, rank: sp.Expr, rho: sp.Expr) -> sp.Expr | None:
        _checked(rank, rho)
        if rho == 1:
            return LargestNormalMoment(rank, 2)
        if rho == 0:
            return LargestNormalMoment(rank, 1) ** 2
        if rank == 1:
            return rho
        if rank == 2:
            return rho / 2 + (sp.sqrt(1 - rho**2) + rho * sp.asin(rho)) / sp.pi
        if rank == 3:
            smooth = sp.sqrt(1 - rho**2) * sp.acos(-rho) + sp.sqrt(4 - rho**2) * sp.acos(rho / 2)
            return rho * WinnerProbability(rank, rho) + sp.Rational(3, 2) / sp.pi**2 * smooth
        return None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        return WinnerProbability(*self.args)


class WinnerProbability(_Kernel):
    """q_K(rho) = Pr(argmax_k X_k = argmax_k Y_k), the derivative of ``MaxKernel``.

    Evaluates at once for K = 1, 2, 3 and for rho = -1, 0, 1.
    """

    _letter = "q"
    is_nonnegative = True

    @classmethod
    def eval(cls, rank: sp.Expr, rho: sp.Expr) -> sp.Expr | None:
        _checked(rank, rho)
        if rank == 1 or rho == 1:
            return sp.Integer(1)
        if rho == 0:
            return 1 / rank
        if rho == -1 and rank.is_Integer:  # the largest of -X is the smallest of X
            return sp.Integer(0)
        if rank == 2:
            return sp.Rational(1, 2) + sp.asin(rho) / sp.pi
        if rank == 3:
            angles = sp.acos(-rho) ** 2 - sp.acos(rho / 2) ** 2
            return sp.Rational(1, 3) + sp.Rational(3, 4) / sp.pi**2 * angles
        return None


class _PairKernel(sp.Function):
    """A kernel of an infinitely wide network at one pair of inputs; the depth may be symbolic.

    Arguments: depth L, rank K, c, bias variance, and |x|^2, <x, y>, |y|^2, each divided by n_0.
    ``doit`` writes the recursion out at a concrete depth.
    """

    nargs = 7
    is_real = True

    _letter: str

    @staticmethod
    def _recursion(depth: int, rank: sp.Expr) -> sp.Expr:
        raise NotImplementedError

    def doit(self, **hints: Any) -> sp.Expr:
        depth, rank, gain, variance, xx, xy, yy = self.args
        if not depth.is_Integer:
            return self
        values = {c: gain, bias_variance: variance, n_0: 1, x_x: xx, x_y: xy, y_y: yy}
        return self._recursion(int(depth), rank).subs(values, simultaneous=True)

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        depth, rank, gain, variance, *products = (printer.doprint(a) for a in self.args)
        text = rf"{self._letter}^{{({depth})}}_{{{rank}, {gain}, {variance}}}"
        text += rf"\left({', '.join(products)}\right)"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class PairNNGP(_PairKernel):
    """Covariance of one output at two inputs; see ``nngp``."""

    _letter = r"\Sigma"
    _recursion = staticmethod(lambda depth, rank: nngp(depth, rank))


class PairNTK(_PairKernel):
    """Tangent kernel of one output at two inputs in the NTK parametrization; see ``ntk``."""

    _letter = r"\Theta"
    _recursion = staticmethod(lambda depth, rank: ntk(depth, rank))


def nngp(depth: int, rank: sp.Expr = K) -> sp.Expr:
    """Return the covariance of the output at two inputs, of an infinitely wide network.

    Hidden layers have weights N(0, c/fan_in), the linear output layer N(0, 1/fan_in); every bias
    has variance ``bias_variance``. In the symbols ``x_x``, ``x_y``, ``y_y``.

    Args:
      depth: number of layers with the output layer, an integer >= 2. The expression roughly
        doubles with every layer.
      rank: K.
    """
    return _recursion(depth, sp.sympify(rank))[0]


def ntk(depth: int, rank: sp.Expr = K) -> sp.Expr:
    """Return the tangent kernel of one output at two inputs, of an infinitely wide network.

    In the NTK parametrization: the gradient is taken by the standard normal variables behind the
    weights and biases. Arguments as for ``nngp``.
    """
    return _recursion(depth, sp.sympify(rank))[1]


def _recursion(depth: int, rank: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    if int(depth) != depth or depth < 2:
        raise DomainError(f"depth must be an integer >= 2; got {depth}")
    xx, xy, yy = (c * product / n_0 + bias_variance for product in (x_x, x_y, y_y))
    tangent = xy
    second = LargestNormalMoment(rank, 2)
    for gain in (c,) * (int(depth) - 2) + (sp.Integer(1),):
        scale = sp.sqrt(xx * yy)
        rho = xy / scale
        xy = gain * scale * MaxKernel(rank, rho) + bias_variance
        xx, yy = (gain * second * v + bias_variance for v in (xx, yy))
        tangent = xy + gain * WinnerProbability(rank, rho) * tangent
    return xy, tangent


def near_one_remainder(angle: sp.Expr, rank: sp.Expr = K) -> sp.Expr:
    """Return an estimate, from above, of E Xi_K/sqrt(pi) - (1 - q_K(cos angle))/angle, angle <= 1.

    It is non-negative: (angle/2) (M_K - 1) (sqrt(3)/pi - 1/3) (1 + O(angle)), the expected changes
    of the winner beyond the first. That angle^2 of it stand for the rest is checked against values.
    Source: this project, docs/kernels.md#close-inputs.
    """
    slope = (LargestNormalMoment(rank, 2) - 1) * (sp.sqrt(3) / sp.pi - sp.Rational(1, 3)) / 2
    return slope * angle * (1 + angle**2)
