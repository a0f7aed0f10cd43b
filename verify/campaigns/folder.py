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
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from maxout.numerics.reading import FileError, read_json
from maxout.numerics.writing import PART_NAME, replacing, sync_folder
from maxout.verify.campaigns import shardfile
from maxout.verify.campaigns.manifest import FORMAT, differences, other_processor
from maxout.verify.sampling.populations import Arrays, Population, shards_for
from maxout.verify.suite_errors import CampaignError

MANIFEST, REPORT, SHARDS = "manifest.json", "report.json", "shards"
FILE_SAMPLES = 1 << 15
"""Samples that a file of several shards may hold: some hundred kilobytes to a megabyte."""

MAX_MANIFEST = 1 << 22  # bytes

_SHOWN, _COMMAND = 6, 2000  # differences, and characters of a command, in a message
_LOG = logging.getLogger(__name__)
_SHARD = re.compile(r"\d{6,}\.shard")


class Campaign:
    """The folder of one campaign: a shelf for the collector.

    Args:
      folder: made where it is not there.
      manifest: what this run is.
      planned: every population that it may sample, with its samples at most.

    Raises:
      CampaignError: where the folder belongs to another campaign, another run is at work there,
        or it holds something that is not of this campaign.
    """

    def __init__(
        self,
        folder: Path,
        manifest: dict[str, Any],
        planned: Iterable[tuple[Population, int]],
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        # Folder of a population -> its blocks at most.
        self._blocks: dict[str, int] = {}
        for population, samples in planned:
            blocks = -(-shards_for(population, samples) // self.shards(population))
            name = _folder_of(population)
            self._blocks[name] = max(blocks, self._blocks.get(name, 0))
        self._lock: int | None = None
        self._prepare()

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
          FileError: where it cannot be written.
        """
        path = self._path(population, block)
        if not path.parent.exists():
            _make(path.parent)
        with replacing(path) as file:
            file.write(shardfile.encode(self._header(population, block), arrays))

    def report(self, result: dict[str, Any]) -> None:
        """Write the report, the campaign's last file."""
        self._write_json(REPORT, {"campaign": self.manifest, **result})

    def _path(self, population: Population, block: int) -> Path:
        return self.folder / SHARDS / _folder_of(population) / f"{block:06}.shard"

    def _header(self, population: Population, block: int) -> dict[str, Any]:
        shards = self.shards(population)
        return {
            "population": population.name,
            "first_shard": block * shards,
            "shards": shards,
            "shard_size": population.shard_size,
            "arrays": sorted(population.arrays),
            **{name: self.manifest[name] for name in ("seed", "dtype", "device")},
        }

    def _write_json(self, name: str, value: dict[str, Any]) -> None:
        text = json.dumps(value, indent=2, sort_keys=False, allow_nan=False)
        with replacing(self.folder / name) as file:
            file.write(text.encode() + b"\n")

    def _prepare(self) -> None:
        if os.path.lexists(self.folder) and not self.folder.is_dir():
            raise CampaignError(f"{self.folder} is no folder")
        _make(self.folder)
        self._lock = _lock(self.folder)
        try:
            begun = os.path.lexists(self.folder / MANIFEST)
            known = self._compare() if begun else False
            for part in self._check(begun):
                _remove(part)
            _make(self.folder / SHARDS)
            if not known:
                self._write_json(MANIFEST, self.manifest)
        except BaseException:
            self.close()
            raise

    def _compare(self) -> bool:
        """Refuse another campaign's folder; say whether its manifest knows this processor."""
        path = self.folder / MANIFEST
        try:
            there = read_json(path, MAX_MANIFEST)
        except FileError as error:
            raise CampaignError(f"{error}; it was a campaign's manifest") from None
        if not isinstance(there, dict):
            raise CampaignError(f"{path} is no manifest")
        if there.get("format") != FORMAT:
            raise CampaignError(
                f"{self.folder} was begun by another version of maxout, which draws other samples: "
                "give another folder"
            )
        found = differences(there, self.manifest)
        if found:
            more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise CampaignError(
                f"{self.folder} holds another campaign: {'; '.join(found[:_SHOWN])}{more}. "
                f"Give another folder, or what it was started with: {_short(there.get('command'))}"
            )
        if not _are_processors(there.get("processors")):
            raise CampaignError(f"{path} is no manifest")
        note = other_processor(there, self.manifest)
        processors = there["processors"] + (self.manifest["processors"] if note else [])
        self.manifest = {**self.manifest, "processors": processors}
        if note:
            _LOG.warning("%s: %s", self.folder, note)
        return note is None

    def _check(self, begun: bool) -> list[str]:
        """Return what killed runs left half written; refuse what no run of ours made."""
        top, parts = _entries(self.folder)
        for entry in top:
            if entry.name not in (MANIFEST, REPORT, SHARDS):
                raise CampaignError(
                    f"{entry.path} is not of this campaign: remove it, or give another folder"
                )
        names = {entry.name for entry in top}
        found = 0
        if SHARDS in names:
            folders, more = _entries(self.folder / SHARDS)
            parts += more
            for folder in folders:
                if folder.name not in self._blocks or not folder.is_dir(follow_symlinks=False):
                    raise CampaignError(f"{folder.path} is not of this campaign: remove it")
                shards, more = _entries(Path(folder.path))
                parts += more
                found += len(shards)
                for entry in shards:
                    if not _SHARD.fullmatch(entry.name) or not _is_file(entry):
                        raise CampaignError(f"{entry.path} is no shard of this campaign: remove it")
                    if int(entry.name.partition(".")[0]) >= self._blocks[folder.name]:
                        raise CampaignError(
                            f"{entry.path} is a surplus shard: this campaign has "
                            f"{self._blocks[folder.name]} of this population at most; remove it"
                        )
        if not begun and (found or REPORT in names):
            beside = "a report" if REPORT in names else f"{found} shards"
            raise CampaignError(
                f"{self.folder / MANIFEST} is lost: there is {beside} of a campaign, but not what "
                "it was made with. Put the manifest back, or give another folder"
            )
        return parts


def _are_processors(found: Any) -> bool:
    return isinstance(found, list) and found != [] and all(isinstance(p, dict) for p in found)


def _folder_of(population: Population) -> str:
    return hashlib.sha256(population.name.encode()).hexdigest()[:16]


def _entries(folder: Path) -> tuple[list[os.DirEntry[str]], list[str]]:
    """What is in a folder, and beside it the paths of files that were never finished."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise CampaignError(f"cannot read {folder}: {error.strerror}") from None
    kept: list[os.DirEntry[str]] = []
    parts: list[str] = []
    for entry in entries:
        if PART_NAME.fullmatch(entry.name) and _is_file(entry):
            parts.append(entry.path)
        else:
            kept.append(entry)
    return kept, parts


def _is_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError as error:
        raise CampaignError(f"cannot remove {path}: {error.strerror}") from None


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _COMMAND else f"{text[:_COMMAND]}..."


def _make(folder: Path) -> None:
    """Make a folder and those above it, to survive a loss of power."""
    try:
        missing = [above for above in (folder, *folder.parents) if not above.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for made in missing:
            sync_folder(made.parent)
    except OSError as error:
        raise CampaignError(f"cannot make {folder}: {error.strerror}") from None


def _lock(folder: Path) -> int:
    """Take the folder for this process; the system gives it back when the process ends."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise CampaignError(f"cannot read {folder}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CampaignError(f"another run is at work in {folder}: wait for it to end") from None
    except OSError:
        pass  # a file system without locks: two runs at once are then the user's to avoid
    return descriptor
