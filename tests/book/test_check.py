"""The check of the book finds what it promises to find, and nothing on a page that is all right."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from book import check
from sleepcot_utils.paths import PROJECT_ROOT

GOOD = """<!doctype html><html lang="en"><head><title>t</title><link rel="stylesheet" href="_static/a.css"></head>
<body><article><h1 id="top">Nights</h1><p><a href="other.html#there">other</a> <a href="#top">up</a>
<a href="https://example.org/x">elsewhere</a> <a href="files/table%20one.csv">table</a></p>
<h2>Figures</h2><img src="n.png" alt="A line that rises."><h3>One</h3><h2>Two</h2>EXTRA</article></body></html>"""
OTHER = "<!doctype html><html><body><article><h1>Other</h1><p id='there'>.</p></article></body></html>"

#: Nobody's, and put together here, so that no file of ours holds the path of a machine.
SOMEBODYS_FOLDER = str(PurePosixPath("/", "home", "jane", "study"))


def book(folder: Path, extra: str = "", style: str = "p { color: red }") -> Path:
    (folder / "_static").mkdir()
    (folder / "files").mkdir()
    (folder / "_static" / "a.css").write_text(style)
    (folder / "n.png").write_bytes(b"")
    (folder / "files" / "table one.csv").write_text("a\n")
    (folder / "other.html").write_text(OTHER)
    (folder / "index.html").write_text(GOOD.replace("EXTRA", extra))
    return folder


def test_a_page_that_is_all_right(tmp_path: Path) -> None:
    assert check.problems(book(tmp_path)) == []


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ('<a href="missing.html">x</a>', "a link leads nowhere: missing.html"),
        ('<a href="other.html#here">x</a>', "a link leads to no place on its page: other.html#here"),
        ('<a href="#nowhere">x</a>', "a link leads to no place on its page: #nowhere"),
        ('<script src="https://cdn.example.org/a.js"></script>', "fetches https://cdn.example.org/a.js"),
        ('<script src="//cdn.example.org/a.js"></script>', "fetches //cdn.example.org/a.js"),
        ("<style>@import 'https://fonts.example.org/a'</style>", "fetches https://fonts.example.org/a"),
        ('<img src="n.png">', "an image has no alternative text: n.png"),
        ('<img src="n.png" alt=" ">', "an image has no alternative text: n.png"),
        ('<img src="lost.png" alt="A line.">', "a link leads nowhere: lost.png"),
        ("<h4>deep</h4>", "a heading of level 4 follows one of level 2: deep"),
        ("<h1>again</h1>", "has 2 titles"),
        (f"<code>{SOMEBODYS_FOLDER}</code>", f"names a folder of a machine: {SOMEBODYS_FOLDER[:7]}"),
        (f"<code>{PROJECT_ROOT}/data</code>", f"names a folder of a machine: {PROJECT_ROOT}"),
    ],
)
def test_what_is_wrong_is_named_with_its_page(tmp_path: Path, extra: str, said: str) -> None:
    assert check.problems(book(tmp_path, extra)) == [f"index.html: {said}"]


def test_styles_fetch_nothing(tmp_path: Path) -> None:
    found = check.problems(book(tmp_path, style="@font-face { src: url('https://fonts.example.org/a.woff2') }"))
    assert found == ["_static/a.css: fetches https://fonts.example.org/a.woff2"]


def test_an_empty_folder_is_no_book(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main([str(tmp_path)]) == 1
    assert "there are no pages" in capsys.readouterr().err
