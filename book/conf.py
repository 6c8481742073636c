"""Settings of Sphinx for the book; ``book/build.py`` gathers its sources and calls it with this folder."""

from __future__ import annotations

from sleepcot_utils import __version__

project = "The SleepCoT study"
author = "The SleepCoT study authors"
copyright = "the SleepCoT study authors; code MIT, text and figures CC BY 4.0"
version = release = __version__
language = "en"
root_doc = "index"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "book.extension"]
# Sources and exercises are offered as files; the executed copies are the pages.
exclude_patterns = ["notebooks/*.ipynb", "notebooks/exercises/*.ipynb"]

# Notebooks are shown as they were executed; nothing runs here.
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "gfm"
# Widgets would be drawn by scripts from the network.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
# Code in texts is often not quite a language: a fragment, a template, a line of output.
suppress_warnings = ["misc.highlighting_failure"]

# Docstrings are numpydoc. Types stand in the signature once, and in the words of the docstring.
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
# Defaults as they are written, and no values of constants: what they are here may be a folder or a key of this machine.
autodoc_preserve_defaults = True
autodoc_default_options = {"no-value": True}
python_maximum_signature_line_length = 100
add_module_names = False

html_theme = "sphinx_book_theme"
html_title = "The SleepCoT study"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_domain_indices = False
# Light or dark as the reader's system has it.
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_persistent": [],
    "show_navbar_depth": 1,
    "max_navbar_depth": 3,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
}
