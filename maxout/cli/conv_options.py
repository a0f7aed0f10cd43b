"""Options of a network whose hidden layers are convolutions: --channels, --size, --kernel, ..."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from maxout.cli import parse
from maxout.theory.conv_network import ConvNetwork
from maxout.theory.convolution import CHANNELS, CONVOLUTION_FIELDS, GROUPS, PADDING_MODE

FIELDS = (CHANNELS, *CONVOLUTION_FIELDS)
_TYPED = {
    "channels": "as 3,8x4 in place of --inputs and --widths",
    "size": "as 32 or 8x8",
    "kernel": "3, 3x3",
    "stride": "default: 1",
    "padding": "default: 0",
    "dilation": "default: 1",
    "groups": "default: 1",
    "padding_mode": "default: zeros",
}


def add(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for every field of a convolution."""
    for field in reversed(FIELDS):
        meaning = field.meaning[0].upper() + field.meaning[1:]
        command = click.option(
            f"--{field.name.replace('_', '-')}",
            f"conv_{field.name}",
            help=f"{meaning}  [{_TYPED[field.name]}].",
        )(command)
    return command


def taken(given: dict[str, Any]) -> dict[str, str]:
    """Take what was typed of them out of a command's arguments."""
    found = {field.name: given.pop(f"conv_{field.name}") for field in FIELDS}
    return {name: text for name, text in found.items() if text is not None}


def network(texts: Mapping[str, str | None], lying: Mapping[str, str]) -> ConvNetwork:
    """Return the network that was typed.

    Args:
      texts: the options of any network.
      lying: those of its convolutions.

    Raises:
      click.UsageError: for options that are missing, or are of fully connected layers.
      MaxoutError: for a bad value.
    """
    for name in ("inputs", "widths"):
        if texts[name] is not None:
            raise click.UsageError(
                f"--{name} is of fully connected layers; convolutions have --channels and --size"
            )
    needed = {name: lying.get(name) for name in ("channels", "size", "kernel")}
    missing = [f"--{n}" for n, v in {"rank": texts["rank"], **needed}.items() if v is None]
    if missing:
        raise click.UsageError(f"a convolutional network needs {', '.join(missing)} as well")
    typed = {name: text for name, text in {**texts, **lying}.items() if text is not None}
    return ConvNetwork(**{name: _read(name, text) for name, text in typed.items()})


def _read(name: str, text: str) -> Any:
    if name == CHANNELS.name:
        return parse.widths(text, name)
    if name in ("bias", PADDING_MODE.name):
        return text
    if name == "c":
        return parse.variance(text)
    if name in ("rank", "outputs", GROUPS.name):
        return parse.integer(text, name)
    return parse.shape(text, name)
