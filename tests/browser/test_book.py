"""The book in a browser: no error, nothing fetched, no page that scrolls sideways, in light and in dark.

A small book is built for it: texts and two notebooks, without the reference. ``SLEEPCOT_BOOK`` names a built one
instead, such as ``build/book``, of which every page is then opened.
"""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from tests.browser.conftest import DESKTOP, PHONE

pytest.importorskip("sphinx", reason="Sphinx is not installed: pip install -e .[book]")

from book import build, check, pages
from sleepcot_utils.paths import PROJECT_ROOT

#: A page of each kind: start, executed notebook with wide tables and figures, text with a wide table, downloads.
KINDS = (
    "index.html",
    "papermill_runs/reference/01_simulate_wearable_nights.html",
    "docs/glossary.html",
    "notebooks/exercises/index.html",
)


#: How far the page itself can be moved sideways; figures, tables and code move in boxes of their own.
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("SLEEPCOT_BOOK")
    if named:
        return (PROJECT_ROOT / named).resolve()
    folder = tmp_path_factory.mktemp("book")
    sources, target = folder / "sources", folder / "book"
    pages.gather(sources, api=False)
    # Notebooks beyond one are cut to their title, which makes the build a matter of seconds.
    for path in sources.rglob("*.ipynb"):
        if path.parent.name == "reference" and not path.name.startswith("01_"):
            notebook = nbformat.read(path, as_version=4)
            notebook.cells = notebook.cells[:1]
            nbformat.write(notebook, path)
    assert build.build(sources, target) == 0
    assert check.problems(target) == []
    return target


@pytest.fixture(scope="module")
def names(book: Path) -> list[str]:
    if "SLEEPCOT_BOOK" not in os.environ:
        return list(KINDS)
    found = sorted(path.relative_to(book).as_posix() for path in book.rglob("*.html"))
    return [name for name in found if not name.startswith(("_static", "_downloads"))]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_behave(book, names, open_page, screenshot, size, dark) -> None:
    opened = open_page((book / names[0]).as_uri(), size=size, dark=dark)
    said: list[str] = []
    opened.page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    found = {}
    for name in names:
        opened.page.goto((book / name).as_uri())
        theme = opened.page.evaluate("document.documentElement.dataset.theme")
        found[name] = (opened.page.evaluate(SIDEWAYS), theme, list(said))
        screenshot(opened, f"{name}-{size[0]}-{theme}")
        said.clear()
    wanted = (0, "dark" if dark else "light", [])
    assert {name: seen for name, seen in found.items() if seen != wanted} == {}
    assert (opened.foreign_requests, opened.errors) == ([], [])


def test_figures_have_their_size_and_alt_texts(book, open_page) -> None:
    opened = open_page((book / KINDS[1]).as_uri())
    figures = opened.page.locator("article .cell_output img")
    assert figures.count() == 5
    for index in range(figures.count()):
        figure = figures.nth(index)
        figure.scroll_into_view_if_needed()
        assert len(figure.get_attribute("alt").split()) >= 8
        assert figure.bounding_box()["width"] > 600


def test_wide_tables_scroll_in_their_own_box(book, open_page) -> None:
    opened = open_page((book / KINDS[1]).as_uri(), size=PHONE)
    boxes = opened.page.evaluate(
        """[...document.querySelectorAll('article table')].map(table => {
            let box = table;
            while (box && getComputedStyle(box).overflowX !== 'auto') box = box.parentElement;
            return box === null || box.tagName === 'HTML' ? table.innerText.slice(0, 40) : '';
        }).filter(text => text)"""
    )
    assert boxes == []


def test_formulas_are_drawn_without_a_script(book, open_page) -> None:
    opened = open_page((book / KINDS[1]).as_uri())
    formula = opened.page.locator("article math").first
    assert formula.bounding_box()["width"] > 50
    assert "TST" in formula.text_content()


def test_search_finds_a_word_from_the_disk(book, open_page) -> None:
    opened = open_page((book / "search.html").as_uri() + "?q=hypnogram")
    opened.page.locator("#search-results li").first.wait_for()
    assert any(
        "01" in link for link in opened.page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
    )
