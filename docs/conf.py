"""Sphinx: the pages in Markdown as they are, the reference from docstrings, commands, catalogue."""

import os
import sys
from pathlib import Path

import maxout

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("KERAS_BACKEND", "jax")  # Keras looks for TensorFlow, which is not needed

project = "maxout"
author = "The maxout developers"
project_copyright = "The maxout developers"
release = version = maxout.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "site_parts.mathml",
    "site_parts.catalogue",
    "site_parts.docstrings",
]

# A slug for every heading: pages and statements link to them as GitHub does.
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]

# A page is of the site if a toctree names it; none of these is a page.
exclude_patterns = ["_build"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_use_ivar = True

smartquotes = False  # "rms" is typed with these quotes

html_theme = "furo"
html_title = "maxout"
html_static_path = ["_static"]
html_css_files = ["mathml.css"]
html_math_renderer = "mathml"
html_copy_source = False
