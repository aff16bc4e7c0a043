"""Sphinx configuration of the manual."""

from importlib.metadata import version as installed

project = "eit"
author = "the eit maintainers"
release = installed("eit")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "eit"
exclude_patterns = ["_build"]
