"""Blocks drawn elsewhere: the bytes and the verdicts of one process, whoever draws and dies."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.verify import suite
from maxout.verify.engines import processes
from maxout.verify.engines.dask import Dask
from maxout.verify.engines.engine import MOST_SHARDS, Ahead, ExecutorEngine
from maxout.verify.engines.processes import MOST_DEATHS, Processes
from maxout.verify.engines.task import Task, draw, versions
from maxout.verify.experiments import experiments
from maxout.verify.own_network import own_plan
from maxout.verify.report import Report
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector
from maxout.verify.suite_errors import EngineError

KEYS = ["jacobian.lyapunov.rest", "order.orthant"]
SETTING = RunSetting(keys=KEYS, device="cpu", seed=5)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> tuple[Path, Report]:
    """The run of one process, with threads."""
    out = tmp_path_factory.mktemp("alone") / "out"
    return out, suite.run(SETTING, out=out)


def test_what_is_carried_to_a_worker_is_what_it_was() -> None:
    """Every population of the suite and of an own network, through a pickle."""
    own = own_plan(Network(4, (6, 5), 3, 3, bias="gaussian"), CATALOGUE).experiments
    for plan in (experiments("quick"), own):
        for experiment in (e for found in plan.values() for e in found):
            for population in experiment.populations:
                task = Task(3, population, 2, 1, "cpu", "float64", versions())
                carried = pickle.loads(pickle.dumps(task))
                assert carried.population == population
                assert carried.population.name == population.name
                assert carried.population.shard_size == population.shard_size


class Later:
    """An engine that draws when it is asked for a result, and notes what was begun."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.begun: list[tuple[int, int]] = []
        self.flying = self.most = 0

    def submit(self, task: Task) -> Task:
        self.begun.append((task.first, task.shards))
        self.flying += 1
        self.most = max(self.most, self.flying)
        return task

    def result(self, ticket: Task) -> list[dict]:
        self.flying -= 1
        return [{"number": np.array([ticket.first + k])} for k in range(ticket.shards)]

    def close(self) -> None:
        pass


class Numbered:
    def __init__(self, name: str = "numbered") -> None:
        self.name = name

    shard_size = 1


def task(population, block: int, blocks: int = 1) -> Task:
    return Task(0, population, block, blocks, "cpu", "float64", versions())


def single(population) -> int:
    return 1


def numbers_of(ahead: Ahead, population, blocks) -> list[int]:
    found = ahead.draw((population, block) for block in blocks)
    return [int(shard["number"][0]) for shards in found for shard in shards]


def test_blocks_come_in_the_order_asked_for_and_the_next_ones_are_begun_meanwhile() -> None:
    engine, one, other = Later(2), Numbered(), Numbered("other")
    expected = [(one, n) for n in range(10)] + [(other, n) for n in range(4)]
    ahead = Ahead(engine, task, single, single, iter(expected))
    assert numbers_of(ahead, one, range(3)) == [0, 1, 2]
    # Those asked for singly, since they are few; what comes next in twos, since there are more.
    assert engine.begun[:3] == [(0, 1), (1, 1), (2, 1)]
    assert engine.begun[3] == (3, 2)
    assert engine.flying == 4
    before = len(engine.begun)
    # What was begun ahead is taken, not begun again; what nobody foresaw is begun.
    assert numbers_of(ahead, one, [3, 4, 12]) == [3, 4, 12]
    assert (12, 1) in engine.begun[before:]
    assert numbers_of(ahead, one, range(5, 10)) == [5, 6, 7, 8, 9]
    assert numbers_of(ahead, other, range(4)) == [0, 1, 2, 3]
    drawn = [n for first, count in engine.begun for n in range(first, first + count)]
    assert sorted(drawn) == sorted([*range(10), 12, *range(4)])  # each of them once
    assert engine.most <= 5  # one that is waited for stands above those in flight
    assert engine.flying == 0


def test_a_task_takes_as_many_blocks_as_keep_all_workers_busy() -> None:
    engine, one = Later(2), Numbered()
    ahead = Ahead(engine, task, single, single, iter(()))
    assert numbers_of(ahead, one, range(20)) == list(range(20))
    assert engine.begun == [(first, 5) for first in range(0, 20, 5)]
    engine.begun.clear()
    assert numbers_of(ahead, one, range(1000)) == list(range(1000))
    assert max(count for _, count in engine.begun) == MOST_SHARDS
    # A GPU takes more at one launch.
    engine.begun.clear()
    ahead = Ahead(engine, task, single, lambda population: 500, iter(()))
    assert numbers_of(ahead, one, range(8000)) == list(range(8000))
    assert max(count for _, count in engine.begun) == 500


def test_any_executor_gives_the_same_verdicts(alone) -> None:
    with ThreadPoolExecutor(2) as executor:
        assert suite.run(SETTING, engine=ExecutorEngine(executor, workers=2)) == alone[1]


class Broken:
    """An executor whose workers die with every task."""

    def submit(self, function, *given) -> Future:
        future: Future = Future()
        future.set_exception(BrokenExecutor("all dead"))
        return future


def test_an_executor_without_workers_is_one_line() -> None:
    with pytest.raises(EngineError, match="the workers are lost"):
        suite.run(SETTING, engine=ExecutorEngine(Broken(), workers=1))


