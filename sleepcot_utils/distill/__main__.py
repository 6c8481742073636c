"""Training a student outside a notebook, on one process or several.

``accelerate launch --config_file data/accelerate/ddp_gpus.yaml -m sleepcot_utils.distill --run gpu --set arm=cot`` trains
what notebook 03 trains, with the rows of an optimizer step spread over the processes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import yaml

from sleepcot_utils.config import DistillParameters, validate_parameters
from sleepcot_utils.distill.recipes import fit
from sleepcot_utils.distill.student import load_student, save_student
from sleepcot_utils.distill.training_set import read_examples
from sleepcot_utils.errors import ParameterError, StudyError
from sleepcot_utils.paths import RunPaths

NOTEBOOK = "03_distill_the_student"


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sleepcot_utils.distill", description=__doc__)
    parser.add_argument("--run", required=True, help="run whose notebook 02 wrote the training set")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of notebook 03")
    parser.add_argument("--out", type=Path, help="folder of the student; of the run if left out")
    chosen = parser.parse_args(arguments)
    try:
        _train(chosen.run, chosen.set, chosen.out)
    except StudyError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parameters(run: str, settings: list[str]) -> DistillParameters:
    values = {"run": run}
    for setting in settings:
        name, mark, value = setting.partition("=")
        if not mark:
            raise ParameterError(f"{setting!r} sets nothing", where="--set", expected="name=value, such as arm=cot")
        values[name] = yaml.safe_load(value)
    parameters = validate_parameters(NOTEBOOK, values, where="--set")
    assert isinstance(parameters, DistillParameters)
    return parameters


def _train(run: str, settings: list[str], out: Path | None) -> None:
    from accelerate import PartialState

    parameters = _parameters(run, settings)
    processes = PartialState(cpu=parameters.device == "cpu")
    paths = RunPaths(run)
    name = f"{parameters.arm}-s{parameters.student_seed}"
    folder = out or paths.data / "students" / name
    examples = read_examples(paths.data / "training_set.jsonl")
    base = load_student(parameters.student, device=parameters.device, quantized=parameters.adapter == "qlora")
    student, training = fit(
        base, examples, parameters, work=folder / "work", rng=np.random.default_rng(parameters.student_seed)
    )
    if processes.is_main_process:
        save_student(student, folder)
        log = {"steps": training.steps, "best_step": training.best_step, "tokens": training.tokens}
        (folder / "training_log.json").write_text(
            json.dumps({"log": training.log.to_dict("records"), **log}, indent=1), encoding="utf-8"
        )
        print(f"{name}: {training.steps} steps, {training.tokens:,} tokens in {training.wall_time_s:.0f} s")
    processes.wait_for_everyone()


if __name__ == "__main__":
    sys.exit(main())
