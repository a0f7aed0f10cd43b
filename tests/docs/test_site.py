"""The site has every page once and every statement; the files beside it agree with the package."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import maxout
from maxout.theory.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)


def listed() -> list[str]:
    blocks = TOCTREE.findall((DOCS / "index.md").read_text(encoding="utf-8"))
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(":")]


def test_the_first_page_leads_to_every_page_once() -> None:
    pages = {str(p.relative_to(DOCS).with_suffix("")) for p in DOCS.rglob("*.md")} - {"index"}
    assert sorted(listed()) == sorted(pages)


@pytest.fixture
def catalogue_page(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    from site_parts import catalogue

    return catalogue


def test_the_catalogue_has_every_statement_with_its_formula_and_proof(catalogue_page) -> None:
    text = catalogue_page.pages_text()
    sections = dict(re.findall(r"^### `([\w.]+)`\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL))
    assert list(sections) == list(dict.fromkeys(sections))
    assert set(sections) == set(CATALOGUE)
    for key, section in sections.items():
        assert f"(../{CATALOGUE[key].proof})" in section
        assert CATALOGUE[key].left in section


def test_a_right_side_of_one_order_says_which(catalogue_page) -> None:
    """What stands for t = 1 alone is wrong beside a left side of any t."""
    by_order = [s for s in CATALOGUE.values() if s.orders and not s.symbolic_order]
    assert by_order
    for statement in by_order:
        said = [f.split(":")[0] for f in catalogue_page.formulas(statement)]
        assert said == [f"t = {t}" for t in statement.orders]


def test_words_of_statements_are_no_markup(catalogue_page) -> None:
    assert catalogue_page._words("|x|_2 * <b>") == r"\|x\|\_2 \* \<b\>"


def test_every_formula_can_be_set(catalogue_page) -> None:
    """As MathML that is well formed and holds no command that stayed LaTeX."""
    pytest.importorskip("latex2mathml", reason="installed with the extra dev")
    from site_parts.mathml import mathml

    left = {}
    for key, statement in CATALOGUE.items():
        for formula in catalogue_page.formulas(statement):
            tree = ElementTree.fromstring(mathml(formula, "block"))
            if "\\" in (text := "".join(tree.itertext())):
                left[key] = text
    assert not left


def test_docstrings_keep_code_and_lose_markup(catalogue_page) -> None:
    from site_parts.docstrings import escaped

    assert escaped("E |x|^2 of ``a*b`` and n_") == r"E \|x\|^2 of ``a*b`` and n\_"


def test_the_citation_is_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {maxout.__version__}\n" in citation
    assert f"## {maxout.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
