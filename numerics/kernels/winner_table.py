"""One table a rank: the winner probability and its running mean, as functions of the angle.

q_K(cos theta) is analytic in theta on [0, pi], so that about 65 Chebyshev coefficients carry it to
rounding at every rank. What the table keeps is cells of local polynomials, which NumPy evaluates
three times faster than the global series.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from scipy.fft import dct

from maxout.numerics.kernels.angle_integral import Array, winner_integral
from maxout.numerics.kernels.table_moments import mean_and_second_moment
from maxout.theory.errors import OutOfReachError
from maxout.theory.network import RANK

MAX_RANK = 10**4
"""Largest rank the accuracy was measured at (against quadrature at 30 digits)."""

KERNEL_RANK = RANK.up_to(MAX_RANK, "for the infinite-width kernels")

ACCURACY = 1e-14
"""Largest absolute error of q_K, and of kappa_K divided by M_K."""

_NODES = 80  # the coefficients reach rounding at 65 or before, at every rank up to MAX_RANK
_CELLS, _DEGREE = 32, 11
_BLOCK = 1 << 14  # entries evaluated at a time: their temporaries stay in cache


class KernelAccuracyError(OutOfReachError):
    """A table failed its own audit; no value is given rather than a doubtful one."""


@dataclass(frozen=True)
class Finding:
    """One check of a table: what was compared, by how much it missed, and what is allowed."""

    check: str
    error: float
    allowed: float


@dataclass(frozen=True)
class KernelTable:
    """Tabulated kernels of one rank.

    Attributes:
      rank: K.
      mean: E Xi_K.
      second_moment: M_K = E Xi_K^2.
      winner_cells, chord_cells: polynomial coefficients, highest power first, one column a cell.
      audit: the checks the table passed when it was built.
    """

    rank: int
    mean: float
    second_moment: float
    winner_cells: Array
    chord_cells: Array
    audit: tuple[Finding, ...]

    def winner(self, theta: Array) -> Array:
        """q_K(cos theta) for angles in [0, pi], any shape; rounding never leaves [0, 1]."""
        q = _evaluate(self.winner_cells, theta)
        return np.clip(q, 0.0, 1.0, out=q)

    def mean_winner(self, theta: Array) -> Array:
        """Mean of q_K over correlations from cos theta to 1: (M_K - kappa_K)/(1 - cos theta).

        It has no cancellation as the angle closes, where it goes to 1; it is a mean of
        probabilities, and rounding does not take it out of [0, 1].
        """
        mean = _evaluate(self.chord_cells, theta)
        return np.clip(mean, 0.0, 1.0, out=mean)


def _evaluate(cells: Array, theta: Array) -> Array:
    flat = np.ascontiguousarray(theta).reshape(-1)
    out = np.empty_like(flat)
    for start in range(0, flat.size, _BLOCK):
        position = flat[start : start + _BLOCK] * (_CELLS / np.pi)
        cell = np.minimum(position.astype(np.intp), _CELLS - 1)
        position -= cell
        position -= 0.5
        value = cells[0].take(cell)
        for row in cells[1:]:
            value *= position
            value += row.take(cell)
        out[start : start + _BLOCK] = value
    return out.reshape(np.shape(theta))


@lru_cache(maxsize=64)
def kernel_table(rank: int) -> KernelTable:
    """Build (once) and audit the table of one rank: 0.1 s at K = 10, 2 s at K = 10^4.

    Raises:
      KernelAccuracyError: where an audit finding exceeds what it is allowed.
    """
    mean, second = mean_and_second_moment(rank)
    if rank == 1:  # a linear layer: its one piece always wins, without rounding
        ones = np.zeros((_DEGREE + 1, _CELLS))
        ones[-1] = 1.0
        return KernelTable(rank, mean, second, ones, ones, ())
    angles = (np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES) + 1) * (np.pi / 2)
    series = dct([winner_integral(rank, float(theta)) for theta in angles], type=2) / _NODES
    series[0] /= 2
    winner = _cells(lambda theta: _series(series, theta))
    chord = _cells(lambda theta: _running_mean(series, theta))
    table = KernelTable(rank, mean, second, winner, chord, ())
    findings = tuple(_audit(table, series))
    for finding in findings:
        if not finding.error <= finding.allowed:  # also catches NaN
            raise KernelAccuracyError(
                f"the kernel table of rank {rank} failed its audit: {finding.check} is off by "
                f"{finding.error:.1e}, allowed {finding.allowed:.1e}; take another rank, or "
                f"single correlations: maxout kernel --rank {rank} RHO"
            )
    return KernelTable(rank, mean, second, winner, chord, findings)


def _series(series: Array, theta: Array) -> Array:
    return np.asarray(chebyshev.chebval(theta * (2 / np.pi) - 1, series), dtype=np.float64)


_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(48)


def _running_mean(series: Array, theta: Array) -> Array:
    """Integral of sin t q(t) over (0, theta), divided by 1 - cos theta.

    Gauss-Legendre in t/theta: relative accuracy at every angle. 48 points integrate the series,
    a polynomial of effective degree 65, times a sine exactly up to rounding.
    """
    part = (_POINTS + 1) / 2
    t = theta[..., None] * part
    ratio = theta[..., None] * np.sin(t) / (2 * np.sin(theta[..., None] / 2) ** 2)
    return np.sum(ratio * _series(series, t) * _WEIGHTS / 2, axis=-1)


def _cells(function: Any) -> Array:
    """Interpolate on each cell at Chebyshev points; powers of the offset from the cell's middle."""
    points = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    theta = (np.arange(_CELLS)[:, None] + (points + 1) / 2) * (np.pi / _CELLS)
    local = dct(function(theta), type=2, axis=1) / (_DEGREE + 1)
    local[:, 0] /= 2
    to_powers = np.zeros((_DEGREE + 1, _DEGREE + 1))
    for degree in range(_DEGREE + 1):
        to_powers[degree, : degree + 1] = chebyshev.cheb2poly(np.eye(_DEGREE + 1)[degree])
    powers = (local @ to_powers) * 2.0 ** np.arange(_DEGREE + 1)  # the offset is in (-1/2, 1/2)
    return np.ascontiguousarray(powers.T[::-1])


