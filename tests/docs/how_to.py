"""Follows a how-to page: its files and lines go into a copy of the package, its check is run there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "how_to"
#: A block with what is said right above it.
BLOCK = re.compile(r"^(?P<head>\S[^\n]*)\n\n```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NEW_FILE = re.compile(r"\*\*New file\*\* `(?P<path>[^`]+)`")
ADD = re.compile(r"\*\*Add\*\* to `(?P<path>[^`]+)`, below (?:the (?P<which>first|last) )?`(?P<anchor>[^`]+)`")
#: Folders of data that pages add to; the others are linked, for they are large and only read.
COPIED = ("samples", "teachers")
NOT_LINKED = ("runs",)


@dataclass(frozen=True)
class Page:
    """A page in parts.

    Attributes
    ----------
    new_files : dict of str to str
        Path to content.
    additions : list of tuple of str
        Path, ``first``, ``last`` or nothing, line, and what goes below that line.
    check : str
        Code of its check.
    prints : str
        What the page says that the check prints.
    """

    new_files: dict[str, str]
    additions: list[tuple[str, str, str, str]]
    check: str
    prints: str


def read_page(name: str) -> Page:
    """Read a page of ``docs/how_to`` by its name without suffix."""
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    new_files: dict[str, str] = {}
    additions: list[tuple[str, str, str, str]] = []
    check = prints = ""
    for block in BLOCK.finditer(text):
        head, content = block["head"], block["text"]
        if found := NEW_FILE.match(head):
            new_files[found["path"]] = content
        elif found := ADD.match(head):
            additions.append((found["path"], found["which"] or "", found["anchor"], content))
        elif head == "**Check**":
            check = content
        elif head == "It prints":
            prints = content
        else:
            assert block["language"] == "bash", f"{name}: nobody knows what to do with the block below {head!r}"
    assert text.count("\n```") == 2 * len(BLOCK.findall(text)), f"{name}: a block without a line above it"
    return Page(new_files, additions, check, prints)


def copy_of_package(folder: Path) -> Path:
    """A copy of the package with its data, which a page may change."""
    # With what Python and numba have compiled already: times of files are kept, so it stays valid in the copy.
    shutil.copytree(ROOT / "sleepcot_utils", folder / "sleepcot_utils")
    (folder / "data").mkdir()
    for source in sorted((ROOT / "data").iterdir()):
        target = folder / "data" / source.name
        if source.name in COPIED:
            shutil.copytree(source, target)
        elif source.name not in NOT_LINKED:
            target.symlink_to(source)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("exercises"))
    return folder


def apply(page: Page, folder: Path) -> None:
    """Write the page's files and add its lines."""
    for path, content in page.new_files.items():
        target = folder / path
        assert not target.exists(), f"{path} is there already"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    for path, which, anchor, added in page.additions:
        lines = (folder / path).read_text(encoding="utf-8").splitlines(keepends=True)
        places = [place for place, line in enumerate(lines) if line.rstrip("\n") == anchor]
        assert places, f"{path} has no line {anchor!r}"
        assert which or len(places) == 1, f"{path} has the line {anchor!r} {len(places)} times"
        place = places[-1] if which == "last" else places[0]
        lines.insert(place + 1, added)
        (folder / path).write_text("".join(lines), encoding="utf-8")


def run(code: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new process that imports the package of a copy."""
    environment = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", **variables}
    environment.pop("SLEEPCOT_ROOT", None)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
