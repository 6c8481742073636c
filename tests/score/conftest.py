"""Held-out tasks of the shared study with the teacher's answers."""

from __future__ import annotations

import pytest

from sleepcot_utils.score.answers import held_out_tasks
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task


@pytest.fixture(scope="session")
def held_out(study) -> list[Task]:
    """Tasks of the test split that are scored."""
    return held_out_tasks(study.tasks, "test")


@pytest.fixture(scope="session")
def teacher(study, held_out) -> list[Answer]:
    """The expert's answers to them."""
    return [Answer(t.task_id, "teacher", 0, *study.answers[t.task_id], "stop", 0, 0.0) for t in held_out]
