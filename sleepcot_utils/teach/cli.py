"""Command line of the teachers: what a run would cost, and the run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sleepcot_utils.errors import InputError, StudyError
from sleepcot_utils.paths import relative_name
from sleepcot_utils.tasks.answers import write_answers
from sleepcot_utils.tasks.build import Task, read_tasks
from sleepcot_utils.teach.instructor import LOCAL, Instructor
from sleepcot_utils.teach.prompts import FEW_SHOT_COT, MODES
from sleepcot_utils.teach.registry import teachers


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 1 with one sentence on what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except StudyError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was answered is kept; the same command goes on from there.", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace) -> int:
    tasks = _tasks(options.tasks, options.limit)
    answers = options.answers or options.tasks.with_name(f"answers_{options.teacher}.jsonl")
    instructor = Instructor(
        options.teacher,
        options.model,
        options.cache or answers.with_suffix(".cache.jsonl"),
        mode=options.mode,
        samples=options.samples,
        max_requests=options.max_requests,
        max_tokens=options.max_tokens,
        max_cost=options.max_cost,
        allow_remote=options.allow_remote,
        batch=options.batch,
        concurrency=options.concurrency,
        requests_per_minute=options.requests_per_minute,
        poll_s=options.poll_s,
        longest_wait_s=options.longest_wait_s,
        plan_only=options.dry_run,
    )
    if options.dry_run:
        print(instructor.plan(tasks))
        return 0
    asked = instructor.ask(tasks, progress=True)
    write_answers(answers, asked.answers)
    print(f"Answers are in {relative_name(answers)}.")
    return 0


def _tasks(path: Path, limit: int | None) -> list[Task]:
    if not path.is_file():
        raise InputError("there is no such file", where=path.name, expected="tasks.jsonl of a run, by notebook 02")
    tasks = read_tasks(path)
    if not tasks:
        raise InputError("the file holds no task", where=path.name, expected="tasks.jsonl of a run, by notebook 02")
    return tasks[:limit]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sleepcot_utils.teach",
        description="Ask a teacher for rationales and answers. What is answered is kept at once: after a stop of any"
        " kind, the same command goes on and pays nothing twice.",
    )
    add = parser.add_argument
    add("--teacher", required=True, metavar="NAME", help=f"{', '.join(teachers())}, openai or {LOCAL}")
    add("--tasks", required=True, type=Path, metavar="FILE", help="tasks.jsonl, as notebook 02 writes it")
    add("--model", default="", help="another model than the listed one; hub id or folder of a local one")
    add("--answers", type=Path, metavar="FILE", help="where answers go; beside the tasks by default")
    add("--cache", type=Path, metavar="FILE", help="where responses are kept; beside the answers by default")
    add("--mode", choices=MODES, default=FEW_SHOT_COT, help="way of prompting (default: %(default)s)")
    add("--samples", type=int, default=1, help="answers to each task (default: %(default)s)")
    add("--limit", type=int, help="only the first so many tasks")
    add("--max-requests", type=int, help="most requests, repairs and retries included")
    add("--max-tokens", type=int, help="most tokens, prompts and answers together")
    add("--max-cost", type=float, help="most money, in the currency of the teacher's prices")
    add("--allow-remote", action="store_true", help="consent to send masked prompts to another machine")
    add("--concurrency", type=int, default=4, help="requests in flight at a time (default: %(default)s)")
    add("--requests-per-minute", type=float, help="limit of the provider")
    add("--batch", action="store_true", help="use the server's batch API: cheaper, within a day")
    add("--poll-s", type=float, default=30.0, help="seconds between looks at a batch (default: %(default)s)")
    add("--longest-wait-s", type=float, default=86_400.0, help="seconds to wait for a batch (default: %(default)s)")
    add("--dry-run", action="store_true", help="say what it would take and cost, and send nothing")
    return parser
