"""Check the pages of the book without a browser: ``python -m book.check [folder]``.

Links inside of the book resolve, nothing is fetched from elsewhere, images are described, headings are in order, and
no page names a folder of the machine that built it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from sleepcot_utils.paths import PROJECT_ROOT

#: Elements and attributes that make a browser fetch something.
FETCHED = {
    "img": "src",
    "script": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
}
#: Links in the head that are read by machines only and fetched by nobody.
NOT_FETCHED = {"canonical", "next", "prev", "search", "index"}
STYLE_ADDRESS = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")
#: Folders of a machine. A page may speak of /path or /work as an example, but never of where it was built.
MACHINE = re.compile(rf"/home/\w|/Users/\w|/root/|file:///|[A-Z]:\\Users|{re.escape(str(PROJECT_ROOT))}\b")


class Page:
    """One page of the book, read once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> BeautifulSoup:
        return BeautifulSoup(self.text, "html.parser")

    @cached_property
    def anchors(self) -> set[str]:
        """Names within the page that a link may lead to."""
        return {str(tag[name]) for name in ("id", "name") for tag in self.tree.find_all(True, attrs={name: True})}


def problems(folder: Path) -> list[str]:
    """What is wrong with the pages of a folder.

    Parameters
    ----------
    folder : Path
        A built book.

    Returns
    -------
    list of str
        One line each: the page, and what is wrong there. Empty if all is well.
    """
    book = {path: Page(path) for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts}
    if not book:
        return [f"{folder.name}: there are no pages"]
    found: list[str] = []
    for path, page in book.items():
        if "_downloads" in path.parts:
            continue
        name = path.relative_to(folder).as_posix()
        for problem in (*lost_links(page, book), *foreign(page.tree), *silent_images(page.tree), *headings(page.tree)):
            found.append(f"{name}: {problem}")
        found += [f"{name}: names a folder of a machine: {match[0]}" for match in MACHINE.finditer(page.text)]
    for path in sorted(folder.rglob("*.css")):
        addresses = [first or second for first, second in STYLE_ADDRESS.findall(path.read_text(encoding="utf-8"))]
        found += [f"{path.relative_to(folder)}: fetches {address}" for address in addresses if _is_foreign(address)]
    return found


def lost_links(page: Page, book: dict[Path, Page]) -> Iterator[str]:
    """Links inside of the book that lead to no file or no place on a page."""
    for tag, attribute in [("a", "href"), *FETCHED.items()]:
        for element in page.tree.find_all(tag, attrs={attribute: True}):
            address = str(element[attribute])
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or _is_for_machines(element):
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            if not target.is_file():
                yield f"a link leads nowhere: {address}"
            elif parts.fragment and target in book and unquote(parts.fragment) not in book[target].anchors:
                yield f"a link leads to no place on its page: {address}"


def foreign(tree: BeautifulSoup) -> Iterator[str]:
    """What a browser would fetch from another place as soon as the page is opened."""
    for tag, attribute in FETCHED.items():
        for element in tree.find_all(tag, attrs={attribute: True}):
            if _is_foreign(str(element[attribute])) and not _is_for_machines(element):
                yield f"fetches {element[attribute]}"
    for style in tree.find_all("style"):
        for first, second in STYLE_ADDRESS.findall(style.get_text()):
            if _is_foreign(first or second):
                yield f"fetches {first or second}"


def silent_images(tree: BeautifulSoup) -> Iterator[str]:
    """Images of the text without an alternative text. Those around it, such as a logo, may be decoration."""
    for image in _article(tree).find_all("img"):
        if not str(image.get("alt", "")).strip():
            yield f"an image has no alternative text: {str(image.get('src'))[:80]}"


def headings(tree: BeautifulSoup) -> Iterator[str]:
    """A page has one title, and no heading that skips a level."""
    found = _article(tree).find_all(re.compile(r"^h[1-6]$"))
    levels = [int(heading.name[1]) for heading in found]
    if levels.count(1) != 1:
        yield f"has {levels.count(1)} titles"
    for heading, level, before in zip(found[1:], levels[1:], levels, strict=False):
        if level > before + 1:
            yield f"a heading of level {level} follows one of level {before}: {heading.get_text(strip=True)[:60]}"


def _article(tree: BeautifulSoup) -> Tag:
    return tree.find("article") or tree


def _is_foreign(address: str) -> bool:
    return urlsplit(address).scheme in ("http", "https") or address.startswith("//")


def _is_for_machines(element: Tag) -> bool:
    return element.name == "link" and bool(NOT_FETCHED & set(element.get("rel") or []))


def main(arguments: list[str]) -> int:
    """Check a folder, ``build/book`` unless named; returns the exit code."""
    folder = Path(arguments[0]) if arguments else PROJECT_ROOT / "build" / "book"
    found = problems(folder.resolve())
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print(
            f"{len(list(folder.rglob('*.html')))} pages checked: links, images, headings, nothing fetched from elsewhere"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
