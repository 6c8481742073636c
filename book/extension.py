"""What the book adds to Sphinx: formulas without a script, no guessed links between types, languages of pages."""

from __future__ import annotations

import importlib
import inspect
import typing
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain

from book.reference import PACKAGE, packages

#: Pages that are not in the language of the book.
LANGUAGES = {"README.zh": "zh-Hans"}


class OneTarget(PythonDomain):
    """Names of types lead somewhere only where one thing has that name; Sphinx would take the first of several."""

    def find_obj(self, *arguments: Any, **keywords: Any) -> list[tuple[str, Any]]:
        """Targets of a name: one or none."""
        found = super().find_obj(*arguments, **keywords)
        return found if len(found) == 1 else []


def _inline(translator: Any, node: nodes.math) -> None:
    """A formula as MathML, which browsers draw themselves; Sphinx would fetch a script from the network for it."""
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    formula = tex2mathml(node.astext(), as_block=True)
    translator.body.append(f'<div class="formula" tabindex="0">{formula}</div>\n')
    raise nodes.SkipNode


def _language(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None) -> None:
    context["language"] = LANGUAGES.get(page, context.get("language"))


def _import_all(app: Sphinx, config: Any) -> None:
    """Import the package before Sphinx does, which would read type stubs in place of compiled modules."""
    if not (app.srcdir / "reference").is_dir():
        return
    for modules in packages().values():
        for module in modules:
            importlib.import_module(module)


def _skip(app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what a module took from a library, and aliases of types, which are no help when spelled out."""
    taken = inspect.isroutine(value) or inspect.isclass(value)
    home = str(getattr(value, "__module__", "")).partition(".")[0]
    return True if (taken and home not in ("", PACKAGE)) or typing.get_origin(value) is not None else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it with Sphinx."""
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    app.add_domain(OneTarget, override=True)
    app.connect("html-page-context", _language)
    app.connect("config-inited", _import_all)
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
