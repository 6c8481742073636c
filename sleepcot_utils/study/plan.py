"""The plan of a study: which notebook runs with which parameters, from a profile and the command line."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sleepcot_utils.allowed import split_list
from sleepcot_utils.config import (
    NOTEBOOK_PARAMETERS,
    StudyParameters,
    allowed_values,
    parameters_model,
    plain_type,
    validate_parameters,
)
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.study.profiles import PLANNED, Profile, load_profile
from sleepcot_utils.study.stages import STAGES, Stage, execution_name, stage_of


@dataclass(frozen=True)
class Execution:
    """One notebook with its complete parameters.

    Attributes
    ----------
    stage : Stage
        What the notebook reads and writes.
    parameters : StudyParameters
        Complete and checked.
    """

    stage: Stage
    parameters: StudyParameters

    @property
    def name(self) -> str:
        """Name of the execution, such as ``03_distill_the_student__cot-s1``."""
        return execution_name(self.stage, self.parameters)


@dataclass(frozen=True)
class Plan:
    """A profile with the changes that a user asked for, checked as a whole before anything runs.

    Attributes
    ----------
    profile : Profile
        Sizes and names.
    run : str
        Name of the run.
    seed : int
        Seed of all notebooks.
    arms : tuple of str
        Arms to train and compare.
    student_seeds : tuple of int
        Seeds of the students.
    arms_once : tuple of str
        Further arms, trained with the first of these seeds alone: too many to train each of them several times.
    overrides : dict
        Notebook to parameter values that replace the profile's.
    """

    profile: Profile
    run: str
    seed: int
    arms: tuple[str, ...]
    student_seeds: tuple[int, ...]
    arms_once: tuple[str, ...] = ()
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def parameters(self, notebook: str, **own: Any) -> StudyParameters:
        """Complete parameters of one notebook.

        Parameters
        ----------
        notebook : str
            Stem of the notebook's file name.
        **own
            What the profile does not set: the arm and student seed of one student, the export to coach.
        """
        fields = parameters_model(notebook).model_fields
        values: dict[str, Any] = {"run": self.run, "profile": self.profile.name, "seed": self.seed}
        if "arms" in fields:
            values["arms"] = ",".join(self.arms)
            values["student_seeds"] = ",".join(str(seed) for seed in self.student_seeds)
        if "arms_once" in fields:
            values["arms_once"] = ",".join(self.arms_once)
        if "arm" in fields and not stage_of(notebook).per_student:
            # A notebook that asks one student asks one that the study trains.
            values["arm"] = "cot" if "cot" in self.arms else self.arms[-1]
            values["student_seed"] = self.student_seeds[0]
        values |= self.profile.parameters.get(notebook, {})
        values |= self.overrides.get(notebook, {})
        return validate_parameters(notebook, values | own)

    def executions(self) -> list[Execution]:
        """Executions of the study in an order that respects what each one reads."""
        found: list[Execution] = []
        for stage in STAGES:
            if not stage.in_study:
                continue
            if stage.per_student:
                found += [
                    Execution(stage, self.parameters(stage.notebook, arm=arm, student_seed=seed))
                    for arm, seed in (
                        *itertools.product(self.arms, self.student_seeds),
                        *((arm, self.student_seeds[0]) for arm in self.arms_once),
                    )
                ]
            else:
                found.append(Execution(stage, self.parameters(stage.notebook)))
        return found

    def execution(self, notebook: str, **own: Any) -> Execution:
        """One execution by its notebook and, where it runs once per student, its arm and student seed."""
        return Execution(stage_of(notebook), self.parameters(notebook, **own))

    def as_config(self) -> dict[str, Any]:
        """The plan as plain values, for Snakemake's ``--configfile``."""
        return {
            "profile": self.profile.name,
            "run": self.run,
            "seed": self.seed,
            "arms": list(self.arms),
            "student_seeds": list(self.student_seeds),
            "arms_once": list(self.arms_once),
            "overrides": {notebook: dict(values) for notebook, values in self.overrides.items()},
        }


