"""Slides of an executed notebook in a browser that has no network: shown, turned, with their figures."""

from __future__ import annotations

import importlib.util

import pytest

from sleepcot_utils.paths import PROJECT_ROOT

pytest.importorskip("sphinx_revealjs", reason="reveal.js is not installed: pip install -e .[book]")


def test_slides_turn_without_a_network(open_page, screenshot, tmp_path) -> None:
    specification = importlib.util.spec_from_file_location("slides", PROJECT_ROOT / "tools" / "slides.py")
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    source = next((PROJECT_ROOT / "papermill_runs" / "reference").glob("01_*.ipynb"))
    opened = open_page(tool.make_slides(source, tmp_path).as_uri(), size=(1280, 720), offline=True)
    opened.page.wait_for_function("window.Reveal && Reveal.isReady()")
    assert opened.page.evaluate("Reveal.getTotalSlides()") > 10
    for _ in range(2):
        opened.page.keyboard.press("Space")
    figure = opened.page.locator("section.present img")
    figure.first.wait_for()
    assert figure.first.bounding_box()["height"] > 300
    screenshot(opened, "figure")
    assert opened.page.evaluate("document.querySelectorAll('math').length") > 0
    assert (opened.errors, opened.requests[1:], opened.foreign_requests) == ([], [], [])
