"""SymPy trees evaluated in Arb balls: ``enclose`` for digits, ``ball`` at the current precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from operator import index
from typing import Any

import sympy as sp
from flint import acb, arb, ctx, fmpq, fmpz

from maxout.numerics.balls import ball_functions
from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.finite_integral import integral
from maxout.numerics.balls.precision import at_digits, working_precision
from maxout.numerics.routes import enclosure_of, estimate_of
from maxout.theory.errors import DomainError
from maxout.theory.evaluation import has_rule
from maxout.theory.precision_lock import alone

Environment = Mapping[sp.Basic, Any]
MAX_TERMS = 10**6  # of one Sum or Product
ANY_PRECISION = "estimate"
"""Route of functions valued without proof, but to any number of digits."""
FLOAT_DIGITS = 15
"""Up to so many digits asked for, functions that have a value in float64 are taken from there."""


@alone
def enclose(expr: sp.Expr, env: Environment | None = None, digits: int = 15) -> Enclosure:
    """Enclose the value of an expression.

    Args:
      expr: real SymPy expression; unevaluated moments, probabilities, Sum and Product included.
      env: symbol -> int, Fraction, SymPy expression or ``arb``; IndexedBase -> tuple, whose entry l
        is ``n[l]``.
      digits: significant decimal digits, 1 to 100,000.

    Returns:
      A certified enclosure; ``certified`` is False where the expression holds a function that has
      a numerical value but no ball. ``route`` then says how the function was valued: "estimate"
      where it was at any precision; otherwise the digits are those that its error leaves.

    Raises:
      TypeError: naming a node or value that cannot be evaluated.
      LookupError: for a symbol without a value. ArithmeticError: for a complex result.
      PrecisionError: where the digits are not reached.
    """
    expr = sp.sympify(expr, strict=True)
    routes: set[str] = set()

    def compute() -> arb:
        routes.clear()
        return Evaluator(env or {}, estimates=True, digits=digits, routes=routes).real(expr)

    value = at_digits(compute, digits, settled=lambda: bool(routes - {ANY_PRECISION}))
    if routes - {ANY_PRECISION}:
        route = ", ".join(sorted(routes))
        return Enclosure.from_ball(value, FLOAT_DIGITS + 2, route, certified=False)
    return Enclosure.from_ball(value, digits, "estimate" if routes else "arb", not routes)


@alone
def ball(expr: sp.Expr, env: Environment | None = None) -> arb:
    """Enclose an expression at the current ``flint.ctx.prec``; arguments and errors as ``enclose``.

    Raises:
      TypeError: also for functions that have a numerical value but no ball.
    """
    return Evaluator(env or {}).real(sp.sympify(expr, strict=True))


class Evaluator:
    """One evaluation of expressions in one environment at one precision.

    Called with an expression it returns ``arb``, or ``acb`` where the value is complex. Values are
    remembered; terms of a Sum or Product are remembered by index, and its partial results too, so
    that sums over layers of products over earlier layers take linear time.

    A node of the theory can evaluate itself: if its class defines ``_ball_(evaluate)``, that is
    called with this object.
    """

    def __init__(
        self,
        env: Environment,
        estimates: bool = False,
        digits: int = FLOAT_DIGITS,
        routes: set[str] | None = None,
    ) -> None:
        self.env = env
        self.estimates = estimates
        self.digits = digits
        self.routes: set[str] = set() if routes is None else routes
        self._bound: dict[sp.Symbol, int] = {}
        self._known: dict[Any, Any] = {}
        self._terms: dict[Any, dict[int, Any]] = {}
        self._partial: dict[Any, list[Any]] = {}
        self._symbols: dict[sp.Basic, frozenset[sp.Basic]] = {}

    def real(self, expr: sp.Expr) -> arb:
        """The value of a real expression.

        Raises:
          ArithmeticError: where the value is complex.
        """
        value = self(expr)
        if isinstance(value, acb):
            if not (value.imag == 0 or (expr.is_real and value.imag.contains(0))):
                raise ArithmeticError(f"a real number is expected; {_short(expr)} is complex")
            value = value.real
        return value

    def __call__(self, expr: sp.Expr, extra: Environment | None = None) -> Any:
        """The value of ``expr``; ``extra`` binds further symbols for this call only."""
        if extra:
            return self._inner(extra)(expr)
        if isinstance(expr, sp.Integer):  # most of the nodes, and sooner made than remembered
            return arb(int(expr))
        key = (expr, self._context(expr))
        if key not in self._known:
            self._known[key] = self._compute(expr)
        return self._known[key]

    def _inner(self, extra: Environment) -> Evaluator:
        env = {**self.env, **self._bound, **extra}
        return Evaluator(env, self.estimates, self.digits, self.routes)

    def anew(self) -> Evaluator:
        """The same environment with nothing remembered: for another precision."""
        return self._inner({})

    def precisely(self, expr: sp.Expr, bits: int) -> Any:
        """The value of ``expr`` computed at so many bits."""
        with working_precision(bits):
            return self._inner({})(expr)

    def estimate(self, value: arb, route: str) -> arb:
        """Note that a ball's radius is an estimate, found by ``route``, and return it."""
        self.routes.add(route)
        return value

    def closed(self, expr: sp.Expr) -> sp.Expr:
        """A function with its integer arguments' values put in: a closed form, or itself."""
        return expr.func(*(self._whole(argument) for argument in expr.args))

    def _whole(self, expr: sp.Expr) -> sp.Expr:
        value = self(expr)
        whole = isinstance(value, arb) and value.is_integer()
        return sp.Integer(int(value.unique_fmpz())) if whole else expr

    def integer(self, expr: sp.Expr) -> int:
        """The value of an expression that must be an integer.

        Raises:
          ArithmeticError: where it is not.
        """
        value = self(expr)
        if isinstance(value, arb) and value.is_integer():
            return int(value.unique_fmpz())
        raise ArithmeticError(f"an integer is expected for {_short(expr)}; got {value}")

    def _context(self, expr: sp.Expr, without: sp.Symbol | None = None) -> tuple[Any, ...]:
        """Values of the bound indices that ``expr`` depends on."""
        if not self._bound:
            return ()
        if expr not in self._symbols:
            self._symbols[expr] = frozenset(expr.free_symbols)
        symbols = self._symbols[expr]
        found = tuple((s, v) for s, v in self._bound.items() if s in symbols)
        return found if without is None else tuple(pair for pair in found if pair[0] != without)

    def _compute(self, expr: sp.Expr) -> Any:
        if hasattr(type(expr), "_ball_"):
            return expr._ball_(self)
        for base in type(expr).__mro__:
            if base in _RULES:
                return _RULES[base](self, expr)
            if base in ball_functions.FUNCTIONS:
                return ball_functions.FUNCTIONS[base](*(self(argument) for argument in expr.args))
        proved = enclosure_of(type(expr))
        if proved is not None:
            return proved(self, expr)
        if self.estimates:
            return self._estimated(expr)
        raise TypeError(f"no ball is known for {type(expr).__name__} in {_short(expr)}")

    def _estimated(self, expr: sp.Expr) -> arb:
        rule = integral if isinstance(expr, sp.Integral) else estimate_of(type(expr))
        own = has_rule(type(expr)) or _has_own_value(expr)
        if rule is not None and not (own and self.digits > FLOAT_DIGITS):
            return rule(self, expr)
        if own:
            return self._any_precision(expr)
        raise TypeError(f"no ball is known for {type(expr).__name__} in {_short(expr)}")

    def _any_precision(self, expr: sp.Expr) -> arb:
        """A value without a proof: the function's own evaluation, 20 bits beyond the precision."""
        known = self.closed(expr)
        if not isinstance(known, expr.func):  # a closed form at these arguments
            return self(known)
        numbers = [
            argument if argument.is_Integer else self._number(argument) for argument in known.args
        ]
        value = known.func(*numbers)._eval_evalf(ctx.prec + 20)
        if value is None or not value.is_Float:
            raise TypeError(f"{_short(expr)} has no numerical value")
        middle = _float(self, value)
        ball = middle + arb(0, (abs(middle) * arb(2) ** -(ctx.prec + 10)).upper())
        return self.estimate(ball, ANY_PRECISION)

    def _number(self, expr: sp.Expr) -> sp.Float:
        """An argument as a Float, with twice the bits: near an end a root may halve them."""
        bits = 2 * ctx.prec + 64
        with working_precision(bits):
            mantissa, exponent = self.precisely(expr, bits).mid().man_exp()
        sign = int(mantissa < 0)
        raw = (sign, abs(int(mantissa)), int(exponent), abs(int(mantissa)).bit_length())
        return sp.Float._new(raw, bits)

    def _symbol(self, symbol: sp.Symbol) -> Any:
        if symbol in self._bound:
            return arb(self._bound[symbol])
        if symbol not in self.env:
            raise LookupError(f"no value is given for {symbol}")
        return self._value(self.env[symbol], symbol)

    def entries(self, base: sp.IndexedBase) -> tuple[Any, ...]:
        """All values of an IndexedBase, as they stand in the environment.

        Raises:
          LookupError: where it has none.
        """
        known = next((b for b in (base, base.label) if b in self.env), None)
        if known is None:
            raise LookupError(f"no values are given for {base}")
        return tuple(self.env[known])

    def _value(self, value: Any, name: Any) -> Any:
        if isinstance(value, arb | acb):
            return value
        if isinstance(value, sp.Expr):
            return self(value)
        if isinstance(value, Fraction):
            return arb(fmpq(value.numerator, value.denominator))
        try:
            return arb(index(value))
        except TypeError:
            raise TypeError(
                f"the value of {name} must be an int, Fraction, SymPy expression or arb; "
                f"got {type(value).__name__}"
            ) from None

    def _indexed(self, expr: sp.Indexed) -> Any:
        entries, at = self.entries(expr.base), self.integer(expr.indices[0])
        if not 0 <= at < len(entries):
            raise LookupError(f"{expr} is asked for at {at}; its indices are 0..{len(entries) - 1}")
        return self._value(entries[at], expr)

    def _accumulate(self, expr: sp.Expr, start: int, join: Callable[[Any, Any], Any]) -> Any:
        """Sum or Product over an integer range, resumed where an earlier one stopped."""
        body, (symbol, first, last) = expr.function, expr.limits[-1]
        if len(expr.limits) > 1:
            body = expr.func(body, *expr.limits[:-1])
        low, high = self.integer(first), self.integer(last)
        if high < low - 1:
            raise ArithmeticError(
                f"the range of {_short(expr)} runs backwards, from {low} to {high}"
            )
        if high - low >= MAX_TERMS:
            raise DomainError(f"{_short(expr)} has {high - low + 1:,} terms; {MAX_TERMS:,} at most")
        outer = self._context(body, without=symbol)
        terms = self._terms.setdefault((body, symbol, outer), {})
        partial = self._partial.setdefault((expr.func, body, symbol, outer, low), [arb(start)])
        shadowed = self._bound.pop(symbol, None)
        try:
            for at in range(low + len(partial) - 1, high + 1):
                if at not in terms:
                    self._bound[symbol] = at
                    terms[at] = self(body)
                partial.append(join(partial[-1], terms[at]))
        finally:
            self._bound.pop(symbol, None)
            if shadowed is not None:
                self._bound[symbol] = shadowed
        return partial[high - low + 1]


