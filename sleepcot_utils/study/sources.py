"""A hash of the code that a notebook runs, so that a change of prose or of a comment reruns nothing.

Covered are the notebook's code cells and every module of this package that they import, at any depth and also inside
functions, as syntax trees without docstrings, and the data files that lie inside the imported rooms. Left out are the
parameters cell (the resolved parameters are compared on their own) and the modules that set the order, names and messages
of a run but no number. A module that is imported only through a computed name is not seen.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
from pathlib import Path

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import PROJECT_ROOT, relative_name
from sleepcot_utils.study.records import SCHEMA_VERSION

PACKAGE = "sleepcot_utils"
#: Changing these changes no number. ``session`` stays in: it derives the random numbers.
WITHOUT_NUMBERS = ("sleepcot_utils.config", "sleepcot_utils.errors", "sleepcot_utils.study")
WITH_NUMBERS = ("sleepcot_utils.study.session",)
DATA_SUFFIXES = {".csv", ".jinja", ".json", ".jsonl", ".txt", ".yaml", ".yml"}


def code_hash(notebook: Path, *, root: Path = PROJECT_ROOT) -> str:
    """Hash of everything that a notebook executes.

    Parameters
    ----------
    notebook : Path
        Source notebook.
    root : Path, optional
        Folder that holds the package; another one in tests.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256(f"record schema {SCHEMA_VERSION}\n".encode())
    trees = [_cell_tree(source) for source in _code_cells(notebook)]
    for tree in trees:
        digest.update((tree if isinstance(tree, str) else _normal_form(tree)).encode() + b"\n")
    for file in _closure([tree for tree in trees if isinstance(tree, ast.AST)], root):
        digest.update(f"{file.relative_to(root).as_posix()} {_file_digest(file, _stamp(file))}\n".encode())
    return digest.hexdigest()


def imported_files(notebook: Path, *, root: Path = PROJECT_ROOT) -> list[Path]:
    """Files of the package that a notebook's hash covers, sorted."""
    trees = [_cell_tree(source) for source in _code_cells(notebook)]
    return _closure([tree for tree in trees if isinstance(tree, ast.AST)], root)


def _code_cells(notebook: Path) -> list[str]:
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return [
            "".join(cell["source"])
            for cell in cells
            if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", [])
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"the notebook can't be read ({type(error).__name__})", where=relative_name(notebook), expected="a notebook"
        ) from None


def _cell_tree(source: str) -> ast.AST | str:
    """Syntax tree of a cell with magic lines kept as texts, or the source itself if it is no Python."""
    if source.lstrip().startswith("%%"):
        return source
    lines = []
    for line in source.splitlines():
        bare = line.lstrip()
        is_magic = bare.startswith(("%", "!", "?")) or bare.endswith("?")
        lines.append(f"{line[: len(line) - len(bare)]}{bare!r}" if is_magic else line)
    for text in ("\n".join(lines), source):
        try:
            return ast.parse(text)
        except SyntaxError:
            continue
    return source


def _normal_form(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            match node.body:
                # A cell's leading text may stand for a magic line, which counts.
                case [ast.Expr(ast.Constant(str(text))), *rest] if not text.startswith(("%", "!", "?")):
                    node.body = rest
    return ast.dump(tree)


def _closure(trees: list[ast.AST], root: Path) -> list[Path]:
    files: set[Path] = set()
    waiting = [name for tree in trees for name in _imports(tree, "")]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or not _counts(name):
            continue
        seen.add(name)
        file = _module_file(name, root)
        if file is None:
            continue
        files.add(file)
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        if file.name == "__init__.py" and file.parent != root / PACKAGE:
            files.update(path for path in file.parent.rglob("*") if path.suffix in DATA_SUFFIXES)
        waiting += _file_imports(file, package, _stamp(file))
    return sorted(files)


def _counts(name: str) -> bool:
    left_out = any(name == prefix or name.startswith(prefix + ".") for prefix in WITHOUT_NUMBERS)
    return not left_out or name in WITH_NUMBERS


def _imports(tree: ast.AST, package: str) -> list[str]:
    """Names of this package's modules that a tree may import, parents included."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, base] if base else parent)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == PACKAGE:
                found += [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return found


def _module_file(name: str, root: Path) -> Path | None:
    base = root.joinpath(*name.split("."))
    for file in (base.with_suffix(".py"), base / "__init__.py"):
        if file.is_file():
            return file
    return None


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=4096)
def _file_imports(file: Path, package: str, stamp: tuple[int, int]) -> tuple[str, ...]:
    return tuple(_imports(_parse(file), package))


@functools.lru_cache(maxsize=4096)
def _file_digest(file: Path, stamp: tuple[int, int]) -> str:
    content = _normal_form(_parse(file)).encode() if file.suffix == ".py" else file.read_bytes()
    return hashlib.sha256(content).hexdigest()


def _parse(file: Path) -> ast.AST:
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise InputError(
            f"the module is no valid Python ({error.msg})", where=f"{relative_name(file)}, line {error.lineno}"
        ) from None
