"""The strict runner on tiny notebooks, with real kernels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from sleepcot_utils.config import validate_parameters
from sleepcot_utils.errors import ArtifactError, InputError, ParameterError
from sleepcot_utils.study.engine import headings
from sleepcot_utils.study.runner import NotebookError, check_before, needs_hub, run_notebook

SIMULATE = "01_simulate_wearable_nights"
TEACH = "02_prompt_the_teacher"

ENVIRONMENT = """\
import os, sys, warnings
from pathlib import Path
names = ("PYTHONHASHSEED", "OMP_NUM_THREADS", "HF_HUB_OFFLINE", "TOKENIZERS_PARALLELISM")
print({name: os.environ.get(name) for name in names})
print(Path.cwd().name, hash("text"), [object()], "\\x1b[31mred\\x1b[0m", Path.cwd())
for part in range(3):
    print(part)
    sys.stdout.flush()
"""

WRITE_AND_FINISH = """\
for name in session.stage.writes:
    session.output(name).write_text(name)
session.finish({})
"""


def test_two_runs_are_equal_byte_for_byte_from_any_folder(
    notebooks: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(notebooks, SIMULATE, ENVIRONMENT, finish=WRITE_AND_FINISH)
    path = run_notebook(SIMULATE, {"persons": 20})
    first = path.read_bytes()
    monkeypatch.chdir(tmp_path)
    assert run_notebook(SIMULATE, {"persons": 20}).read_bytes() == first
    assert Path.cwd() == tmp_path
    text = first.decode()
    assert (
        "'PYTHONHASHSEED': '0', 'OMP_NUM_THREADS': '1', 'HF_HUB_OFFLINE': '1', 'TOKENIZERS_PARALLELISM': 'false'"
        in text
    )
    assert "notebooks " in text and str(tmp_path / "root") not in text
    streams = [
        output["name"] for cell in json.loads(text)["cells"] for output in cell.get("outputs", []) if "name" in output
    ]
    assert set(streams) == {"stdout"}, "kernels must not write warnings into notebooks"
    assert sorted(item.name for item in path.parent.iterdir()) == [path.name, f"{SIMULATE}_result.json"]


@pytest.mark.parametrize(
    ("body", "said", "exit_code"),
    [
        ("import sys\nsys.exit(0)", ["code cell 4 in 'What is written'", "SystemExit(0)"], 1),
        ("1 / 0", ["code cell 4", "ZeroDivisionError: division by zero"], 1),
        (
            "from sleepcot_utils.errors import InputError\nraise InputError('the file is empty', where='a.csv, row 3')",
            ["a.csv, row 3: the file is empty."],
            2,
        ),
        ("session.output('people.parquet').write_text('x')", ["nights.parquet: the notebook did not write"], 2),
        ("import os\nos._exit(3)", ["ended by itself"], 1),
    ],
)
def test_failures_are_one_message_and_keep_the_copy(
    notebooks: Path, write: Callable[..., Path], body: str, said: list[str], exit_code: int
) -> None:
    write(notebooks, SIMULATE, body)
    with pytest.raises(NotebookError) as caught:
        run_notebook(SIMULATE, {})
    for words in said:
        assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert caught.value.exit_code == exit_code
    assert caught.value.kept is not None and caught.value.kept.name == f"{SIMULATE}_failed.ipynb"
    nbformat.read(caught.value.kept, as_version=4)
    assert not caught.value.kept.with_name(f"{SIMULATE}.ipynb").exists()


def test_what_is_declared_must_be_new_and_a_good_run_clears_the_failed_copy(
    notebooks: Path, write: Callable[..., Path]
) -> None:
    good = run_notebook(SIMULATE, {})
    before = good.read_bytes()
    write(notebooks, SIMULATE, "pass")
    with pytest.raises(NotebookError, match="did not write anew data/runs/smoke/people.parquet"):
        run_notebook(SIMULATE, {})
    assert good.read_bytes() == before
    failed = good.with_name(f"{SIMULATE}_failed.ipynb")
    assert failed.exists()
    write(notebooks, SIMULATE)
    run_notebook(SIMULATE, {})
    assert not failed.exists()


def test_no_record_no_success(notebooks: Path, write: Callable[..., Path]) -> None:
    write(notebooks, SIMULATE, finish="print('forgotten')")
    with pytest.raises(
        NotebookError, match="did not write papermill_runs/smoke/01_simulate_wearable_nights_result.json"
    ):
        run_notebook(SIMULATE, {})


@pytest.mark.parametrize(
    ("notebook", "values", "kind", "said"),
    [
        (SIMULATE, {"person": 3}, ParameterError, "did you mean 'persons'?"),
        (SIMULATE, {"persons": "many"}, ParameterError, "an integer from 12"),
        (SIMULATE, {"persons": 1}, ParameterError, "an integer from 12"),
        ("09_nothing", {}, ParameterError, "no notebook named"),
        (TEACH, {}, ArtifactError, "run 01_simulate_wearable_nights for run 'smoke' first"),
    ],
)
def test_nothing_runs_when_something_is_wrong_before(
    notebooks: Path, notebook: str, values: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind) as caught:
        run_notebook(notebook, values)
    assert said in str(caught.value)
    assert not (notebooks.parent / "root").exists()


def test_parameters_cell_and_study_must_agree(notebooks: Path) -> None:
    path = notebooks / f"{SIMULATE}.ipynb"
    original = path.read_text()
    path.write_text(original.replace("persons: int = 48", "people: int = 48"))
    with pytest.raises(ParameterError, match=r"01_simulate_wearable_nights.ipynb: the parameters cell has, .*'people'"):
        check_before(SIMULATE, {})
    path.write_text(original.replace('"seed: int = 1', '"#'))
    with pytest.raises(ParameterError, match="the parameters cell lacks 'seed'"):
        check_before(SIMULATE, {})
    path.write_text("no notebook")
    with pytest.raises(InputError, match="can't be read"):
        check_before(SIMULATE, {})
    path.unlink()
    with pytest.raises(ParameterError, match="there is no such notebook"):
        check_before(SIMULATE, {})


def test_only_models_from_elsewhere_need_a_hub(tmp_path: Path) -> None:
    def needs(notebook: str, **values: Any) -> bool:
        return needs_hub(validate_parameters(notebook, values))

    assert not needs(SIMULATE)
    assert not needs("03_distill_the_student")
    assert not needs("03_distill_the_student", student=str(tmp_path))
    assert needs("03_distill_the_student", student="Qwen/Qwen2.5-1.5B-Instruct")
    assert needs(TEACH, teacher="local", teacher_model="Qwen/Qwen2.5-3B-Instruct")
    assert not needs(TEACH, teacher="openai", teacher_model="gpt-4o")


def test_headings_belong_to_the_cells_below_them() -> None:
    new = nbformat.v4
    cells = [
        new.new_code_cell(""),
        new.new_markdown_cell("# One\n\nText"),
        new.new_code_cell(""),
        new.new_markdown_cell("no heading"),
        new.new_code_cell(""),
        new.new_markdown_cell("## Two #\n\n### Three"),
        new.new_code_cell(""),
    ]
    assert headings(cells) == ["", "One", "One", "One", "One", "Three", "Three"]
