"""Figures: samples against theory, and the theory of another rank against the same samples."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
import torch

from maxout.lab.figures import (
    FIGURES,
    Request,
    UnknownFigureError,
    activation_length_figure,
    angles_figure,
    drawing,
    gradient_histogram_figure,
    gradients_depth_figure,
    make,
)
from maxout.lab.figures.chains import Chain
from maxout.lab.figures.convolution import Convolutions
from maxout.lab.figures.exact_means import mean_gains
from maxout.lab.figures.jacobian_depth_figure import dense_gains, exact_gains
from maxout.lab.figures.sampled import REAL, gains, lengths, over_shards, profiles
from maxout.lab.figures.second_moments_figure import sampled_moments
from maxout.lab.figures.training_gradients_figure import read
from maxout.numerics.jacobian.value_functions import jacobian_moment
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.scales import moment
from maxout.verify.sampling.streams import Stream

# Seeds are fixed, so nothing here is left to chance once it passes. A true theory leaves some ten
# means within 4.5 standard errors with probability 0.9999; a wrong one must miss by more than 8.
NEAR, FAR = 4.5, 8.0


def scores(samples: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Distance of means over the first axis from ``expected``, in standard errors."""
    error = samples.std(axis=0, ddof=1) / math.sqrt(len(samples))
    return np.abs(samples.mean(axis=0) - expected) / error


def m(rank: int) -> float:
    return moment(LargestNormalMoment, rank, 2)


def test_gradients_agree_with_the_exact_mean_and_not_with_that_of_another_rank():
    network = Network(6, (8, 5, 7), 1, 3, 1, "zero")
    samples = dense_gains(network, 0.6, 1, 6000, lambda share: None)
    assert scores(samples, exact_gains(network, 0.6)).max() < NEAR
    assert scores(samples, exact_gains(network, 0.6, rank=4)).min() > FAR


def test_convolutions_lie_between_the_bounds_which_meet_at_rank_two():
    depth = np.arange(1, 4)
    samples = Convolutions(3, 4, 3, 2, 3).gains(1, 1500, lambda share: None)
    assert scores(samples, np.ones(3)).max() < NEAR  # c = 1 = M_2
    assert scores(samples, m(3) ** depth).min() > FAR
    samples = Convolutions(3, 4, 3, 5, 3).gains(1, 1500, lambda share: None)
    error = samples.std(axis=0) / math.sqrt(len(samples))
    assert (samples.mean(axis=0) > 1 - NEAR * error).all()
    assert (samples.mean(axis=0) < m(5) ** depth + NEAR * error).all()


@pytest.mark.parametrize("c", [0.1, 1.0])
def test_chains_have_the_angles_and_lengths_of_networks_and_not_of_another_rank(c):
    width, depth, count = 4, 3, 4000
    start = (math.sqrt(width), 0.5)
    network = Network(width, (width,) * depth, 1, 3, c, "gaussian")
    sampler = Sampler(network, "gaussian", cosine=start[1], norm=start[0])
    actual = profiles(sampler, Stream(2, "t", 0), count)
    cosine = np.abs(actual.inner) / np.sqrt(actual.length * actual.gain)

    def distance(rank: int) -> tuple[np.ndarray, np.ndarray]:
        chain = Chain((rank,), width, depth, [(c,)])
        angles = np.abs(chain.cosines(3, "t", count, *start)[:, 0, 0].T)
        lengths = chain.lengths(4, "t", count, start[0])[:, 0, 0].T
        return tuple(
            np.abs(a.mean(0) - b.mean(0)) / np.sqrt((a.var(0) + b.var(0)) / count)
            for a, b in ((cosine, angles), (actual.length, lengths))
        )

    angles, lengths = distance(3)
    assert angles.max() < NEAR
    assert lengths.max() < NEAR
    angles, lengths = distance(6)
    assert angles.max() > (FAR if c == 1.0 else 0)  # biases hide the rank from angles at small c
    assert lengths.min() > FAR


