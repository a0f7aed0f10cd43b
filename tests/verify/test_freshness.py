"""A stream that is read twice is found out, by the run itself."""

from dataclasses import dataclass

import numpy as np
import pytest

from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.freshness import Freshness
from maxout.verify.sampling.streams import UNITS, Stream
from maxout.verify.suite_errors import StaleStreamError


@dataclass(frozen=True)
class Normals:
    """A population of normals; ``stale`` reads every shard from the first one's stream."""

    name: str = "normals"
    stale: bool = False
    shard_size: int = 100

    def memory(self, setting):
        return 1000, "normals"

    def draw(self, stream, setting):
        used = Stream(stream.seed, "normals", 0 if self.stale else stream.shard)
        return {"value": used.generator(0, UNITS).standard_normal(self.shard_size)}


def test_a_stale_shard_stops_the_run() -> None:
    with Collector(0) as collector, pytest.raises(StaleStreamError, match="a stream was reused"):
        collector.collect(Normals(stale=True), 250)


def test_two_populations_on_one_stream_stop_the_run() -> None:
    with Collector(0) as collector:
        collector.collect(Normals(), 250)
        with pytest.raises(StaleStreamError, match="other, block 0"):
            collector.collect(Normals("other"), 250)


def test_asking_again_is_no_reuse() -> None:
    with Collector(0) as collector:
        first = collector.collect(Normals(), 250)["value"]
        collector.forget(Normals())
        assert np.array_equal(collector.collect(Normals(), 250)["value"], first)


def test_counts_and_events_may_repeat() -> None:
    fresh = Freshness()
    for name in ("a", "b"):
        fresh.check(name, {"event": np.zeros(100, dtype=bool), "count": np.zeros(100)})
