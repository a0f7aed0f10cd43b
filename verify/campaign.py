"""Campaigns: a folder of finished shards that a run can be stopped and resumed over.

    DIR/manifest.json            what the results depend on
    DIR/shards/POPULATION/N.shard   finished blocks of shards
    DIR/report.json              the verdicts, once all are there

POPULATION is the beginning of a hash of its name, which the files' headers spell out. Everything
is written whole or not at all, and nothing in it depends on time, machine or order.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from maxout.verify import shardfile
from maxout.verify.errors import CampaignError
from maxout.verify.manifest import differences
from maxout.verify.populations import Arrays, Population

MANIFEST, REPORT, SHARDS = "manifest.json", "report.json", "shards"
FILE_SAMPLES = 1 << 15
"""Samples that a file of several shards may hold: some hundred kilobytes to a megabyte."""

_SHARD = re.compile(r"\d{6,}\.shard")


class Campaign:
    """The folder of one campaign: a shelf for the collector.

    Args:
      folder: made where it is not there.
      manifest: what this run is.
      populations: all that it may sample.
      owner: whether this process prepares the folder; others of the same run wait for it first.

    Raises:
      CampaignError: where the folder belongs to another campaign, another run is at work there,
        or it holds something that is not of this campaign.
    """

    def __init__(
        self,
        folder: Path,
        manifest: dict[str, Any],
        populations: Iterable[Population],
        owner: bool = True,
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        self._folders = {
            p.name: hashlib.sha256(p.name.encode()).hexdigest()[:16] for p in populations
        }
        self._lock: int | None = None
        if owner:
            self._prepare()
        else:
            self._compare()

    def close(self) -> None:
        """Let another run at the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def shards(self, population: Population) -> int:
        """Shards of one file: several where they are small, one where it has samples enough."""
        most: int = self.manifest["block"]
        return max(1, min(most, FILE_SAMPLES // population.shard_size))

    def has(self, population: Population, block: int) -> bool:
        """Whether a block is finished."""
        return self._path(population, block).exists()

    def read(self, population: Population, block: int) -> Arrays:
        """Return a finished block.

        Raises:
          ShardError: for a file that is damaged, or not what its name says.
        """
        samples = self.shards(population) * population.shard_size
        return shardfile.read(
            self._path(population, block), self._header(population, block), samples
        )

    def write(self, population: Population, block: int, arrays: Arrays) -> None:
        """Keep a finished block.

        Raises:
          CampaignError: where it cannot be written.
        """
        path = self._path(population, block)
        if not path.parent.exists():
            _make(path.parent)
        shardfile.write_whole(path, shardfile.encode(self._header(population, block), arrays))

    def report(self, result: dict[str, Any]) -> None:
        """Write the report, the campaign's last file."""
        self._write_json(REPORT, {"campaign": self.manifest, **result})

    def _path(self, population: Population, block: int) -> Path:
        return self.folder / SHARDS / self._folders[population.name] / f"{block:06}.shard"

    def _header(self, population: Population, block: int) -> dict[str, Any]:
        shards = self.shards(population)
        return {
            "population": population.name,
            "first_shard": block * shards,
            "shards": shards,
            "shard_size": population.shard_size,
            **{name: self.manifest[name] for name in ("seed", "stream", "dtype", "device")},
        }

    def _write_json(self, name: str, value: dict[str, Any]) -> None:
        text = json.dumps(value, indent=2, sort_keys=False, allow_nan=False)
        shardfile.write_whole(self.folder / name, text.encode() + b"\n")

    def _prepare(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise CampaignError(f"{self.folder} is no folder")
        _make(self.folder)
        self._lock = _lock(self.folder)
        try:
            begun = (self.folder / MANIFEST).exists()
            if begun:
                self._compare()
            self._sweep(begun)
            _make(self.folder / SHARDS)
            if not begun:
                self._write_json(MANIFEST, self.manifest)
        except BaseException:
            self.close()
            raise

    def _compare(self) -> None:
        path = self.folder / MANIFEST
        try:
            there = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise CampaignError(
                f"{path} is not there: several machines need a folder that all of them share"
            ) from None
        except (OSError, ValueError) as error:
            raise CampaignError(f"{path} is damaged or not readable: {error}") from None
        if not isinstance(there, dict):
            raise CampaignError(f"{path} is no manifest")
        found = differences(there, self.manifest)
        if found:
            raise CampaignError(
                f"{self.folder} holds another campaign: {'; '.join(found)}. "
                f"Give another folder, or what it was started with: {there.get('command')}"
            )

    def _sweep(self, begun: bool) -> None:
        """Remove what killed runs left half written; refuse what no run of ours made."""
        top = {MANIFEST, REPORT, SHARDS} if begun else {SHARDS}
        for entry in _entries(self.folder):
            if entry.name not in top:
                raise CampaignError(
                    f"{entry.path} is not of this campaign: remove it, or give another folder"
                )
        shards = self.folder / SHARDS
        for folder in _entries(shards) if shards.exists() else []:
            if folder.name not in self._folders.values() or not folder.is_dir():
                raise CampaignError(f"{folder.path} is not of this campaign: remove it")
            for entry in _entries(Path(folder.path)):
                if not _SHARD.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                    raise CampaignError(f"{entry.path} is no shard of this campaign: remove it")


def _digest(population: Population) -> str:
    return hashlib.sha256(population.name.encode()).hexdigest()[:16]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, after removing files that were never finished."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.startswith(shardfile.PART):
            os.unlink(entry.path)
    return [entry for entry in entries if not entry.name.startswith(shardfile.PART)]


def _make(folder: Path) -> None:
    """Make a folder and those above it, to survive a loss of power."""
    missing = [above for above in (folder, *folder.parents) if not above.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for made in missing:
            shardfile.sync_folder(made.parent)
    except OSError as error:
        raise CampaignError(f"cannot make {folder}: {error.strerror}") from None


def _lock(folder: Path) -> int:
    """Take the folder for this process; the system gives it back when the process ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CampaignError(f"another run is at work in {folder}: wait for it to end") from None
    except OSError:
        pass  # a file system without locks: two runs at once are then the user's to avoid
    return descriptor
