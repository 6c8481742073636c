"""``python -m sleepcot_utils.serve``: start the server.

Exit codes: 0 good, 1 a failure, 2 bad input or a bad parameter.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import uvicorn

from sleepcot_utils.errors import ArtifactError, StudyError, exit_code
from sleepcot_utils.paths import RunPaths, relative_name
from sleepcot_utils.serve.api import create_app
from sleepcot_utils.serve.observing import start_logging
from sleepcot_utils.serve.settings import Settings, keys_of
from sleepcot_utils.serve.worker import Worker, student_loader

DEFAULTS = Settings()


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the server; errors become one message on standard error.

    Returns
    -------
    int
        Exit code.
    """
    options = _parser().parse_args(arguments)
    try:
        settings = replace(
            DEFAULTS,
            host=options.host,
            port=options.port,
            keys=keys_of(),
            requests_per_minute=options.requests_per_minute,
            max_queue=options.max_queue,
            max_open=max(DEFAULTS.max_open, 4 * options.max_queue),
            batch_size=options.batch_size,
            max_new_tokens=options.max_new_tokens,
            answer_timeout_s=options.answer_timeout,
        ).checked()
        serve(student_folder(options), settings, device=options.device)
        return 0
    except StudyError as error:
        print(f"{error}", file=sys.stderr)
        return exit_code(error)


def serve(folder: Path, settings: Settings, *, device: str = "auto") -> None:
    """Load a student and answer requests until the process is asked to end; what has begun is finished first.

    Raises
    ------
    StudyError
        If the student can't be loaded.
    """
    start_logging()
    # Warnings of libraries name files and values of those who ask; the lines of this server say what is needed.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    worker = Worker(student_loader(str(folder), device), settings, source=folder.name)
    worker.start()
    app = create_app(worker, settings, model=f"sleepcot/{folder.name}")
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,  # its lines hold whole addresses and queries
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(settings.shutdown_s),
        h11_max_incomplete_event_size=2**16,
    )


def student_folder(options: argparse.Namespace) -> Path:
    """Folder of the student that is to answer.

    Raises
    ------
    ArtifactError
        If there is none.
    """
    folder = Path(options.student) if options.student else RunPaths(options.run).student(options.arm, options.seed)
    if not (folder / "config.json").is_file():
        raise ArtifactError(
            "there is no student here",
            where=relative_name(folder),
            expected=f"a folder as notebook 03 writes it; `make study` for run '{options.run}' first, or --student",
        )
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sleepcot_utils.serve",
        description="Serve a distilled student. Keys are read from SLEEPCOT_API_KEY; beyond loopback one is needed.",
    )
    parser.add_argument("--run", default="laptop", help="run whose student answers (default: laptop)")
    parser.add_argument("--arm", default="cot", help="arm of the student (default: cot)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the student (default: 1)")
    parser.add_argument("--student", help="folder of a student instead of one of a run")
    parser.add_argument("--host", default=DEFAULTS.host, help="where to listen (default: this machine only)")
    parser.add_argument("--port", type=int, default=DEFAULTS.port, help="port (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--requests-per-minute", type=int, default=DEFAULTS.requests_per_minute, help="of one key")
    parser.add_argument("--max-queue", type=int, default=DEFAULTS.max_queue, help="questions that may wait")
    parser.add_argument("--batch-size", type=int, default=DEFAULTS.batch_size, help="questions answered together")
    parser.add_argument("--max-new-tokens", type=int, default=DEFAULTS.max_new_tokens, help="longest answer, in tokens")
    parser.add_argument("--answer-timeout", type=float, default=DEFAULTS.answer_timeout_s, help="in seconds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
