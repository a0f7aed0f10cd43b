"""``maxout audit``: what existing weights do to activations and gradients, and what to change."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from maxout.cli import output, parse
from maxout.cli.torch_needed import require_torch
from maxout.numerics.layer_words import MAX_FILE, fields
from maxout.numerics.reading import open_regular, read_json
from maxout.theory.errors import DomainError, while_on

if TYPE_CHECKING:
    from maxout.nn.auditing.report import AuditReport


@click.command("audit")
@click.argument("path", metavar="FILE")
@click.option(
    "--layer",
    "words",
    multiple=True,
    metavar="NAME:rank=K",
    help="A layer, in the order of the forward pass; more fields: layout=strided, window=2x2, "
    "format=keras, bias=NAME, then=norm. rank=1 is a linear layer.",
)
@click.option(
    "--layers", "description", metavar="FILE", help="The layers in JSON, instead of --layer."
)
@click.option(
    "--key", metavar="NAME", help="Entry of a checkpoint that holds the state dict: ema.model."
)
@click.option(
    "--input-size", default="1", show_default=True, help="Mean square of the input's coordinates."
)
@output.json_option
def command(
    path: str,
    words: tuple[str, ...],
    description: str | None,
    key: str | None,
    input_size: str,
    as_json: bool,
) -> None:
    """Audit the maxout layers of a state dict.

    FILE is a .safetensors file, the index of its shards, or a PyTorch checkpoint.

    Nothing in the file is executed: checkpoints are loaded with weights_only=True. For a model in
    Python, which finds its layers by itself, call maxout.nn.audit(model, example_input).
    """
    size = parse.real(input_size, "input-size")
    if size <= 0:
        raise DomainError(f"input-size must be a positive number; got {input_size[:60]}")
    if words and description is not None:
        raise click.UsageError("give --layer or --layers, not both")
    _look(path, words, description)
    require_torch("audit needs")
    from maxout.nn.auditing.files import read_state
    from maxout.nn.auditing.run import audit
    from maxout.nn.auditing.specification import parse_layer, read_description

    if description is not None:
        layers = read_description(description)
    else:
        layers = [parse_layer(word) for word in words]
    state = read_state(path, key)
    if not layers:
        shapes = [f"{name} {tuple(x.shape)}" for name, x in state.items() if x.dim() >= 2]
        more = ", ..." if len(shapes) > 12 else ""
        raise click.UsageError(
            "say which tensors are maxout layers, in the order of the forward pass, such as "
            f"--layer NAME:rank=5; the file holds {', '.join(shapes[:12]) or 'no matrices'}{more}"
        )
    with while_on(path):
        report = audit(state, layers=layers, input_size=size)
    if as_json:
        output.dump(report.to_json())
    else:
        _show(report)


def _look(path: str, words: tuple[str, ...], description: str | None) -> None:
    """Refuse what can be refused without PyTorch, whose import takes seconds.

    Raises:
      MaxoutError: for files that are not there, a description that is not JSON, and words that are
        no layers.
    """
    if description is not None:
        read_json(description, MAX_FILE)
    for word in words:
        fields(word)
    with open_regular(path, sys.maxsize):
        pass


def _show(report: AuditReport) -> None:
    output.table(report.columns(), report.rows())
    for line in report.remarks():
        output.say(line)
