"""Moments of order statistics as SymPy Functions (placeholder until the reduction lands)."""

import sympy as sp


class _Moment(sp.Function):
    nargs = 2
    is_positive = True
    is_real = True
    _letters = "E"

    @classmethod
    def eval(cls, K, t):
        if t == 0:
            return sp.Integer(1)
        if K == 1:
            return sp.Integer(cls._base(t)) if t.is_Integer else None
        return None

    def _sympystr(self, printer):
        K, t = self.args
        return f"{self._letters}_{printer.doprint(K)}" if t == self._main else f"E[{self._letters}_{K}**{t}]"

    def _latex(self, printer):
        K, t = self.args
        return f"{self._letters}_{{{printer.doprint(K)}}}"


class LargestNormalMoment(_Moment):
    _letters, _main = "M", 2

    @staticmethod
    def _base(t):
        return 0 if t % 2 else sp.factorial2(t - 1)


class LargestChi2Moment(_Moment):
    _letters, _main = "L", 1

    @staticmethod
    def _base(t):
        return sp.factorial2(2 * t - 1)


class SmallestChi2Moment(LargestChi2Moment):
    _letters = "S"
