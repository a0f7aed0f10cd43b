"""``maxout verify --engine``: who draws, as it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from maxout.theory.errors import DomainError

if TYPE_CHECKING:
    from maxout.verify.engines.engine import Engine

MOST_WORKERS = 10_000

WORDS = "threads, processes, dask:ADDRESS"


class EngineType(click.ParamType):
    """One of ``WORDS``; converted to its word and its address."""

    name = "engine"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        word, colon, address = value.partition(":")
        if (word in ("threads", "processes") and not colon) or (word == "dask" and address):
            return word, address
        raise DomainError(f"engine must be one of {WORDS}; got {value[:60]!r}")


@contextmanager
def opened(chosen: tuple[str, str] | None, workers: int | None) -> Iterator[Engine | None]:
    """The engine that was typed; None for threads of this process.

    Args:
      chosen: word and address; processes where only ``workers`` are given.
      workers: processes or threads.

    Raises:
      click.UsageError: for workers of a cluster, which has its own. MaxoutError: as ``Dask``.
    """
    word, address = chosen or ("threads" if workers is None else "processes", "")
    if workers is not None and word == "dask":
        raise click.UsageError("--workers are of this machine: a dask cluster has its own")
    engine: Engine | None = None
    if word == "processes":
        from maxout.verify.engines.processes import Processes
        from maxout.verify.sampling.devices import cores

        engine = Processes(workers or cores())
    elif word == "dask":
        from maxout.verify.engines.dask import Dask

        engine = Dask(address)
    try:
        yield engine
    finally:
        if engine:
            engine.close()
