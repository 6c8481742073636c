"""What is taken out of executed notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.study.scrub import scrub, without_machine


def executed(*outputs: Any) -> nbformat.NotebookNode:
    new = nbformat.v4
    cell = new.new_code_cell("1", outputs=list(outputs), execution_count=1)
    cell.metadata["papermill"] = {"duration": 1.5}
    cell.metadata["execution"] = {"iopub.execute_input": "2026"}
    notebook = new.new_notebook(cells=[new.new_markdown_cell("# T"), cell])
    notebook.metadata["papermill"] = {"parameters": {"b": 1, "a": 2}, "duration": 3, "input_path": "/x/y.ipynb"}
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
    return notebook


def test_metadata_and_ids_are_the_same_each_time() -> None:
    first, second = scrub(executed()), scrub(executed())
    assert nbformat.writes(first) == nbformat.writes(second)
    assert first["metadata"]["papermill"] == {"parameters": {"a": 2, "b": 1}}
    assert "duration" not in nbformat.writes(first) and "3.11.7" not in nbformat.writes(first)
    nbformat.validate(first)


def test_streams_are_joined_and_progress_bars_end_at_their_last_state() -> None:
    stream = nbformat.v4.new_output
    parts = [stream("stream", name="stdout", text=text) for text in ("a\n", "10%\r20", "%\r100%\n")]
    error = stream("stream", name="stderr", text="e\n")
    (_, cell) = scrub(executed(*parts, error))["cells"]
    assert [(output["name"], output["text"]) for output in cell["outputs"]] == [
        ("stdout", "a\n100%\n"),
        ("stderr", "e\n"),
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        (f"{PROJECT_ROOT}/sleepcot_utils/config.py", "sleepcot_utils/config.py"),
        (f"in {PROJECT_ROOT}", "in ."),
        (f"{Path.home()}/x.csv", "~/x.csv"),
        ("<object at 0x7f12ab34cd56>", "<object at 0x...>"),
        ("nothing to do", "nothing to do"),
    ],
)
def test_machine_is_taken_out(text: str, left: str) -> None:
    if str(PROJECT_ROOT).startswith(str(Path.home())) and "x.csv" not in text:
        assert str(Path.home()) not in without_machine(text)
    else:
        assert without_machine(text) == left


def test_rich_outputs_keep_images_and_lose_paths() -> None:
    data = {"text/html": f"<b>{PROJECT_ROOT}/a.csv</b>", "image/png": "iVBORw0KGgo="}
    output = nbformat.v4.new_output("display_data", data=data, metadata={"image/png": {"alt": "a picture"}})
    (_, cell) = scrub(executed(output))["cells"]
    assert cell["outputs"][0]["data"] == {"text/html": "<b>a.csv</b>", "image/png": "iVBORw0KGgo="}
    assert cell["outputs"][0]["metadata"] == {"image/png": {"alt": "a picture"}}
