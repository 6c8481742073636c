"""Hashes of files and folders, by names that carry no path of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from sleepcot_utils.paths import relative_name


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hashes(paths: Iterable[Path]) -> dict[str, str]:
    """Relative name to SHA-256 of files; a folder stands for every file below it, hidden ones excepted."""
    found: dict[str, str] = {}
    for path in paths:
        for file in files_below(path):
            found[relative_name(file)] = sha256_file(file)
    return dict(sorted(found.items()))


def files_below(path: Path) -> list[Path]:
    """A file itself, or the sorted files below a folder, without what is hidden, cached or prose (``README.md``)."""
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and file.name != "README.md"
        and not any(part.startswith(".") or part == "__pycache__" for part in file.relative_to(path).parts)
    )


def tree_digest(path: Path) -> str:
    """One SHA-256 over the names and bytes of everything below a folder; ``absent`` if there is no such folder."""
    if not path.exists():
        return "absent"
    digest = hashlib.sha256()
    for file in files_below(path):
        digest.update(f"{file.relative_to(path).as_posix()}\0{sha256_file(file)}\n".encode())
    return digest.hexdigest()
