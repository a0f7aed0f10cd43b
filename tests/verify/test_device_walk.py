"""The walk on a GPU: in Triton's interpreter, compiled ahead of time, and on a pretended device."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("triton", reason="Triton has no wheel for this platform")

from maxout.cli import doctor
from maxout.theory.errors import DomainError, MaxoutError
from maxout.theory.network import Network
from maxout.verify.experiments import experiments
from maxout.verify.gpu import check
from maxout.verify.sampling import (
    device_networks,
    device_walk,
    kernels,
    layerwise,
    network_populations,
)
from maxout.verify.sampling.biases import LAWS
from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.network_populations import Along, Networks
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Population, Setting
from maxout.verify.sampling.streams import Stream
from tests.verify import pretended_device
from tests.verify.pretended_device import COUNTS, DEVICE, OnDevice, Pretended

CPU = torch.device("cpu")
WORDS = [(1, 0, 0xFFFFFFFF, 7), (0xFFFFFFF0, 2, 5, 0x80000000), (3, 0, 5, 9)]
SHAPES = [
    [(6, 3, 5), (4, 3, 6), (3, 1, 4)],
    [(40, 2, 7), (3, 5, 40), (1, 1, 3)],  # more units than the least number of lanes
    [(5, 1, 3)],  # no hidden layer
]


@pytest.mark.parametrize("vectors", [2, 3, 6])
@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("place", WORDS)
def test_bits_are_those_of_the_cpu(
    vectors: int, shapes: list[tuple[int, int, int]], place: tuple[int, int, int, int]
) -> None:
    """Whole networks, with biases given for each."""
    generator = np.random.default_rng(vectors)
    sizes = np.array(shapes)
    rows = generator.normal(size=(2, vectors, sizes[0, 2])).astype(np.float32)
    scales = generator.uniform(0.2, 0.9, len(sizes)).astype(np.float32)
    hidden = int((sizes[:-1, 0] * sizes[:-1, 1]).sum())
    biases = generator.normal(size=(2, hidden)).astype(np.float32)
    words = np.array(place, dtype=np.uint32)
    expected = np.empty((2, 2, vectors))
    kernels.walk(rows, sizes, scales, biases, 4, words, expected)
    given = torch.from_numpy(biases) if hidden else None
    found = device_walk.walk(torch.from_numpy(rows), sizes, scales, given, words, network=4)
    assert np.array_equal(found.numpy(), expected)


@pytest.mark.parametrize("law", LAWS)
def test_shards_in_one_launch_are_those_of_the_cpu(law: str) -> None:
    """Every law of biases, two shards whose numbers pass 2^31, several directions."""
    sampler = Sampler(Network(5, (6, 4), 3, 3, bias="any"), law, 0.6, 2.0, (0.9, 0.0))
    streams = [Stream(11, "several", shard) for shard in (2**31 - 1, 2**31)]
    found = device_networks.squared_norms(sampler, streams, 3, CPU)
    for stream, arrays in zip(streams, found, strict=True):
        (expected,) = layerwise.squared_norms(sampler, stream, 3, torch.float32)
        assert set(arrays) == set(expected)
        for name, values in expected.items():
            assert np.array_equal(arrays[name], values), name


def test_what_a_launch_cannot_take_is_refused() -> None:
    words = np.array(WORDS[0], dtype=np.uint32)
    with pytest.raises(DomainError, match="up to 7 directions; got 8"):
        device_walk.walk(torch.zeros(1, 9, 3), np.array([(2, 1, 3)]), np.ones(1), None, words)
    huge = np.array([(2**16, 2, 2**17)])
    with pytest.raises(DomainError, match="too large for a GPU's counters"):
        device_walk.walk(torch.zeros(1, 2, 2**17), huge, np.ones(1), None, words)


@pytest.fixture(scope="module")
def compiled() -> list[dict[str, Any]]:
    """Kernels for two generations of GPUs, compiled by Triton's launcher with no GPU there."""
    script = Path(__file__).with_name("ahead_of_time.py")
    environment = {**os.environ, "TRITON_INTERPRET": "0"}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_one_kernel_for_each_shape_whatever_the_integers(compiled: list[dict[str, Any]]) -> None:
    """Ones and multiples of 16 among places, counts and layers would each be one more."""
    for capability in (80, 90):
        names = ("vectors", "law")
        kinds = [tuple(k[n] for n in names) for k in compiled if k["capability"] == capability]
        assert len(kinds) == len(set(kinds)) == 6


