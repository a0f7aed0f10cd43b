"""The tables of docs/training.md are what the command makes of the accuracies kept beside it."""

from pathlib import Path

import pytest

from maxout.lab.training.accuracies import from_csv
from maxout.lab.training.compare import compare
from maxout.lab.training.training_campaign import ALPHA
from maxout.lab.training.training_tables import gradients_markdown, markdown

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


def test_a_changed_accuracy_would_be_seen() -> None:
    """The control of the test above."""
    text = (DOCS / "data" / "training" / RUNS[0] / "accuracies.csv").read_text()
    head, first, *rest = text.splitlines()
    fields = first.split(",")
    fields[7] = "0.0123"
    changed = from_csv("\n".join([head, ",".join(fields), *rest]))
    assert any(table.strip() not in PAGE for table in markdown(changed, []).split("\n\n"))
