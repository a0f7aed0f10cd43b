"""The collector: the same samples whatever the workers, the memory and the order of asking."""

import threading
import time

import numpy as np
import pytest
import torch

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.verify.experiments import experiments
from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.devices import resolve_device
from maxout.verify.sampling.law_population import Law
from maxout.verify.sampling.network_populations import Networks
from maxout.verify.sampling.networks import Sampler
from maxout.verify.suite_errors import DeviceError, MemoryBudgetError

NETWORK = Network(20, (40, 40), 10, 3, bias="gaussian")
POPULATION = Networks(Sampler(NETWORK, "gaussian"))
LAW = Law.of(CATALOGUE["jacobian.law.gaussian"], NETWORK)


def equal(left, right) -> bool:
    return left.keys() == right.keys() and all(np.array_equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_workers_and_memory_do_not_show(dtype) -> None:
    samples = 3 * POPULATION.shard_size + 7
    found = []
    for workers, spare in ((1, 0), (2, 0), (3, 1 << 30)):
        with Collector(4, "cpu", dtype, 1 << 30, workers) as probe:
            memory = probe.require_memory(POPULATION) + spare
        with Collector(4, "cpu", dtype, memory, workers) as collector:
            found.append(collector.collect(POPULATION, samples))
    assert all(len(values) == samples for values in found[0].values())
    assert equal(found[0], found[1])
    assert equal(found[0], found[2])


def test_asking_for_more_keeps_what_was_there() -> None:
    size = LAW.shard_size
    with Collector(0, "cpu", workers=2) as collector:
        small = collector.collect(LAW, size // 2)
        large = collector.collect(LAW, 3 * size)
        collector.forget(LAW)
        again = collector.collect(LAW, 3 * size)
    assert np.array_equal(small["value"], large["value"][: size // 2])
    assert equal(large, again)


def test_seeds_and_populations_differ() -> None:
    def gain(seed: int, cosine: float) -> np.ndarray:
        population = Networks(Sampler(NETWORK, "gaussian", cosine))
        with Collector(seed, "cpu") as collector:
            return collector.collect(population, 50)["gain"]

    found = [gain(0, 0.6), gain(1, 0.6), gain(0, 0.5)]
    for i, left in enumerate(found):
        assert all(not np.any(left == right) for right in found[:i])


def test_precisions_are_the_same_networks() -> None:
    single, double = (Collector(0, "cpu", dtype) for dtype in ("float32", "float64"))
    with single, double:
        rough, fine = (c.collect(POPULATION, 500)["gain"] for c in (single, double))
    assert np.allclose(rough, fine, rtol=1e-3)  # three layers of sums of 40 float32 products
    assert not np.array_equal(rough, fine)


class Slow:
    """A population that notes how many of its shards are drawn at one time."""

    name = "slow"
    shard_size = 2

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()

    def memory(self, setting):
        return 100, "a slow shard"

    def draw(self, stream, setting):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
        return {"value": np.full(self.shard_size, float(stream.shard))}


@pytest.mark.parametrize(("memory", "most"), [(100, 1), (199, 1), (200, 2), (1000, 4)])
def test_the_memory_budget_bounds_what_is_drawn_at_once(memory, most) -> None:
    slow = Slow()
    with Collector(0, "cpu", memory=memory, workers=4) as collector:
        values = collector.collect(slow, 40)["value"]
    assert slow.most == most
    assert np.array_equal(values, np.repeat(np.arange(20.0), 2))


def test_a_budget_below_one_shard_is_refused_before_drawing() -> None:
    slow = Slow()
    with (
        Collector(0, "cpu", memory=99) as collector,
        pytest.raises(MemoryBudgetError, match="--memory at least 100"),
    ):
        collector.collect(slow, 1)
    assert slow.most == 0


class Failing(Slow):
    name = "failing"

    def draw(self, stream, setting):
        if stream.shard == 3:
            raise RuntimeError("shard 3 broke")
        return super().draw(stream, setting)


def test_an_error_in_a_worker_comes_out_and_ends_the_drawing() -> None:
    with Collector(0, "cpu", workers=2) as collector, pytest.raises(RuntimeError, match="shard 3"):
        collector.collect(Failing(), 2000)


def test_threads_of_pytorch_are_put_back() -> None:
    import torch

    before = torch.get_num_threads()
    with Collector(0, "cpu") as collector:
        assert collector.setting.dtype == torch.float64  # asked for, it is set up
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_auto_is_a_gpu_only_where_it_draws_for_itself(monkeypatch) -> None:
    """In float64 networks would be drawn here and copied there."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.current_device", lambda: 1)
    assert resolve_device("auto", torch.float64).type == "cpu"
    # With its number: a thread cannot be set to a device that has none.
    assert str(resolve_device("auto", torch.float32)) == "cuda:1"
    assert resolve_device("cpu", torch.float32).type == "cpu"
    assert str(resolve_device("cuda", torch.float64, 3)) == "cuda:1"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert resolve_device("auto", torch.float32).type == "cpu"
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert resolve_device("auto", torch.float32).type == "cpu"


def test_unknown_devices_and_dtypes() -> None:
    with pytest.raises(DeviceError, match="auto, cpu or cuda"):
        Collector(0, "tpu")
    with pytest.raises(MaxoutError, match="float32 or float64"):
        Collector(0, "cpu", "float16")


KINDS = {
    (type(population), population.arrays): population
    for suite in experiments("quick").values()
    for experiment in suite
    for population in experiment.populations
}


@pytest.mark.parametrize(
    "population", KINDS.values(), ids=[f"{kind.__name__}-{len(names)}" for kind, names in KINDS]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_shard_has_the_arrays_that_its_population_declares(population, dtype) -> None:
    """A campaign refuses a file of other arrays: a name that is wrong would refuse its own."""
    with Collector(0, "cpu", dtype) as collector:
        drawn = next(collector.draw([(population, 0)]))
    assert sorted(drawn) == sorted(population.arrays)