def test_the_wide_limit_is_the_limit():
    chain = Chain((4,), 4000, 5, [(0.1, 1 / m(4), 10.0)])
    start = (math.sqrt(4000), 0.3)
    limit = chain.limit_cosines([m(4)], *start)
    actual = chain.cosines(0, "t", 20, *start).mean(axis=3)
    # Fluctuations are of order 1/sqrt(width), divided by sqrt(20), and grow over five layers.
    assert np.abs(actual - limit).max() < 10 / math.sqrt(4000 * 20)
    assert np.abs(actual - chain.limit_cosines([m(5)], *start)).max() > 10 / math.sqrt(4000 * 20)


def test_exact_means_of_many_inputs_are_those_of_one():
    network = Network(6, (8, 5, 7), 2, 4, bias="gaussian")
    norms, cosines = np.array([0.0, 0.1, 1.0, 10.0, 1e3]), np.array([0.3, 0.6, -0.6, 1.0, 0.0])
    one_by_one = [
        jacobian_moment(network, norm, cosine).value
        for norm, cosine in zip(norms, cosines, strict=True)
    ]
    # The two agree in every step but the last sum: a few roundings.
    np.testing.assert_allclose(mean_gains(network, norms, cosines), one_by_one, rtol=1e-13)


def test_gains_at_many_inputs_agree_with_the_exact_means():
    network = Network(3, (4, 5), 2, 3, bias="gaussian")
    x = torch.tensor([[0.1, 0, 0], [1.0, -2, 0.5], [0, 30, 40]], dtype=torch.float64)
    u = torch.tensor([0.6, 0.8, 0], dtype=torch.float64)
    samples = gains(Sampler(network, "gaussian"), Stream(5, "t", 0), 8000, x, u)
    norms = x.norm(dim=1).numpy()
    where = norms, (x @ u).numpy() / norms
    assert scores(samples, mean_gains(network, *where)).max() < NEAR
    wrong = Network(3, (4, 5), 2, 4, network.c, "gaussian")
    assert scores(samples, mean_gains(wrong, *where)).max() > FAR


def test_gains_of_relu_networks_agree_with_half_of_c_a_layer():
    network = Network(2, (3, 3, 3), 1, 1, 2, "gaussian")
    x = torch.tensor([[0.0, 0.1], [3.0, 4.0]], dtype=torch.float64)
    u = torch.tensor([1.0, 0], dtype=torch.float64)
    stream = Stream(6, "t", 0)
    samples = gains(Sampler(network, "gaussian"), stream, 8000, x, u, True)
    assert scores(samples, np.full(2, 0.5)).max() < NEAR
    assert scores(samples, np.full(2, 0.5 * 2**3)).min() > FAR  # linear units


def test_activation_lengths_are_those_of_profiles_and_of_the_formula():
    network = Network(50, (50,) * 6, 1, 5, 1, "gaussian")  # deeper, a few networks rule the mean
    norm = math.sqrt(50)
    (few,) = activation_length_figure.network_lengths(
        network, (0.7,), norm, Request(seed=8), 400, "t"
    )
    assert scores(few, activation_length_figure.formula(network, 0.7, norm)).max() < NEAR
    wrong = Network(50, (50,) * 6, 1, 6, 1, "gaussian")
    assert scores(few, activation_length_figure.formula(wrong, 0.7, norm)).min() > FAR


def test_one_draw_serves_every_c_as_a_draw_of_its_own_would():
    networks = (Network(3, (4, 5), 1, 3, c, "gaussian") for c in (1, 0.3))
    one, own = (Sampler(network, "gaussian") for network in networks)
    both = lengths(one, Stream(0, "t", 0), 7, (1.0, 0.3))
    for some, sampler in zip(both, (one, own), strict=True):
        drawn = profiles(sampler, Stream(0, "t", 0), 7).length
        np.testing.assert_allclose(some, drawn, rtol=1e-5)  # single precision


