"""Commands that need PyTorch ask for it first, so that its absence is told clearly."""

from __future__ import annotations

import click


def require_torch(what: str, extras: str = "torch", without: str = "") -> None:
    """Refuse to go on without PyTorch, saying what to install.

    Args:
      what: needs it, with its verb ("audit needs").
      extras: of the package, for pip.
      without: what works without it, in parentheses.

    Raises:
      click.UsageError: where it is not installed.
    """
    try:
        import torch  # noqa: F401
    except ImportError:
        hint = f" {without}" if without else ""
        raise click.UsageError(f"{what} PyTorch: pip install 'maxout[{extras}]'{hint}") from None
