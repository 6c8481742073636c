"""Command line of the study: ``python -m sleepcot_utils.study``.

Exit codes: 0 good, 1 a failure, 2 bad input or a bad parameter, 130 stopped by the user.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sleepcot_utils.allowed import split_list
from sleepcot_utils.config import PROFILE_NAMES
from sleepcot_utils.errors import ArtifactError, InputError, ParameterError, StudyError, exit_code
from sleepcot_utils.paths import RunPaths, relative_name
from sleepcot_utils.study.feedback_commands import add_commands
from sleepcot_utils.study.page import write_page
from sleepcot_utils.study.plan import Plan, make_plan, parse_seeds, parse_settings, plan_from_config
from sleepcot_utils.study.progress import send
from sleepcot_utils.study.reproduction import BAD, NotReproducedError, compare_runs, load_tolerances, report, save_table
from sleepcot_utils.study.results import REFERENCE, changed_since_commit, executed_copy, promote, refresh_prose, summary
from sleepcot_utils.study.stages import notebook_file, stage_of
from sleepcot_utils.study.workflow import Stopped, end_with_study, plan_file, run_plan, usable_cores

COACH = "08_coach_your_own_nights"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; errors become one message on standard error.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name.

    Returns
    -------
    int
        Exit code.
    """
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
        return 0
    except Stopped:
        print("Stopped. What was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        return 130
    except StudyError as error:
        print(f"{error}", file=sys.stderr)
        kept = getattr(error, "kept", None)
        if kept is not None:
            print(f"The executed copy up to there is {relative_name(kept)}.", file=sys.stderr)
        return _exit_code(error)


def _exit_code(error: StudyError) -> int:
    own = getattr(error, "exit_code", None)
    return exit_code(error) if own is None else int(own)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sleepcot_utils.study", description="Run the SleepCoT study.")
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="run what is not up to date")
    _add_plan_options(run)
    run.add_argument("--seeds", help='student seeds instead of the profile\'s, such as "1,2,3"')
    run.add_argument("--cores", type=int, default=usable_cores(), help="cores to use at once (default: all)")
    run.set_defaults(command=_run)

    sweep = commands.add_parser("sweep", help="run over arms and seeds; one table, failures kept and named")
    _add_plan_options(sweep)
    sweep.add_argument("--seeds", required=True, help='student seeds, such as "1,2,3"; students that exist are kept')
    sweep.add_argument("--study-seeds", default="", help="seeds of people, nights and tasks, each a run of its own")
    sweep.add_argument("--cores", type=int, default=usable_cores(), help="cores to use at once (default: all)")
    sweep.set_defaults(command=_sweep)

    notebook = commands.add_parser("notebook", help="execute one notebook strictly; the Snakefile calls this")
    notebook.add_argument("notebook", help="stem of the notebook's file name")
    notebook.add_argument("--parameters", default="{}", metavar="JSON", help="parameter values as one JSON object")
    notebook.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="one parameter value")
    notebook.set_defaults(command=_notebook)

    coach = commands.add_parser("coach", help="coach the persons of a wearable export with a distilled student")
    coach.add_argument("--export", required=True, help="file, folder or zip of the export")
    coach.add_argument("--run", default="laptop", help="run whose student answers (default: laptop)")
    coach.add_argument("--arm", help="arm of the student (default: cot, or the run's last arm)")
    coach.add_argument("--student-seed", type=int, help="seed of the student (default: the run's first)")
    coach.add_argument("--max-persons", type=int, help="persons to coach")
    coach.add_argument("--age", type=int, help="age in years of the one person of the export, for its norms")
    coach.add_argument("--sex", help="female or male, for the norms of the one person of the export")
    coach.add_argument("--goal", help="goal of training of the one person, such as run_10k")
    coach.add_argument("--conditions", help="what the one person lives with, such as hypertension, with commas")
    coach.add_argument("--injury", help="what hurts, in a few words")
    coach.add_argument("--day-minutes", type=int, help="most minutes of training a day")
    coach.add_argument("--busy-days", help="days without time for training, such as Mon,Wed")
    coach.add_argument("--note", help="what else to say about training")
    coach.set_defaults(command=_coach)

    add_commands(commands)

    promoted = commands.add_parser("promote", help="copy a complete run into the tracked reference run")
    promoted.add_argument("--run", default="laptop", help="run to copy (default: laptop)")
    promoted.set_defaults(command=_promote)

    compare = commands.add_parser("compare", help="compare a run with the reference run within stated tolerances")
    compare.add_argument("--run", default="laptop", help="run to compare (default: laptop)")
    compare.add_argument("--with", dest="reference", default=REFERENCE, help="run to compare with (default: reference)")
    compare.add_argument("--exact", action="store_true", help="allow no difference, for two runs on one machine")
    compare.add_argument("--tolerances", type=Path, help="another file of tolerances than the shipped one")
    compare.set_defaults(command=_compare)

    where = commands.add_parser("where", help="print where notebooks, figures and the result table of a run are")
    where.add_argument("--run", default="laptop", help="run (default: laptop)")
    where.set_defaults(command=_where)
    return parser


def _add_plan_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="laptop", help=f"{', '.join(PROFILE_NAMES)} (default: laptop)")
    parser.add_argument("--run", help="name of the run (default: the profile's name)")
    parser.add_argument("--arms", help="arms instead of the profile's, with commas")
    parser.add_argument("--arms-once", help="further arms, trained with the first seed alone, with commas")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NN.PARAMETER=VALUE",
        help="a parameter value instead of the profile's, such as 03.max_steps=50; seed=2 for all notebooks",
    )


