"""Finds streams that are read twice: shards that start with the same numbers are not independent.

Identical samples would agree with each other perfectly, and any law could be verified against
itself; a mean would look more certain than it is.
"""

from __future__ import annotations

import numpy as np

from maxout.verify.sampling.populations import Arrays
from maxout.verify.suite_errors import StaleStreamError

_LOOKED_AT = 64
_DISTINCT = 32  # fewer different values are counts or events, which may well repeat


class Freshness:
    """Remembers how every shard of a run begins."""

    def __init__(self) -> None:
        self._seen: dict[bytes, str] = {}

    def check(self, name: str, arrays: Arrays) -> None:
        """Note a shard's arrays under the name of the shard.

        Raises:
          StaleStreamError: where another shard had the same numbers.
        """
        for array, values in arrays.items():
            first = np.ascontiguousarray(values[:_LOOKED_AT])
            if first.dtype.kind != "f" or np.unique(first).size < _DISTINCT:
                continue
            # Two arrays of one shard may be equal: a direction along the input grows like it.
            other = self._seen.setdefault(first.tobytes(), name)
            if other != name:
                raise StaleStreamError(f"{name} repeats {other} in {array}: a stream was reused")
