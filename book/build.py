"""Build the book into ``build/book`` and check it: ``python -m book.build``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from book import pages
from sleepcot_utils.errors import StudyError
from sleepcot_utils.paths import PROJECT_ROOT

SOURCES = PROJECT_ROOT / "build" / "book_sources"
BOOK = PROJECT_ROOT / "build" / "book"
#: All that Sphinx gets to know of this machine's environment, so that no key in it can reach a page.
VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "OMP_NUM_THREADS")


def build(sources: Path, target: Path) -> int:
    """Let Sphinx make the pages anew, from what it remembers of unchanged sources; a warning is an error.

    Parameters
    ----------
    sources : Path
        What ``pages.gather`` wrote.
    target : Path
        Folder of the book; an earlier book there is removed, so that no old page stays.

    Returns
    -------
    int
        The exit code of Sphinx.
    """
    shutil.rmtree(target, ignore_errors=True)
    jobs = str(min(os.cpu_count() or 1, 4))
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", jobs]
    command += ["-c", str(Path(__file__).parent), "-d", str(target.with_name(f"{target.name}_cache"))]
    environment = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    environment["PYTHONPATH"] = str(PROJECT_ROOT)
    return subprocess.run([*command, str(sources), str(target)], env=environment, check=False).returncode


def main() -> int:
    """Gather and build; returns the exit code."""
    try:
        pages.gather(SOURCES)
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    return build(SOURCES, BOOK)


if __name__ == "__main__":
    sys.exit(main())