def _plan(options: argparse.Namespace) -> Plan:
    overrides, seed = parse_settings(options.set)
    plan = make_plan(
        options.profile,
        run=options.run,
        seed=seed,
        arms=[arm.strip() for arm in options.arms.split(",")] if options.arms is not None else None,
        student_seeds=parse_seeds(options.seeds) if options.seeds is not None else None,
        arms_once=split_list(options.arms_once) if options.arms_once is not None else None,
        overrides=overrides,
    )
    if options.cores < 1:
        raise ParameterError(f"{options.cores} cores can't run anything", where="--cores", expected="1 or more")
    print(f"Study of profile {plan.profile.name}: {plan.profile.description}.", file=sys.stderr)
    return plan


def _run(options: argparse.Namespace) -> None:
    plan = _plan(options)
    count = run_plan(plan, cores=options.cores)
    _refresh_copies(plan)
    if count == 0:
        print(f"Nothing to do: run '{plan.run}' is up to date.")
    print(summary(plan.run))
    _show_page(plan.run)


def _sweep(options: argparse.Namespace) -> None:
    from sleepcot_utils.study.sweep import DONE, SweepError, run_sweep, save_sweep, sweep_plans, sweep_table

    plan = _plan(options)
    plans = sweep_plans(plan, parse_seeds(options.study_seeds) if options.study_seeds.strip() else ())
    failures = run_sweep(plans, cores=options.cores)
    table = sweep_table(plans, failures)
    path = save_sweep(table, plan.run)
    for one in plans:
        _refresh_copies(one)
        _show_page(one.run)
    print(table.drop(columns="reason").to_string(index=False, na_rep="", float_format="{:.3f}".format))
    print(f"Table of the sweep: {relative_name(path)}")
    if failures or not (table["status"] == DONE).all():
        raise SweepError(failures)


def _refresh_copies(plan: Plan) -> None:
    """Bring prose in executed copies up to date with the source notebooks, which reruns nothing."""
    for execution in plan.executions():
        copy = executed_copy(execution)
        if copy.exists():
            refresh_prose(notebook_file(execution.stage.notebook), copy)


def _show_page(run: str) -> None:
    """Write the page of results and say where it is; a run whose results it can't read is complete all the same."""
    try:
        page = write_page(run)
    except ArtifactError as error:
        print(f"There is no page of results: {error}", file=sys.stderr)
        return
    if page is not None:
        print(f"Results at a glance: {relative_name(page)}")


def _notebook(options: argparse.Namespace) -> None:
    from sleepcot_utils.study.runner import NotebookError, run_notebook

    end_with_study()
    values = _json_object(options.parameters)
    overrides, _ = parse_settings([f"{options.notebook}.{setting}" for setting in options.set])
    values |= overrides.get(options.notebook, {})
    try:
        run_notebook(options.notebook, values)
    except StudyError as error:
        name = options.notebook
        if {"arm", "student_seed"} <= set(values) and stage_of(name).per_student:
            name = f"{name}__{values['arm']}-s{values['student_seed']}"
        message = str(error)
        if isinstance(error, NotebookError) and error.kept is not None:
            message += f"\nThe executed copy up to there is {relative_name(error.kept)}."
        send("failed", name, message=message, exit_code=_exit_code(error))
        raise


def _json_object(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ParameterError("the parameters are no JSON object", where="--parameters", expected='{"persons": 48}')
    return values


def _plan_of_run(run: str) -> Plan:
    path = plan_file(run)
    if not path.exists():
        raise ArtifactError(
            f"there is no run named '{run}'",
            where=relative_name(path),
            expected="`make study` first" if run == "laptop" else f"`make study RUN={run}` first",
        )
    return plan_from_config(json.loads(path.read_text(encoding="utf-8")))


def _coach(options: argparse.Namespace) -> None:
    from sleepcot_utils.score.training_advice import request_of
    from sleepcot_utils.study.runner import run_notebook

    if not options.export.strip():
        raise ParameterError(
            "no export was named",
            where="--export",
            expected="a file, a folder or a zip, as in `make coach EXPORT=path`",
        )
    export = Path(options.export).expanduser().resolve()
    if not export.exists():
        raise InputError("there is no such folder or file", where=options.export, expected="a wearable export")
    asked = {
        name: getattr(options, name) for name in ("goal", "conditions", "injury", "day_minutes", "busy_days", "note")
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    request_of(**asked, sex=options.sex or "")
    plan = _plan_of_run(options.run)
    given = {"arm": options.arm, "student_seed": options.student_seed}
    given |= {"max_persons": options.max_persons, "age_y": options.age, "sex": options.sex}
    own: dict[str, Any] = {"export": str(export), **asked}
    own |= {name: value for name, value in given.items() if value is not None}
    execution = plan.execution(COACH, **own)
    copy = run_notebook(COACH, execution.parameters.model_dump())
    print(f"Recommendations: {relative_name(copy)}")
    print("They hold personal data. That folder is ignored by git and stays on this machine.")


def _promote(options: argparse.Namespace) -> None:
    plan = _plan_of_run(options.run)
    for path in promote(plan):
        print(relative_name(path))
    changed = changed_since_commit(plan)
    if changed:
        print(
            f"{len(changed)} records name a commit from which the working tree differed, so nobody else has that code. "
            "A reference run for others to repeat is made from a clean tree.",
            file=sys.stderr,
        )


def _compare(options: argparse.Namespace) -> None:
    tolerances = load_tolerances(options.tolerances, exact=options.exact)
    table = compare_runs(options.run, options.reference, tolerances)
    print(report(table, options.run, options.reference))
    print(f"All comparisons: {relative_name(save_table(table, options.run))}")
    if table["status"].isin(BAD).any():
        raise NotReproducedError(f"run '{options.run}' is not run '{options.reference}' again")


def _where(options: argparse.Namespace) -> None:
    RunPaths(options.run)
    print(summary(options.run))
