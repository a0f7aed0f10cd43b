"""One cell: all seeds of one data set, network, optimizer and scheme, trained at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from maxout.lab.training.accuracies import REACH
from maxout.lab.training.architectures import build
from maxout.lab.training.augment import augmented
from maxout.lab.training.dataset import Dataset
from maxout.lab.training.gradient_sizes import Row, gradient_rows
from maxout.lab.training.matching import step_factor, unit_scale
from maxout.lab.training.schemes import scheme
from maxout.lab.training.setting import Setting
from maxout.lab.training.stacked import Stack, optimizer_of
from maxout.lab.training.store import read_checkpoint, write_checkpoint
from maxout.numerics.reading import FileError
from maxout.theory.errors import MaxoutError

GRADIENT_RECORDS = 10  # about how often gradients are looked at in one training
CHECKPOINT_SECONDS = 30.0


def initial_stack(setting: Setting, data: Dataset) -> Stack:
    """Networks of all seeds, initialized."""
    chosen = scheme(setting.scheme)
    models = []
    for seed in range(setting.seeds):
        model = build(
            setting.network,
            data.shape,
            data.classes,
            0 if chosen.is_relu else setting.rank,
            setting.multiplier,
            setting.widths,
        )
        draws = setting.generator("parameters", seed, 0, 0)
        generator = torch.Generator().manual_seed(int(draws.integers(2**63)))
        chosen.initialize_(model, generator)
        models.append(model)
    return Stack(models)


def train_cell(
    setting: Setting,
    data: Dataset,
    *,
    checkpoint: Path | None = None,
    weights: Path | None = None,
    progress: Callable[[int], None] = lambda epochs: None,
    stop_after: int | None = None,
) -> dict[str, Any]:
    """Train one cell, on from its checkpoint where there is one.

    A seed diverges when its loss or a parameter is no finite number at the end of an epoch; its
    accuracy is that of guessing, 1/classes, from first to last. The test accuracy reported is that
    after the epoch of the best validation accuracy, the latest of equals.

    Args:
      setting, data: what to train on what.
      checkpoint: file of the unfinished cell; none is kept without.
      weights: folder for the networks of all seeds after the last epoch, a state dict each.
      progress: called after each epoch with the number of epochs done.
      stop_after: stop there, leave a checkpoint and return an empty result (for tests).

    Returns:
      The cell as JSON types: per seed ``test``, ``final`` (test accuracy after the last epoch),
      ``validation``, ``best_epoch`` and ``diverged_epoch`` (or None); per epoch ``loss``, lower
      quartile, median and upper quartile of the training loss over seeds that have not diverged;
      ``gradients`` as rows; ``key``, ``setting``, ``chance``, sizes, and ``seconds`` it took.

    Raises:
      MaxoutError: for unknown names, or augmentation of data that are no images.
    """
    if setting.augment and not data.is_image:
        raise MaxoutError(f"only images can be augmented; {data.name} has shape {data.shape}")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums, and so the result, must not depend on the machine
    try:
        training = _Training(setting, data, checkpoint)
        result = training.run(progress, stop_after)
        if weights and result:
            training.keep(weights)
        return result
    finally:
        torch.set_num_threads(threads)


class _Training:
    def __init__(self, setting: Setting, data: Dataset, checkpoint: Path | None) -> None:
        self.setting, self.data, self.checkpoint = setting, data, checkpoint
        self.factor = unit_scale(data) if setting.normalize else 1.0
        self.rate = setting.rate * step_factor(setting, data.shape)
        self.key = setting.key(data.fingerprint())
        self.stack = initial_stack(setting, data)
        self.optimizer = optimizer_of(
            setting.optimizer, list(self.stack.parameters.values()), self.rate
        )
        self.epoch = 0
        self.seconds = 0.0
        seeds = setting.seeds
        self.test, self.final = np.zeros(seeds), np.zeros(seeds)
        self.validation = np.full(seeds, -1.0)
        self.best_epoch, self.diverged = np.zeros(seeds, int), np.zeros(seeds, int)
        self.reached = np.zeros(seeds, int)
        self.loss: list[list[float | None]] = []
        self.gradients: list[Row] = []
        self._resume()

    def run(self, progress: Callable[[int], None], stop_after: int | None) -> dict[str, Any]:
        if self.epoch == 0:
            self._record_gradients()
        started = saved = time.monotonic()
        before = self.seconds
        while self.epoch < self.setting.epochs and not self.diverged.all():
            self._judge(self._train_epoch())
            self.seconds = before + time.monotonic() - started
            progress(self.epoch)
            if stop_after == self.epoch:
                self._save()
                return {}
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                self._save()
                saved = time.monotonic()
        return self._result()

    def _train_epoch(self) -> np.ndarray:
        """Train through all batches once; return the mean loss of each seed."""
        setting, train = self.setting, self.data.train
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * 0.5 ** (self.epoch // setting.halving)
        examples = len(train.labels)

        def batches(purpose: int) -> list[np.random.Generator]:
            seeds = range(setting.seeds)
            return [setting.generator("batches", seed, self.epoch, purpose) for seed in seeds]

        orders = np.stack([generator.permutation(examples) for generator in batches(3)])
        changes = batches(2)
        total = torch.zeros(setting.seeds, dtype=torch.float64)
        for start in range(0, examples, setting.batch):
            index = torch.from_numpy(orders[:, start : start + setting.batch])
            inputs = self.data.values(train.inputs[index]) * self.factor
            if setting.augment:
                inputs = augmented(inputs, changes)
            self.optimizer.zero_grad()
            losses = self.stack.losses(inputs, train.labels[index])
            # Seeds share no parameter: the gradient of the sum is each one's own.
            losses.sum().backward()
            self.optimizer.step()
            total += losses.detach().double() * index.shape[1]
        self.epoch += 1
        return (total / examples).numpy()

    def _judge(self, losses: np.ndarray) -> None:
        """Take down what the epoch came to."""
        bad = ~(np.isfinite(losses) & self.stack.finite())
        newly = bad & (self.diverged == 0)
        self.diverged[newly] = self.epoch
        if bad.any():
            self.stack.silence(self.optimizer, self.diverged > 0)
        going = self.diverged == 0
        quartiles = np.quantile(losses[going], (0.25, 0.5, 0.75)) if going.any() else [None] * 3
        self.loss.append([None if q is None else float(q) for q in quartiles])
        validation = self.stack.accuracies(self.data, self.data.validation, self.factor)
        chance = 1 / self.data.classes
        there = going & (validation >= chance + REACH * (1 - chance)) & (self.reached == 0)
        self.reached[there] = self.epoch
        better = going & (validation >= self.validation)
        last = self.epoch == self.setting.epochs
        if better.any() or last:
            test = self.stack.accuracies(self.data, self.data.test, self.factor)
            self.test[better], self.best_epoch[better] = test[better], self.epoch
            self.validation[better] = validation[better]
            self.final = test
        if last or self.epoch % max(1, self.setting.epochs // GRADIENT_RECORDS) == 0:
            self._record_gradients()

    def _record_gradients(self) -> None:
        probe = self.data.values(self.data.train.inputs[0]) * self.factor
        self.gradients += gradient_rows(self.stack, probe, self.epoch, self.diverged > 0)

    def _result(self) -> dict[str, Any]:
        chance = 1 / self.data.classes
        gone = self.diverged > 0
        return {
            "key": self.key,
            "setting": asdict(self.setting),
            "chance": chance,
            "parameters": self.stack.parameters_each,
            "examples": [
                len(getattr(self.data, p).labels) for p in ("train", "validation", "test")
            ],
            "test": np.where(gone, chance, self.test).tolist(),
            "final": np.where(gone, chance, self.final).tolist(),
            "validation": np.where(gone, chance, self.validation).tolist(),
            "best_epoch": [
                None if d else int(e) for e, d in zip(self.best_epoch, gone, strict=True)
            ],
            "diverged_epoch": [int(d) or None for d in self.diverged],
            "reached": self.reached.tolist(),
            "loss": self.loss,
            "gradients": self.gradients,
            "seconds": round(self.seconds, 2),
        }

    def _arrays(self) -> tuple[str, ...]:
        return ("test", "final", "validation", "best_epoch", "diverged", "reached")

    def keep(self, folder: Path) -> None:
        """Write the network of every seed as a state dict, as ``torch.save`` does."""
        for seed in range(self.setting.seeds):
            state = {k: v[seed].detach().clone() for k, v in self.stack.parameters.items()}
            write_checkpoint(folder / f"{self.setting.name}-{seed}.pt", state)

    def _save(self) -> None:
        if self.checkpoint is None:
            return
        write_checkpoint(
            self.checkpoint,
            {
                "key": self.key,
                "epoch": self.epoch,
                "seconds": self.seconds,
                "parameters": {k: v.detach() for k, v in self.stack.parameters.items()},
                "optimizer": self.optimizer.state_dict(),
                "arrays": {name: getattr(self, name).tolist() for name in self._arrays()},
                "loss": self.loss,
                "gradients": self.gradients,
            },
        )

    def _resume(self) -> None:
        saved = read_checkpoint(self.checkpoint, self.key) if self.checkpoint else None
        if saved is None:
            return
        try:
            self._take(saved)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise FileError(
                f"{self.checkpoint} is damaged ({type(error).__name__}): delete it to have the "
                "cell trained anew"
            ) from None

    def _take(self, saved: dict[str, Any]) -> None:
        with torch.no_grad():
            for name, tensor in self.stack.parameters.items():
                tensor.copy_(saved["parameters"][name])
        self.optimizer.load_state_dict(saved["optimizer"])
        for name in self._arrays():
            setattr(self, name, np.array(saved["arrays"][name]))
        self.epoch, self.seconds = saved["epoch"], saved["seconds"]
        self.loss, self.gradients = saved["loss"], saved["gradients"]
