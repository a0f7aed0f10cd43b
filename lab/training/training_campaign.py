"""A campaign: cells planned, trained where they are not yet finished, and compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maxout.lab.training import training_tables
from maxout.lab.training.accuracies import Result, to_csv
from maxout.lab.training.architectures import NETWORKS, build
from maxout.lab.training.compare import Comparison, compare, overall
from maxout.lab.training.data import load
from maxout.lab.training.dataset import DataError
from maxout.lab.training.matching import step_factor
from maxout.lab.training.schemes import CONV_SCHEMES, FC_SCHEMES, scheme
from maxout.lab.training.selection import chosen, sweep, tuning_seeds
from maxout.lab.training.setting import Setting
from maxout.lab.training.stacked import OPTIMIZERS
from maxout.lab.training.store import read_cell, write_text
from maxout.lab.training.workers import Job, run_jobs
from maxout.theory.errors import DomainError, MaxoutError

ALPHA = 0.01
MAX_PARAMETERS = 10**8
"""Of the networks of one cell: in training each takes about 20 bytes, in every process."""

# network -> data -> epochs. Of the full run so that two cores need less than an hour; of the quick
# one so that they need less than three minutes. The paper trains for longer.
EPOCHS = {
    "fc": {"iris": 200, "digits": 80, "mnist5k": 10},
    "conv": {"digits": 12},
}
QUICK_EPOCHS = {"fc": {"iris": 40, "digits": 8, "mnist5k": 2}, "conv": {"digits": 3}}
OTHER_EPOCHS = {"fc": 200, "conv": 20}
MULTIPLIERS = {"fc": 1.0, "conv": 1 / 16}

Progress = Callable[[Setting, int, bool], None]


def plan(
    *,
    data: Sequence[str] | None = None,
    network: str = "fc",
    optimizers: Sequence[str] = OPTIMIZERS,
    schemes: Sequence[str] | None = None,
    seeds: int = 20,
    epochs: int | None = None,
    quick: bool = False,
    root: int = 0,
    multiplier: float | None = None,
    augment: bool = False,
    rates: Sequence[float] = (0.001,),
    batch: int = 32,
    halving: int = 100,
    rank: int = 5,
    widths: tuple[int, ...] | None = None,
    normalize: bool = False,
) -> list[Setting]:
    """Lay out the cells: every data set with every optimizer and every scheme.

    Args:
      data: by name; where left out, those that ``EPOCHS`` has for the network.
      network: "fc" or "conv".
      optimizers, schemes: by name; all where left out.
      seeds: networks of every cell.
      epochs: for all data sets; where left out, as many as ``EPOCHS`` or ``QUICK_EPOCHS`` says.
      quick: the epochs of the quick run.
      root: seed of all draws.
      multiplier: of the widths; 1 for "fc" and 1/16 for "conv" where left out.
      augment: whether images are shifted, turned and zoomed.
      rates: learning rates; several are a sweep, of which every scheme takes its best.
      batch, halving, rank, widths, normalize: as in ``Setting``.

    Raises:
      MaxoutError: for unknown names, rates that are not positive, too few seeds, no epochs, or
        max-pooling initialization of "fc".
    """
    if network not in NETWORKS:
        raise DomainError(f"network must be one of {', '.join(NETWORKS)}; got {network[:60]!r}")
    for optimizer in optimizers:
        if optimizer not in OPTIMIZERS:
            raise DomainError(
                f"optimizer must be one of {', '.join(OPTIMIZERS)}; got {optimizer[:60]!r}"
            )
    if seeds < 1:
        raise DomainError(f"seeds must be at least 1; got {seeds}")
    if epochs is not None and epochs < 1:
        raise DomainError(f"epochs must be at least 1; got {epochs}")
    if multiplier is not None and not 0 < multiplier <= 16:
        raise DomainError(f"width must be a multiplier above 0 and at most 16; got {multiplier:g}")
    wanted = (FC_SCHEMES if network == "fc" else CONV_SCHEMES) if schemes is None else schemes
    initializations = list(dict.fromkeys(scheme(name).name for name in wanted))
    if network == "fc" and "maxpool" in initializations:
        raise MaxoutError("scheme maxpool needs --network conv: nothing is pooled in network fc")
    if not rates or not all(0 < rate < math.inf for rate in rates):
        raise DomainError(f"rates must be positive numbers; got {', '.join(map(str, rates))}")
    if len(set(rates)) > 1:
        tuning_seeds(seeds)
    default = (QUICK_EPOCHS if quick else EPOCHS)[network]
    return [
        Setting(
            name,
            network,
            optimizer,
            initialization,
            seeds=seeds,
            epochs=epochs or default.get(name, OTHER_EPOCHS[network]),
            root=root,
            multiplier=MULTIPLIERS[network] if multiplier is None else multiplier,
            augment=augment,
            rate=rate,
            batch=batch,
            halving=halving,
            rank=rank,
            widths=widths,
            normalize=normalize,
        )
        for name in dict.fromkeys(data or default)
        for optimizer in dict.fromkeys(optimizers)
        for initialization in initializations
        for rate in dict.fromkeys(rates)
    ]


@dataclass(frozen=True)
class Campaign:
    """Cells and what they say.

    Attributes:
      cells: as in their files.
      alpha: chance that any verdict is wrong.
    """

    cells: list[dict[str, Any]]
    alpha: float

    @property
    def results(self) -> list[Result]:
        """Of every scheme, at the rate that was chosen for it."""
        return chosen(self.cells)

    @property
    def comparisons(self) -> list[Comparison]:
        return compare(self.results, self.alpha)

    @property
    def status(self) -> str:
        return overall(self.comparisons)

    def to_json(self) -> dict[str, Any]:
        """All as JSON types."""
        return {
            "status": self.status,
            "false_alarm_rate": self.alpha,
            "cells": self.cells,
            "table": [training_tables.summary(result) for result in self.results],
            "comparisons": [training_tables.verdict(comparison) for comparison in self.comparisons],
            "sweep": sweep(self.cells),
        }

    def write(self, out: Path) -> None:
        """Write the tables: CSV of accuracies, comparisons, losses and gradients, and Markdown."""
        comparisons = self.comparisons
        write_text(out / "accuracies.csv", to_csv(self.results))
        write_text(out / "comparisons.csv", training_tables.comparisons_csv(comparisons))
        write_text(out / "losses.csv", training_tables.losses_csv(self.cells))
        gradients = training_tables.gradients_csv(self.cells)
        write_text(out / "gradients.csv", gradients)
        shown = training_tables.markdown(self.results, comparisons)
        sizes = training_tables.gradients_markdown(gradients)
        rows = sweep(self.cells)
        if rows:
            write_text(out / "sweep.csv", training_tables.sweep_csv(rows))
            shown += f"\n### Rates\n\n{training_tables.sweep_markdown(rows)}\n"
        write_text(out / "tables.md", f"{shown}\n### Squared gradients\n\n{sizes}\n")


def run_campaign(
    settings: Sequence[Setting],
    out: Path,
    *,
    data_root: Path | None = None,
    weights: Path | None = None,
    workers: int = 2,
    alpha: float = ALPHA,
    progress: Progress = lambda setting, epochs, finished: None,
) -> Campaign:
    """Train the cells that ``out`` does not hold yet, and write the tables there.

    Args:
      weights: folder for the trained networks of the cells that are trained now.

    Raises:
      MaxoutError: for data or settings that cannot be trained, before anything is trained.
    """
    jobs, keys = [], []
    fingerprints: dict[str, str] = {}
    for setting in settings:
        if setting.data not in fingerprints:
            data = load(setting.data, data_root)
            model = build(
                setting.network, data.shape, data.classes, setting.rank, setting.multiplier,
                setting.widths,
            )  # fmt: skip
            _check_size(sum(p.numel() for p in model.parameters()), setting.seeds)
            if setting.augment and not data.is_image:
                raise DataError(f"only images can be augmented; {data.name} holds none")
            step_factor(setting, data.shape)
            fingerprints[setting.data] = data.fingerprint()
        key = setting.key(fingerprints[setting.data])
        keys.append(key)
        # The key tells settings apart, so that a quick run does not replace an hour's work.
        jobs.append(Job(setting, out / "cells" / f"{setting.name}-{key[:8]}.json", weights))
    _writable(out)
    missing = []
    for job, key in zip(jobs, keys, strict=True):
        if read_cell(job.path, key) is None:
            missing.append(job)
        else:
            progress(job.setting, job.setting.epochs, True)
    run_jobs(missing, workers, data_root, progress)
    cells = [read_cell(job.path, key) for job, key in zip(jobs, keys, strict=True)]
    campaign = Campaign([cell for cell in cells if cell is not None], alpha)
    campaign.write(out)
    return campaign


def _check_size(parameters: int, seeds: int) -> None:
    if parameters * seeds > MAX_PARAMETERS:
        raise DomainError(
            f"{seeds:,} networks of {parameters:,} parameters are too large to train side by side: "
            f"at most {MAX_PARAMETERS:,} parameters in all; take fewer seeds or a smaller width"
        )


def _writable(out: Path) -> None:
    try:
        (out / "cells").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MaxoutError(f"cannot write to {out}: {error.strerror}") from None
