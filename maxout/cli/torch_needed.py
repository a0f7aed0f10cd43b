"""Commands that need PyTorch ask for it first, so that its absence is told clearly."""

from __future__ import annotations

import importlib.util

import click


def require_torch(what: str, extras: str = "torch", without: str = "", draws: bool = False) -> None:
    """Refuse to go on without PyTorch, saying what to install.

    Args:
      what: needs it, with its verb ("audit needs").
      extras: of the package, for pip.
      without: what works without it, in parentheses.
      draws: whether networks are drawn, which needs Numba as well.

    Raises:
      click.UsageError: where it is not installed.
    """
    hint = f" {without}" if without else ""
    # Looked for, not loaded: of `maxout verify order.mean` it would be a third of the time.
    if importlib.util.find_spec("torch") is None:
        raise click.UsageError(f"{what} PyTorch: pip install 'maxout[{extras}]'{hint}")
    if draws and importlib.util.find_spec("numba") is None:
        raise click.UsageError(f"{what} Numba: pip install 'maxout[{extras}]'{hint}")
