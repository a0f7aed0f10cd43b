"""Cells trained in processes of their own, one thread each, so that results never change."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from maxout.lab.training.cell import train_cell
from maxout.lab.training.data import load
from maxout.lab.training.dataset import Dataset
from maxout.lab.training.setting import Setting
from maxout.lab.training.store import write_json

# (cell, epochs done, whether the cell is finished)
Report = Callable[[Setting, int, bool], None]


@dataclass(frozen=True)
class Job:
    """A cell to train and where its result goes; its checkpoint lies beside it."""

    setting: Setting
    path: Path
    weights: Path | None = None

    def run(self, data: Dataset, report: Report) -> None:
        checkpoint = self.path.with_suffix(".checkpoint")
        cell = train_cell(
            self.setting,
            data,
            checkpoint=checkpoint,
            weights=self.weights,
            progress=lambda epochs: report(self.setting, epochs, False),
        )
        write_json(self.path, cell)
        checkpoint.unlink(missing_ok=True)
        report(self.setting, self.setting.epochs, True)


def run_jobs(jobs: Sequence[Job], workers: int, root: Path | None, report: Report) -> None:
    """Run all jobs, in this process if ``workers`` is 1.

    Raises:
      MaxoutError: what a cell complained of. RuntimeError: where a worker ended without a word.
    """
    if workers == 1 or len(jobs) == 1:
        loaded: dict[str, Dataset] = {}
        for job in jobs:
            name = job.setting.data
            if name not in loaded:
                loaded = {name: load(name, root)}
            job.run(loaded[name], report)
        return
    pool = _Pool(min(workers, len(jobs)), root)
    try:
        pool.run(list(jobs), report)
    finally:
        pool.stop()


class _Pool:
    # Not forked: a process that has run torch's threads must not be.
    def __init__(self, size: int, root: Path | None) -> None:
        context = multiprocessing.get_context("spawn")
        self.busy: dict[Connection, Job] = {}
        self.pipes, self.processes = [], []
        for _ in range(size):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, root), daemon=True)
            process.start()
            theirs.close()
            self.pipes.append(ours)
            self.processes.append(process)

    def run(self, waiting: list[Job], report: Report) -> None:
        for pipe in self.pipes:
            self._give(pipe, waiting)
        while self.busy:
            ready = wait(list(self.busy))
            for pipe in [pipe for pipe in self.busy if pipe in ready]:
                job = self.busy[pipe]
                try:
                    message = pipe.recv()
                except EOFError:
                    raise RuntimeError(
                        f"the process that trained {job.setting.name} was ended from outside, "
                        "perhaps for want of memory; run the command again to go on"
                    ) from None
                if isinstance(message, Exception):
                    raise message
                epochs, finished = message
                report(job.setting, epochs, finished)
                if finished:
                    self._give(pipe, waiting)

    def _give(self, pipe: Connection, waiting: list[Job]) -> None:
        self.busy.pop(pipe, None)
        if waiting:
            self.busy[pipe] = waiting.pop(0)
            pipe.send(self.busy[pipe])

    def stop(self) -> None:
        for pipe in self.pipes:
            pipe.close()
        for process in self.processes:
            process.terminate()
            process.join()


def _work(pipe: Any, root: Path | None) -> None:
    """What a worker does: cells as they come, until nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    loaded: dict[str, Dataset] = {}
    try:
        while True:
            job = pipe.recv()
            try:
                name = job.setting.data
                if name not in loaded:
                    loaded = {name: load(name, root)}
                job.run(loaded[name], lambda setting, epochs, end: pipe.send((epochs, end)))
            except BrokenPipeError:
                raise
            except Exception as error:  # noqa: BLE001 - told to the parent, who raises it
                pipe.send(error)
    except (EOFError, BrokenPipeError):
        pass  # the parent is gone
