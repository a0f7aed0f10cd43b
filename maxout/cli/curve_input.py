"""A curve that a person types: points in a CSV file, a segment, or a circle about the origin."""

from __future__ import annotations

import math

import click
import numpy as np

from maxout.cli import parse
from maxout.cli.options import Command
from maxout.numerics.curves.curve_quantities import Curve
from maxout.numerics.reading import read_table
from maxout.numerics.regions.concrete_layers import Array
from maxout.theory.errors import DomainError

_MAX_BYTES = 1 << 26


def curve_options(command: Command) -> Command:
    """Add --points, --segment and --circle, of which a command takes one."""
    for option in (
        click.option("--circle", help="Radius of a circle about the origin, in two coordinates."),
        click.option("--segment", help="Two points, such as '-1,0.5 : 1,0.5'."),
        click.option("--points", help="CSV file: one point a line, n_0 numbers."),
    ):
        command = option(command)
    return command


def given(points: str | None, segment: str | None, circle: str | None) -> bool:
    """Whether a curve was asked for.

    Raises:
      click.UsageError: for more than one.
    """
    number = sum(text is not None for text in (points, segment, circle))
    if number > 1:
        raise click.UsageError("give one curve: --points, --segment or --circle")
    return number == 1


def read(points: str | None, segment: str | None, circle: str | None, inputs: int) -> Curve:
    """Return points (points, n_0), or, for a circle, a function of a parameter in [0, 1].

    Raises:
      MaxoutError: for anything unreadable.
    """
    if points is not None:
        return read_table(points, _MAX_BYTES)
    if segment is not None:
        ends = segment.split(":")
        if len(ends) != 2:
            raise DomainError(f"segment must look like '-1,0.5 : 1,0.5'; got {segment[:60]!r}")
        return [_numbers(end, "segment") for end in ends]
    assert circle is not None
    radius = parse.real(circle, "circle")
    if radius <= 0:
        raise DomainError(f"circle must be a radius above 0; got {circle[:60]}")
    if inputs < 2:
        raise DomainError("a circle needs at least 2 inputs")
    return _circle(radius, inputs)


def _circle(radius: float, inputs: int) -> Curve:
    def at(t: Array) -> Array:
        x = np.zeros((len(t), inputs))
        x[:, 0], x[:, 1] = radius * np.cos(2 * math.pi * t), radius * np.sin(2 * math.pi * t)
        return x

    return at


def _numbers(text: str, name: str) -> list[float]:
    return [parse.real(part, name) for part in text.split(",")]
