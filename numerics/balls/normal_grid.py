"""Upper tails of the normal law on an equally spaced grid, in balls, without calling erfc.

Q(x) = Q(x + h) + phi(m) sum_k m^{2k} g_k with m = x + h/2 and
g_k = 1/(2k)! int_{-h/2}^{h/2} s^{2k} e^{-s^2/2} ds: all terms are positive, so that summing from
the right keeps relative accuracy, and one polynomial of low degree serves every node.
"""

from __future__ import annotations

from flint import arb, arb_poly, ctx


def upper_tails(first: int, last: int, step: arb) -> list[arb]:
    """Q((j + 1/2) step) for j = first..last-1, first >= 0, at the current precision."""
    increment = _increment(step, last * step)
    exponent = -(step**2) / 2
    tail = ((last - arb(1) / 2) * step / arb(2).sqrt()).erfc() / 2
    tails = [tail]
    for j in range(last - 1, first, -1):
        square = j * j
        tail += (exponent * square).exp() * increment(square)
        tails.append(tail)
    tails.reverse()
    return tails


def _increment(step: arb, reach: arb) -> arb_poly:
    """(2 pi)^{-1/2} sum_k g_k (h^2 X)^k, whose last coefficient covers the rest, h^2 X <= reach^2.

    The rest is between 1 and cosh(reach h/2) times the last term, because
    (ms)^{2T}/(2T)! <= sum_{k>=T} (ms)^{2k}/(2k)! <= (ms)^{2T}/(2T)! cosh(ms).
    """
    half = step / 2
    terms = _terms(half * reach)
    # e_k = int s^{2k} e^{-s^2/2} falls from its largest index: e_{k-1} = (e_k + boundary)/(2k-1).
    top = 2 * half ** (2 * terms + 1) / (2 * terms + 1)
    moment = (top * (-(half**2) / 2).exp()).union(top)
    boundary = 2 * (-(half**2) / 2).exp()
    moments = [moment]
    for k in range(terms, 0, -1):
        moment = (moment + boundary * half ** (2 * k - 1)) / (2 * k - 1)
        moments.append(moment)
    moments.reverse()
    coefficients = []
    scale = 1 / (2 * arb.pi()).sqrt()
    for k, moment in enumerate(moments):
        coefficients.append(moment * scale)
        scale *= step**2 / ((2 * k + 1) * (2 * k + 2))
    coefficients[-1] = coefficients[-1].union(coefficients[-1] * (half * reach).cosh())
    return arb_poly(coefficients)


def _terms(size: arb) -> int:
    """Index at which size^{2k}/(2k)! has fallen below one rounding, size = reach h/2."""
    term, k = arb(1), 0
    small = arb(2) ** -ctx.prec
    while not term < small:
        term *= size**2 / ((2 * k + 1) * (2 * k + 2))
        k += 1
        if k > ctx.prec:  # never at a sensible step; a ball that is not finite would loop
            raise ArithmeticError("the step of the grid is too long for its reach")
    return k