def _power(self: Evaluator, expr: sp.Pow) -> Any:
    return ball_functions.power(self(expr.base), self(expr.exp))


def _add(self: Evaluator, expr: sp.Add) -> Any:
    total = self(expr.args[0])
    for argument in expr.args[1:]:
        total = total + self(argument)
    return total


def _mul(self: Evaluator, expr: sp.Mul) -> Any:
    total = self(expr.args[0])
    for argument in expr.args[1:]:
        total = total * self(argument)
    return total


def _float(_: Evaluator, expr: sp.Float) -> arb:
    """A Float is the dyadic number it stores."""
    sign, mantissa, exponent, _bits = expr._mpf_
    return (-1 if sign else 1) * arb(fmpz(int(mantissa))) * arb(2) ** exponent


def _has_own_value(expr: sp.Expr) -> bool:
    """Whether the theory itself defines a numerical evaluation of this very function."""
    kind = type(expr)
    return (
        isinstance(expr, sp.Function)
        and kind.__module__.startswith("maxout.")
        and "_eval_evalf" in vars(kind)
    )


def _short(expr: sp.Expr) -> str:
    text = str(expr)
    return text if len(text) <= 60 else text[:57] + "..."


_RULES: dict[type, Callable[[Evaluator, Any], Any]] = {
    sp.Integer: lambda self, expr: arb(fmpz(int(expr))),
    sp.Rational: lambda self, expr: arb(fmpq(int(expr.p), int(expr.q))),
    sp.Float: _float,
    sp.Symbol: Evaluator._symbol,
    sp.Indexed: Evaluator._indexed,
    sp.Add: _add,
    sp.Mul: _mul,
    sp.Pow: _power,
    sp.Sum: lambda self, expr: self._accumulate(expr, 0, lambda a, b: a + b),
    sp.Product: lambda self, expr: self._accumulate(expr, 1, lambda a, b: a * b),
}