def test_what_goes_wrong_in_a_worker_is_what_it_says(monkeypatch) -> None:
    def failing(self, stream, setting):
        raise ZeroDivisionError("in a worker")

    (experiment, *_) = experiments("quick")["order.orthant"]
    (population,) = experiment.populations
    monkeypatch.setattr(type(population), "draw", failing)
    with (
        ThreadPoolExecutor(1) as executor,
        Collector(0, "cpu", engine=ExecutorEngine(executor)) as one,
        pytest.raises(ZeroDivisionError, match="in a worker"),
    ):
        one.collect(population, 10)


def test_a_pool_that_always_breaks_is_given_up(monkeypatch) -> None:
    class Pool(Broken):
        made = 0

        def __init__(self, *_, **__) -> None:
            Pool.made += 1

        def shutdown(self, **_) -> None:
            pass

    monkeypatch.setattr(processes, "ProcessPoolExecutor", Pool)
    engine = Processes(1)
    ticket = engine.submit(task(Numbered(), 0))
    with pytest.raises(EngineError, match="the workers are lost"):
        engine.result(ticket)
    assert Pool.made == 1 + MOST_DEATHS


def killed_once(out: Path, victim) -> None:
    """Kill a worker as soon as the first shard is there, from a thread."""
    import threading

    def kill() -> None:
        deadline = time.monotonic() + 200
        while not any(out.rglob("*.shard")) and time.monotonic() < deadline:
            time.sleep(0.002)
        os.kill(victim(), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()


@pytest.mark.slow
def test_processes_say_what_one_says_though_one_is_killed(alone, tmp_path) -> None:
    out = tmp_path / "out"
    engine = Processes(2)
    pools = []
    made = engine._new

    def noted():
        pools.append(1)
        return made()

    engine._new = noted
    killed_once(out, lambda: sorted(engine._pool._processes)[0])
    assert suite.run(SETTING, out=out, engine=engine) == alone[1]
    assert pools == [1]  # it did die, and another pool went on
    assert files(out) == files(alone[0])


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """A scheduler and workers of this machine, each a process of its own."""
    address = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    home = {**os.environ, "OMP_NUM_THREADS": "1", "DASK_TEMPORARY_DIRECTORY": str(folder)}
    run = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    run += ["--port", "0", "--no-dashboard", "--scheduler-file", str(address)]
    started = [subprocess.Popen(run, env=home, cwd=folder, **quiet)]
    try:
        deadline = time.monotonic() + 60
        while not address.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        for _ in range(workers):
            run = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny"]
            run += ["--no-dashboard", "--nthreads", "1", "--scheduler-file", str(address)]
            started.append(subprocess.Popen(run, env=home, cwd=folder, **quiet))
        from distributed import Client

        with Client(scheduler_file=str(address), set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=120)
            where = client.scheduler.address
        yield where, started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of dask's own, as its workers go
def test_a_cluster_that_loses_a_worker_ends_with_the_same_bytes(alone, tmp_path) -> None:
    out = tmp_path / "out"
    with cluster(tmp_path, 2) as (address, workers):
        killed_once(out, lambda: workers[0].pid)
        assert suite.run(SETTING, out=out, engine=Dask(address)) == alone[1]
        assert workers[0].poll() == -signal.SIGKILL
        assert workers[1].poll() is None  # the other did the rest, and stays
        assert files(out) == files(alone[0])


@pytest.mark.filterwarnings("ignore")
def test_no_scheduler_is_one_line(monkeypatch) -> None:
    from maxout.verify.engines import dask

    monkeypatch.setattr(dask, "_PATIENCE", 0.5)
    with pytest.raises(MaxoutError, match="no dask scheduler answers at tcp://127.0.0.1:9"):
        Dask("tcp://127.0.0.1:9")
    with pytest.raises(MaxoutError, match="no dask scheduler answers"):
        Dask("nonsense://")


def test_a_task_draws_what_the_collector_draws() -> None:
    (experiment, *_) = experiments("quick")["order.orthant"]
    (population,) = experiment.populations
    with Collector(7, "cpu", workers=1) as collector:
        expected = collector.collect(population, 2 * population.shard_size)
    found = draw(Task(7, population, 0, 2, "cpu", "float64", versions()))
    for name, values in expected.items():
        assert np.concatenate([shard[name] for shard in found]).tobytes() == values.tobytes()


def test_a_worker_of_other_versions_is_refused() -> None:
    (experiment, *_) = experiments("quick")["order.orthant"]
    (population,) = experiment.populations
    other = ("Python 3.99", *versions()[1:])
    with pytest.raises(EngineError, match=r"has Python 3\.11\S* where Python 3\.99 judges"):
        draw(Task(7, population, 0, 1, "cpu", "float64", other))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_coordinator(tmp_path, sent) -> None:
    out = tmp_path / "out"
    words = ["verify", "--suite", "standard", "jacobian.lyapunov", "--workers", "2"]
    command = [sys.executable, "-m", "maxout", *words, "--out", str(out)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        deadline = time.monotonic() + 100
        while not any(out.rglob("*.shard")) and time.monotonic() < deadline:
            time.sleep(0.01)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(sent)
        said, complaints = process.communicate(timeout=60)
    assert len(children) >= 2  # two workers, and what keeps count of their locks
    assert process.returncode == (130 if sent == signal.SIGINT else -signal.SIGKILL)
    if sent == signal.SIGINT:
        assert (said, complaints.strip()) == ("", "maxout: interrupted")
    deadline = time.monotonic() + 20
    while any(_alive(int(pid)) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in children if _alive(int(pid))]
