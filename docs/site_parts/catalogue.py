"""The page of all statements, written from the catalogue when the site is built."""

from typing import Any

import sympy as sp

from maxout.theory.catalogue import CATALOGUE, SUBJECTS, subject_of
from maxout.theory.sources import BIBLIOGRAPHY
from maxout.theory.statement import Statement

PAGE = "reference/catalogue"
MARK = "<!-- catalogue -->"


def pages_text() -> str:
    """Return the statements as Markdown, one section a subject."""
    parts = [_overview()]
    for subject in SUBJECTS:
        parts.append(f"## {subject.capitalize()}")
        parts += [_entry(s) for s in CATALOGUE.values() if subject_of(s.key) == subject]
    parts += ["## Sources", *(f"```bibtex\n{r.bibtex}\n```" for r in BIBLIOGRAPHY.values())]
    return "\n\n".join(parts) + "\n"


def _overview() -> str:
    rows = ["| statement | | status |", "|---|---|---|"]
    for s in CATALOGUE.values():
        rows.append(f"| [`{s.key}`](#{_slug(s.key)}) | {_words(s.title)} | {s.status} |")
    return "\n".join(rows)


def _entry(statement: Statement) -> str:
    lines = [
        f"({_slug(statement.key)})=",
        f"### `{statement.key}`",
        "",
        f"{_words(statement.title)}.",
        "",
        *(line for shown in formulas(statement) for line in ("$$", shown, "$$", "")),
        *(f"- {_words(assumption)}" for assumption in statement.assumptions),
        "",
        f"{str(statement.status).capitalize()}: {_words(str(statement.source))}; "
        f"[proof or derivation](../{statement.proof}). "
        f"`maxout bounds {statement.key}`, `maxout verify {statement.key}`.",
    ]
    return "\n".join(lines)


def formulas(statement: Statement) -> list[str]:
    """Return the statement in LaTeX, one line each.

    At each of its orders where the form of the right side depends on the order, else in t.
    """
    start = f"{statement.left} {statement.relation.latex}"
    if statement.symbolic_order or not statement.orders:
        return [_line(start, statement, None)]
    return [_line(rf"t = {t}:\quad {start}", statement, t) for t in statement.orders]


def _line(start: str, statement: Statement, order: int | None) -> str:
    return " ".join(f"{start} {sp.latex(statement.right(order))}".split())


def _slug(key: str) -> str:
    return "statement-" + key.replace(".", "-").replace("_", "-")


def _words(text: str) -> str:
    # Words of a statement are plain text, where Markdown would see emphasis, tables and links.
    return "".join(f"\\{c}" if c in r"\`*_{}[]<>|$~^" else c for c in text)


def _written(app: Any, page: str, source: list[str]) -> None:
    if page == PAGE:
        source[0] = source[0].replace(MARK, pages_text())


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("source-read", _written)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
