"""The LaTeX of a statement's left side as text that a terminal can show."""

from __future__ import annotations

import re

_REPLACED = (
    (r"\frac{d}{d\rho_{xy}}", "d/drho_xy"),
    (r"\frac{d}{d\rho}", "d/drho"),
    (r"\mathbb{E}", "E "),
    (r"\mathbb", ""),
    (r"\|", "|"),
    (r"\parallel", "along"),
    (r"\perp", "across"),
    (r"\partial ", "d"),
    (r"\nabla", "grad "),
    (r"\operatorname", ""),
    (r"\mathrm", ""),
    (r"\text", ""),
    (r"\mid", "given"),
    (r"\leq", "<="),
    (r"\cap", " in "),
    (r"\dots", "..."),
    (r"\ln", " ln "),
    (r"\cos", "cos "),
    (r"\max_", "max_"),
    (r"\min_", "min_"),
    (r"\sum_", "sum_"),
    (r"\bigl", ""),
    (r"\bigr", ""),
    (r"\,", " "),
    (r"\ ", " "),
    (r"\{", "("),
    (r"\}", ")"),
    (r"\#", "number of "),
)


def plain(latex: str) -> str:
    """Return the formula without LaTeX's commands: ``E |J(x)u|^2`` for E\\|J(x)u\\|^2."""
    text = latex
    for command, words in _REPLACED:
        text = text.replace(command, words)
    # A brace around one symbol or number says nothing in text; others become parentheses.
    text = re.sub(r"([_^])\{([^{}])\}", r"\1\2", text)
    text = re.sub(r"([_^])\{(\([^{}]*\))\}", r"\1\2", text)
    text = re.sub(r"([_^])\{([^{}]*)\}", r"\1(\2)", text)
    text = re.sub(r"\\([A-Za-z]+)", r"\1", text).replace("{", "").replace("}", "")
    text = " ".join(text.split())
    return text.replace("E [", "E[").replace("ln |", "ln|").replace("ln (", "ln(")
