"""The kernels against sampled networks: forward pass and backpropagation written out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from maxout.numerics.kernels import nngp, ntk, ntk_standard

FAN_IN = 6
INPUTS = np.array(
    [
        [0.9, -0.3, 0.2, 1.1, -0.7, 0.4],
        [0.5, 0.8, -0.6, 1.3, 0.1, -0.2],
        [-1.0, 0.2, 0.7, -0.4, 0.9, 0.3],
    ]
)
PAIRS = ((0, 1), (0, 2), (0, 0))


def sample(rng, networks, widths, rank, c, bias_variance):
    """Outputs (networks, inputs) and both tangent kernels (networks, pairs) of sampled networks.

    The tangent kernels are sums over the layers' parameters of products of derivatives, first with
    each weight and bias divided by its standard deviation, then as they are (weights only).
    """
    x = np.broadcast_to(INPUTS.T, (networks, *INPUTS.T.shape))
    activations, weights, winners = [x], [], []
    for width in widths:
        fan_in = x.shape[1]
        w = rng.standard_normal((networks, width, rank, fan_in)) * np.sqrt(c / fan_in)
        b = rng.standard_normal((networks, width, rank)) * np.sqrt(bias_variance)
        pieces = (w.reshape(networks, -1, fan_in) @ x).reshape(networks, width, rank, -1)
        pieces += b[..., None]
        won = pieces.argmax(axis=2)
        x = pieces.max(axis=2)
        weights.append(w)
        winners.append(won)
        activations.append(x)
    last = rng.standard_normal((networks, widths[-1])) / np.sqrt(widths[-1])
    out = np.einsum("ri,rip->rp", last, x) + rng.standard_normal((networks, 1)) * np.sqrt(
        bias_variance
    )
    products = [
        np.stack([np.sum(a[..., p] * a[..., q], 1) for p, q in PAIRS], 1) for a in activations
    ]
    scaled = products[-1] / widths[-1] + bias_variance
    standard = products[-1].copy()
    delta = np.repeat(last[..., None], len(INPUTS), axis=2)  # derivative by the unit's output
    for layer in reversed(range(len(widths))):
        w, won = weights[layer], winners[layer]
        back = np.stack(
            [
                np.sum(delta[..., p] * delta[..., q] * (won[..., p] == won[..., q]), axis=1)
                for p, q in PAIRS
            ],
            axis=1,
        )
        scaled += (c / w.shape[-1] * products[layer] + bias_variance) * back
        standard += products[layer] * back
        chosen = [
            np.take_along_axis(w, won[:, :, p, None, None], axis=2)[:, :, 0]
            for p in range(len(INPUTS))
        ]
        delta = np.stack(
            [np.einsum("ri,rij->rj", delta[..., p], chosen[p]) for p in range(len(INPUTS))], axis=2
        )
    return out, scaled, standard


def pairs_of(gram):
    return np.array([gram[p] for p in PAIRS])


def sample_many(seed, networks, widths, rank, c, bias_variance, chunk=2000):
    rng = np.random.default_rng(seed)
    parts = [sample(rng, chunk, widths, rank, c, bias_variance) for _ in range(networks // chunk)]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def deviation(samples, predicted):
    """Largest deviation of the means from the prediction, in standard errors."""
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    return np.max(np.abs(samples.mean(axis=0) - predicted) / error)


# Of three to six means each within 4.5 standard errors: false alarm below 6 * 7e-6.
LIMIT = 4.5


@pytest.mark.parametrize(
    ("rank", "c", "bias_variance"), [(2, 1.0, 0.0), (3, 0.7, 0.4), (5, 0.9, 0.1)]
)
def test_one_hidden_layer_has_these_kernels_in_the_mean_at_any_width(rank, c, bias_variance):
    out, scaled, standard = sample_many(rank, 40_000, (8,), rank, c, bias_variance)
    products = np.stack([out[:, p] * out[:, q] for p, q in PAIRS], axis=1)
    given = {"c": c, "bias_variance": bias_variance}
    architecture = {"widths": (8,), "rank": rank, **given}
    assert deviation(products, pairs_of(nngp(INPUTS, depth=2, rank=rank, **given))) < LIMIT
    assert deviation(scaled, pairs_of(ntk(INPUTS, depth=2, rank=rank, **given))) < LIMIT
    assert deviation(standard, pairs_of(ntk_standard(INPUTS, **architecture))) < LIMIT
    # Known wrong: one piece more.
    wrong = ntk(INPUTS, depth=2, rank=rank + 1, **given)
    assert deviation(scaled, pairs_of(wrong)) > 2 * LIMIT


def test_deep_networks_come_to_these_kernels_as_the_width_grows():
    """The mean is off by O(1/n): two widths, extrapolated, leave O(1/n^2).

    At n = 8 the deviation itself must be found, or the test could not see one.
    """
    rank, c, bias_variance = 3, 0.7, 0.1
    given = {"depth": 4, "c": c, "bias_variance": bias_variance}
    predicted = pairs_of(ntk(INPUTS, rank=rank, **given))
    narrow = sample_many(1, 40_000, (8,) * 3, rank, c, bias_variance)[1]
    wide = sample_many(2, 40_000, (16,) * 3, rank, c, bias_variance, chunk=1000)[1]
    assert deviation(narrow, predicted) > LIMIT
    limit = 2 * wide.mean(axis=0) - narrow.mean(axis=0)
    error = np.sqrt(4 * wide.var(axis=0) / len(wide) + narrow.var(axis=0) / len(narrow))
    assert np.max(np.abs(limit - predicted) / error) < LIMIT
    wrong = pairs_of(ntk(INPUTS, rank=rank + 1, **given))
    assert np.max(np.abs(limit - wrong) / error) > 2 * LIMIT
