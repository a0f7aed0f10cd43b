"""Blocks drawn ahead: what is asked for and nothing else, each once, the same bytes."""

from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
import pytest

from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.early import Early

SIZE = 10


@dataclass
class Told:
    """Uniforms; counts how often each shard is drawn."""

    name: str
    drawn: Counter = field(default_factory=Counter)
    arrays = ("value",)
    shard_size = SIZE

    def memory(self, setting):
        return 8 * SIZE, "a shard"

    def draw(self, stream, setting):
        self.drawn[stream.shard] += 1
        if self.name == "broken":
            raise ArithmeticError("cannot be drawn")
        return {"value": stream.generator(0, 0).random((SIZE,))}


class Shelf:
    """Keeps blocks of one shard in memory."""

    def __init__(self, found):
        self.found = found

    def shards(self, population):
        return 1

    def has(self, population, block):
        return (population.name, block) in self.found

    def read(self, population, block):
        return self.found[population.name, block]

    def write(self, population, block, arrays):
        assert not self.has(population, block)
        self.found[population.name, block] = arrays


ASKED = [("a", 35), ("b", 5), ("a", 20), ("c", 70), ("b", 42)]


def run(foresee, shelf=None, later=()):
    """Ask as a run does, the first looks foreseen, and for more of some in between."""
    populations = {name: Told(name) for name in "abc"}
    found = []
    with Collector(3, "cpu", workers=2, shelf=shelf) as collector:
        if foresee:
            collector.expect(
                (populations[name], block)
                for name, samples in ASKED
                for block in range(collector.blocks_for(populations[name], samples))
            )
        for name, samples in ASKED:
            found.append(collector.collect(populations[name], samples)["value"])
            if name in later:
                found.append(collector.collect(populations[name], 3 * samples)["value"])
    return found, {name: population.drawn for name, population in populations.items()}


@pytest.mark.parametrize("later", [(), ("b",), ("a", "c")])
def test_the_samples_are_those_drawn_when_asked_for(later) -> None:
    plain, counts = run(False, later=later)
    found, drawn = run(True, later=later)
    assert all(np.array_equal(one, other) for one, other in zip(plain, found, strict=True))
    assert drawn == counts
    assert all(set(counts.values()) == {1} for counts in drawn.values())


def test_a_shelf_is_read_first_and_written_once() -> None:
    kept: dict = {}
    plain, _ = run(True, Shelf(kept))
    assert set(kept) == {(n, b) for n, m in (("a", 4), ("b", 5), ("c", 7)) for b in range(m)}
    found, drawn = run(True, Shelf(kept))
    assert all(np.array_equal(one, other) for one, other in zip(plain, found, strict=True))
    assert not any(drawn.values())


def test_what_cannot_be_drawn_says_so_when_it_is_asked_for() -> None:
    whole, broken = Told("whole"), Told("broken")
    with Collector(0, "cpu", workers=1) as collector:
        collector.expect([(whole, 0), (broken, 0)])
        assert collector.collect(whole, 5)["value"].shape == (5,)
        with pytest.raises(ArithmeticError, match="cannot be drawn"):
            collector.collect(broken, 5)


def test_no_more_is_under_way_than_may_be() -> None:
    started = []

    def start(population, block):
        started.append(block)
        done: Future = Future()
        done.set_result({"value": np.full(1, block)})
        return done

    told = Told("told")
    ahead = Early(iter([(told, b) for b in range(10)]), start, 3)
    assert started == []
    ahead.go_on()
    assert started == [0, 1, 2]
    ahead.go_on()
    assert started == [0, 1, 2]
    assert [*ahead.take(told, [1, 3])] == [1]  # 3 is not under way, and is left to whoever asks
    ahead.go_on()
    assert started == [0, 1, 2, 4]
    ahead.cancel()
    ahead.take(told, [0, 2, 4])
    ahead.go_on()
    assert started == [0, 1, 2, 4]