def _audit(table: KernelTable, series: Array) -> list[Finding]:
    """Identities that no step of the construction uses, and a second lattice."""
    rank, mean, second = table.rank, table.mean, table.second_moment
    at = np.array([0.0, np.pi / 2, np.pi])
    # As the cells have them: clipped to [0, 1], a value beyond its end would look exact.
    q, chord = _evaluate(table.winner_cells, at), _evaluate(table.chord_cells, at)
    slope = chebyshev.chebval(-1.0, chebyshev.chebder(series)) * (2 / np.pi)
    # Between the cells' interpolation points, and away from the global ones.
    probe = np.linspace(0.0, np.pi, 513)
    again = np.array([0.31, 1.17, 2.03])
    lattice = np.array([winner_integral(rank, float(theta), shift=0.75) for theta in again])
    unit = ACCURACY / 2  # half of what is promised, the rest being the reader's rounding
    return [
        Finding("the tail of the Chebyshev series", float(np.max(np.abs(series[-8:]))), unit / 8),
        Finding("q(1) = 1", abs(q[0] - 1), unit),
        Finding("q(0) = 1/K", abs(q[1] - 1 / rank), unit),
        Finding("q(-1) = 0", abs(q[2]), unit),
        # Differentiating a series of degree d at the end multiplies its error by up to d^2 ~ 4000.
        Finding("dq/dtheta = -E Xi/sqrt(pi) at theta = 0", abs(slope + mean / np.pi**0.5), 1e-10),
        Finding("the mean of q over (rho, 1) at rho = 1", abs(chord[0] - 1), unit),
        Finding("Var Xi = integral of q", abs(chord[1] - (second - mean**2)), unit * second),
        Finding(
            "a lattice half a step away",
            float(np.max(np.abs(_series(series, again) - lattice))),
            unit,
        ),
        Finding(
            "cells against the series",
            float(np.max(np.abs(table.winner(probe) - _series(series, probe)))),
            unit,
        ),
    ]
