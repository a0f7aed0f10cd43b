"""Moments of order statistics by Arb's own integrator: it shares no formula with the package.

The integrand is the definition (density of the order statistic times the power), on intervals with
explicit tails; Arb's adaptive Gauss-Legendre quadrature proves its error from the integrand alone.
"""

from __future__ import annotations

from flint import acb, arb, ctx


def oracle(rank: int, order: int, statistic: str, digits: int) -> arb:
    """Enclose E[X^order] to about ``digits`` digits."""
    with ctx.workprec(int(3.33 * digits) + 60):
        reach = arb(2 * (digits + 5) * 2.303 + 4 * arb(rank).log() + 40).sqrt()
        n, root2 = rank - 1, arb(2).sqrt()
        root_pi = (2 * arb.pi()).sqrt()
        power = order if statistic == "largest" else 2 * order
        if statistic == "chi2-smallest":  # mass within 1/K of 0: z = w/K
            reach = (reach**2 / 2 + 40) * arb.pi()

        def log(z: acb, analytic: bool) -> acb:
            """ln z, which has a cut on the negative axis."""
            if analytic and not (z.real > 0):
                return acb("nan")
            return z.log()

        def largest(z: acb, analytic: bool) -> acb:
            tail, mirrored = (z / root2).erfc() / 2, (-z / root2).erfc() / 2
            if n <= 1000:
                body = (1 - tail) ** n + (-1) ** order * (1 - mirrored) ** n
            else:
                body = (n * log(1 - tail, analytic)).exp()
                # Phi(-z)^n <= 2^-n on the half line: nothing at these ranks.
            return rank * z**power * (-z * z / 2).exp() / root_pi * body

        def chi2_largest(z: acb, analytic: bool) -> acb:
            tail = (z / root2).erfc()
            body = (1 - tail) ** n if n <= 1000 else (n * log(1 - tail, analytic)).exp()
            return 2 * rank * z**power * (-z * z / 2).exp() / root_pi * body

        def chi2_smallest(w: acb, analytic: bool) -> acb:
            z = w / rank
            tail = (z / root2).erfc()
            body = tail**n if n <= 1000 else (n * log(tail, analytic)).exp()
            return 2 * w**power * (-z * z / 2).exp() / root_pi * body

        integrand = {
            "largest": largest,
            "chi2-largest": chi2_largest,
            "chi2-smallest": chi2_smallest,
        }[statistic]
        # log(1 - tail) has its cut left of 0; from 1 on large ranks have all their mass.
        start = arb(1) if n > 1000 and statistic != "chi2-smallest" else arb(0)
        value = acb.integral(
            integrand, start, reach, rel_tol=arb(10) ** -(digits + 3), eval_limit=200_000
        ).real
        if statistic == "chi2-smallest":  # integrated in w, so that the integral is of size one
            value /= arb(rank) ** power
        return value + arb(0, _outside(rank, power, statistic, start, reach).upper())


def _outside(rank: int, power: int, statistic: str, start: arb, reach: arb) -> arb:
    """Upper bound of the integral outside [start, reach], and of what ``largest`` left out."""
    n, scale = rank - 1, 2 * rank / (2 * arb.pi()).sqrt()
    if statistic == "chi2-smallest":
        z = reach / rank
        # G(z)^n z^p e^{-z^2/2} falls at the rate (n phi/Q + z - p/z) >= n sqrt(2/pi) - p/z.
        slope = n * (2 / arb.pi()).sqrt() + z - power / z
        survival = (z / arb(2).sqrt()).erfc()
        assert slope > 0
        return scale * z**power * (-z * z / 2).exp() * survival**n / slope
    # Beyond reach: z^p e^{-z^2/2} falls at the rate reach - p/reach.
    beyond = scale * reach**power * (-(reach**2) / 2).exp() / (reach - power / reach)
    if start == 0:
        return beyond
    # Below 1: |H| <= Phi(1) < 0.85, z <= 1; the mirrored half of the normal: Phi(-z)^n <= 2^-n.
    return beyond + scale * (arb("0.85") ** n) + scale * arb(2) ** -n * 2**power
