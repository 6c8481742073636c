"""Source notebooks: the shape that a reader and the runner count on."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from pathlib import Path
from typing import Any

import nbformat
import pytest

from sleepcot_utils.config import NOTEBOOK_PARAMETERS, parameters_model, plain_type
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.study.profiles import load_profile

SOURCES = sorted((PROJECT_ROOT / "notebooks").glob("*.ipynb"))
LONGEST_LINE = 160
#: A folder, a file below one, or an address inside code; names of artifacts ("people.parquet") are the session's.
PATH_LITERAL = re.compile(
    r"^(?:~|\.{1,2})?/\w|^[A-Za-z]:\\|^(?:data|figures|notebooks|papermill_runs|shared)/|https?://"
)
MACHINE_PATH = re.compile(r"/(?:home|root|work|tmp|Users|mnt|opt|usr)/|[A-Z]:\\\\")


def every(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == kind]


def read(path: Path) -> dict[str, Any]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def code_of(path: Path) -> ast.Module:
    """All code cells as one module; magics are no part of these notebooks."""
    return ast.parse("\n".join(cell["source"] for cell in every(path, "code")))


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_every_notebook_of_the_study_is_there_and_no_other() -> None:
    assert {path.stem for path in SOURCES} == set(NOTEBOOK_PARAMETERS)


def test_format_is_valid(source: Path) -> None:
    notebook = nbformat.read(source, as_version=nbformat.NO_CONVERT)
    assert (notebook.nbformat, notebook.nbformat_minor >= 5) == (4, True)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert notebook.metadata["kernelspec"]["name"] == "python3"


def test_sources_hold_no_outputs(source: Path) -> None:
    for number, cell in enumerate(every(source, "code")):
        assert cell["outputs"] == [] and cell["execution_count"] is None, f"code cell {number}"
        assert set(cell["metadata"]) <= {"tags"}, f"code cell {number}"


def test_the_title_is_one_question(source: Path) -> None:
    first = read(source)["cells"][0]
    assert first["cell_type"] == "markdown"
    headings = [line for cell in every(source, "markdown") for line in cell["source"].splitlines() if line[:2] == "# "]
    assert headings == [first["source"].splitlines()[0]] and headings[0].endswith("?")


def test_the_opening_says_what_is_read_written_and_learned(source: Path) -> None:
    opening = every(source, "markdown")[0]["source"]
    header = next(line for line in opening.splitlines() if line.startswith("| reads"))
    assert [name.split(" (")[0] for name in header.strip("| ").split(" | ")] == ["reads", "writes", "minutes", "GPU"]
    goals = opening.partition("**You will learn**")[2]
    assert 1 <= len(re.findall(r"\(\d\)", goals)) <= 4


def test_parameters_stand_in_the_first_code_cell(source: Path) -> None:
    tagged = ["parameters" in cell["metadata"].get("tags", []) for cell in every(source, "code")]
    assert tagged == [True, *[False] * (len(tagged) - 1)]


def test_parameters_are_those_of_the_config_with_its_defaults(source: Path) -> None:
    model = parameters_model(source.stem)
    tree = ast.parse(every(source, "code")[0]["source"])
    assert all(isinstance(node, ast.AnnAssign) for node in tree.body), "one annotated parameter a line, nothing derived"
    shown = {node.target.id: ast.literal_eval(node.value) for node in tree.body}
    kinds = {node.target.id: node.annotation.id for node in tree.body}
    fields = model.model_fields
    assert list(shown) == list(fields)
    assert shown == {name: field.default for name, field in fields.items()}
    assert {name: type(value) for name, value in shown.items()} == {name: type(fields[name].default) for name in fields}
    assert kinds == {name: plain_type(source.stem, name).__name__ for name in fields}


def test_each_parameter_is_explained_beside_it(source: Path) -> None:
    cell = every(source, "code")[0]["source"]
    tokens = tokenize.generate_tokens(io.StringIO(cell).readline)
    comments = {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
    assert sorted(comments) == list(range(1, len(cell.splitlines()) + 1))
    assert all(len(comment) > 10 for comment in comments.values())


def test_defaults_are_the_smoke_profile() -> None:
    profile = load_profile("smoke")
    for notebook in NOTEBOOK_PARAMETERS:
        overridden = dict(profile.parameters.get(notebook, {}))
        defaults = {name: field.default for name, field in parameters_model(notebook).model_fields.items()}
        assert {**defaults, **overridden} == defaults


def test_no_class_and_no_function(source: Path) -> None:
    found = [node for node in ast.walk(code_of(source)) if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    assert not found, f"{found[0].name} belongs in the package"


def test_no_path_is_spelled_out(source: Path) -> None:
    literals = [n.value for n in ast.walk(code_of(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert not [text for text in literals if PATH_LITERAL.search(text)]
    names = {n.id for n in ast.walk(code_of(source)) if isinstance(n, ast.Name)} - {"__name__"}
    assert not names & {"Path", "os", "open"}


def test_no_path_of_a_machine_anywhere(source: Path) -> None:
    assert not MACHINE_PATH.search(source.read_text(encoding="utf-8"))


def test_lines_of_code_are_not_long(source: Path) -> None:
    lines = [line for cell in every(source, "code") for line in cell["source"].splitlines()]
    assert not [f"{len(line)} characters: {line[:50]}..." for line in lines if len(line) > LONGEST_LINE]


def test_claims_are_asserted(source: Path) -> None:
    assert any(isinstance(node, ast.Assert) for node in ast.walk(code_of(source)))


def test_three_exercises_with_solutions_folded_away(source: Path) -> None:
    (cell,) = [cell for cell in every(source, "markdown") if "exercise" in cell["metadata"].get("tags", [])]
    questions, _, solutions = cell["source"].partition("<details>")
    assert questions.startswith("## Exercises") and solutions.rstrip().endswith("</details>")
    for part in (questions, solutions):
        assert re.findall(r"^(\d)\. ", part, flags=re.MULTILINE) == ["1", "2", "3"]


def test_limits_are_stated(source: Path) -> None:
    assert any("**Limits.**" in cell["source"] for cell in every(source, "markdown"))


def test_the_last_cell_records_the_result(source: Path) -> None:
    last = read(source)["cells"][-1]
    assert last["cell_type"] == "code"
    calls = [node for node in ast.walk(ast.parse(last["source"])) if isinstance(node, ast.Call)]
    named = [ast.unparse(call.func) for call in calls]
    assert named.count("session.finish") == 1
    earlier = "\n".join(cell["source"] for cell in every(source, "code")[:-1])
    assert "session.finish" not in earlier


def test_the_session_is_opened_under_the_notebooks_own_name(source: Path) -> None:
    calls = [node for node in ast.walk(code_of(source)) if isinstance(node, ast.Call)]
    opened = [ast.unparse(call) for call in calls if ast.unparse(call.func) == "open_notebook"]
    assert opened == [f"open_notebook('{source.stem}', globals())"]
