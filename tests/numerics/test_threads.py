"""Many threads at once: values are right, and the process-wide precisions are left as they were."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial

import mpmath
import pytest
import sympy as sp
from flint import ctx

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.order.order_moments import constants, moment
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.theory.order.asymptotics import UpperQuantile
from maxout.theory.order.moments import LargestNormalMoment

THREADS = 13


@pytest.fixture
def eager() -> Iterator[None]:
    """Threads change places as often as the interpreter lets them."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def _forget() -> None:
    """Empty the caches, so that everything is computed anew."""
    for name, module in list(sys.modules.items()):
        if name.startswith("maxout."):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def _calls(thread: int) -> list[Callable[[], object]]:
    """Calls at a thread's own ranks and digits, of flint and of mpmath, by every way in."""
    rank, digits = 5 + thread, 15 + 2 * thread
    network = Network(6, (8, 5), 7, rank, bias="zero")
    return [
        lambda: moment(rank, 3, "chi2-largest", digits=2 * digits, route="arb"),
        lambda: moment(rank, 4, digits=digits, route="quadrature"),
        lambda: moment(1 + thread % 4, 2, digits=33 + thread, route="closed"),
        lambda: constants([rank, 2 * rank], digits=digits),
        lambda: enclose(sp.exp(sp.sqrt(2)) - sp.gamma(sp.Rational(1, rank)), {}, digits),
        lambda: UpperQuantile(sp.Rational(1, 100 * rank)).evalf(digits),
        lambda: LargestNormalMoment(sp.Integer(rank), 2).evalf(digits),
        lambda: predict(CATALOGUE["jacobian.mean.exact"], network, digits=digits).value,
        lambda: Enclosure.estimate_exp(700.5 + thread, 1e-17, "float64"),
    ]


def _shuffled(thread: int) -> list[str]:
    """What the calls of a thread say, in their order; made in another one."""
    calls = _calls(thread)
    order = [(5 * k + thread) % len(calls) for k in range(len(calls))]
    found = {at: str(calls[at]()) for at in order}
    return [found[at] for at in range(len(calls))]


def test_threads_do_not_disturb_each_others_precision(eager) -> None:
    before = (mpmath.mp.prec, ctx.prec)
    _forget()
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(_shuffled, range(THREADS)))
    assert (mpmath.mp.prec, ctx.prec) == before
    _forget()
    assert found == [_shuffled(thread) for thread in range(THREADS)]


def test_enclosures_made_in_threads_hold_the_value(eager) -> None:
    """The rank's certified constant at 13 numbers of digits: each within the finest."""
    before = (mpmath.mp.prec, ctx.prec)
    finest = moment(11, 2, digits=400)
    _forget()
    with ThreadPoolExecutor(THREADS) as pool:
        calls = [partial(moment, 11, 2, digits=digits) for digits in range(10, 10 + THREADS)]
        found = list(pool.map(lambda call: call(), calls))
    for enclosure in found:
        assert Fraction(finest.midpoint) in enclosure
    assert (mpmath.mp.prec, ctx.prec) == before
