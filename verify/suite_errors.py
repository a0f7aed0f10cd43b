"""What can go wrong before a single network is drawn. One line each, saying what to do."""

from __future__ import annotations

from maxout.theory.errors import MaxoutError


class DeviceError(MaxoutError):
    """A device was asked for that this machine does not have."""


class MemoryBudgetError(MaxoutError):
    """The memory budget cannot hold what must be in memory at once."""


class UnknownSuiteError(MaxoutError):
    """No suite of that name."""


class CampaignError(MaxoutError):
    """A campaign's folder cannot be used, or not for what is asked."""


class ShardError(CampaignError):
    """A file is not the finished shard that it should be."""


class EngineError(MaxoutError):
    """What draws elsewhere has gone, and does not come back."""


class StaleStreamError(RuntimeError):
    """Two shards that should be independent are the same draws: a fault of the program."""
