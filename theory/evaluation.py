"""Numbers of functions that have no closed form: theory asks for them, numerics has them.

Theory itself computes with SymPy alone. A function's ``_eval_evalf`` calls ``numerical``, which
asks what ``providers.provide`` was given; importing ``maxout`` gives it the rules of
``maxout.numerics``.
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.providers import rule_of


def has_rule(kind: type) -> bool:
    """Whether functions of a class have a number beyond their closed forms."""
    return rule_of(kind) is not None


def numerical(expr: sp.Expr, prec: int) -> sp.Float | None:
    """Return a function of numbers as a Float of ``prec`` bits; None where no rule is known."""
    rule = rule_of(type(expr))
    return None if rule is None else sp.Float._new(rule(expr, prec)._mpf_, prec)
