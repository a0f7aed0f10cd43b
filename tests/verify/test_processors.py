"""What is planned, predicted, decided and drawn on other processors than this one, by emulation.

The whole suites, and their verdicts: ``python tools/processors.py --suite standard --verdicts``.
"""

from __future__ import annotations

import json
import re
import sys
from decimal import Decimal

import numpy as np
import pytest

from maxout.theory.network import Network
from maxout.verify.campaigns.processor import numpy_features, processor
from maxout.verify.experiments import SIZES
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.polylines import Chords

# A mean over networks, a probability of 1, and counts along curves.
ASKED = ["jacobian.mean.exact", "kernel.winner.one", "curve.breakpoints.first"]


@pytest.fixture(scope="module")
def here(processors):
    return processors.run_as(None, [*ASKED, "--verdicts", "--draws"])


@pytest.mark.parametrize("name", ["AVX2", "no AVX"])
def test_plans_predictions_and_verdicts_are_the_same_elsewhere(processors, here, name) -> None:
    there = processors.run_as(name, [*ASKED, "--verdicts", "--draws"])
    assert len(here["experiments"]) > 200
    assert {status for _, _, status in here["verdicts"]} == {"verified"}
    assert processors.differences(here, there) == []
    kinds = ("Networks, float32", "UnitPairs", "Polylines: layers")
    alike = [name for name in here["draws"] if name.startswith(kinds)]
    assert len({name.split(":")[0] for name in alike}) == 3
    assert all(here["draws"][digest] == there["draws"][digest] for digest in alike)
    if name == "no AVX" and numpy_features():  # then there is something to leave out
        assert there["processor"]["numpy"] == "baseline"
        assert there["processor"]["torch"] == "DEFAULT"
        assert there["processor"]["blas"] != here["processor"]["blas"]


def test_differences_are_seen(processors, here) -> None:
    wrong = json.loads(json.dumps(here))
    first = next(e for e in wrong["experiments"] if e["value"])
    first["value"][0] = str(Decimal(first["value"][0]) * 2 + 1)
    wrong["experiments"][3]["populations"][0][0][0] += "7"
    wrong["experiments"][5]["samples"][-1] += 1
    assert len(processors.differences(here, wrong)) == 3


@pytest.mark.parametrize("suite", SIZES)
def test_populations_are_named_by_short_decimals(plan, suite) -> None:
    """A rounded sine or power in a name would make another processor draw another stream."""
    long = set()
    for experiment in (e for found in plan(suite).values() for e in found):
        for judged in (experiment, *(twin.change(experiment) for twin in experiment.twins)):
            for population in judged.populations:
                for number in re.findall(r"\d+\.\d+(?:e[-+]?\d+)?", population.name):
                    if len(Decimal(number).normalize().as_tuple().digits) > 6:
                        long.add(population.name)
    assert not long


def test_the_processor_is_named_by_what_its_libraries_choose_by() -> None:
    found = processor()
    assert set(found) == {"machine", "vendor", "numpy", "torch", "blas", "libc"}
    assert all(found.values())
    assert set(numpy_features()) <= set(numpy_features(found=False))
    assert "openblas" in found["blas"] or sys.platform == "darwin"


def test_a_chord_on_the_edge_of_the_ball_is_a_number() -> None:
    """Rounding takes the foot of some chords out of the ball by a last digit."""
    sampler = Sampler(Network(3, (2,), 1, 2, bias="zero"), "zero", 0.6)
    for seed in range(50):
        ends = Chords(sampler).chords(Edge(np.random.default_rng(seed)))
        assert np.isfinite(ends).all()
        assert np.linalg.norm(ends[1::2] - ends[::2], axis=1).max() < 1e-7


class Edge:
    """A generator whose uniforms are 1."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.standard_normal = generator.standard_normal

    def random(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.ones(shape)
