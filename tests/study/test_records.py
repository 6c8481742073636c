"""Records, sessions and the checks of upstream artifacts, without a kernel."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from sleepcot_utils.config import NOTEBOOK_PARAMETERS
from sleepcot_utils.errors import ArtifactError, ParameterError, StudyError
from sleepcot_utils.study.hashing import sha256_file, tree_digest
from sleepcot_utils.study.records import comparable, device_name, read_record, schema
from sleepcot_utils.study.session import Session, open_notebook

SIMULATE = "01_simulate_wearable_nights"
TEACH = "02_prompt_the_teacher"
DISTILL = "03_distill_the_student"
COACH = "08_coach_your_own_nights"

pytestmark = pytest.mark.usefixtures("notebooks")


def namespace(notebook: str, **values: Any) -> dict[str, Any]:
    """What `globals()` of a notebook holds."""
    fields = NOTEBOOK_PARAMETERS[notebook].model_fields
    return {"np": np, **{name: field.default for name, field in fields.items()}, **values}


def run_by_hand(notebook: str, metrics: dict[str, Any] | None = None, **values: Any) -> Session:
    """Do what a notebook does: open, write everything, finish."""
    session = open_notebook(notebook, namespace(notebook, **values))
    for name in session.stage.writes:
        name = name.format(**session.parameters.model_dump())
        if not name.endswith("/"):
            session.output(name).write_text(f"{name} {session.rng(name).random()}")
    session.finish(metrics or {"count": 3, "seconds_s": 0.5})
    return session


def record_of(session: Session) -> Path:
    return next(session.paths.notebooks.glob(f"{session.stage.notebook}*_result.json"))


def test_a_record_is_complete_and_fits_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    session = run_by_hand(SIMULATE, {"share": np.float64(0.5), "n": np.int64(3), "nested": {"a": [1, None]}})
    record = read_record(record_of(session))
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(record, schema())
    assert record["parameters"] == session.parameters.model_dump()
    assert record["metrics"] == {"share": 0.5, "n": 3, "nested": {"a": [1, None]}}
    name = "data/runs/smoke/people.parquet"
    assert record["outputs"][name] == sha256_file(session.paths.data / "people.parquet")
    assert f"{record['outputs'][name][:12]}  {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "damage",
    [
        {"seed": -1},
        {"commit": "abc"},
        {"inputs": {"/somewhere/people.parquet": "0" * 64}},
        {"outputs": {}},
        {"outputs": {"a": "no hash"}},
        {"device": ""},
        {"more": 1},
    ],
)
def test_the_schema_refuses_damage(damage: dict[str, Any]) -> None:
    record = read_record(record_of(run_by_hand(SIMULATE)))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record | damage, schema())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.array([1, 2]), object()])
def test_metrics_that_json_can_not_hold_are_refused(value: Any) -> None:
    with pytest.raises((StudyError, ValueError), match=r"metric|size 1"):
        run_by_hand(SIMULATE, {"bad": value})


def test_equal_runs_have_equal_records_whatever_their_name_and_time() -> None:
    first = read_record(record_of(run_by_hand(SIMULATE, {"n": 1, "wait_s": 1.0})))
    second = read_record(record_of(run_by_hand(SIMULATE, {"n": 1, "wait_s": 2.0}, run="other")))
    third = read_record(record_of(run_by_hand(SIMULATE, {"n": 2, "wait_s": 1.0}, run="third")))
    assert first != second
    assert comparable(first) == comparable(second)
    assert comparable(first) != comparable(third)
    fourth = read_record(record_of(run_by_hand(SIMULATE, {"n": 1}, run="fourth", seed=2)))
    assert comparable(first) != comparable(fourth)


def test_devices_are_named_the_same_whoever_says_it() -> None:
    import torch

    assert device_name("cpu") == device_name(torch.device("cpu")) == "cpu"
    pattern = schema()["properties"]["device"]["pattern"]
    for device in ("cuda", "cuda:0", "cuda: A GPU", "mps", device_name()):
        assert re.fullmatch(pattern, device)
    assert not re.fullmatch(pattern, "")


def test_random_streams_depend_on_seed_and_purpose_alone() -> None:
    session = open_notebook(SIMULATE, namespace(SIMULATE))
    first = session.rng("people").random(4)
    session.rng("nights").random(4)
    assert (session.rng("people").random(4) == first).all()
    assert not (session.rng("nights").random(4) == first).any()
    other = open_notebook(SIMULATE, namespace(SIMULATE, seed=2))
    assert not (other.rng("people").random(4) == first).any()


def test_a_missing_parameter_is_named() -> None:
    values = namespace(SIMULATE)
    del values["nights"]
    with pytest.raises(ParameterError, match="the parameters cell lacks nights"):
        open_notebook(SIMULATE, values)


def test_missing_upstream_is_named() -> None:
    with pytest.raises(ArtifactError, match=r"data/runs/smoke/people.parquet: .*missing.*01_simulate.*'smoke'"):
        open_notebook(TEACH, namespace(TEACH))


def test_missing_student_says_make_study() -> None:
    with pytest.raises(ArtifactError, match=r"students/cot-s1: .*03_distill_the_student__cot-s1.*`make study`"):
        open_notebook(COACH, namespace(COACH))


def test_changed_upstream_is_named() -> None:
    session = run_by_hand(SIMULATE)
    (session.paths.data / "nights.parquet").write_text("something else")
    with pytest.raises(ArtifactError, match=r"nights.parquet: .*differs from its result record"):
        open_notebook(TEACH, namespace(TEACH))


def test_upstream_without_a_record_is_named() -> None:
    session = run_by_hand(SIMULATE)
    record_of(session).unlink()
    with pytest.raises(ArtifactError, match="01_simulate_wearable_nights_result.json is missing"):
        open_notebook(TEACH, namespace(TEACH))


def test_upstream_of_another_run_is_named() -> None:
    session = run_by_hand(SIMULATE)
    path = record_of(session)
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"run": "other"}))
    with pytest.raises(ArtifactError, match="belongs to run 'other', not to run 'smoke'"):
        open_notebook(TEACH, namespace(TEACH))


def test_upstream_made_from_older_upstream_is_named() -> None:
    run_by_hand(SIMULATE)
    run_by_hand(TEACH)
    open_notebook(DISTILL, namespace(DISTILL))
    run_by_hand(SIMULATE, seed=2)
    with pytest.raises(ArtifactError, match=r"tasks.jsonl: .*made from another data/runs/smoke/.*run 02_prompt"):
        open_notebook(DISTILL, namespace(DISTILL))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": 0}'])
def test_an_unreadable_record_is_named(content: str) -> None:
    record_of(run_by_hand(SIMULATE)).write_text(content)
    with pytest.raises(ArtifactError, match="01_simulate_wearable_nights_result.json: the result record"):
        open_notebook(TEACH, namespace(TEACH))


def test_a_declared_artifact_must_be_written() -> None:
    session = open_notebook(SIMULATE, namespace(SIMULATE))
    session.output("people.parquet").write_text("x")
    with pytest.raises(ArtifactError, match="nights.parquet: the notebook did not write"):
        session.finish({})


def test_undeclared_names_are_refused() -> None:
    session = open_notebook(SIMULATE, namespace(SIMULATE))
    with pytest.raises(ArtifactError, match="does not declare that it writes 'tasks.jsonl'.*people.parquet"):
        session.output("tasks.jsonl")
    with pytest.raises(ArtifactError, match="does not declare that it reads"):
        session.input("people.parquet")


def test_students_are_recorded_file_by_file_and_their_work_folder_goes() -> None:
    run_by_hand(SIMULATE)
    run_by_hand(TEACH)
    session = open_notebook(DISTILL, namespace(DISTILL, arm="answer_only", student_seed=7))
    session.output("students/answer_only-s7/model/weights.bin").write_text("w")
    for name in ("answers.jsonl", "training_log.json"):
        (session.student / name).write_text("x")
    (session.student / ".snakemake_timestamp").write_text("")
    session.paths.figures.mkdir(parents=True)
    for figure in ("03_loss__answer_only-s7", "03_loss__answer_only-s17", "03_loss__x_answer_only-s7", "01_a"):
        (session.paths.figures / f"{figure}.png").write_text(figure)
    work = session.work_folder
    (work / "checkpoint").write_text("x")
    session.finish({})
    assert not work.exists()
    record = read_record(session.paths.notebooks / "03_distill_the_student__answer_only-s7_result.json")
    names = {name.removeprefix("data/runs/smoke/students/answer_only-s7/") for name in record["outputs"]}
    assert names == {
        "model/weights.bin", "answers.jsonl", "training_log.json", "figures/smoke/03_loss__answer_only-s7.png",
    }  # fmt: skip


def test_work_folders_differ_with_parameters_and_inputs() -> None:
    run_by_hand(SIMULATE)
    teach = run_by_hand(TEACH)
    first = open_notebook(DISTILL, namespace(DISTILL)).work_folder
    assert open_notebook(DISTILL, namespace(DISTILL)).work_folder == first
    assert open_notebook(DISTILL, namespace(DISTILL, max_steps=31)).work_folder != first
    (teach.paths.data / "training_set.jsonl").unlink()
    run_by_hand(TEACH, seed=2)
    assert open_notebook(DISTILL, namespace(DISTILL)).work_folder != first


def test_personal_data_stays_below_the_run() -> None:
    run_by_hand(SIMULATE)
    run_by_hand(TEACH)
    run_by_hand(DISTILL)
    session = run_by_hand(COACH)
    root = session.paths.data / "coach"
    assert session.paths.notebooks == root and session.paths.figures == root / "figures"
    assert (root / f"{COACH}_result.json").exists()


def test_a_readme_is_prose_and_not_hashed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("1")
    before = tree_digest(tmp_path)
    (tmp_path / "README.md").write_text("prose")
    assert tree_digest(tmp_path) == before
    (tmp_path / "b.yaml").write_text("1")
    assert tree_digest(tmp_path) != before
    assert tree_digest(tmp_path / "nothing") == "absent"
