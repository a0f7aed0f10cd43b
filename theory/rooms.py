"""Modules found by where they lie: what a subject has of one kind, without a list of them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def modules_of(floor: str, subject: str, kind: str) -> Iterator[ModuleType]:
    """Import the modules ``*_KIND`` of a subject; the one that bears its name comes first.

    Args:
      floor: package that the subjects lie in, such as ``maxout.verify``.
      subject: one of ``theory.catalogue.SUBJECTS``.
      kind: "statements", "routes" or "experiments".
    """
    package = import_module(f"{floor}.{subject}")
    names = (found.name for found in iter_modules(package.__path__))
    wanted = (name for name in names if name.endswith(f"_{kind}"))
    for name in sorted(wanted, key=lambda name: (name != f"{subject}_{kind}", name)):
        yield import_module(f"{floor}.{subject}.{name}")
