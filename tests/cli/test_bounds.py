"""Tables of statements: what does not apply is left out and counted, what has no value stays."""

import json

import pytest
from click.testing import CliRunner

from maxout.cli.bounds import command as bounds
from maxout.cli.ladder import command as ladder
from maxout.cli.main import run

NETWORK = ("--rank", "3", "--inputs", "4", "--widths", "5x2")
EXTREMES = {
    "single units": ("--widths", "1x3"),
    "one input": ("--inputs", "1"),
    "a rank beyond the kernels": ("--rank", "20000"),
    "the origin": ("--norm", "0"),
    "a huge c": ("--c", "1e300"),
    "a tiny c": ("--c", "1e-300"),
    "a far input": ("--norm", "1e300"),
    "a wide layer": ("--widths", "1000000000"),
}


def _shown(command, *words: str) -> str:
    done = CliRunner().invoke(command, [*NETWORK, *words])
    assert done.exit_code == 0, done.output
    return done.output


def _keys(text: str) -> set[str]:
    return {line.split()[0] for line in text.splitlines()[2:-1]}


@pytest.mark.parametrize("bias", ["any", "gaussian", "zero"])
@pytest.mark.parametrize("words", EXTREMES.values(), ids=EXTREMES.keys())
def test_no_row_ends_a_table(words, bias) -> None:
    text = _shown(bounds, "--bias", bias, *words)
    assert "statements do not apply to this network: --all shows each with its reason" in text
    for line in text.splitlines():
        if "no value" in line:
            assert len(line.split("  ")[-1].split()) > 2, "a row without its reason"


@pytest.mark.parametrize("words", EXTREMES.values(), ids=EXTREMES.keys())
def test_no_row_ends_a_ladder(words) -> None:
    text = _shown(ladder, "--bias", "zero", *words)
    assert "do not apply to this network" in text


@pytest.mark.parametrize(
    ("words", "absent", "reason"),
    [
        (
            ("--bias", "gaussian", "--volume", "1e-9"),
            ("regions.count.upper", "regions.count.upper.sharp"),
            "it needs vol > 1/(2 C_bias C_grad)^n_0, where N > n_0 (--volume)",
        ),
        (
            ("--bias", "zero", "--c", "0.3"),
            ("jacobian.alignment",),
            "it needs c = 1/M_K (--c)",
        ),
        (
            ("--bias", "gaussian", "--outputs", "1"),
            ("regions.boundary.upper", "regions.boundary.upper.sharp"),
            "it needs n_L >= 2 (--outputs)",
        ),
        (
            ("--bias", "zero", "--inputs", "1", "--cosine", "0"),
            ("jacobian.mean.exact", "curve.length.mean.upper.angle"),
            "it needs n_0 >= 2, or rho_0 = 1 or -1 (--inputs or --cosine)",
        ),
        (
            ("--bias", "zero", "--inputs", "1", "--sweep", "3"),
            ("curve.breakpoints", "curve.breakpoints.layer"),
            "it needs n_0 >= 2, or Theta = 0 (--inputs or --sweep)",
        ),
        (
            ("--bias", "zero", "--widths", "1x3"),
            ("jacobian.lyapunov.rest",),
            "it needs 1 <= j <= n_1 - 1 (--exponent or --widths)",
        ),
        (
            ("--bias", "zero", "--norm", "0"),
            ("init.typical", "curve.locus.density"),
            "it needs |x| > 0 (--norm)",
        ),
    ],
)
def test_what_does_not_apply_is_left_out_and_shown_on_request(words, absent, reason) -> None:
    left = _keys(_shown(bounds, *words))
    everything = _shown(bounds, *words, "--all")
    for key in absent:
        assert key not in left
        (line,) = (line for line in everything.splitlines() if line.split()[0] == key)
        assert "does not apply" in line
        assert reason in line
    assert "--all shows" not in everything


def test_the_count_is_of_what_all_adds() -> None:
    last = _shown(bounds, "--bias", "zero").splitlines()[-1]
    everything = _shown(bounds, "--bias", "zero", "--all")
    added = {line.split()[0] for line in everything.splitlines() if "  does not apply" in line}
    assert last.split()[0] == str(len(added))


def test_alone_a_refusal_is_the_answer(capsys) -> None:
    assert run(["bounds", "jacobian.alignment", *NETWORK, "--bias", "zero", "--c", "0.3"]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert caught.err.splitlines() == [
        "maxout: jacobian.alignment does not apply to 4-[5x2]-1 K=3 c=3/10 bias=zero: "
        "it needs c = 1/M_K (--c)"
    ]


def test_more_pieces_than_the_order_are_what_a_moment_needs() -> None:
    at = ("order.moment", "--inputs", "1", "--widths", "1")
    three = CliRunner().invoke(bounds, [*at, "--rank", "3", "--order", "2"])
    assert three.exit_code == 0
    assert "1.27566444771" in three.output  # 1 + sqrt(3)/(2 pi)
    table = CliRunner().invoke(bounds, ["order", *at[1:], "--rank", "5", "--order", "5"])
    assert table.exit_code == 0
    assert "order.moment" not in table.output
    assert run(["bounds", *at, "--rank", "5", "--order", "5"]) == 2


@pytest.mark.parametrize("rho", ["0.999", "0.9999999", "-0.1"])
def test_orthants_near_the_ends_have_values(rho) -> None:
    words = ("order.orthant", "--rank", "1", "--inputs", "1", "--widths", "1", "--rho", rho)
    done = CliRunner().invoke(bounds, [*words, "--json"])
    (record,) = json.loads(done.output)
    assert record["certified"]
    assert 0 < float(record["value"]) < 0.5


def test_records_carry_the_reason() -> None:
    words = ("kernel.nngp.deep", "jacobian.alignment", "--bias", "zero", "--rank", "20000", "--all")
    found = {r["key"]: r for r in json.loads(_shown(bounds, *words, "--c", "0.3", "--json"))}
    limit, refused = found["kernel.nngp.deep"], found["jacobian.alignment"]
    assert limit["value"] is refused["value"] is None
    assert limit["applies"]
    assert not refused["applies"]
    assert limit["reason"] == "it needs K <= 10,000 (--rank)"
    assert refused["reason"] == "it needs c = 1/M_K (--c)"
