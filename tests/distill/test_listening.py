"""What is said along the way is kept, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sleepcot_utils.config import DistillParameters
from sleepcot_utils.distill.generation import ask
from sleepcot_utils.distill.listening import said_along
from sleepcot_utils.distill.recipes import SAID, fit
from sleepcot_utils.tasks.reading import split_answer


@pytest.fixture(scope="module")
def question(study):
    return next(task for task in study.tasks if task.split == "test" and task.kind == "follow_up")


def test_a_student_is_heard_at_every_validation_and_learns_the_same(tiny, examples, question, tmp_path: Path) -> None:
    few = [e for e in examples if e.split == "train"][:12] + [e for e in examples if e.split == "validation"][:6]
    chosen = DistillParameters(max_steps=4, eval_every_steps=2, max_new_tokens=6, adapter="full")
    students, trainings = [], []
    for name, heard in (("heard", question), ("unheard", None)):
        student, training = fit(
            tiny(),
            few,
            chosen,
            work=tmp_path / name,
            rng=np.random.default_rng(1),
            say=lambda line: None,
            listen_to=heard,
        )
        students.append(student)
        trainings.append(training)
    along = said_along(tmp_path / "heard" / SAID)
    assert along["step"].tolist() == [2, 4]
    weights = [dict(student.model.named_parameters()) for student in students]
    assert all(bool((value == weights[1][name]).all()) for name, value in weights[0].items())
    (last,) = ask(students[0], [question], source="cot", seed=1, max_new_tokens=6)
    best = along.set_index("step")["said"][trainings[0].best_step]
    assert split_answer(best) == (last.rationale, last.answer), "the weights that are kept said this at their step"
    assert said_along(tmp_path / "unheard" / SAID).empty


def test_a_file_that_a_kill_cut_short_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / SAID).write_text('{"2": "a')
    assert said_along(tmp_path / SAID).empty
