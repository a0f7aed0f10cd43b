"""The words in which a person says a layer, ``NAME:rank=5:layout=strided``. Read without PyTorch,
so that what is no such word is refused before it is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maxout.theory.errors import MaxoutError

MAX_FILE = 1 << 20  # bytes of a description; beyond that it is some other file
KEYS = ("name", "rank", "layout", "window", "format", "bias", "then")
_GRAMMAR = "NAME:rank=5[:layout=strided][:window=4][:format=keras][:bias=NAME][:then=norm]"


def fields(text: str) -> dict[str, Any]:
    """Split ``NAME:rank=5:window=2x2:then=norm`` into fields by name; rank and window are numbers.

    Raises:
      MaxoutError: for anything else.
    """
    name, *parts = text.split(":")
    found: dict[str, Any] = {"name": name}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals or key in found:
            raise MaxoutError(f"a layer must look like {_GRAMMAR}; got {text[:80]!r}")
        found[key] = value
    for key in ("rank", "window"):
        if key in found:
            sides = found[key].split("x") if key == "window" else [found[key]]
            if not all(side.isdecimal() and len(side) < 10 for side in sides):
                raise MaxoutError(
                    f"layer {name!r}: {key} must be an integer of at least 1; got {found[key]!r}"
                )
            numbers = [int(side) for side in sides]
            found[key] = numbers[0] if len(numbers) == 1 else numbers
    if not name:
        raise MaxoutError(f"a layer must have a name; got {found!r}"[:200])
    try:
        check_fields(found)
    except MaxoutError as error:
        raise MaxoutError(f"layer {name!r}: {error}") from None
    return found


def check_fields(found: Mapping[str, Any]) -> None:
    """Refuse fields that no layer has, and a layer without a rank."""
    if unknown := [key for key in found if key not in KEYS]:
        raise MaxoutError(f"unknown field {unknown[0]!r}; there are {', '.join(KEYS)}")
    if "rank" not in found:
        raise MaxoutError("say its rank (1 for a linear layer)")
