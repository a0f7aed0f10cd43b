"""Initializers for NumPy, JAX, Keras and thinc, each by the framework itself."""

import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import maxout
from maxout.init import calculate_gain, second_moment, std
from maxout.theory.errors import DomainError

os.environ["KERAS_BACKEND"] = "jax"  # Keras reads it on import; its default is not installed

import jax  # noqa: E402
import keras  # noqa: E402
import thinc.api  # noqa: E402
from thinc.config import registry  # noqa: E402

from maxout.init import jax as for_jax  # noqa: E402
from maxout.init.keras import Maxout  # noqa: E402

# Keras asks JAX's arrays for a copy in NumPy 1's way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CUT = stats.truncnorm(-2, 2)
KURTOSIS = {"normal": 3.0, "truncated": CUT.moment(4) / CUT.var() ** 2, "uniform": 1.8}
"""Of each law: the fourth moment over the squared variance."""


def is_variance_of(draws: np.ndarray, variance: float, kurtosis: float) -> bool:
    """Whether the mean square is the variance, within five standard errors of the law."""
    error = math.sqrt((kurtosis - 1) / draws.size)
    return abs(np.square(draws).mean() / variance - 1) < 5 * error


def test_the_constant_needs_no_package_at_all() -> None:
    """NumPy, SciPy, SymPy and PyTorch are there, but not loaded."""
    code = (
        "import sys; from maxout.init import std; print(std(5, 100));"
        "print([m for m in ('numpy', 'scipy', 'sympy', 'torch', 'flint') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    value, loaded = out.stdout.split("\n")[:2]
    assert float(value) == pytest.approx(math.sqrt(1 / 1.8000204359706329 / 100), rel=1e-15)
    assert loaded == "[]"


def test_std_is_the_root_of_c_over_fan_in() -> None:
    assert std(1, 25) == 0.2
    assert std(5, 100) == calculate_gain(5) / 10
    assert std(5, 100, window=(2, 2)) == pytest.approx(math.sqrt(1 / second_moment(20)) / 10)
    assert std(5, 100, dropout=0.75) == std(5, 100) / 2


@pytest.mark.parametrize(
    "arguments",
    [
        {"rank": 0, "fan_in": 3},
        {"rank": 2, "fan_in": 0},
        {"rank": 2.5, "fan_in": 3},
        {"rank": 2, "fan_in": 3, "window": 0},
        {"rank": 2, "fan_in": 3, "dropout": 1.0},
        {"rank": 2, "fan_in": 3, "dropout": float("nan")},
        {"rank": 2, "fan_in": 3, "dropout": -0.1},
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(DomainError, match="must be"):
        std(**arguments)


@pytest.mark.parametrize(
    ("make", "law"),
    [
        (for_jax.maxout_normal, "normal"),
        (for_jax.maxout_truncated_normal, "truncated"),
        (for_jax.maxout_uniform, "uniform"),
    ],
)
@pytest.mark.parametrize(
    ("shape", "axes", "fan_in"),
    [
        ((40, 5000), {}, 40),
        ((3, 3, 4, 5000), {}, 36),
        ((40, 1000, 5), {"in_axis": -3, "out_axis": (-2, -1)}, 40),
    ],
)
def test_jax_draws_have_the_variance(
    make: Callable[..., Any], law: str, shape: tuple[int, ...], axes: Any, fan_in: int
) -> None:
    initializer = make(5, **axes)
    draws = np.asarray(initializer(jax.random.key(3), shape, np.float32), dtype=float)
    assert draws.shape == shape
    assert is_variance_of(draws, std(5, fan_in) ** 2, KURTOSIS[law])
    assert not is_variance_of(draws, std(4, fan_in) ** 2, KURTOSIS[law])  # the rank shows
    again = initializer(jax.random.key(3), shape, np.float32)
    assert np.array_equal(np.asarray(again), draws.astype(np.float32))


def test_jax_window_and_rank_one() -> None:
    draws = for_jax.maxout_normal(1)(jax.random.key(0), (7, 9))
    linear = jax.nn.initializers.variance_scaling(1.0, "fan_in", "normal")
    assert np.array_equal(draws, linear(jax.random.key(0), (7, 9)))
    pooled = for_jax.maxout_normal(5, window=(2, 2))(jax.random.key(1), (50, 4000))
    assert is_variance_of(np.asarray(pooled, dtype=float), std(20, 50) ** 2, 3.0)


def test_a_deep_network_of_jax_keeps_its_size() -> None:
    """Twenty layers of 256 units: squares multiply by 1 a layer, and by M_5 = 1.8 at c = 1."""
    initializer = for_jax.maxout_normal(5)
    keys = jax.random.split(jax.random.key(8), 21)
    x = jax.random.normal(keys[0], (256,))
    x = x / np.sqrt(np.mean(np.square(x)))
    for key in keys[1:]:
        x = (x @ initializer(key, (256, 256 * 5))).reshape(256, 5).max(-1)
    size = float(np.mean(np.square(x)))
    # The logarithm of a layer's mean square has about the variance of Xi^2 over 256 M^2.
    fourth = float(maxout.moment(5, order=4))
    spread = fourth / second_moment(5) ** 2 - 1
    assert abs(math.log(size)) < 5 * math.sqrt(20 * spread / 256)


@pytest.mark.parametrize("law", KURTOSIS)
@pytest.mark.parametrize(("shape", "fan_in"), [((40, 5000), 40), ((3, 3, 4, 5000), 36)])
def test_keras_draws_have_the_variance(law: str, shape: tuple[int, ...], fan_in: int) -> None:
    draws = np.asarray(Maxout(5, law=law, seed=4)(shape), dtype=float)
    assert draws.shape == shape
    assert is_variance_of(draws, std(5, fan_in) ** 2, KURTOSIS[law])
    assert not is_variance_of(draws, std(4, fan_in) ** 2, KURTOSIS[law])


def test_keras_layers_take_save_and_load_it(tmp_path: Path) -> None:
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(20, kernel_initializer=Maxout(5, window=(2, 2), seed=1)),
            keras.layers.Reshape((4, 5)),
        ]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    found = loaded.layers[0].kernel_initializer
    assert isinstance(found, Maxout)
    assert found.get_config() == {"rank": 5, "window": (2, 2), "law": "normal", "seed": 1}
    again = Maxout.from_config(found.get_config())
    assert np.array_equal(np.asarray(again((3, 4))), np.asarray(found((3, 4))))


def test_keras_refuses_an_unknown_law() -> None:
    with pytest.raises(DomainError, match="law must be one of normal, truncated, uniform"):
        Maxout(5, law="cauchy")


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_thinc_finds_it_by_its_entry_point(law: str) -> None:
    thinc.api.fix_random_seed(7)
    initializer = registry.initializers.get(f"maxout_{law}.v1")()
    model = thinc.api.Maxout(nO=1000, nI=40, nP=5, init_W=initializer).initialize()
    draws = np.asarray(model.get_param("W"), dtype=float)
    assert draws.shape == (1000, 5, 40)
    assert is_variance_of(draws, std(5, 40) ** 2, KURTOSIS[law])
    plain = initializer(thinc.api.NumpyOps(), (500, 400))
    assert plain.dtype == np.float32
    assert is_variance_of(plain.astype(float), 1 / 400, KURTOSIS[law])
    with pytest.raises(DomainError, match="weights must be"):
        initializer(thinc.api.NumpyOps(), (3, 4, 5, 6))
