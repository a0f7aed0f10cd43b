"""Campaign folders: what they hold, what they refuse, and that nothing is drawn twice."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from maxout.verify import suite
from maxout.verify.campaigns import folder as campaigns
from maxout.verify.campaigns import manifest as manifests
from maxout.verify.campaigns import shardfile
from maxout.verify.report import Report
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector
from maxout.verify.suite_errors import CampaignError, ShardError

KEYS = ["order.half_normal", "order.mean"]


def run(out: Path | None, **options) -> Report:
    return suite.run(RunSetting(**{"keys": KEYS, "device": "cpu", **options}), out=out)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Report]:
    out = tmp_path_factory.mktemp("campaign") / "deep" / "out"
    return out, run(out)


@pytest.fixture
def campaign(made, tmp_path) -> Path:
    """A copy to spoil."""
    import shutil

    return Path(shutil.copytree(made[0], tmp_path / "out"))


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def no_drawing(monkeypatch) -> None:
    def refuse(self, population, shard):
        raise AssertionError(f"{population.name} {shard} was drawn again")

    monkeypatch.setattr(Collector, "_draw", refuse)


def test_a_campaign_says_what_a_run_without_a_folder_says(made) -> None:
    assert made[1] == run(None)


def test_started_again_it_draws_nothing_and_changes_nothing(made, campaign, monkeypatch) -> None:
    before = files(campaign)
    no_drawing(monkeypatch)
    assert run(campaign) == made[1]
    assert files(campaign) == before


def test_a_missing_shard_is_drawn_again_and_is_the_same(made, campaign) -> None:
    victim = sorted(campaign.rglob("*.shard"))[2]
    victim.unlink()
    (campaign / "report.json").unlink()
    run(campaign, workers=1)
    assert files(campaign) == files(made[0])


def test_half_written_files_are_swept_away(made, campaign) -> None:
    for folder in (campaign, campaign / "shards", next((campaign / "shards").iterdir())):
        (folder / f".part-{'0123' * 8}").write_bytes(b"half")
    run(campaign)
    assert files(campaign) == files(made[0])


def test_the_record_and_the_report(made) -> None:
    out, report = made
    record = json.loads((out / "manifest.json").read_text())
    assert {"suite", "keys", "seed", "dtype", "statements"} <= set(record)
    assert set(record["statements"]) == set(record["keys"]) == {"order.half_normal", "order.mean"}
    assert set(record["versions"]) >= {"maxout", "numba", "numpy", "torch", "python"}
    assert record["command"].startswith("maxout verify order.half_normal order.mean --suite quick")
    written = json.loads((out / "report.json").read_text())
    assert written.pop("campaign") == record
    assert written == report.to_json()


def test_blocks_do_not_change_a_verdict(made, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(manifests.BLOCKS, "quick", 4)
    monkeypatch.setattr(campaigns, "FILE_SAMPLES", 1 << 30)
    out = tmp_path / "blocks"
    assert run(out) == made[1]
    assert len(files(out)) < len(files(made[0]))


def truncate(data: bytes) -> bytes:
    return data[:-7]


def flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (truncate, "truncated or damaged"),
        (flip, "truncated or damaged"),
        (lambda data: b"", "no shard file"),
        (lambda data: b"PK" + data, "no shard file"),
        (lambda data: data + b" ", "truncated or damaged"),
    ],
    ids=["truncated", "one bit", "empty", "another format", "longer"],
)
def test_damaged_files_are_named_and_refused(campaign, spoil, reason) -> None:
    victim = sorted(campaign.rglob("*.shard"))[1]
    victim.write_bytes(spoil(victim.read_bytes()))
    with pytest.raises(ShardError, match=reason) as caught:
        run(campaign)
    assert str(victim) in str(caught.value)


def test_every_single_flipped_byte_is_seen() -> None:
    data = shardfile.encode({"seed": 1}, {"a": np.arange(3.0)})
    assert list(shardfile.decode(data, {"seed": 1}, 3)["a"]) == [0, 1, 2]
    for position in range(len(data)):
        spoilt = bytearray(data)
        spoilt[position] ^= 0x20
        with pytest.raises(ShardError):
            shardfile.decode(bytes(spoilt), {"seed": 1}, 3)


def test_a_shard_of_another_place_or_campaign_is_refused(campaign, tmp_path) -> None:
    folder = max((campaign / "shards").iterdir(), key=lambda f: len(list(f.iterdir())))
    first, second, *_ = sorted(folder.iterdir())
    first.write_bytes(second.read_bytes())
    with pytest.raises(ShardError, match="first_shard = 1 instead of 0"):
        run(campaign)
    other = tmp_path / "other"
    run(other, seed=5)
    first.write_bytes((other / first.relative_to(campaign)).read_bytes())
    with pytest.raises(ShardError, match="seed = 5 instead of 0"):
        run(campaign)


def test_pickles_are_never_read() -> None:
    with pytest.raises(ValueError, match="[Oo]bject"):
        shardfile.encode({}, {"a": np.array([{}], dtype=object)})


@pytest.mark.parametrize("where", [".", "shards", "shards/population"])
def test_foreign_files_are_named_and_refused(campaign, where) -> None:
    if where.endswith("population"):
        folder = next((campaign / "shards").iterdir())
    else:
        folder = campaign / where
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(CampaignError, match="notes.txt is n"):
        run(campaign)


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CampaignError, match="thesis.tex is not of this campaign"):
        run(tmp_path)
    assert files(tmp_path) == {"thesis.tex": b"years of work"}
    with pytest.raises(CampaignError, match="no folder"):
        run(tmp_path / "thesis.tex")


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        ({"seed": 1}, "seed is 0 there and 1 here"),
        ({"dtype": "float32"}, "dtype is"),
        ({"alpha": 0.01}, "alpha is 0.001 there and 0.01 here"),
        ({"suite": "standard"}, "suite is"),
        ({"keys": ["order.mean"]}, "keys is"),
    ],
)
def test_another_campaign_is_refused_with_the_difference(campaign, options, difference) -> None:
    before = files(campaign)
    with pytest.raises(CampaignError, match="holds another campaign") as caught:
        run(campaign, **options)
    assert difference in str(caught.value)
    assert "maxout verify order.half_normal order.mean" in str(caught.value)
    assert files(campaign) == before


@pytest.mark.parametrize(
    ("field", "expected"),
    [("order.mean", "statements: order.mean is"), ("torch", "torch is")],
)
def test_another_version_or_statement_is_refused(campaign, field, expected) -> None:
    path = campaign / "manifest.json"
    record = json.loads(path.read_text())
    record["statements" if field in record["statements"] else "versions"][field] = "other"
    path.write_text(json.dumps(record))
    with pytest.raises(CampaignError, match=expected):
        run(campaign)


@pytest.mark.parametrize("format", [2, None])
def test_a_folder_of_an_older_version_is_refused_in_one_line(campaign, format) -> None:
    """Of the time when there were several streams: format 2, and which one stood in the record."""
    path = campaign / "manifest.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "format": format, "stream": "pcg"}))
    before = files(campaign)
    with pytest.raises(CampaignError) as caught:
        run(campaign)
    assert str(caught.value) == (
        f"{campaign} was begun by another version of maxout, which draws other samples: "
        "give another folder"
    )
    assert files(campaign) == before


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_spoilt_manifest_is_refused(campaign, text) -> None:
    (campaign / "manifest.json").write_text(text)
    with pytest.raises(CampaignError, match=r"manifest\.json is"):
        run(campaign)


def test_two_runs_at_once_are_refused(campaign) -> None:
    holder = (
        "import fcntl, os, sys; fd = os.open(sys.argv[1], os.O_RDONLY);"
        "fcntl.flock(fd, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(campaign)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(CampaignError, match="another run is at work"):
            run(campaign)
        process.stdin.close()
    run(campaign)  # and the lock goes with its process


def test_a_campaign_lets_go_of_its_folder_after_an_error(campaign) -> None:
    victim = sorted(campaign.rglob("*.shard"))[0]
    data = victim.read_bytes()
    victim.write_bytes(truncate(data))
    with pytest.raises(ShardError):
        run(campaign)
    victim.write_bytes(data)
    run(campaign)


def test_a_resume_on_another_processor_says_so_and_goes_on(campaign, monkeypatch, caplog) -> None:
    before = files(campaign)
    here = manifests.processor()
    other = {**here, "numpy": "baseline", "blas": "openblas Prescott"}
    monkeypatch.setattr(manifests, "processor", lambda: other)
    report = run(campaign)
    (said,) = [record.getMessage() for record in caplog.records]
    assert "begun on another processor" in said
    assert '"baseline" here' in said
    assert '"openblas Prescott" here' in said
    caplog.clear()
    assert run(campaign) == report  # on either of the two there is nothing more to say
    monkeypatch.undo()
    assert run(campaign) == report
    assert not caplog.records
    after = files(campaign)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"manifest.json", "report.json"}
    for name, record in (("manifest.json", None), ("report.json", "campaign")):
        found = json.loads(after[name])
        assert (found[record] if record else found)["processors"] == [here, other]
