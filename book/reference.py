"""Pages of the API reference: one for each package of ``sleepcot_utils``, from the docstrings of its modules."""

from __future__ import annotations

from pathlib import Path

from sleepcot_utils.paths import PROJECT_ROOT

PACKAGE = "sleepcot_utils"
#: Metrics are loaded by path, and their cards are pages of their own; the script of the page imports in a browser only.
LEFT_OUT = ("sleepcot_utils.score.metrics", "sleepcot_utils.page.script")


def packages(root: Path = PROJECT_ROOT) -> dict[str, list[str]]:
    """Modules by the package that holds them.

    Parameters
    ----------
    root : Path
        Folder that holds the package.

    Returns
    -------
    dict
        Dotted name of a package to the dotted names of its own public modules, all sorted.
    """
    found: dict[str, list[str]] = {}
    for start in sorted((root / PACKAGE).rglob("__init__.py")):
        name = ".".join(start.parent.relative_to(root).parts)
        stems = [path.stem for path in sorted(start.parent.glob("*.py")) if not path.stem.startswith("_")]
        if not _left_out(name):
            found[name] = [module for module in (f"{name}.{stem}" for stem in stems) if not _left_out(module)]
    return found


def _left_out(name: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in LEFT_OUT)


def pages(root: Path = PROJECT_ROOT) -> dict[str, str]:
    """Text of each page by its path in the book, the page of contents among them."""
    rooms = packages(root)
    texts = {f"reference/{name}.rst": _page(name, modules) for name, modules in rooms.items()}
    texts["reference/index.rst"] = _contents(list(rooms))
    return texts


def _page(name: str, modules: list[str]) -> str:
    parts = [_heading(name, "="), f".. automodule:: {name}\n   :no-members:\n"]
    for module in modules:
        parts += [_heading(module.removeprefix(f"{name}."), "-"), f".. automodule:: {module}\n   :members:\n"]
    return "\n".join(parts)


def _contents(names: list[str]) -> str:
    listed = "\n".join(f"   {name}" for name in names)
    return "\n".join(
        [
            _heading("API reference", "="),
            "The package by its rooms, from the docstrings of the code. A room imports only from the floors below it.\n",
            f".. toctree::\n   :maxdepth: 1\n\n{listed}\n",
        ]
    )


def _heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n"
