"""``python -m sleepcot_utils.page``: open the page on this machine.

Exit codes: 0 good, 1 a failure, 2 bad input or a bad parameter.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from sleepcot_utils.errors import ParameterError, StudyError, exit_code
from sleepcot_utils.page.desk import Desk
from sleepcot_utils.page.opening import set_desk
from sleepcot_utils.page.server import make_app, options
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.serve.__main__ import student_folder
from sleepcot_utils.serve.observing import start_logging
from sleepcot_utils.serve.settings import LOOPBACK, Settings
from sleepcot_utils.serve.worker import Worker, student_loader

PORT = 8501


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the page; errors become one message on standard error.

    Returns
    -------
    int
        Exit code.
    """
    chosen = _parser().parse_args(arguments)
    try:
        open_page(chosen)
        return 0
    except StudyError as error:
        print(f"{error}", file=sys.stderr)
        return exit_code(error)


def open_page(chosen: argparse.Namespace) -> None:
    """Load the student and serve the page until the process is asked to end.

    Raises
    ------
    StudyError
        If the page would be open to others, or the student can't be loaded.
    """
    if chosen.host not in LOOPBACK:
        raise ParameterError(
            f"the page on {chosen.host!r} could be read by others, and it knows no passwords",
            where="--host",
            expected=f"{' or '.join(LOOPBACK)}; from elsewhere reach it through `ssh -L`",
        )
    settings = replace(Settings(), host=chosen.host, port=chosen.port)
    folder = student_folder(chosen)
    worker = Worker(student_loader(str(folder), chosen.device), settings, source=chosen.arm, seed=chosen.seed)
    start_logging()
    desk = Desk(worker, settings, RunPaths(chosen.run), source=chosen.arm, seed=chosen.seed)
    desk.open()
    set_desk(desk)
    try:
        print(f"The page is at http://{settings.host}:{settings.port} (this machine only); Ctrl-C ends it.", flush=True)
        make_app().run(config=options(settings))
    finally:
        desk.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sleepcot_utils.page",
        description="Open a page on this machine: nights, report and a distilled student's advice on an export.",
    )
    parser.add_argument("--run", default="laptop", help="run whose student answers and whose feedback log is used")
    parser.add_argument("--arm", default="cot", help="arm of the student (default: cot)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the student (default: 1)")
    parser.add_argument("--student", help="folder of a student instead of one of a run")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; an address of this machine for itself")
    parser.add_argument("--port", type=int, default=PORT, help="port (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    return parser


if __name__ == "__main__":
    sys.exit(main())