@pytest.mark.parametrize("depth", [1, 2, 7])
def test_the_formula_in_float64_is_the_statement(depth):
    network = Network(50, (50,) * depth, 1, 4, 0.7, "gaussian")
    statement = CATALOGUE["activation.length.mean.gaussian"]
    value = float(predict(statement, network, norm=3))
    found = activation_length_figure.formula(network, 0.7, 3.0)[-1]
    assert found == pytest.approx(value, rel=1e-13)


def test_convolutions_of_several_threads_are_those_of_one_shard_after_the_other(monkeypatch):
    layers = Convolutions(16, 8, 3, 5, 20)
    together = [layers.gains(1, 100, lambda share: None) for _ in range(2)]
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    np.testing.assert_array_equal(together, [layers.gains(1, 100, lambda share: None)] * 2)


def test_threads_leave_the_order_and_every_network():
    found = over_shards(lambda stream, size: (stream.shard, size), 0, "t", 60, lambda share: None)
    assert found == [(0, 25), (1, 25), (2, 10)]


def test_derivatives_are_those_of_difference_quotients():
    network = Network(3, (4, 5), 2, 3, bias="gaussian")
    sampler = Sampler(network, "gaussian")
    x = torch.tensor([[0.3, -0.2, 0.9]], dtype=torch.float64)
    u = torch.tensor([0.6, 0.8, 0], dtype=torch.float64)
    gain = gains(sampler, Stream(0, "t", 0), 3, x, u)
    (tile,) = sampler.tiles(Stream(0, "t", 0), 3, torch.device("cpu"), REAL)
    step = 1e-6
    for index in range(3):
        ends = []
        for point in (x[0] + step * u, x[0] - step * u):
            value = point.numpy()
            for layer in tile.layers[:-1]:
                pieces = layer.weights[index].double().numpy() @ value * layer.scale
                value = (pieces + layer.biases[index].double().numpy()).max(axis=-1)
            last = tile.layers[-1]
            ends.append(last.weights[index, :, 0].double().numpy() @ value * last.scale)
        slope = (ends[0] - ends[1]) / (2 * step)
        assert slope @ slope == pytest.approx(gain[index, 0], rel=1e-5)  # single precision


def test_sampled_second_moments_agree_with_the_rank_and_not_with_the_next():
    ranks = (2, 3, 5, 20, 100)
    mean, error = sampled_moments(ranks, 7, 200_000)
    assert (np.abs(mean - [m(rank) for rank in ranks]) / error).max() < NEAR
    wrong = np.abs(mean - [m(rank + 1) for rank in ranks]) / error
    assert wrong[:-1].min() > FAR  # at K = 100 the next rank is only 0.3 % away


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "training-gradients"])
def test_every_figure_is_data_and_reaches_the_end_of_its_progress(name):
    shares = []
    figure = make(name, Request(networks=3, progress=shares.append))
    assert figure.name == name
    assert shares == sorted(shares)
    assert shares[-1] == 1
    data = json.loads(json.dumps(figure.to_json(), allow_nan=False))
    rows = list(csv.DictReader(io.StringIO(figure.to_csv())))
    points = sum(len(c["y"]) for p in data["panels"] for c in p["curves"])
    cells = sum(np.size(p["image"]["values"]) for p in data["panels"] if p["image"])
    assert len(rows) == points + cells > 0
    kinds = {curve.kind for panel in figure.panels for curve in panel.curves}
    assert "theory" in kinds or name == "gradient-plane"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    pytest.importorskip("matplotlib")
    written = {}
    for run, seed in enumerate((1, 1, 2)):
        figure = make("second-moments", Request(networks=50, seed=seed))
        for suffix in drawing.SUFFIXES:
            path = tmp_path / f"{run}{suffix}"
            drawing.write(figure, path)
            written[run, suffix] = path.read_bytes()
        written[run, "csv"] = figure.to_csv().encode()
    for suffix in (*drawing.SUFFIXES, "csv"):
        assert written[0, suffix] == written[1, suffix] != written[2, suffix]
    assert written[0, ".png"].startswith(b"\x89PNG")
    assert b"<svg" in written[0, ".svg"]
    assert written[0, ".pdf"].startswith(b"%PDF")


