"""Few-shot chain-of-thought prompts: instruction, worked exemplars, then the task."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.paths import reference_data
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.reading import ANSWER_MARK, REASONING_MARK

Messages = list[dict[str, str]]


@cache
def _instruction() -> dict[str, Any]:
    return yaml.safe_load(reference_data("prompts", "teacher.yaml").read_text(encoding="utf-8"))


@cache
def exemplars() -> tuple[dict[str, str], ...]:
    """Worked exemplars: ``kind, user, rationale, answer``. Their people appear in no run."""
    text = reference_data("exemplars", "worked.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text)["exemplars"])


def system_prompt() -> str:
    """Instruction of a teacher, with the drivers that it may name."""
    return _instruction()["system"].format(drivers=", ".join(driver.phrase for driver in drivers().values()))


def few_shot_messages(task: Task, shots: int = 3) -> Messages:
    """Prompt of a task for a teacher: system, worked exemplars, task.

    Parameters
    ----------
    shots : int
        Exemplars shown; those of the task's own kind come last, nearest to the task.
    """
    ordered = sorted(exemplars(), key=lambda exemplar: exemplar["kind"] == task.kind)[-shots:] if shots else []
    messages = [{"role": "system", "content": system_prompt()}]
    for exemplar in ordered:
        messages.append({"role": "user", "content": exemplar["user"]})
        answer = f"{REASONING_MARK}\n{exemplar['rationale']}\n{ANSWER_MARK}\n{exemplar['answer']}"
        messages.append({"role": "assistant", "content": answer})
    return [*messages, task.messages[-1]]


def prompt_hash(messages: Messages) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a prompt."""
    return hashlib.sha256(json.dumps(messages, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def prompt_version() -> str:
    """Version and hash of instruction and exemplars; another one is another request to a teacher."""
    digest = hashlib.sha256((system_prompt() + json.dumps(exemplars(), sort_keys=True)).encode()).hexdigest()
    return f"{_instruction()['version']}-{digest[:12]}"
