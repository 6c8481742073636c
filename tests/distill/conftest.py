"""A tiny Qwen2 student on disk, made once: two layers, 32 wide, its tokenizer trained on this study's words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sleepcot_utils.distill.student import Student, load_student
from sleepcot_utils.distill.training_set import Example
from tests.one_thread import one_thread  # noqa: F401 - a fixture is found by its name here
from tests.tiny_student import save_tiny_student


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a checkpoint with random weights."""
    return save_tiny_student(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def tiny(tiny_folder: Path) -> Callable[[], Student]:
    """Loads a fresh copy of the tiny student, because training changes it."""
    return lambda: load_student(str(tiny_folder), device="cpu")


@pytest.fixture(scope="session")
def examples(study) -> list[Example]:
    """The expert's answers of the shared study outside the test split."""
    return [Example.of(task, *study.answers[task.task_id]) for task in study.tasks if task.split != "test"]