def test_an_unknown_figure_and_too_few_networks_are_refused():
    with pytest.raises(UnknownFigureError, match="no figure is called 'angle'"):
        make("angle")
    with pytest.raises(MaxoutError, match="networks must be from 2"):
        make("angles", Request(networks=1))


@pytest.mark.parametrize(
    ("name", "asked", "complaint"),
    [
        ("angles", {"data": "here"}, "angles takes no data; it takes networks, widths, ranks"),
        ("training-gradients", {"networks": 5}, "takes no networks; it takes data"),
        ("gradient-histogram", {"ranks": (2, 3)}, "shows 1 to 1 ranks; got 2"),
        ("gradients-depth", {"depths": ()}, "shows 1 to 20 depths; got 0"),
        ("angles", {"widths": (0,)}, "widths must be from 1 to 1,000; got 0"),
        ("angles", {"ranks": (1,)}, "ranks must be from 2 to 100; got 1"),
        ("activation-length", {"variances": (0.0,)}, "c must be a positive number or 1/M_K"),
        ("activation-length", {"variances": ("M_K",)}, "c must be a positive number or 1/M_K"),
        ("activation-length", {"variances": (math.inf,)}, "c must be a positive number"),
    ],
)
def test_what_a_figure_does_not_take_is_refused(name, asked, complaint) -> None:
    with pytest.raises(MaxoutError, match=complaint):
        make(name, Request(**asked))


def by_the_papers_code(width, rank, c, depth, count, x, u):
    """Every step as the authors' notebooks take it: |cos|, and n <W, u>^2 of the last layer.

    Given x and u (width,) or one of each a network; arrays (depth, count).
    """
    rng = np.random.default_rng(3)
    x, u = (np.broadcast_to(v, (count, width)) for v in (x, u))
    cosines, slopes = [], []
    for _ in range(depth):
        weights = rng.normal(0, math.sqrt(c / width), (count, width, rank, width + 1))
        pieces = np.einsum("nukw,nw->nuk", weights[..., :-1], x) + weights[..., -1]
        best = pieces.argmax(-1)[:, :, None, None]
        chosen = np.take_along_axis(weights, best, 2)[:, :, 0, :-1]
        x = pieces.max(-1)
        u = u / np.linalg.norm(u, axis=1, keepdims=True)
        u = np.einsum("nuw,nw->nu", chosen, u)
        slopes.append(width * u[:, 0] ** 2)
        cosines.append(
            np.abs((x * u).sum(1)) / np.sqrt((x * x).sum(1) + 1) / np.linalg.norm(u, axis=1)
        )
    return np.array(cosines), np.array(slopes)


def test_augmented_angles_are_those_of_the_papers_code_and_plain_ones_are_not() -> None:
    count, depth, start = 4000, 12, angles_figure.random_start(0, 2, 3)
    x = np.array([start[0], 0.0])
    u = np.array([start[1], math.sqrt(1 - start[1] ** 2)])
    actual, _ = by_the_papers_code(2, 3, 0.3, depth, count, x, u)
    chain = Chain((3,), 2, depth, [(0.3,)])
    for augmented in (True, False):
        law = np.abs(chain.cosines(1, "t", count, *start, augmented))[:, 0, 0]
        spread = np.sqrt((law.var(1) + actual.var(1)) / count)
        score = np.abs(law.mean(1) - actual.mean(1)) / spread
        assert (score.max() < NEAR) if augmented else (score.min() > FAR)


