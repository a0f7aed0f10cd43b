"""Options that several commands share: a network's architecture, and what statements need besides.

Both come from the records that declare the fields (``theory.network``, ``theory.parameters``), so a
field added there is an option here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from maxout.cli import parse
from maxout.theory.network import Network
from maxout.theory.parameters import PARAMETERS, UNIT, default_text

Command = Callable[..., Any]

_ARCHITECTURE = {
    "rank": "Rank K",
    "inputs": "Number of inputs n_0",
    "widths": "Hidden widths, such as 64x20,32",
    "outputs": "Number of outputs n_L",
    "c": "Weight variance times fan_in",
    "bias": "any, gaussian or zero",
}
_DEFAULTS = {"outputs": "1", "c": "1/M_K", "bias": "any"}


def seed_option(text: str) -> Callable[[Command], Command]:
    """Add --seed, an integer, 0 by default; ``text`` says of what."""
    return click.option("--seed", default="0", type=parse.SEED_TYPE, show_default=True, help=text)


def digits_option(default: int) -> Callable[[Command], Command]:
    """Add --digits."""
    return click.option(
        "--digits",
        default=default,
        type=parse.INTEGER,
        show_default=True,
        help="Correct digits asked for.",
    )


def network_options_with(**defaults: str) -> Callable[[Command], Command]:
    """Add --rank, --inputs, --widths, --outputs, --c and --bias; the command gets ``network``.

    ``network`` is None where none of them was given. Where some are, the others have the defaults
    given here, or else those of ``Network``.
    """
    known = {**_DEFAULTS, **defaults}

    def add(command: Command) -> Command:
        @wraps(command)
        def run(*args: Any, **given: Any) -> Any:
            texts = {name: given.pop(f"network_{name}") for name in _ARCHITECTURE}
            if any(text is not None for text in texts.values()):
                texts = {n: defaults.get(n) if t is None else t for n, t in texts.items()}
            return command(*args, network=network(**texts), **given)

        for name, text in reversed(_ARCHITECTURE.items()):
            said = f"{text}  [default: {known[name]}]." if name in known else f"{text}."
            run = click.option(f"--{name}", f"network_{name}", help=said)(run)
        return run

    return add


network_options = network_options_with()


def parameter_options(command: Command) -> Command:
    """Add an option for every field of ``theory.parameters``; the command gets ``given``.

    ``given`` maps the names of the fields that were typed to numbers, or words, not yet checked by
    the fields: ``predict`` does that.
    """

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        texts = {field.name: options.pop(f"given_{field.name}") for field in PARAMETERS}
        given = {
            name: text if name == UNIT.name else parse.number(text, name.replace("_", "-"))
            for name, text in texts.items()
            if text is not None
        }
        return command(*args, given=given, **options)

    for field in reversed(PARAMETERS):
        meaning = field.meaning[0].upper() + field.meaning[1:]
        run = click.option(
            f"--{field.name.replace('_', '-')}",
            f"given_{field.name}",
            help=f"{meaning}  [default: {default_text(field)}].",
        )(run)
    return run


def network(
    rank: str | None,
    inputs: str | None,
    widths: str | None,
    outputs: str | None,
    c: str | None,
    bias: str | None,
) -> Network | None:
    """Return the network that was typed; None where no option was given at all.

    Raises:
      click.UsageError: where rank, inputs or widths are missing. MaxoutError: for a bad value.
    """
    if all(value is None for value in (rank, inputs, widths, outputs, c, bias)):
        return None
    missing = [
        name
        for name, value in (("--rank", rank), ("--inputs", inputs), ("--widths", widths))
        if value is None
    ]
    if missing:
        raise click.UsageError(f"a network needs {', '.join(missing)} as well")
    assert rank is not None
    assert inputs is not None
    assert widths is not None
    return Network(
        inputs=parse.integer(inputs, "inputs"),
        widths=parse.widths(widths),
        outputs=1 if outputs is None else parse.integer(outputs, "outputs"),
        rank=parse.integer(rank, "rank"),
        c=None if c is None else parse.number(c, "c"),
        bias=bias or "any",
    )