def test_nothing_is_fused_flushed_or_approximate(compiled: list[dict[str, Any]]) -> None:
    for kernel in compiled:
        assert kernel["fused"] == kernel["flushed"] == kernel["approximate"] == 0, kernel


def test_registers_hold_everything(compiled: list[dict[str, Any]]) -> None:
    """No spills; of a multiprocessor's 65,536 registers enough for half of the 2,048 threads that
    it can hold, or a quarter where there are many directions."""
    for kernel in compiled:
        assert kernel["stack"] == kernel["local"] == kernel["shared"] == 0, kernel
        assert kernel["reg"] <= (64 if kernel["vectors"] <= 4 else 128), kernel


def test_instructions_of_a_normal(compiled: list[dict[str, Any]]) -> None:
    """A guard, not a goal: with Triton 3.9 it is 66 with one direction, and 5 to 6 more for each
    vector (products, sums, and its share of loads and scaling)."""
    for kernel in compiled:
        padded = 1 << (kernel["vectors"] - 1).bit_length()
        assert kernel["a normal"] <= 58 + 6 * padded, kernel


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """The pretended device, on which the kernel, in the interpreter, counts as one launch."""
    kernel = device_walk._walk

    class OneLaunch:
        def __getitem__(self, grid: tuple[int, ...]) -> Any:
            def launch(**arguments: Any) -> None:
                tensors = [x for x in arguments.values() if isinstance(x, torch.Tensor)]
                assert all(isinstance(x, OnDevice) for x in tensors), "not on the device"
                COUNTS["launches"] += 1
                inside = {name: pretended_device.inner(x) for name, x in arguments.items()}
                kernel[grid](**inside)

            return launch

    monkeypatch.setattr(device_walk, "_walk", OneLaunch())
    COUNTS.clear()
    with Pretended():
        yield DEVICE


@pytest.mark.parametrize("law", ["zero", "gaussian", "mixed"])
def test_a_block_of_shards_is_one_launch_and_one_copy_back(
    device: torch.device, law: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_populations, "LAUNCH_DRAWS", 2000)
    sampler = Sampler(Network(5, (6, 4), 3, 3, bias="any"), law, 0.6, 2.0, (0.9,))
    population = Along(Networks(sampler), 0.9)
    monkeypatch.setattr(Networks, "shard_size", 4)
    setting = Setting(device, torch.float32)
    assert population.together(setting) == 2000 // (4 * sampler.weights) > 1
    streams = [Stream(0, population.name, shard) for shard in range(3)]
    found = population.draw_together(streams, setting)
    # Rows and three small tables go to the device, biases where they are given.
    assert COUNTS["launches"] == COUNTS["from device"] == 1
    assert COUNTS["to device"] == (5 if law == "mixed" else 4)
    assert COUNTS["waits"] == 0
    on_cpu = population.draw_together(streams, Setting(CPU, torch.float32))
    for there, here in zip(found, on_cpu, strict=True):
        for name in population.arrays:
            assert np.array_equal(there[name], here[name]), name


def test_a_pretended_device_refuses_mixtures(device: torch.device) -> None:
    there = torch.ones(3).to(device)
    with pytest.raises(RuntimeError, match="two devices"):
        there + torch.ones(3)
    assert float((there + there).sum().cpu()) == 6.0
    assert COUNTS["launches"] == 2


