"""NNGP and NTK Gram matrices: a plain reference, structure, extreme inputs, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maxout.numerics.kernels import kappa, nngp, ntk, ntk_standard, winner
from maxout.theory.errors import MaxoutError


def reference(x, y, depth, rank, c, bias_variance):
    """One entry of both kernels, by the recursion as it is written."""
    second = kappa(rank, 1.0)
    xx, xy, yy = (c * (a @ b) / len(x) + bias_variance for a, b in ((x, x), (x, y), (y, y)))
    tangent = xy
    for layer in range(2, depth + 1):
        gain = c if layer < depth else 1.0
        scale = np.sqrt(xx * yy)
        rho = np.clip(xy / scale, -1, 1)
        xy = gain * scale * kappa(rank, rho) + bias_variance
        xx, yy = (gain * second * v + bias_variance for v in (xx, yy))
        tangent = xy + gain * winner(rank, rho) * tangent
    return xy, tangent


@settings(derandomize=True, deadline=None, max_examples=30)
@given(
    rank=st.sampled_from([1, 2, 3, 8]),
    depth=st.integers(2, 6),
    c=st.floats(0.2, 3),
    bias_variance=st.sampled_from([0.0, 0.01, 1.0, 30.0]),
    seed=st.integers(0, 10**6),
)
def test_entries_are_the_recursion(rank, depth, c, bias_variance, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((4, 6)), rng.standard_normal((3, 6)) * 10
    given = {"depth": depth, "rank": rank, "c": c, "bias_variance": bias_variance}
    plain = np.array([[reference(a, b, depth, rank, c, bias_variance) for b in y] for a in x])
    # The reference takes angles from rounded correlations; at |rho| < 0.999 that costs a factor 25.
    scale = np.abs(plain).max()
    assert np.max(np.abs(nngp(x, y, **given) - plain[..., 0])) < 1e-13 * scale
    assert np.max(np.abs(ntk(x, y, **given) - plain[..., 1])) < 1e-12 * scale


@pytest.mark.parametrize("function", [nngp, ntk])
@pytest.mark.parametrize("bias_variance", [0.0, 0.2])
def test_gram_matrices_are_symmetric_and_positive(function, bias_variance):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((300, 4))
    x[1], x[2], x[3] = x[0], -x[0], x[0] * (1 + 1e-12)
    gram = function(x, depth=5, rank=4, bias_variance=bias_variance)
    assert np.array_equal(gram, gram.T)
    # Rounding of n entries of size g moves an eigenvalue by at most n g 1e-16, some ten times.
    assert np.linalg.eigvalsh(gram)[0] > -1e-15 * np.trace(gram) * 10
    # A duplicate is a duplicate to rounding: angles do not pass through arccos.
    assert np.max(np.abs(gram[1] - gram[0])) <= 4e-16 * np.max(gram)
    assert np.max(np.abs(gram[3] / gram[0] - 1)) < 1e-10


def test_blocks_batches_and_the_second_argument_agree(monkeypatch):
    rng = np.random.default_rng(4)
    x = rng.standard_normal((90, 7))
    given = {"depth": 4, "rank": 3, "bias_variance": 0.1}
    for function in (nngp, ntk):
        whole = function(x, **given)
        np.testing.assert_allclose(function(x, x, **given), whole, rtol=1e-14)
        np.testing.assert_allclose(function(x[:5], x[7:], **given), whole[:5, 7:], rtol=1e-14)
        with monkeypatch.context() as patch:
            patch.setattr("maxout.numerics.kernels.gram._BLOCK", 200)
            blocked = function(x, **given)
        np.testing.assert_allclose(blocked, whole, rtol=1e-14)
        assert np.array_equal(blocked, blocked.T)


def test_rank_1_is_the_deep_linear_kernel():
    x = np.random.default_rng(5).standard_normal((20, 6))
    gram = x @ x.T / 6
    np.testing.assert_allclose(nngp(x, depth=5, rank=1), gram, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(ntk(x, depth=5, rank=1), 5 * gram, rtol=1e-13, atol=1e-14)


def test_close_inputs_keep_their_angle_through_the_layers():
    """At distance 1e-9 the winner's slope still shows: 1 - q = (E Xi/sqrt pi) theta."""
    x = np.array([[1.0, 2.0, -0.5]])
    y = x + np.array([[0.0, 0.0, 1e-9]])
    theta = np.linalg.norm(np.cross(x, y)) / np.linalg.norm(x) ** 2
    slope = np.sqrt(kappa(3, 0.0) / np.pi)
    given = {"depth": 2, "rank": 3, "c": 1.0}
    # What the layers lose because the lengths differ, of the same size, is taken out.
    tangent = (ntk(x, **given) - ntk(x, y, **given)).item()
    covariance = (nngp(x, **given) - nngp(x, y, **given)).item()
    lost = tangent - covariance - (x @ (x - y).T).item() / 3
    assert lost == pytest.approx(slope * theta * (x @ x.T).item() / 3, rel=1e-5)
    through_arccos = np.arccos((x @ y.T).item() / np.linalg.norm(x) / np.linalg.norm(y))
    assert abs(through_arccos - theta) > 0.5 * theta  # what the plain way makes of this angle


