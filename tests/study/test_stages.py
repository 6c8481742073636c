"""The table of stages: names, students, and agreement with what the code reads."""

from __future__ import annotations

import re

import pytest

from sleepcot_utils.config import NOTEBOOK_PARAMETERS, validate_parameters
from sleepcot_utils.study.sources import imported_files
from sleepcot_utils.study.stages import (
    STAGES,
    Stage,
    artifact_names,
    execution_name,
    notebook_file,
    students_of,
    writer_of,
)

BY_NUMBER = {stage.notebook[:2]: stage for stage in STAGES}


def test_every_notebook_with_parameters_has_one_stage() -> None:
    assert [stage.notebook for stage in STAGES] == list(NOTEBOOK_PARAMETERS)


def test_what_is_read_was_written_by_an_earlier_stage() -> None:
    for position, stage in enumerate(STAGES):
        for template in stage.reads:
            writer = writer_of(template.format(arm="cot", student_seed=1))
            assert writer is not None, f"nobody writes {template}"
            assert STAGES.index(writer[0]) < position


def test_artifacts_of_students() -> None:
    parameters = validate_parameters(BY_NUMBER["04"].notebook, {"arms": "answer_only, cot", "student_seeds": "3,10"})
    assert students_of(parameters) == [("answer_only", 3), ("answer_only", 10), ("cot", 3), ("cot", 10)]
    names = artifact_names(("a.csv", "students/{arm}-s{student_seed}/x.json"), parameters)
    assert names[0] == "a.csv" and names[2] == "students/answer_only-s10/x.json" and len(names) == 5
    one = validate_parameters(BY_NUMBER["03"].notebook, {"arm": "cot", "student_seed": 3})
    assert execution_name(BY_NUMBER["03"], one) == "03_distill_the_student__cot-s3"
    assert execution_name(BY_NUMBER["04"], parameters) == BY_NUMBER["04"].notebook


@pytest.mark.parametrize(
    ("name", "execution"),
    [
        ("people.parquet", "01_simulate_wearable_nights"),
        ("students/cot-s2/", "03_distill_the_student__cot-s2"),
        (
            "students/answer_only_equal_tokens-s11/model/weights.bin",
            "03_distill_the_student__answer_only_equal_tokens-s11",
        ),
        ("comparison.csv", "04_compare_student_and_baselines"),
        ("something.else", None),
        ("people.parquet.bak", None),
    ],
)
def test_writers(name: str, execution: str | None) -> None:
    writer = writer_of(name)
    assert (writer[1] if writer else None) == execution


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.notebook)
def test_shipped_data_that_the_code_reads_is_declared(stage: Stage) -> None:
    path = notebook_file(stage.notebook)
    if not path.exists():
        pytest.skip(f"{path.name} is not written yet")
    found: set[str] = set()
    for file in imported_files(path):
        if file.suffix == ".py":
            found |= set(re.findall(r'reference_data\(\s*"(\w+)"', file.read_text(encoding="utf-8")))
    missing = found - {"runs"} - set(stage.shipped)
    assert not missing, f"{stage.notebook} may read data/{sorted(missing)}: a change there would not run it again"
