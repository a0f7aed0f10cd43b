"""Random symbols: what the right side of a law is built from, so that it is drawn as it is printed.

Variates, the leaves of an expression, are standard normals and chi-squares. Equal ones are one
variable, different ones are independent. ``Largest`` and ``Smallest`` are order statistics over a
range of an index, as ``sympy.Sum`` adds over one; ``Recursion`` carries a few values over the
layers.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.symbol import Str
from sympy.printing.latex import LatexPrinter
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter


class Variate(sp.Expr):
    """A leaf with a law, told from others by its class, its name and its indices.

    Attributes:
      label: name and indices.
    """

    is_commutative = True
    is_real = True

    @property
    def label(self) -> tuple[str, tuple[sp.Expr, ...]]:
        raise NotImplementedError

    def doit(self, **hints: Any) -> sp.Expr:
        return self

    def _pretty(self, printer: PrettyPrinter) -> prettyForm:
        return prettyForm(str(self))


class Normal(Variate):
    """N(0, 1), called ``name`` with indices: ``Normal("v", l, i)`` is v_{l,i}."""

    def __new__(cls, name: str | Str, *indices: Any) -> Normal:
        return super().__new__(cls, Str(str(name)), *map(sp.sympify, indices))

    @property
    def label(self) -> tuple[str, tuple[sp.Expr, ...]]:
        return str(self.args[0]), self.args[1:]

    def _sympystr(self, printer: StrPrinter) -> str:
        return _indexed(str(self.args[0]), [printer._print(i) for i in self.args[1:]])

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        indices = ",".join(printer._print(i) for i in self.args[1:])
        text = f"{self.args[0]}" + (f"_{{{indices}}}" if indices else "")
        return text if exp is None else f"{text}^{{{exp}}}"


class ChiSquared(Variate):
    """Chi-square with ``freedom`` >= 0 degrees of freedom (0: the constant 0), with indices.

    The freedom does not tell variables apart: two of equal indices are one variable.
    """

    is_nonnegative = True

    def __new__(cls, freedom: Any, *indices: Any) -> ChiSquared:
        return super().__new__(cls, sp.sympify(freedom), *map(sp.sympify, indices))

    @property
    def freedom(self) -> sp.Expr:
        return self.args[0]

    @property
    def label(self) -> tuple[str, tuple[sp.Expr, ...]]:
        return "chi^2", self.args[1:]

    def _sympystr(self, printer: StrPrinter) -> str:
        name = f"chi2({printer._print(self.freedom)})"
        return _indexed(name, [printer._print(i) for i in self.args[1:]])

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        indices = ",".join(printer._print(i) for i in self.args[1:])
        above = rf"2\,({indices})" if indices else "2"
        text = rf"\chi^{{{above}}}_{{{printer._print(self.freedom)}}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


def _indexed(name: str, indices: list[str]) -> str:
    return f"{name}[{', '.join(indices)}]" if indices else name


class OrderStatistic(ExprWithLimits):
    """Shared: an extreme of an expression over a range, ``Largest(f(k), (k, 1, K))``."""

    is_commutative = True
    is_real = True
    operator = ""

    def __new__(cls, function: Any, *limits: Any) -> OrderStatistic:
        made = super().__new__(cls, function, *limits)
        if len(made.limits) != 1 or len(made.limits[0]) != 3:
            raise TypeError(f"{cls.__name__} runs over one range (index, first, last)")
        return made

    def _sympystr(self, printer: StrPrinter) -> str:
        index, first, last = map(printer._print, self.limits[0])
        return f"{self.operator}({printer._print(self.function)}, ({index}, {first}, {last}))"

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        index, first, last = map(printer._print, self.limits[0])
        text = rf"\{self.operator}_{{{index}={first}}}^{{{last}}} {printer._print(self.function)}"
        return rf"\left({text}\right)" if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _pretty(self, printer: PrettyPrinter) -> prettyForm:
        return _call(printer, self.operator, self.function, self.limits[0])


class Largest(OrderStatistic):
    """The largest over the range, which must not be empty."""

    operator = "max"


class Smallest(OrderStatistic):
    """The smallest over the range, which must not be empty."""

    operator = "min"


class Recursion(sp.Expr):
    """``value`` after the states went through the updates once for every index, first to last.

    All updates of one index see the states before it. Where the range is empty, ``value`` is taken
    at the start.

    Args:
      value: expression in the states.
      states: symbols, bound here.
      updates: one expression a state, in the states, the index and the intermediates.
      start: one expression a state, in none of these.
      limits: (index, first, last), as in ``sympy.Sum``.
      intermediates: (symbol, expression) pairs that every step finds before it updates; each may
        use those before it.

    Raises:
      TypeError: for numbers of states, updates and starts that differ, or an index, a state or
        the name of an intermediate that is not a symbol.
    """

    is_commutative = True
    is_real = True

    def __new__(
        cls, value: Any, states: Any, updates: Any, start: Any, limits: Any, intermediates: Any = ()
    ) -> Recursion:
        states, updates, start, limits = (
            sp.Tuple(*part) for part in (states, updates, start, limits)
        )
        intermediates = sp.Tuple(*(sp.Tuple(*pair) for pair in intermediates))
        if not len(states) == len(updates) == len(start):
            raise TypeError(
                "a recursion needs an update and a start for every state; "
                f"got {len(states)} states, {len(updates)} updates, {len(start)} starts"
            )
        bound = (*states, limits[0], *(name for name, _ in intermediates))
        if len(limits) != 3 or not all(isinstance(s, sp.Symbol) for s in bound):
            raise TypeError(f"states, index and intermediates must be symbols; got {bound}")
        value = sp.sympify(value)
        return super().__new__(cls, value, states, updates, start, limits, intermediates)

    @property
    def value(self) -> sp.Expr:
        return self.args[0]

    @property
    def states(self) -> sp.Tuple:
        return self.args[1]

    @property
    def updates(self) -> sp.Tuple:
        return self.args[2]

    @property
    def start(self) -> sp.Tuple:
        return self.args[3]

    @property
    def limits(self) -> sp.Tuple:
        return self.args[4]

    @property
    def intermediates(self) -> sp.Tuple:
        return self.args[5]

    @property
    def bound_symbols(self) -> list[sp.Symbol]:
        return [*self.states, self.limits[0], *(name for name, _ in self.intermediates)]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        _, first, last = self.limits
        value = self.value.free_symbols - set(self.states)
        step = self.updates.free_symbols | self.intermediates.free_symbols
        outside = self.start.free_symbols | first.free_symbols | last.free_symbols
        return value | (step - set(self.bound_symbols)) | outside

    def _eval_subs(self, old: sp.Basic, new: sp.Basic) -> sp.Expr | None:
        if old not in self.bound_symbols:
            return None  # the default substitutes in every argument
        # A bound symbol is another one outside: only the start and the limits may see that.
        index, first, last = self.limits
        value = self.value if old in self.states else self.value._subs(old, new)
        return Recursion(
            value,
            self.states,
            self.updates,
            self.start._subs(old, new),
            (index, first._subs(old, new), last._subs(old, new)),
            self.intermediates,
        )

    def doit(self, **hints: Any) -> sp.Expr:
        return self

    def _sympystr(self, printer: StrPrinter) -> str:
        def several(part: sp.Tuple) -> str:
            return ", ".join(map(printer._print, part))

        index, first, last = map(printer._print, self.limits)
        step = "".join(f"{name} = {printer._print(term)}, " for name, term in self.intermediates)
        return (
            f"{{{printer._print(self.value)} | ({several(self.states)}) = ({several(self.start)}); "
            f"{index} = {first}..{last}: "
            f"{step}({several(self.states)}) <- ({several(self.updates)})}}"
        )

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        def several(part: sp.Tuple) -> str:
            return r"\left(" + ", ".join(map(printer._print, part)) + r"\right)"

        index, first, last = map(printer._print, self.limits)
        step = "".join(
            rf"{printer._print(name)} = {printer._print(term)},\ "
            for name, term in self.intermediates
        )
        text = (
            rf"\left[{printer._print(self.value)} \,\middle|\, "
            rf"{several(self.states)} = {several(self.start)};\ "
            rf"{index} = {first}, \ldots, {last}:\ "
            rf"{step}{several(self.states)} \gets {several(self.updates)}\right]"
        )
        return text if exp is None else rf"{text}^{{{exp}}}"

    def _pretty(self, printer: PrettyPrinter) -> prettyForm:
        def line(name: sp.Symbol, sign: str, term: sp.Expr) -> prettyForm:
            left = printer._print(name).right(f" {sign} ")
            return prettyForm(*prettyForm(*left).right(printer._print(term)))

        index, first, last = self.limits
        until = prettyForm(*line(index, "=", first).right("..", printer._print(last), ":"))
        lines = [
            printer._print(self.value),
            *(line(*pair) for pair in _signed(self.states, "=", self.start)),
            until,
            *(line(name, "=", term) for name, term in self.intermediates),
            *(line(*pair) for pair in _signed(self.states, "<-", self.updates)),
        ]
        rows = [row for line in lines for row in (*str(line).splitlines(), "")][:-1]
        width = max(map(len, rows))
        return prettyForm(*prettyForm("\n".join(row.ljust(width) for row in rows)).parens("[", "]"))


def _signed(names: sp.Tuple, sign: str, terms: sp.Tuple) -> list[tuple[sp.Symbol, str, sp.Expr]]:
    return [(name, sign, term) for name, term in zip(names, terms, strict=True)]


def _call(printer: PrettyPrinter, name: str, *arguments: sp.Basic) -> prettyForm:
    """A function's name and its arguments in parentheses, as two-dimensional text."""
    inside = printer._print_seq(arguments, "(", ")")
    return prettyForm(*inside.left(name))


def is_random(expr: sp.Basic) -> bool:
    """Whether an expression is a random variable: it holds a variate."""
    return bool(expr.has(Variate))
