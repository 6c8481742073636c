"""A real browser for tests of pages: one process for a module, a fresh profile for each page that is opened.

``SLEEPCOT_BROWSER`` names the program; otherwise Chromium or Chrome on the PATH is taken, and without one these tests
are skipped. ``SLEEPCOT_SCREENSHOTS`` names a folder for the pictures that tests take, to be looked at.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.one_thread import one_thread  # noqa: F401 - a fixture is found by its name here

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e .[dev]")
axe_api = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is not installed: pip install -e .[dev]"
)

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
#: The browser's own services stay silent, so that every request that is seen is the page's.
ARGUMENTS = ["--disable-background-networking", "--disable-component-update", "--no-first-run"]
DESKTOP, PHONE = (1280, 900), (390, 844)
LOCAL_HOSTS = {"127.0.0.1", "localhost", ""}
#: Long enough for a busy machine; a page that works does not take it.
LONGEST_WAIT_MS = 180_000
#: Rules of WCAG 2.2, level AA, as axe-core knows them.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Boxes that scroll a whole page: the document itself, or a frame of an application that fills the window.
SCROLLED = """() => {
  const wide = element => element.clientWidth >= 0.9 * window.innerWidth;
  const scrolls = element => ["auto", "scroll"].includes(getComputedStyle(element).overflowY);
  return [document.documentElement, ...[...document.querySelectorAll("*")].filter(one => wide(one) && scrolls(one))];
}"""
OVERFLOW = f"() => Math.max(...({SCROLLED})().map(one => one.scrollWidth - one.clientWidth))"
HIDDEN_BELOW = f"() => Math.max(...({SCROLLED})().map(one => one.scrollHeight - one.clientHeight))"


def browser_program() -> str | None:
    """Path of a browser, or None where there is none."""
    named = os.environ.get("SLEEPCOT_BROWSER")
    if named:
        return shutil.which(named)
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@dataclass
class Opened:
    """A page and what it did while it was open.

    Attributes
    ----------
    page : playwright.sync_api.Page
        The page.
    requests : list of str
        Addresses of all requests, web sockets among them; ``data:`` and ``blob:`` stay in the browser and are left out.
    errors : list of str
        Uncaught errors of scripts.
    """

    page: Any
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def foreign_requests(self) -> list[str]:
        """Requests that leave this machine."""
        return [url for url in self.requests if urlsplit(url).hostname not in LOCAL_HOSTS and "file" != url[:4]]

    @property
    def overflow_px(self) -> int:
        """How far the page can be scrolled sideways."""
        return int(self.page.evaluate(OVERFLOW))

    def barriers(self, *, but: tuple[str, ...] = ()) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA: rule and element of each; `but` names rules that are left out."""
        found = axe_api.Axe().run(self.page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        return [
            f"{violation['id']}: {' '.join(map(str, node['target']))} {node['html'][:160]}"
            for violation in found.response["violations"]
            if violation["id"] not in but
            for node in violation["nodes"]
        ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless browser, for those who need more than ``open_page``.

    It ends with its module: while it lives, an event loop runs in this thread, and tests elsewhere want one of their own.
    """
    program = browser_program()
    if program is None:
        pytest.skip(f"no browser: install one of {', '.join(PROGRAMS)}, or name it in SLEEPCOT_BROWSER")
    with playwright_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=program,
            # Chromium refuses to start its sandbox as root, which containers of continuous integration are.
            chromium_sandbox=os.geteuid() != 0,
            args=ARGUMENTS,
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Opened]]:
    """Opens an address: ``open_page(url, size=PHONE, locale="zh-CN", dark=True)``; closed after the test."""
    contexts = []

    def build(
        url: str, *, size: tuple[int, int] = DESKTOP, locale: str = "en-US", dark: bool = False, **options: Any
    ) -> Opened:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=locale,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(LONGEST_WAIT_MS)
        page = context.new_page()
        opened = Opened(page)
        page.on("request", lambda request: _note(opened, request.url))
        page.on("websocket", lambda socket: _note(opened, socket.url))
        page.on("pageerror", lambda error: opened.errors.append(str(error)))
        page.goto(url)
        return opened

    yield build
    for context in contexts:
        context.close()


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Callable[[Opened, str], None]:
    """Keeps a picture of a whole page in ``SLEEPCOT_SCREENSHOTS``; does nothing where that is not set."""

    def take(opened: Opened, name: str) -> None:
        folder = os.environ.get("SLEEPCOT_SCREENSHOTS")
        if folder:
            module = Path(request.node.path).stem
            Path(folder).mkdir(parents=True, exist_ok=True)
            before = opened.page.viewport_size
            # An application may scroll in a frame of its own, which a picture of the whole page does not unroll.
            height = before["height"] + opened.page.evaluate(HIDDEN_BELOW)
            opened.page.set_viewport_size({"width": before["width"], "height": height})
            opened.page.wait_for_timeout(300)
            opened.page.screenshot(path=Path(folder) / f"{module}_{re.sub(r'[^a-z0-9]+', '-', name.lower())}.png")
            opened.page.set_viewport_size(before)

    return take


def _note(opened: Opened, url: str) -> None:
    if not url.startswith(("data:", "blob:", "chrome-error:")):
        opened.requests.append(url)