def test_slopes_of_a_unit_are_those_of_the_papers_code_and_of_the_law() -> None:
    network = Network(4, (4, 4, 4, 1), 1, 5, 1.0, "gaussian")
    x, u = gradient_histogram_figure.inputs(0, 4)
    few = x[:3]
    found, error = gradient_histogram_figure.slopes(network, few, u, Request(seed=2), 4000)
    law = gradient_histogram_figure.by_law(network, few, u, 5)
    # cos^2 lies between 0 and 1: a mean of LAW of them has an error of at most 1/2 sqrt(LAW).
    spread = np.hypot(error, 0.8 / (2 * math.sqrt(gradient_histogram_figure.LAW)))
    assert (np.abs(found - law) / spread).max() < NEAR
    first = []
    for input_, mean, noise in zip(few.numpy(), found, error, strict=True):
        _, slopes = by_the_papers_code(4, 5, 1.0, 4, 4000, input_, u.numpy())
        spread = math.hypot(noise, slopes[-1].std() / math.sqrt(4000))
        assert abs(slopes[-1].mean() - mean) < NEAR * spread
        first.append(abs(slopes[0].mean() - mean) / spread)
    assert max(first) > FAR  # that of the first layer is another number


def test_gradients_by_weights_agree_with_their_exact_mean() -> None:
    network = Network(2, (2, 2, 2), 1, 5, 1, "zero")
    hidden, output = gradients_depth_figure.squares(network, 4, 8000)
    # A winning piece has as many derivatives as inputs: 12 of three layers of two units, and 2.
    assert (len(hidden), len(output)) == (12 * 8000, 2 * 8000)
    each = 2 * np.concatenate([hidden * 0.4**2, output * 0.4**3])
    assert each.mean() == pytest.approx(gradients_depth_figure.exact_mean(network, 0.4), rel=0.06)
    wrong = Network(2, (2, 2, 2), 1, 4, 1, "zero")
    assert each.mean() != pytest.approx(gradients_depth_figure.exact_mean(wrong, 0.4), rel=0.12)


HEADER = "data,network,optimizer,scheme,epoch,layer,mean,lower,median,upper\n"


def test_training_gradients_are_drawn_by_epoch_and_by_layer(tmp_path):
    rows = [
        f"iris,fc,sgd,{scheme},{epoch},{layer},3,1,2,4\n"
        for scheme in ("maxout", "he")
        for epoch in (0, 5)
        for layer in (0, 1, 2)
    ]
    rows[-1] = "iris,fc,sgd,he,5,2,,,,\n"  # every seed diverged
    (tmp_path / "gradients.csv").write_text(HEADER + "".join(rows))
    figure = make("training-gradients", Request(data=str(tmp_path)))
    during, before, after = figure.panels
    assert [curve.label for curve in during.curves] == ["maxout", "he"]
    assert during.curves[0].x.tolist() == [0, 5]
    assert before.curves[1].x.tolist() == [1, 2]
    assert np.isnan(after.curves[1].y[1])
    json.dumps(figure.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "cannot read"),
        ("", "has no column"),
        ("a,b\n1,2\n", "has no column"),
        (HEADER, "has no rows"),
        (HEADER + "iris,fc,sgd,he,zero,1,1,1,1,1\n", "line 2 .* not a row of numbers"),
        (HEADER + "iris,fc,sgd,he,1\n", "line 2 .* not a row of numbers"),
        (HEADER + "iris,fc,sgd,he,,1,1,1,1,1\n", "line 2 .* not a row of numbers"),
        (HEADER + "iris,fc,sgd,he,1,1,inf,1,1,1\n", "line 2 .* not a row of numbers"),
        (b"\xff\xfe\x00", "not a text file"),
    ],
)
def test_a_broken_table_is_refused_in_one_line(tmp_path, text, complaint):
    path = tmp_path / "gradients.csv"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MaxoutError, match=complaint):
        read(path)
