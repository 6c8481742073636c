"""What a run leaves behind: summary, prose, expected times, reference run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.study.plan import Plan, make_plan
from sleepcot_utils.study.records import write_record
from sleepcot_utils.study.results import (
    changed_since_commit,
    executed_copy,
    expected_seconds,
    promote,
    refresh_prose,
    summary,
)
from sleepcot_utils.study.stages import record_file

pytestmark = pytest.mark.usefixtures("notebooks")
SIMULATE = "01_simulate_wearable_nights"


def notebook(*outputs: Any, prose: str = "# T", code: str = "print(1)") -> nbformat.NotebookNode:
    new = nbformat.v4
    cells = [
        new.new_markdown_cell(prose),
        new.new_code_cell("seed: int = 1", metadata={"tags": ["parameters"]}),
        new.new_code_cell(code, outputs=list(outputs)),
    ]
    return new.new_notebook(cells=cells)


@pytest.fixture
def plan() -> Plan:
    """A complete run, written by hand."""
    made = make_plan("smoke", arms=["cot"], student_seeds=[1])
    paths = RunPaths(made.run)
    paths.data.mkdir(parents=True)
    table = "metric,difference,low,high\nmain_driver,0.123456,-0.1,1\n"
    (paths.data / "comparison.csv").write_text(table)
    (paths.data / "comparison.json").write_text('{"summary": []}')
    for execution in made.executions():
        write_record(
            stage=execution.stage,
            parameters=execution.parameters,
            reads=[],
            writes=[paths.data / "comparison.csv"],
            metrics={},
            started=0.0,
        )
        nbformat.write(notebook(), executed_copy(execution))
    paths.figures.mkdir(parents=True)
    (paths.figures / "01_nights.png").write_bytes(b"png")
    (paths.figures / "08_advice.png").write_bytes(b"personal")
    (paths.figures / "alt_text.json").write_text("{}")
    return made


def test_summary_names_everything_and_shows_the_table(plan: Plan) -> None:
    said = summary("smoke")
    assert "Executed notebooks: papermill_runs/smoke/" in said
    assert "  03_distill_the_student__cot-s1.ipynb" in said
    assert "Figures: figures/smoke/\n  01_nights.png" in said
    assert "Result table: data/runs/smoke/comparison.csv\n  metric       difference  low     high\n" in said
    assert "  main_driver  0.123       -0.100  1" in said
    with pytest.raises(ArtifactError, match="papermill_runs/other: there is no executed notebook"):
        summary("other")


def test_promote_copies_a_complete_run_and_nothing_personal(plan: Plan) -> None:
    reference = RunPaths("reference")
    reference.notebooks.mkdir(parents=True)
    (reference.notebooks / "old.ipynb").write_text("{}")
    (reference.notebooks / "README.md").write_text("kept")
    (RunPaths(plan.run).notebooks / "results.html").write_text("<p>at a glance</p>")
    written = promote(plan)
    assert all(path.exists() for path in written)
    assert (reference.notebooks / "results.html").read_text() == "<p>at a glance</p>"
    assert {path.name for path in reference.figures.iterdir()} == {"01_nights.png", "alt_text.json"}
    names = {path.name for path in reference.notebooks.iterdir()}
    assert "old.ipynb" not in names and {"README.md", "comparison.csv", f"{SIMULATE}_result.json"} <= names
    # A copy and a record each, two result files, the page, and the README that was there.
    assert len(names) == 2 * len(plan.executions()) + 4
    assert (reference.notebooks / "comparison.json").read_text() == '{"summary": []}'


def test_records_of_a_changed_working_tree_are_named(plan: Plan) -> None:
    for execution in plan.executions():
        path = record_file(execution.stage, execution.parameters)
        record = json.loads(path.read_text())
        path.write_text(json.dumps({**record, "dirty": execution.name == SIMULATE}))
    assert changed_since_commit(plan) == [SIMULATE]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (nbformat.v4.new_output("stream", name="stdout", text="see /home/somebody/x"), "/home/somebody"),
        (nbformat.v4.new_output("stream", name="stdout", text=f"see {Path.home()}/x"), "folder of this machine"),
        (nbformat.v4.new_output("stream", name="stderr", text="UserWarning"), "cell 3: .*a warning or an error"),
        (nbformat.v4.new_output("error", ename="E", evalue="e", traceback=[]), "a warning or an error"),
    ],
)
def test_promote_refuses_leaks_and_warnings(plan: Plan, output: Any, said: str) -> None:
    nbformat.write(notebook(output), executed_copy(plan.executions()[0]))
    with pytest.raises(ArtifactError, match=said):
        promote(plan)
    assert not RunPaths("reference").notebooks.exists()


def test_promote_refuses_an_incomplete_run(plan: Plan) -> None:
    executed_copy(plan.executions()[-1]).unlink()
    with pytest.raises(ArtifactError, match=f"{plan.executions()[-1].stage.notebook}.ipynb: the run is not complete"):
        promote(plan)


@pytest.mark.parametrize("name", ["comparison.csv", "comparison.json"])
def test_promote_refuses_a_run_without_results_and_keeps_the_old_reference(plan: Plan, name: str) -> None:
    reference = RunPaths("reference")
    reference.notebooks.mkdir(parents=True)
    (reference.notebooks / "old.ipynb").write_text("{}")
    (RunPaths(plan.run).data / name).unlink()
    with pytest.raises(ArtifactError, match=f"data/runs/smoke/{name}: the run is not complete"):
        promote(plan)
    assert [path.name for path in reference.notebooks.iterdir()] == ["old.ipynb"]


def test_promote_refuses_a_result_that_shows_a_folder_of_this_machine(plan: Plan) -> None:
    (RunPaths(plan.run).data / "comparison.json").write_text('{"conclusion": "see /home/somebody/x"}')
    with pytest.raises(ArtifactError, match="comparison.json: .*/home/somebody"):
        promote(plan)


def test_prose_follows_its_source_and_outputs_stay(tmp_path: Path) -> None:
    source, executed = tmp_path / "source.ipynb", tmp_path / "executed.ipynb"
    output = nbformat.v4.new_output("stream", name="stdout", text="1\n")
    ran = notebook(output)
    ran.cells.insert(
        2, nbformat.v4.new_code_cell("seed = 3", metadata={"tags": ["injected-parameters"]}, id="injected")
    )
    nbformat.write(ran, executed)
    nbformat.write(notebook(prose="# T\n\nNew prose.", code="print(1)  # why"), source)
    assert refresh_prose(source, executed)
    fresh = nbformat.read(executed, as_version=4)
    nbformat.validate(fresh)
    assert [cell.source for cell in fresh.cells] == [
        "# T\n\nNew prose.",
        "seed: int = 1",
        "seed = 3",
        "print(1)  # why",
    ]
    assert fresh.cells[3].outputs == [output]
    assert not refresh_prose(source, executed)
    more = notebook()
    more.cells.append(nbformat.v4.new_code_cell("2"))
    nbformat.write(more, source)
    assert not refresh_prose(source, executed), "other code would have to run"


def test_expected_times_come_from_records_of_the_same_sizes(plan: Plan) -> None:
    execution = next(one for one in plan.executions() if one.stage.notebook == SIMULATE)
    path = record_file(execution.stage, execution.parameters)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"wall_time_s": 77.0}))
    assert expected_seconds(plan)[SIMULATE] == 77.0
    larger = make_plan("smoke", overrides={SIMULATE: {"persons": 90}})
    assert expected_seconds(larger)[SIMULATE] == plan.profile.expected_minutes[SIMULATE] * 60
    path.write_text("{")
    assert expected_seconds(plan)[SIMULATE] == plan.profile.expected_minutes[SIMULATE] * 60
