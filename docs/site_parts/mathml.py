"""Formulas as MathML, set when the site is built: nothing is loaded and no script is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latex2mathml.converter import convert

if TYPE_CHECKING:
    from docutils import nodes

# Not in the converter's vocabulary.
_WORDS = {r"\operatorname*": r"\operatorname"}


def mathml(latex: str, display: str) -> str:
    """Return LaTeX as MathML.

    Args:
      display: "inline" or "block".
    """
    for command, known in _WORDS.items():
        latex = latex.replace(command, known)
    return str(convert(latex, display=display))


def _inline(self: Any, node: nodes.math) -> None:
    from docutils.nodes import SkipNode  # Sphinx brings it; tests set formulas without

    self.body.append(mathml(node.astext(), "inline"))
    raise SkipNode


def _block(self: Any, node: nodes.math_block) -> None:
    from docutils.nodes import SkipNode

    self.body.append(f'<div class="math-block">{mathml(node.astext(), "block")}</div>')
    raise SkipNode


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
