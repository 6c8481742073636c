"""Templates of prompts: Jinja2 files of ``data/prompts``, in a sandbox."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sleepcot_utils.paths import reference_data


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """Environment of all templates; an unknown name is an error, and a template reaches nothing but its values."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(reference_data("prompts")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def rendered(name: str, **values: Any) -> str:
    """Text of a template; values are put in as they are, never read as a template themselves.

    Parameters
    ----------
    name : str
        File name without ``.jinja``.
    """
    text = environment().get_template(f"{name}.jinja").render(values)
    return re.sub(r"\n{3,}", "\n\n", text).strip()  # where a block is empty, its blank lines are left


def source(name: str) -> str:
    """A template as it stands in its file."""
    return reference_data("prompts", f"{name}.jinja").read_text(encoding="utf-8")
