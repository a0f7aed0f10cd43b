"""Options that several commands share: a network's architecture, and what statements need besides.

Both come from the records that declare the fields (``theory.network``, ``theory.parameters``), so a
field added there is an option here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from maxout.cli import conv_options, parse
from maxout.theory.block import BLOCK_FIELDS, DEFAULTS, NORMALIZATION, NORMS, Block
from maxout.theory.errors import DomainError
from maxout.theory.field import Field
from maxout.theory.network import Network
from maxout.theory.parameters import NORM, PARAMETERS, UNIT, WINDOW, default_text

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


_READ: dict[str, Callable[[str, str], Any]] = {
    "dropout": parse.number,
    "inner": parse.integer,
    "branch_scale": parse.number,
}
"""Fields of a block that are numbers; the others are words."""


def network_options_with(
    convolutions: bool = False, **defaults: str
) -> Callable[[Command], Command]:
    """Add --rank, --inputs, --widths, --outputs, --c and --bias; the command gets ``network``.

    With ``convolutions`` also the options of ``conv_options``.

    ``network`` is None where none of them was given. Where some are, the others have the defaults
    given here, or else those of ``Network``.
    """
    known = {**_DEFAULTS, **defaults}

    def add(command: Command) -> Command:
        @wraps(command)
        def run(*args: Any, **given: Any) -> Any:
            texts = {name: given.pop(f"network_{name}") for name in _ARCHITECTURE}
            lying = conv_options.taken(given) if convolutions else {}
            if lying:
                return command(*args, network=conv_options.network(texts, lying), **given)
            if any(text is not None for text in texts.values()):
                texts = {n: defaults.get(n) if t is None else t for n, t in texts.items()}
            return command(*args, network=network(**texts), **given)

        found: Command = conv_options.add(run) if convolutions else run
        for name, text in reversed(_ARCHITECTURE.items()):
            said = f"{text}  [default: {known[name]}]." if name in known else f"{text}."
            found = click.option(f"--{name}", f"network_{name}", help=said)(found)
        return found

    return add


network_options = network_options_with()


def block_network_options(command: Command) -> Command:
    """Add the options of a network, of its convolutions and blocks; the command gets ``network``.

    ``--norm`` is the normalization where a word is given, and the norm of x, one of the
    parameters (``parameter_options`` stands below this), where a number is: it may be given twice.
    """

    @wraps(command)
    def run(*args: Any, **given: Any) -> Any:
        words = {f.name: given.pop(f"block_{f.name}") for f in BLOCK_FIELDS if f != NORMALIZATION}
        norms = given.pop("norms")
        words[NORMALIZATION.name] = next((n for n in reversed(norms) if n in NORMS), None)
        number = next((n for n in reversed(norms) if n not in NORMS), None)
        if number is not None and number.strip().isalpha():
            raise DomainError(
                f"norm must be {', '.join(NORMS)} (of the blocks) or a finite number (of x); "
                f"got {number[:60]!r}"
            )
        network = given.pop("network")
        chosen = {name: text for name, text in words.items() if text is not None}
        if chosen and network is None:
            names = " and ".join(f"--{name.replace('_', '-')}" for name in chosen)
            raise click.UsageError(f"{names} of what? A network needs --rank, --inputs, --widths")
        if chosen and network.convolution is not None:
            names = " and ".join(f"--{name.replace('_', '-')}" for name in chosen)
            raise DomainError(f"{names}: nothing is stated of convolutions with such blocks")
        if chosen:
            block = Block(
                **{
                    name: _READ[name](text, name.replace("_", "-")) if name in _READ else text
                    for name, text in chosen.items()
                }
            )
            network = network.but(block=block)
        return command(*args, network=network, **{f"given_{NORM.name}": number}, **given)

    for field in reversed(BLOCK_FIELDS):
        if field == NORMALIZATION:
            run = click.option(
                "--norm",
                "norms",
                multiple=True,
                help=f"{_sentence(field)}; or a number, the norm of x  [default: none, "
                f"{default_text(NORM)}].",
            )(run)
            continue
        default = DEFAULTS[field.name]
        said = "as many as outputs" if default is None else default
        run = click.option(
            f"--{field.name.replace('_', '-')}",
            f"block_{field.name}",
            help=f"{_sentence(field)}  [default: {said}].",
        )(run)
    return network_options_with(convolutions=True)(run)


def named_network_options(command: Command) -> Command:
    """The options of ``block_network_options``, not listed by help, which names some in a line."""

    @wraps(command)
    def run(*args: Any, **given: Any) -> Any:
        if given.pop(f"given_{NORM.name}") is not None:
            raise DomainError(f"norm must be {', '.join(NORMS)} here: of the blocks, not of x")
        return command(*args, **given)

    listed = {option.name for option in getattr(run, "__click_params__", [])}
    named = block_network_options(run)
    for option in getattr(named, "__click_params__", []):
        if option.name not in listed:
            option.hidden = True
    return named


def _sentence(field: Field) -> str:
    return field.meaning[0].upper() + field.meaning[1:]


_FIELDS = {field.name: field for field in PARAMETERS}


def value(name: str, text: str) -> Any:
    """What was typed of a field of ``theory.parameters``; None for a default in symbols, sqrt(n_0).

    Raises:
      DomainError: for what cannot be read; the field itself checks the rest.
    """
    if name == UNIT.name:
        return text
    if text.strip() == default_text(_FIELDS[name]) and any(map(str.isalpha, text)):
        return None
    read = parse.cells if name == WINDOW.name else parse.number
    return read(text, name.replace("_", "-"))


def parameter_options(command: Command) -> Command:
    """Add an option for every field of ``theory.parameters``; the command gets ``given``.

    The norm of x has the option ``--norm`` of ``block_network_options``, to be put above this one.

    ``given`` maps the names of the fields that were typed to numbers, or words, not yet checked by
    the fields: ``predict`` does that.
    """

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        texts = {field.name: options.pop(f"given_{field.name}") for field in PARAMETERS}
        given = {name: value(name, text) for name, text in texts.items() if text is not None}
        given = {name: found for name, found in given.items() if found is not None}
        return command(*args, given=given, **options)

    for field in reversed(PARAMETERS):
        if field == NORM:
            continue
        run = click.option(
            f"--{field.name.replace('_', '-')}",
            f"given_{field.name}",
            help=f"{_sentence(field)}  [default: {default_text(field)}].",
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
        c=parse.variance(c),
        bias=bias or "any",
    )