def test_the_standard_parametrization_weighs_the_layers():
    """Depth 2: n_1 kappa-term + <x, y> q; and with biases one more each."""
    x = np.random.default_rng(6).standard_normal((5, 4))
    plain = ntk_standard(x, widths=(50,), rank=2, c=0.8, bias_variance=0.3)
    more = ntk_standard(x, widths=(50,), rank=2, c=0.8, bias_variance=0.3, bias_parameters=True)
    first = 0.8 * x @ x.T / 4 + 0.3
    deviation = np.sqrt(np.diag(first))
    scale = np.outer(deviation, deviation)
    rho = np.clip(first / scale, -1, 1)
    np.fill_diagonal(rho, 1.0)
    expected = 50 * scale * kappa(2, rho) + x @ x.T * winner(2, rho)
    np.testing.assert_allclose(plain, expected, rtol=1e-12)
    np.testing.assert_allclose(more - plain, 1 + winner(2, rho), rtol=1e-11)


@pytest.mark.parametrize("scale", [1e-140, 1e-20, 1e20, 1e140])
def test_inputs_of_extreme_size(scale):
    x = np.random.default_rng(7).standard_normal((6, 3))
    given = {"depth": 4, "rank": 5}
    np.testing.assert_allclose(ntk(scale * x, **given) / scale**2, ntk(x, **given), rtol=1e-13)


def test_bad_input():
    x = np.ones((3, 2))
    good = {"depth": 3, "rank": 2}
    cases = [
        ((x * np.nan,), {}, r"x has NaN or infinite entries"),
        ((x, x * np.inf), {}, r"other has NaN or infinite entries"),
        ((x[0],), {}, r"x must have shape \(number of inputs, n_0\)"),
        ((x[:0],), {}, r"x must have shape"),
        ((x, np.ones((3, 4))), {}, r"same number of inputs n_0; got 2 and 4"),
        ((x * [[1], [0], [1]],), {}, r"x\[1\] is zero and so is bias_variance"),
        ((["a"],), {}, r"x must be an array of real numbers"),
        ((x,), {"depth": 1}, r"depth must be an integer from 2 to 1,000,000"),
        ((x,), {"depth": 2.5}, r"depth must be an integer from 2 to 1,000,000"),
        ((x,), {"rank": 0}, r"rank must be an integer"),
        ((x,), {"c": -1.0}, r"c must be a positive finite number"),
        ((x,), {"c": np.nan}, r"c must be a positive finite number"),
        ((x,), {"bias_variance": -0.1}, r"bias_variance must be a finite number >= 0"),
        ((x,), {"depth": 3000, "c": 5.0}, r"leaves float64's range at layer"),
        ((x * 1e200,), {}, r"leaves float64's range at layer 1"),
    ]
    for args, change, message in cases:
        with pytest.raises(MaxoutError, match=message):
            ntk(*args, **{**good, **change})
    with pytest.raises(MaxoutError, match="widths must be one or more positive integers"):
        ntk_standard(x, widths=(), rank=2)
    assert np.all(ntk(x * [[1], [0], [1]], depth=3, rank=2, bias_variance=0.1) > 0)
