"""Gather the pages of the book: a copy of the texts and executed notebooks, in the folders of the repository.

Links between them then need no change, with three exceptions: the README is the start page, a link to a folder leads to
its list, and a link to any other file offers that file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

from book import notebooks, reference
from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import PROJECT_ROOT

HERE = Path(__file__).parent
EXECUTED = "papermill_runs/reference"
EXERCISES = "notebooks/exercises"
#: Texts at fixed places; those of docs/ and the cards beside data and metrics are found.
TEXTS = (
    "README.md",
    "README.zh.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE-TEXT.md",
    "notebooks/README.md",
    "papermill_runs/README.md",
    "figures/README.md",
)
#: Where cards lie, as patterns.
CARDS = ("data/README.md", "data/*/README.md", "data/samples/*/README.md", "sleepcot_utils/score/metrics/*/README.md")
LINK = re.compile(r"(\]\()(?!https?://|mailto:|#)([^)#\s]+)")


def gather(target: Path, root: Path = PROJECT_ROOT, api: bool = True) -> list[str]:
    """Write the sources of the book; a file that did not change keeps its time, so that Sphinx leaves it alone.

    Parameters
    ----------
    target : Path
        Folder for the sources; files of an earlier book that are no longer wanted are removed.
    root : Path
        Folder of the repository.
    api : bool
        Whether the API reference is among the pages.

    Returns
    -------
    list of str
        Paths of all files, relative to the folder.

    Raises
    ------
    ArtifactError
        If no notebook was executed, or a link leads nowhere.
    """
    executed = sorted((root / EXECUTED).glob("*.ipynb"))
    if not executed:
        raise ArtifactError("there is no executed notebook", where=EXECUTED, expected="`make study && make promote`")
    cards = [path for pattern in CARDS for path in sorted(root.glob(pattern))]
    texts = [root / name for name in TEXTS] + sorted((root / "docs").rglob("*.md")) + cards
    files: dict[str, bytes] = {}
    titles: list[str] = []
    for path in executed:
        notebook = notebooks.page(nbformat.read(path, as_version=4))
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = linked(cell.source, path, root, files)
        name = path.relative_to(root).as_posix()
        titles.append(f"{_entry(path.stem, notebooks.title(notebook))} <{name.removesuffix('.ipynb')}>")
        files[name] = nbformat.writes(notebook).encode()
    for path in texts:
        name = path.relative_to(root).as_posix()
        files["index.md" if name == "README.md" else name] = linked(
            path.read_text(encoding="utf-8"), path, root, files
        ).encode()
    files[f"{EXERCISES}/index.md"] = _exercises(root, files).encode()
    if api:
        files |= {name: text.encode() for name, text in reference.pages().items()}
    files["index.md"] += _contents(files, titles, [path.relative_to(root).as_posix() for path in cards]).encode()
    _write(files, target)
    return sorted(files)


def _entry(stem: str, question: str) -> str:
    """Name in the list of contents: the question, or the student where one is trained in each copy."""
    number, student = stem.partition("_")[0], stem.partition("__")[2]
    return f"{number} trains {student}" if student else f"{number} {question}"


def linked(text: str, path: Path, root: Path, files: dict[str, bytes]) -> str:
    """The text with links that hold in the book; files that are linked to and are no page are added."""
    shown = set((root / EXECUTED).glob("*.ipynb"))

    def held(match: re.Match[str]) -> str:
        offered = ""
        place = (path.parent / match[2]).resolve()
        if not place.exists() or not place.is_relative_to(root):
            raise ArtifactError(
                f"the link to {match[2]} leads nowhere", where=path.relative_to(root).as_posix(), expected="a file"
            )
        name = place.relative_to(root).as_posix()
        if name == "README.md":
            place = root / "index.md"
        elif place.is_dir():
            place = place / ("index.md" if name == EXERCISES else "README.md")
        elif place.suffix == ".png":
            files[name] = place.read_bytes()
        elif place.suffix != ".md" and place not in shown:
            files[name] = place.read_bytes()
            offered = "path:"
        return match[1] + offered + Path(os.path.relpath(place, path.parent)).as_posix()

    return LINK.sub(held, text)


def _exercises(root: Path, files: dict[str, bytes]) -> str:
    """A page that offers the exercises of each notebook, without solutions and with them."""
    rows = []
    for path in sorted((root / EXERCISES).glob("*_exercises.ipynb")):
        solutions = path.with_name(path.name.replace("_exercises", "_solutions"))
        for each in (path, solutions):
            files[each.relative_to(root).as_posix()] = each.read_bytes()
        rows.append(f"| {path.name[:2]} | [exercises](path:{path.name}) | [with solutions](path:{solutions.name}) |")
    head = "# Exercises\n\nThree for each notebook: recall, change a parameter, extend. They open in JupyterLab.\n\n"
    return head + "| notebook | for the class | for the teacher |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _contents(files: dict[str, bytes], titles: list[str], cards: list[str]) -> str:
    """Lists of contents below the start page; a text that no list names stands with what is behind the study."""
    template = (HERE / "contents.md").read_text(encoding="utf-8")
    pages = [name.removesuffix(".md") for name in files if name.endswith(".md")]
    named = set(template.splitlines()) | {card.removesuffix(".md") for card in cards} | {"index"}
    rest = [name for name in sorted(pages) if name not in named]
    api = ["reference/index"] if "reference/index.rst" in files else []
    lists = {"executed": titles, "cards": [card.removesuffix(".md") for card in cards], "rest": rest + api}
    for place, entries in lists.items():
        template = template.replace(f"{{{place}}}", "\n".join(entries))
    return template


def _write(files: dict[str, bytes], target: Path) -> None:
    for path in list(_files(target)):
        if path.relative_to(target).as_posix() not in files:
            path.unlink()
    for name, content in files.items():
        path = target / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
