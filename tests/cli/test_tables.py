"""Tables on a terminal: numbers and keys stay whole, whatever its width, and no line is wider."""

import pytest

from maxout.cli import output

COLUMNS = ("key", "interval", "about", "verdict")
ROWS = [("kernel.diagonal.gaussian", "[1.1544,1.1672]", "said in some more words " * 4, "verified")]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_words_without_spaces_are_never_broken(monkeypatch, capsys, width) -> None:
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    output.table(COLUMNS, ROWS)
    printed = capsys.readouterr().out
    for cell in (*COLUMNS[1:], ROWS[0][0], ROWS[0][1], ROWS[0][3]):
        assert cell in printed.split()
    assert ("─" in printed) == (width >= 80)
    assert max(map(len, printed.splitlines())) <= width
