"""Profiles: one YAML file each with the sizes of a study. The same code runs all of them."""

from __future__ import annotations

import difflib
from importlib import resources
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sleepcot_utils.config import NOTEBOOK_PARAMETERS, PROFILE_NAMES, parameters_model, validate_parameters
from sleepcot_utils.errors import ParameterError

#: Set by the plan from the profile's own name, arms and seeds, never inside of ``parameters``.
PLANNED = ("run", "profile", "seed", "arm", "arms", "arms_once", "student_seed", "student_seeds")


class Profile(BaseModel):
    """Sizes and names of a study.

    Attributes
    ----------
    expected_minutes : dict
        Notebook to minutes of one execution, measured on 2 cores (``gpu`` and ``paper``: on one GPU). It feeds the
        estimate of time left before this machine has times of its own.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str
    description: str
    offline: bool = True
    gpus: int = Field(0, ge=0, le=64)
    cell_timeout_min: float = Field(60.0, gt=0, le=7 * 24 * 60, allow_inf_nan=False)
    seed: int = 1
    arms: list[str] = Field(min_length=1)
    student_seeds: list[int] = Field(min_length=1)
    arms_once: list[str] = Field(default_factory=list)
    parameters: dict[str, dict[str, Any]] = Field(default_factory=dict)
    expected_minutes: dict[str, float] = Field(default_factory=dict)


class _OneKeyLoader(yaml.SafeLoader):
    """Safe loader that refuses a key given twice, which YAML would silently let the last one win."""


def _mapping(loader: _OneKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_OneKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_profile(name: str) -> Profile:
    """Load a shipped profile.

    Raises
    ------
    ParameterError
        If there is no such profile, or its file has an unknown or ill-typed key.
    """
    if name not in PROFILE_NAMES:
        close = difflib.get_close_matches(name, PROFILE_NAMES, n=1)
        raise ParameterError(
            f"there is no profile named {name!r}" + (f" (did you mean {close[0]!r}?)" if close else ""),
            where="profile",
            expected=f"one of {', '.join(PROFILE_NAMES)}",
        )
    text = resources.files("sleepcot_utils.study").joinpath("profiles", f"{name}.yaml").read_text(encoding="utf-8")
    return parse_profile(name, text)


def parse_profile(name: str, text: str) -> Profile:
    """Read and check the text of a profile.

    Parameters
    ----------
    name : str
        Name of the profile, one of ``PROFILE_NAMES``.
    text : str
        YAML.

    Raises
    ------
    ParameterError
        For the first thing that is wrong; the message names the key and what it may be.
    """
    where = f"profile {name}"
    try:
        content = yaml.load(text, Loader=_OneKeyLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}, line {mark.line + 1}" if mark else where
        raise ParameterError(
            f"this is no valid YAML ({getattr(error, 'problem', 'unreadable')})", where=place
        ) from None
    if not isinstance(content, dict):
        raise ParameterError("the profile holds no keys", where=where, expected="keys such as arms and parameters")
    known = [key for key in Profile.model_fields if key != "name"]
    for key in content:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise ParameterError(f"unknown key {key!r}{hint}", where=where, expected=f"one of {', '.join(known)}")
    try:
        profile = Profile.model_validate({"name": name, **content})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ParameterError(
            f"{key} can't be {first['input']!r}", where=where, expected=first["msg"].removeprefix("Input should be ")
        ) from None
    _check_notebooks(profile, where)
    return profile


def _check_notebooks(profile: Profile, where: str) -> None:
    for key, notebooks in (("parameters", profile.parameters), ("expected_minutes", profile.expected_minutes)):
        for notebook in notebooks:
            try:
                parameters_model(notebook)
            except ParameterError as error:
                raise ParameterError(error.problem, where=f"{where}, {key}", expected=error.expected) from None
    for notebook, values in profile.parameters.items():
        for name, value in values.items():
            place = f"{where}, {notebook}"
            if name in PLANNED:
                raise ParameterError(
                    f"{name} does not belong here", where=place, expected="it among the profile's own keys, or nowhere"
                )
            field = parameters_model(notebook).model_fields.get(name)
            if field is not None and field.annotation is float and isinstance(value, str) and _reads_as_number(value):
                raise ParameterError(
                    f"parameter {name} is the text {value!r}", where=place, expected="1.0e-3: YAML takes 1e-3 for text"
                )
        validate_parameters(notebook, values, where=f"{where}, {notebook}")
    for notebook in NOTEBOOK_PARAMETERS:
        fields = parameters_model(notebook).model_fields
        given: dict[str, Any] = {"seed": profile.seed}
        if "arms" in fields:
            given["arms"] = ",".join(profile.arms)
            given["student_seeds"] = ",".join(str(seed) for seed in profile.student_seeds)
        if "arms_once" in fields:
            given["arms_once"] = ",".join(profile.arms_once)
        validate_parameters(notebook, given, where=where)


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
