"""An engine of a dask cluster, which may gain and lose workers while it draws."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from typing import Any

from maxout.theory.errors import MaxoutError
from maxout.verify.engines.engine import lost
from maxout.verify.engines.task import Task, draw
from maxout.verify.sampling.populations import Arrays
from maxout.verify.suite_errors import EngineError

RETRIES = 3
"""Times that a block is drawn again which fails on a worker; one whose worker dies is anyway."""

_PATIENCE = 10.0
"""Seconds that the scheduler may take to answer at first."""


class Dask:
    """Blocks on the workers of a scheduler.

    What comes from the cluster is unpickled, as dask does: give the address of one that is yours.

    Args:
      address: of the scheduler, such as tcp://10.0.0.1:8786.

    Raises:
      MaxoutError: without ``dask.distributed``, or where no scheduler answers.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise MaxoutError(
                "the engine dask needs dask.distributed: pip install 'maxout[dask]'"
            ) from error
        try:
            self._client = Client(address, timeout=_PATIENCE, set_as_default=False)
        except (TimeoutError, OSError, ValueError) as error:
            raise MaxoutError(
                f"no dask scheduler answers at {address}: start one by `dask scheduler`, and "
                "workers by `dask worker ADDRESS`"
            ) from error
        self._counted = (0.0, 1)

    @property
    def workers(self) -> int:
        """Threads of all workers, as of some seconds ago."""
        when, found = self._counted
        if time.monotonic() - when > 2:
            found = max(1, sum(self._client.nthreads().values()))
            self._counted = time.monotonic(), found
        return found

    def submit(self, task: Task) -> Any:
        return self._client.submit(draw, task, pure=False, retries=RETRIES)

    def result(self, ticket: Any) -> list[Arrays]:
        from distributed import KilledWorker

        try:
            found: list[Arrays] = ticket.result()
        except (KilledWorker, CancelledError, OSError) as error:
            raise EngineError(lost(error)) from error
        return found

    def close(self) -> None:
        """Leave the cluster; its workers stay."""
        self._client.close()
