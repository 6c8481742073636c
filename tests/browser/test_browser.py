"""The browser of these tests sees what a page does: sizes, requests that leave this machine, errors of scripts."""

from __future__ import annotations

import pytest

PAGE = """<!doctype html><html lang="en"><title>t</title><body><h1>Nights</h1><div style="width: {width}px">.</div>
<script>{script}</script></body></html>"""


@pytest.fixture
def written(tmp_path):
    """Writes a page and returns its address."""

    def build(width: int, script: str = "") -> str:
        path = tmp_path / "page.html"
        path.write_text(PAGE.format(width=width, script=script), encoding="utf-8")
        return path.as_uri()

    return build


def test_page_that_behaves(open_page, written) -> None:
    opened = open_page(written(100), size=(390, 844))
    assert opened.page.get_by_role("heading", name="Nights").is_visible()
    assert (opened.overflow_px, opened.foreign_requests, opened.errors) == (0, [], [])
    assert len(opened.requests) == 1
    assert opened.barriers() == []


def test_page_that_does_not(open_page, written) -> None:
    script = "fetch('http://sleepcot.invalid/count').catch(() => 0).then(() => { document.title = 'asked'; boom(); })"
    opened = open_page(written(600, script), size=(390, 844))
    opened.page.wait_for_function("document.title == 'asked'")
    opened.page.wait_for_timeout(50)
    assert opened.overflow_px > 200
    assert opened.foreign_requests == ["http://sleepcot.invalid/count"]
    assert len(opened.errors) == 1 and "boom" in opened.errors[0]


def test_barriers_are_found(open_page, written) -> None:
    opened = open_page(written(100))
    opened.page.evaluate("document.body.innerHTML += '<img src=x><p style=color:#bbb>pale</p>'")
    assert sorted(barrier.partition(":")[0] for barrier in opened.barriers()) == ["color-contrast", "image-alt"]
