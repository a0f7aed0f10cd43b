"""Docstrings are plain text with ``code``: their stars and bars are mathematics, not markup."""

import re
from typing import Any

_CODE = re.compile(r"(``.+?``|:\w+:`[^`]+`)")


def escaped(line: str) -> str:
    """Return a line of a docstring whose mathematics reStructuredText leaves alone."""
    parts = _CODE.split(line)
    parts[::2] = [re.sub(r"([*|`\\]|_(?!\w))", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def _plain(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    lines[:] = [escaped(line) for line in lines]


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    # Before napoleon (500), which writes markup of its own.
    app.connect("autodoc-process-docstring", _plain, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
