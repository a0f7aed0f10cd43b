"""``maxout verify --rank ...``: what a run at one network will take, said before it draws."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from maxout.cli.progress import Work
from maxout.theory.network import Network

if TYPE_CHECKING:
    from maxout.verify.budget import Cost
    from maxout.verify.own_network import OwnPlan


class Estimate:
    """Says on stderr what a run at a network will cost and see; of a suite it says nothing."""

    def __init__(self, network: Network | None) -> None:
        self._network = network
        self._work: Work | None = None

    def __enter__(self) -> Estimate:
        if self._network is not None and sys.stderr.isatty():
            self._work = Work("timing what would be drawn", sys.stderr)
        return self

    def __exit__(self, *_: object) -> None:
        if self._work is not None:
            self._work.end()
            self._work = None

    def told(self, cost: Cost, plan: OwnPlan) -> None:
        """Called with the plan, before it is drawn."""
        self.__exit__()
        assert self._network is not None
        experiments = sum(map(len, plan.experiments.values()))
        click.echo(
            f"{self._network.heading}: {cost.samples:,} samples of {cost.populations} populations "
            f"in about {cost.seconds:.0f} s, for {experiments} experiments",
            err=True,
        )
        if cost.sharpest and cost.bluntest:
            (least, sharp), (most, blunt) = cost.sharpest, cost.bluntest
            click.echo(
                f"an equality would be refuted 9 times in 10 if it were off by {least:.2g} "
                f"({sharp}) to {most:.2g} ({blunt}) of its value",
                err=True,
            )
