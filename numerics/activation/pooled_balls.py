"""M_{K,p}(rho) in balls: the density of a window's value, by one trapezoidal rule inside another.

A window's features of one piece are all below v with probability F(v), of density f, and the K
pieces are independent: M = int v^2 K F^{K-1} f dv. F and f are means over what the cells share or
over the largest of what they do not, whichever is smoother:

  F(v) = int phi(z) Phi((v - sqrt(rho) z)/sqrt(1-rho))^p dz
       = int p phi(y) Phi(y)^{p-1} Phi((v - sqrt(1-rho) y)/sqrt(rho)) dy.

On Im v = a, F and f grow by e^{a^2/2s} at most with s = rho + (1-rho)/p, for a part of the shift
may be taken by z; at real v the integrands above grow by e^{k b^2/2} on the line Im = b, with
k = 1 + p rho/(1-rho) or k = p + (1-rho)/rho (docs/pooling.md#numbers).
"""

from __future__ import annotations

import math

from flint import arb, ctx

from maxout.numerics.balls.normal_power import gaussian_tail
from maxout.numerics.balls.normal_rule import dyadic
from maxout.numerics.balls.precision import PrecisionError, working_precision
from maxout.numerics.balls.trapezoid import BOUND_BITS, rule_error
from maxout.numerics.balls.weight import Weighted

MAX_NODES = 300_000
"""Of both rules together: some seconds."""
_GUARD = 40


def pooled_ball(rank: int, cells: int, rho: arb) -> arb:
    """Enclose M_{K,p}(rho) for 0 < rho < 1 and p >= 2 to about 2^-prec; K = ``rank``.

    Raises:
      PrecisionError: where the nodes would be too many (rho close to 1, or K p large).
    """
    if not (rho > 0 and rho < 1):
        return arb("nan")  # a ball that touches an end: nothing is known until it shrinks
    near = float(rho.mid())
    spread = near + (1 - near) / cells
    shared = near < 0.5
    stretch = 1 + cells * near / (1 - near) if shared else cells + (1 - near) / near
    nats = (ctx.prec + 12) * math.log(2) + 2 * math.log(rank * cells)
    outer = dyadic(math.pi * math.sqrt(2 * spread / (rank * nats)))
    inner = dyadic(math.pi * math.sqrt(2 / (stretch * nats)))
    reach = math.sqrt(2 * nats) + 2
    count, sums = math.ceil(reach / outer), math.ceil(reach / inner)
    if (2 * count + 1) * (2 * sums + 1) > MAX_NODES:
        raise PrecisionError(
            f"M_{{{rank},{cells}}} at correlation {near:.6g} needs "
            f"{(2 * count + 1) * (2 * sums + 1):,} nodes, {MAX_NODES:,} is the limit; ask for "
            "fewer digits, or fewer pieces and cells"
        )
    with working_precision(ctx.prec + _GUARD + 2 * (rank * cells).bit_length()):
        window = _Window(cells, rho, arb(inner), sums, shared)
        total = arb(0)
        for j in range(-count, count + 1):
            v = j * arb(outer)
            if j:
                below, density = window(v)
                total += v * v * below ** (rank - 1) * density
        error = _outer_error(rank, cells, rho, arb(outer), count)
        return rank * outer * total + arb(0, error.abs_upper())


class _Window:
    """v -> (F(v), f(v)): one piece's features in all p cells.

    ``shared``: the mean is over what the cells share, else over the largest of what they do not.
    """

    def __init__(self, cells: int, rho: arb, step: arb, count: int, shared: bool) -> None:
        self.cells, self.power = cells, cells if shared else 1
        inside, self.outside = (rho, 1 - rho) if shared else (1 - rho, rho)
        self.across = self.outside.sqrt()
        self.root2 = arb(2).sqrt()
        self.scale = 1 / (2 * arb.pi()).sqrt()
        self.nodes = []
        for j in range(-count, count + 1):
            z = j * step
            weight = self.scale * step * (-z * z / 2).exp()
            if not shared:
                weight *= cells * ((-z / self.root2).erfc() / 2) ** (cells - 1)
            self.nodes.append((inside.sqrt() * z, weight))
        self.stretch = 1 + cells * rho / (1 - rho) if shared else cells + (1 - rho) / rho
        self.errors = self._errors(step, count)

    def __call__(self, v: arb) -> tuple[arb, arb]:
        below, density = arb(0), arb(0)
        for shift, weight in self.nodes:
            w = (v - shift) / self.across
            phi = (-w / self.root2).erfc() / 2
            share = weight * phi ** (self.power - 1)
            below += share * phi
            density += share * (-w * w / 2).exp()
        density *= self.power * self.scale / self.across
        at_below, at_density = self.errors
        return below + arb(0, at_below), density + arb(0, at_density)

    def _errors(self, step: arb, count: int) -> tuple[arb, arb]:
        """Of F and of f: the strip relative to F <= 1 and f <= p/sqrt(2 pi), and what is cut."""
        with working_precision(BOUND_BITS):
            height = 2 * arb.pi() / (self.stretch * step)
            strip = rule_error((self.stretch * height**2 / 2).exp(), arb(0), height, step)
            # The weights are at most p phi, and fall beyond the last node.
            most = self.cells * self.scale
            cut = 2 * most * gaussian_tail(Weighted((1,), arb(1), 0), count * step)
            return (strip + cut).abs_upper(), (most * (strip + cut / self.across)).abs_upper()


def _outer_error(rank: int, cells: int, rho: arb, step: arb, count: int) -> arb:
    """The strip, where E v^2 <= K p, and the nodes beyond: f <= p phi, F <= 1."""
    with working_precision(BOUND_BITS):
        spread = rho + (1 - rho) / cells
        height = 2 * arb.pi() * spread / (rank * step)
        line = (rank * height**2 / (2 * spread)).exp() * (rank * cells + height**2)
        square = Weighted((0, 0, 1), arb(1), 0)
        cut = gaussian_tail(square, count * step) / (2 * arb.pi()).sqrt()
        return rule_error(line, arb(0), height, step) + 2 * rank * cells * cut