def test_the_collector_draws_the_blocks_of_a_launch_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Grouped or one by one, the same blocks in the same order."""
    sampler = Sampler(Network(3, (4,), 2, 2, bias="zero"), "zero")
    other = Sampler(Network(3, (4,), 2, 3, bias="zero"), "zero")
    monkeypatch.setattr(Networks, "shard_size", 5)
    wanted = [(Networks(sampler), b) for b in (0, 1, 2, 4)] + [(Networks(other), 0)]
    with Collector(0, "cpu", "float32", workers=2) as collector:
        alone = [*collector.draw(wanted)]
        calls: list[int] = []
        draw = Networks.draw_together

        def counted(self: Networks, streams: Any, setting: Setting) -> Any:
            calls.append(len(streams))
            return draw(self, streams, setting)

        monkeypatch.setattr(Networks, "draw_together", counted)
        monkeypatch.setattr(Networks, "together", lambda self, setting: 2)
        grouped = [*collector.draw(wanted)]
    assert sorted(calls) == [1, 1, 1, 2]
    assert len(alone) == len(grouped) == 5
    for one, two in zip(alone, grouped, strict=True):
        assert all(np.array_equal(one[name], two[name]) for name in one)


def kinds() -> dict[str, Population]:
    """One population of each kind and law of biases that the quick suite draws."""
    found: dict[str, Population] = {}
    for several in experiments("quick").values():
        for population in (p for one in several for p in one.populations):
            law = getattr(getattr(population, "sampler", None), "biases", "")
            found.setdefault(f"{type(population).__name__} {law}".strip(), population)
    return found


KINDS = kinds()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_every_population_on_a_device_is_what_it_is_on_the_cpu(
    kind: str, dtype: torch.dtype, device: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing mixes devices, and nothing waits but for what comes back at the end of a tile."""
    population = KINDS[kind]
    drawn = population.networks if isinstance(population, Along) else population
    monkeypatch.setattr(type(drawn), "shard_size", 3)
    stream = Stream(5, population.name, 1)
    there = population.draw(stream, Setting(device, dtype))
    assert COUNTS["waits"] == 0
    here = population.draw(stream, Setting(CPU, dtype))
    for name in population.arrays:
        assert np.array_equal(there[name], here[name]), name


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A suite of one statement, whose shards are small: the interpreter is slow."""
    chosen = experiments("quick", ["jacobian.mean.upper"])
    monkeypatch.setattr(check, "experiments", lambda suite: chosen)
    monkeypatch.setattr(Networks, "shard_size", 3)


def test_the_check_of_a_gpu_finds_every_network_equal(device: torch.device, small: None) -> None:
    rows = [*check.agreement(device, seed=0)]
    walks = [row for row in rows if row["walk"]]
    assert len(walks) == len(rows) / 2 > 2
    assert all(row["equal"] and row["close"] == 1.0 for row in rows)


def test_the_check_of_a_gpu_notices_another_last_bit(
    device: torch.device, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = device_networks.squared_norms

    def off(*arguments: Any) -> Any:
        return [{n: np.nextafter(v, 9e9) for n, v in one.items()} for one in right(*arguments)]

    monkeypatch.setattr(device_networks, "squared_norms", off)
    rows = [*check.agreement(device, seed=0)]
    assert not any(row["equal"] for row in rows if row["walk"])
    assert all(row["close"] == 1.0 for row in rows)


def test_the_record_of_a_gpu_is_a_page(small: None) -> None:
    """On the CPU, in the interpreter: all but what a driver says."""
    network = Network(3, (4,), 2, 2, bias="gaussian")
    row = check.rate("small", network, CPU, 0.01)
    assert row["networks a second"] > 0
    assert set(row["weights a second"]) == {"walk", "randn", "randn + bmm"}
    machine = {"multiprocessors": "2", "clock": "1000"}
    # A weight a microsecond, a thousand instructions each, of 256 a nanosecond.
    rated = {"weights a second": {"walk": 1e6}, "instructions a weight": 1000}
    assert check.issued(rated, machine) == pytest.approx(1e9 / 256e9)
    record = {"machine": machine, "agreement": [*check.agreement(CPU, 0)], "rates": [row]}
    page = check.markdown(record)
    half = len(record["agreement"]) // 2
    assert f"float32: {half} of {half} populations are the CPU's bytes" in page
    assert "| small |" in page


def test_without_a_gpu_the_doctor_says_so() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(MaxoutError, match="no CUDA device"):
        doctor.command.main(["--gpu"], standalone_mode=False)
