"""What ``maxout regions`` shows in a window and along a curve alike."""

from __future__ import annotations

from collections.abc import Sequence

import click

from maxout.cli.main import INCONCLUSIVE, OK
from maxout.numerics.regions.concrete_layers import MaxoutLayers
from maxout.theory.network import Network


def code(undecided: int, findings: Sequence[str]) -> int:
    if undecided:
        click.echo(
            f"maxout: {undecided} decisions fell within rounding: the count is that of a network "
            "within rounding of this one",
            err=True,
        )
    return INCONCLUSIVE if undecided or findings else OK


def name(network: Network | None, layers: MaxoutLayers) -> str:
    if network is not None:
        return network.heading
    widths = ",".join(str(weight.shape[0]) for weight, _ in layers.hidden)
    return f"{layers.inputs}-[{widths}]-{layers.outputs} K={layers.rank}, from a file"
