"""The stream of normals in bulk: its law, its key, and its words one by one."""

import hashlib
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from scipy import stats

from maxout.theory.network import Network
from maxout.verify.sampling import sfc64
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Networks, Setting
from maxout.verify.sampling.streams import Stream


def plainly(generator: np.random.Generator, size: int) -> list[float]:
    """The transform of Box and Muller, draw by draw in float64."""
    normals: list[float] = []
    for start in range(0, size, 2 * sfc64.PAIRS):
        count = min(size - start, 2 * sfc64.PAIRS)
        pairs = (count + 1) // 2
        words = [int(word) for word in generator.bit_generator.random_raw(pairs)]
        halves = [half for word in words for half in (word % 2**32, word >> 32)]
        radii = [math.sqrt(-2 * math.log((half + 0.5) / 2**32)) for half in halves[:pairs]]
        angles = [2 * math.pi * half / 2**32 for half in halves[pairs:]]
        pieces = [r * math.cos(a) for r, a in zip(radii, angles, strict=True)]
        pieces += [r * math.sin(a) for r, a in zip(radii, angles, strict=True)]
        normals += pieces[:count]
    return normals


@pytest.mark.parametrize("size", [1, 2, 7, 20, 47])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 1e-3)])
def test_normals_are_those_of_the_words(monkeypatch, size, dtype, tolerance) -> None:
    """Two blocks and a part of a third, odd and even; in float32 radii near 0 are off by 3.5e-4."""
    monkeypatch.setattr(sfc64, "PAIRS", 10)
    monkeypatch.setattr(sfc64, "_kept", sfc64._Kept())
    key = (3, "a", 1, 2)
    found = sfc64.fill_normal(sfc64.generator(*key), np.empty(size, dtype=dtype))
    assert found.dtype == dtype
    assert np.allclose(found, plainly(sfc64.generator(*key), size), rtol=0, atol=tolerance)


def test_the_law_is_normal_and_draws_are_independent() -> None:
    normals = sfc64.fill_normal(sfc64.generator(0, "law", 0, 1), np.empty(10**6, np.float32))
    assert stats.kstest(normals.astype(np.float64), "norm").pvalue > 1e-3
    # The two of a pair, and neighbours: also of squares, which share a radius.
    half = normals.size // 2
    for shift in (1, half):
        one, other = normals[:half], normals[shift : shift + half]
        for first, second in ((one, other), (one**2, other**2)):
            # Correlations of independent draws are N(0, 1/half).
            assert abs(np.corrcoef(first, second)[0, 1]) < 4.5 / math.sqrt(half)


def test_no_word_gives_an_infinite_draw() -> None:
    class Extreme:
        def __init__(self, word: int) -> None:
            self.word = word

        def integers(self, *_: int, size: int, dtype: type) -> np.ndarray:
            return np.full(size, self.word, dtype=dtype)

    for word in (0, 2**64 - 1):
        normals = sfc64.fill_normal(Extreme(word), np.empty(8, np.float32))
        assert np.isfinite(normals).all()
        assert np.abs(normals).max() < 6.77


def test_every_part_of_the_key_matters() -> None:
    def draw(layer: int = 1, **changed: object) -> torch.Tensor:
        stream = Stream(**{"seed": 1, "name": "a", "shard": 2, "kind": "sfc64", **changed})
        return stream.weights(layer).fill(torch.empty((4, 2, 3, 5), dtype=torch.float32))

    assert torch.equal(draw(), draw())
    others = [draw(layer=2)]
    # Seeds that differ beyond 32 and 64 bits; numbers that could be read as one another's.
    others += [draw(seed=seed) for seed in (2, 1 + 2**32, 1 + 2**64, 12)]
    others += [draw(name="b"), draw(name="a/1"), draw(shard=3), draw(shard=21)]
    for place, other in enumerate([draw(), *others]):
        assert not any(torch.equal(other, later) for later in others[place:])


def test_a_known_stream_stays_what_it_was() -> None:
    """Seeds are promises: the keying, written out."""
    key = hashlib.sha256(b"maxout/sfc64/1/7/2/1/name").digest()
    a, b, c = (int.from_bytes(key[i : i + 8], "little") for i in (0, 8, 16))
    mask, counter = 2**64 - 1, 1
    words = []
    for _ in range(12 + 5):  # twelve rounds are thrown away, as by NumPy for any seed
        word = (a + b + counter) & mask
        counter += 1
        a, b = b ^ (b >> 11), (c + (c << 3)) & mask
        c = (((c << 24) | (c >> 40)) + word) & mask
        words.append(word)
    drawn = sfc64.generator(7, "name", 2, 1).bit_generator.random_raw(5)
    assert drawn.tolist() == words[12:]


@pytest.mark.parametrize("size", [3, 8, 20, 47])
def test_rows_filled_together_are_those_filled_alone(monkeypatch, size) -> None:
    """Rows of which several, one, or not even one is made in one go."""
    monkeypatch.setattr(sfc64, "PAIRS", 10)
    monkeypatch.setattr(sfc64, "_kept", sfc64._Kept())
    rows = np.empty((6, size), dtype=np.float32)
    sfc64.fill_rows([sfc64.generator(3, "a", 1, layer) for layer in range(6)], rows)
    for layer, row in enumerate(rows):
        alone = sfc64.fill_normal(sfc64.generator(3, "a", 1, layer), np.empty(size, np.float32))
        assert np.array_equal(row, alone)


def test_threads_do_not_share_what_they_work_with() -> None:
    population = Networks(Sampler(Network(6, (12,) * 4, 4, 3, bias="zero"), "zero"))
    setting = Setting(torch.device("cpu"), torch.float32)

    def gain(shard: int) -> bytes:
        stream = Stream(0, population.name, shard, "sfc64")
        return population.draw(stream, setting)["gain"].tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(gain, range(12))) == [gain(shard) for shard in range(12)]
