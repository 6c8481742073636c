"""Where things lie. No other module and no notebook spells a path out.

The project root is the folder that holds ``sleepcot_utils``; ``SLEEPCOT_ROOT`` moves everything that a run writes
(artifacts, executed notebooks, figures) below another folder, which the tests use.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sleepcot_utils.errors import ArtifactError, ParameterError

PROJECT_ROOT = Path(__file__).resolve().parents[1]
#: What others may not do with files that hold personal data: anything.
OTHERS_MAY_NOT = 0o077
PRIVATE_FOLDER = 0o700
RUN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def output_root() -> Path:
    """Folder below which runs write; the project root unless ``SLEEPCOT_ROOT`` is set."""
    return Path(os.environ.get("SLEEPCOT_ROOT") or PROJECT_ROOT).resolve()


def reference_data(*parts: str) -> Path:
    """Path of a small file that is shipped under ``data/`` (norms, knowledge, profiles, exemplars)."""
    return PROJECT_ROOT.joinpath("data", *parts)


def relative_name(path: Path) -> str:
    """Name of a path as it may stand in a record or a figure: relative to a root, never a machine's own path."""
    resolved = Path(path).resolve()
    for root in (output_root(), PROJECT_ROOT):
        if resolved.is_relative_to(root):
            return resolved.relative_to(root).as_posix()
    return resolved.name


@contextmanager
def private_files(folder: Path) -> Iterator[None]:
    """While this is open, all new files and folders are their user's alone (0600, 0700), those of child processes too.

    Parameters
    ----------
    folder : pathlib.Path
        Made if need be, and closed to others, which also shuts away what older versions left in it.
    """
    before = os.umask(OTHERS_MAY_NOT)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(PRIVATE_FOLDER)
        yield
    finally:
        os.umask(before)


@dataclass(frozen=True)
class RunPaths:
    """The three folders of one run.

    Parameters
    ----------
    run : str
        Name of the run: lower-case letters, digits, dot, dash and underscore, 64 characters at most.
    """

    run: str

    def __post_init__(self) -> None:
        if not RUN_NAME.fullmatch(self.run):
            raise ParameterError(
                f"the run name {self.run!r} can't be used as a folder name",
                where="run",
                expected="1 to 64 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit",
            )

    @property
    def data(self) -> Path:
        """Artifacts of the run: tables, JSON lines, models."""
        return output_root() / "data" / "runs" / self.run

    @property
    def notebooks(self) -> Path:
        """Executed notebooks and their result records."""
        return output_root() / "papermill_runs" / self.run

    @property
    def figures(self) -> Path:
        """Figures with their alt texts."""
        return output_root() / "figures" / self.run

    def student(self, arm: str, student_seed: int) -> Path:
        """Folder of one trained student."""
        return self.data / "students" / f"{arm}-s{student_seed}"

    def result_record(self, notebook: str) -> Path:
        """``NN_result.json`` of a notebook; a suffix after the number keeps repeated executions apart."""
        return self.notebooks / f"{notebook}_result.json"

    def artifact(self, name: str, *, written_by: str) -> Path:
        """Path of an upstream artifact that has to exist.

        Raises
        ------
        ArtifactError
            If the file is missing; the message names the notebook that writes it.
        """
        path = self.data / name
        if not path.exists():
            raise ArtifactError(
                "this artifact of an earlier notebook is missing",
                where=relative_name(path),
                expected=f"run {written_by} for run '{self.run}' first, or `make study`",
            )
        return path