def make_plan(
    profile: str,
    *,
    run: str | None = None,
    seed: int | None = None,
    arms: Sequence[str] | None = None,
    student_seeds: Sequence[int] | None = None,
    arms_once: Sequence[str] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Plan:
    """Make a plan and check every execution of it.

    Parameters
    ----------
    profile : str
        Name of a shipped profile.
    run : str, optional
        Name of the run; the profile's name if not given.
    seed, arms, student_seeds, arms_once, overrides : optional
        What replaces the profile's own values.

    Raises
    ------
    ParameterError
        For the first thing that is wrong, before anything runs.
    """
    loaded = load_profile(profile)
    plan = Plan(
        profile=loaded,
        run=loaded.name if run is None else run,
        seed=loaded.seed if seed is None else seed,
        arms=tuple(loaded.arms if arms is None else arms),
        student_seeds=tuple(loaded.student_seeds if student_seeds is None else student_seeds),
        arms_once=tuple(loaded.arms_once if arms_once is None else arms_once),
        overrides={notebook: dict(values) for notebook, values in (overrides or {}).items()},
    )
    twice = [arm for arm in plan.arms_once if arm in plan.arms]
    if twice:
        raise ParameterError(
            f"{', '.join(twice)} can't be trained once and with every seed", where="arms, arms_once",
            expected="each arm in one of the two lists",
        )  # fmt: skip
    RunPaths(plan.run)
    for notebook, values in plan.overrides.items():
        for name in values:
            if name in PLANNED and name in parameters_model(notebook).model_fields:
                raise ParameterError(
                    f"{name} can't be set for one notebook",
                    where=notebook,
                    expected="--run, --profile, --arms or --seeds, or `--set seed=...` for all notebooks",
                )
    plan.executions()
    return plan


def plan_from_config(config: Mapping[str, Any]) -> Plan:
    """Plan from Snakemake's configuration: a file that this study wrote, or ``--config profile=gpu run=mine``.

    Raises
    ------
    ParameterError
        If a key is unknown or a value wrong.
    """
    known = ("profile", "run", "seed", "arms", "student_seeds", "arms_once", "overrides")
    for key in config:
        if key not in known:
            raise ParameterError(
                f"unknown key {key!r}", where="Snakemake config", expected=f"one of {', '.join(known)}"
            )
    values = {key: config[key] for key in known if key in config}
    for key in ("arms", "student_seeds", "arms_once"):
        if key in values and not isinstance(values[key], list):
            values[key] = [values[key]] if isinstance(values[key], int) else split_list(str(values[key]))
    if "student_seeds" in values:
        values["student_seeds"] = parse_seeds(",".join(str(seed) for seed in values["student_seeds"]))
    return make_plan(values.pop("profile", "laptop"), **values)


def parse_seeds(text: str) -> list[int]:
    """Student seeds from a text such as ``"1,2,3"``.

    Raises
    ------
    ParameterError
        If the text is no list of different whole numbers.
    """
    validate_parameters("04_compare_student_and_baselines", {"student_seeds": text}, where="seeds")
    return [int(seed) for seed in text.split(",") if seed.strip()]


def parse_settings(settings: Sequence[str]) -> tuple[dict[str, dict[str, Any]], int | None]:
    """Read ``notebook.parameter=value`` settings; a notebook may be shortened to its number.

    Parameters
    ----------
    settings : sequence of str
        Such as ``"03.max_steps=50"``; ``"seed=2"`` sets the seed of all notebooks.

    Returns
    -------
    tuple of dict and int or None
        Overrides by notebook, and the seed if one was set.

    Raises
    ------
    ParameterError
        If a setting can't be read.
    """
    overrides: dict[str, dict[str, Any]] = {}
    seed: int | None = None
    for setting in settings:
        target, equals, text = setting.partition("=")
        notebook, dot, name = target.strip().partition(".")
        if not equals or not (dot or notebook == "seed"):
            raise ParameterError(
                f"the setting {setting!r} can't be read",
                where="--set",
                expected="notebook.parameter=value, or seed=value",
            )
        if not dot:
            seed = parse_value("01_simulate_wearable_nights", "seed", text)
            continue
        matches = [stem for stem in NOTEBOOK_PARAMETERS if stem.startswith(notebook)] if notebook else []
        stem = matches[0] if len(matches) == 1 else notebook
        overrides.setdefault(stem, {})[name] = parse_value(stem, name, text)
    return overrides, seed


def parse_value(notebook: str, name: str, text: str) -> Any:
    """Value of a parameter written on a command line, by the parameter's type and not by the look of the text.

    Raises
    ------
    ParameterError
        If the parameter is unknown or the text does not read as its type.
    """
    if name not in parameters_model(notebook).model_fields:
        validate_parameters(notebook, {name: text})
    kind = plain_type(notebook, name)
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.strip().lower()]
        return kind(text)
    except (ValueError, KeyError):
        raise ParameterError(
            f"parameter {name} can't be read from {text!r}", where=notebook, expected=allowed_values(notebook, name)
        ) from None
