"""Run a plan with Snakemake: its log goes to a file, our progress to the terminal, and a killed run blocks nothing."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from sleepcot_utils.errors import StudyError
from sleepcot_utils.paths import PROJECT_ROOT, RunPaths, output_root, relative_name
from sleepcot_utils.study.dag import RULES, notebooks_of_study
from sleepcot_utils.study.locks import exclusive
from sleepcot_utils.study.plan import Plan
from sleepcot_utils.study.progress import EVENTS_VARIABLE, Events, Reporter
from sleepcot_utils.study.records import write_json
from sleepcot_utils.study.results import expected_seconds
from sleepcot_utils.study.runner import NotebookError
from sleepcot_utils.study.sources import code_hash
from sleepcot_utils.study.stages import notebook_file

WATCH_VARIABLE = "SLEEPCOT_WATCHED_PROCESS"
#: Seconds between two looks at events and at the process.
POLL_S = 0.2
#: Seconds that jobs get to end by themselves after Ctrl-C.
GRACE_S = 15.0
#: `prctl` option that sends a signal to a process when its parent ends (prctl(2), Linux).
PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """The user stopped the study."""


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def plan_file(run: str) -> Path:
    """File that holds the plan of a run."""
    return RunPaths(run).data / "study.json"


def run_plan(plan: Plan, *, cores: int, reporter: Reporter | None = None, keep_going: bool = False) -> int:
    """Run whatever of a plan is not up to date.

    Parameters
    ----------
    plan : Plan
        Checked plan.
    cores : int
        Cores to use at once.
    reporter : Reporter, optional
        Prints progress; one for standard error if not given.
    keep_going : bool
        After a failure, run what does not depend on it; the failure is raised at the end.

    Returns
    -------
    int
        Number of notebooks that were executed.

    Raises
    ------
    NotebookError
        If a notebook failed, with its message, or Snakemake did.
    StudyError
        If a study of the same run is going on.
    Stopped
        If the user stopped it. What is finished is kept.
    """
    for notebook in notebooks_of_study():
        code_hash(notebook_file(notebook))  # a notebook or module that can't be read is said before anything starts
    logs = RunPaths(plan.run).data / "logs"
    reporter = reporter or Reporter(expected_s=expected_seconds(plan), at_once=cores)
    with exclusive(logs / "study.lock", holder=f"the study of run '{plan.run}'"):
        _refuse_foreign_lock()
        write_json(plan_file(plan.run), plan.as_config())
        events = logs / "events.jsonl"
        events.write_text("", encoding="utf-8")
        log = logs / "snakemake.log"
        with open(log, "wb") as stream:
            process = subprocess.Popen(
                _command(plan, cores, keep_going),
                cwd=output_root(),
                env=_environment(events),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # This process has no threads, so a call between fork and exec is safe.
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        _follow(process, Events(events), log, reporter)
    if reporter.failures:
        codes = {failure["exit_code"] for failure in reporter.failures}
        messages = dict.fromkeys(failure["message"] for failure in reporter.failures)
        raise NotebookError("\n".join(messages), exit_code=1 if 1 in codes else 2)
    if process.returncode != 0:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
        raise NotebookError(f"Snakemake failed; its log is {relative_name(log)} and ends with:\n{tail}", exit_code=1)
    return reporter.started


def _command(plan: Plan, cores: int, keep_going: bool) -> list[str]:
    return [
        sys.executable,
        "-m",
        "snakemake",
        f"--snakefile={PROJECT_ROOT / 'Snakefile'}",
        f"--configfile={plan_file(plan.run)}",
        f"--cores={cores}",
        "--resources",
        f"gpu={max(1, plan.profile.gpus)}",
        "api=1",
        "--scheduler=greedy",
        "--rerun-incomplete",
        # The lock of this module dies with its process; Snakemake's own would outlive a `kill -9`.
        "--nolock",
        # An artifact that was written again with the same bytes reruns nothing.
        "--max-checksum-file-size=1GB",
        "--nocolor",
        *(["--keep-going"] if keep_going else []),
    ]


def _environment(events: Path) -> dict[str, str]:
    path = os.environ.get("PYTHONPATH")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("SNAKEMAKE_PROFILE")}
    return variables | {
        "PYTHONPATH": f"{PROJECT_ROOT}{os.pathsep}{path}" if path else str(PROJECT_ROOT),
        EVENTS_VARIABLE: str(events),
        WATCH_VARIABLE: f"{os.getpid()}@{socket.gethostname()}",
    }


def _refuse_foreign_lock() -> None:
    locks = output_root() / ".snakemake" / "locks"
    if locks.is_dir() and any(locks.iterdir()):
        raise StudyError(
            "a Snakemake that was started by hand holds this folder",
            where=relative_name(locks),
            expected="it to end; if it was killed, run `snakemake --unlock`",
        )


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _follow(process: subprocess.Popen[bytes], events: Events, log: Path, reporter: Reporter) -> None:
    planned = False
    before = {name: signal.signal(name, _stop) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        running = True
        while running:
            running = process.poll() is None
            if not planned:
                counts = planned_jobs(log.read_text(encoding="utf-8", errors="replace"))
                planned = counts is not None
                if counts:
                    reporter.plan(counts)
            for event in events.new():
                reporter.handle(event)
            reporter.remind()
            if running:
                time.sleep(POLL_S)
    except KeyboardInterrupt:
        _end(process)
        raise Stopped from None
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _stop(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _end(process: subprocess.Popen[bytes]) -> None:
    """End Snakemake and its jobs, which form a process group of their own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(GRACE_S)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def planned_jobs(log: str) -> dict[str, int] | None:
    """Notebook to number of executions, from the table that Snakemake prints before it starts.

    Parameters
    ----------
    log : str
        Snakemake's log so far.

    Returns
    -------
    dict or None
        Empty if there is nothing to do; None if the log has not come to it yet.
    """
    if "Nothing to be done" in log:
        return {}
    table = re.search(r"^Job stats:\n(.*?)^total\s+\d+$", log, re.MULTILINE | re.DOTALL)
    if table is None:
        return None
    rows = re.findall(r"^(\w+)\s+(\d+)$", table.group(1), re.MULTILINE)
    return {RULES[rule]: int(count) for rule, count in rows if rule in RULES}


def end_with_study() -> None:
    """In a process that executes a notebook: end when the study that started it has gone, even by ``kill -9``."""
    watched = os.environ.get(WATCH_VARIABLE, "")
    process, _, host = watched.partition("@")
    if host != socket.gethostname() or not process.isdecimal():
        return

    def watch() -> None:
        while True:
            try:
                os.kill(int(process), 0)
            except ProcessLookupError:
                os._exit(1)
            time.sleep(1.0)

    threading.Thread(target=watch, daemon=True).start()
