"""The tables of docs/training.md are what the command makes of the accuracies kept beside it."""

import csv
import io
from pathlib import Path

import pytest

from maxout.lab.training.accuracies import from_csv
from maxout.lab.training.compare import compare
from maxout.lab.training.training_campaign import ALPHA
from maxout.lab.training.training_tables import gradients_markdown, markdown, sweep_markdown

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "training.md").read_text()
RUNS = sorted(path.name for path in (DOCS / "data" / "training").iterdir())


@pytest.mark.parametrize("run", RUNS)
def test_tables_follow_from_the_data(run: str) -> None:
    folder = DOCS / "data" / "training" / run
    results = from_csv((folder / "accuracies.csv").read_text())
    assert len(results) >= 14
    assert all(len(result.test) >= 16 for result in results)
    for table in markdown(results, compare(results, ALPHA)).split("\n\n"):
        assert table.strip() in PAGE
    assert gradients_markdown((folder / "gradients.csv").read_text()) in PAGE


def test_the_sweep_follows_from_its_data() -> None:
    folder = DOCS / "data" / "sweep"
    rows = list(csv.DictReader(io.StringIO((folder / "sweep.csv").read_text())))
    numbers = ("rate", "validation", "test")
    read = [{k: float(v) if k in numbers else v for k, v in row.items()} for row in rows]
    assert sweep_markdown(read) in PAGE
    results = from_csv((folder / "accuracies.csv").read_text())
    tables = markdown(results, compare(results, ALPHA)).split("\n\n")
    verdicts = tables[-1].strip()
    assert verdicts.startswith("| data")
    assert verdicts in PAGE
    best = {row["scheme"]: row for row in read}
    for row in read:
        if row["validation"] > best[row["scheme"]]["validation"]:
            best[row["scheme"]] = row
    for result in results:
        assert result.rate == best[result.scheme]["rate"]
        assert result.test.mean() == pytest.approx(best[result.scheme]["test"])


def test_a_changed_accuracy_would_be_seen() -> None:
    """The control of the test above."""
    text = (DOCS / "data" / "training" / RUNS[0] / "accuracies.csv").read_text()
    head, first, *rest = text.splitlines()
    fields = first.split(",")
    fields[7] = "0.0123"
    changed = from_csv("\n".join([head, ",".join(fields), *rest]))
    assert any(table.strip() not in PAGE for table in markdown(changed, []).split("\n\n"))
