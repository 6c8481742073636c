"""What a strict reviewer asks of notebooks and of their tracked run, as far as a machine can answer.

The shape of source notebooks is tested in ``test_structure.py``, the workflows in ``tests/tools/test_workflows.py``.
"""

from __future__ import annotations

import ast
import json
import re
import statistics
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import papermill
import pytest

from sleepcot_utils.config import parameters_model, plain_type
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.study.records import schema
from sleepcot_utils.study.stages import STAGES
from sleepcot_utils.teach.registry import PASTED_KEY

SOURCES = sorted((PROJECT_ROOT / "notebooks").glob("*.ipynb"))
REFERENCE = PROJECT_ROOT / "papermill_runs" / "reference"
EXECUTED = sorted(REFERENCE.glob("*.ipynb"))
#: A share or a p value that somebody typed, where a result belongs that is computed.
TYPED_RESULT = re.compile(r"[^.\n]*(?:\b\d+(?:\.\d+)?\s?%|\bp\s?[<=]\s?0?\.\d+|\b0\.\d+\b)[^.\n]*")
#: Numbers of the prose that are no result: levels of intervals, what a scale means, findings of others with their source.
NO_RESULT = (
    "95 % interval",
    "seven of them saw between 18 and 54 % of the wake epochs",  # of the validation study that the cell names
    "0.5 would mean that",
    '"70 % rest"',
)
#: Code cells and lines of a cell. 04 shows every analysis of the plan in a section of its own, so it has more cells.
MOST_CODE_CELLS = {"04_compare_student_and_baselines": 64}
CODE_CELLS, LONGEST_CELL, MEDIAN_CELL, WORDS_A_CODE_CELL = (14, 40), 40, 16, 22
CONTROL = re.compile(r"control|shuffl|wrong.person|nothing planted", re.IGNORECASE)
MACHINE = re.compile(r"/(?:home|root|work|Users|mnt)/|[A-Z]:\\\\Users")


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [{**cell, "source": "".join(cell["source"])} for cell in notebook["cells"] if cell["cell_type"] == kind]


def is_exercise(cell: dict[str, Any]) -> bool:
    return "exercise" in cell["metadata"].get("tags", [])


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_papermill_lists_every_parameter_with_type_and_help(source: Path) -> None:
    shown = papermill.inspect_notebook(str(source))
    fields = parameters_model(source.stem).model_fields
    assert list(shown) == list(fields)
    for name, entry in shown.items():
        assert entry["inferred_type_name"] == plain_type(source.stem, name).__name__
        assert len(entry["help"]) > 10
        assert ast.literal_eval(entry["default"]) == fields[name].default


def test_names_say_order_and_what_is_done() -> None:
    assert all(re.fullmatch(r"\d\d_[a-z]+(_[a-z]+)+", path.stem) for path in SOURCES)
    assert [stage.notebook for stage in STAGES] == [path.stem for path in SOURCES]
    numbers = {stage.notebook: int(stage.notebook[:2]) for stage in STAGES}
    assert sorted(numbers.values()) == list(range(len(STAGES)))


def test_no_result_is_typed_into_prose(source: Path) -> None:
    typed = [
        found.group(0).strip()
        for cell in cells(source, "markdown")
        if not is_exercise(cell)
        for found in TYPED_RESULT.finditer(cell["source"])
    ]
    assert [text for text in typed if not any(allowed in text for allowed in NO_RESULT)] == []


def test_the_budget_of_cells_is_kept(source: Path) -> None:
    code = [cell["source"] for cell in cells(source, "code")]
    least, most = CODE_CELLS
    assert least <= len(code) <= MOST_CODE_CELLS.get(source.stem, most)
    lines = [len(cell.splitlines()) for cell in code[2:]]
    assert max(lines) <= LONGEST_CELL, f"a cell of {max(lines)} lines belongs into the package in part"
    assert statistics.median(lines) <= MEDIAN_CELL
    words = sum(len(cell["source"].split()) for cell in cells(source, "markdown"))
    assert words / len(code) >= WORDS_A_CODE_CELL


def test_there_is_a_negative_control_and_claims_are_asserted(source: Path) -> None:
    text = "\n".join(cell["source"] for kind in ("markdown", "code") for cell in cells(source, kind))
    assert CONTROL.search(text)
    asserted = [cell for cell in cells(source, "code") if re.search(r"^\s*assert ", cell["source"], re.MULTILINE)]
    assert len(asserted) >= 3
    assert sum("say(" in cell["source"] for cell in cells(source, "code")) >= 3, "takeaways are computed"


@pytest.mark.parametrize("executed", EXECUTED, ids=lambda path: path.stem)
def test_executed_copies_show_no_machine_no_key_and_no_warning(executed: Path) -> None:
    text = executed.read_text(encoding="utf-8")
    assert not MACHINE.search(text) and not PASTED_KEY.search(text)
    for cell in cells(executed, "code"):
        assert cell["execution_count"] is not None or not cell["source"].strip()
        for output in cell["outputs"]:
            assert output["output_type"] != "error" and output.get("name") != "stderr"


@pytest.mark.parametrize("executed", EXECUTED, ids=lambda path: path.stem)
def test_each_executed_copy_has_a_complete_record(executed: Path) -> None:
    record = json.loads((REFERENCE / f"{executed.stem}_result.json").read_text(encoding="utf-8"))
    jsonschema.validate(record, schema())
    assert record["outputs"] and record["metrics"] and record["versions"]["python"]
    assert re.fullmatch(r"[0-9a-f]{40}", record["commit"])
    assert not MACHINE.search(json.dumps(record))


def test_each_tracked_figure_is_described_and_says_where_its_data_come_from() -> None:
    folder = PROJECT_ROOT / "figures" / "reference"
    described = json.loads((folder / "alt_text.json").read_text(encoding="utf-8"))
    assert {path.stem for path in folder.glob("*.png")} == set(described) == {p.stem for p in folder.glob("*.svg")}
    for name, entry in described.items():
        assert len(entry["alt"].split()) >= 8, name
        assert len(entry["caption"].split()) >= 5, name
        assert "simulated data" in entry["origin"] or "real data" in entry["origin"], name


def test_nothing_is_evaluated_or_unpickled() -> None:
    risky: list[str] = []
    for path in sorted((PROJECT_ROOT / "sleepcot_utils").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                risky += [
                    f"{path.name}: {name}" for name in names if name.split(".")[0] in ("pickle", "joblib", "dill")
                ]
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                if called in ("eval", "exec", "os.system", "yaml.unsafe_load", "pandas.read_pickle", "pd.read_pickle"):
                    risky.append(f"{path.name}: {called}")
                if called == "torch.load" and keywords.get("weights_only") != "True":
                    risky.append(f"{path.name}: torch.load of anything but weights")
                if keywords.get("shell") == "True":
                    risky.append(f"{path.name}: a shell")
    assert risky == []


def test_the_front_page_has_what_a_stranger_looks_for() -> None:
    page = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    first_screen = page[:6000]
    assert "figures/reference/" in first_screen and "make smoke" in page and "make study" in page
    for section in ("simulated", "cite", "## When something fails", "papermill_runs/reference"):
        assert section in page, section
    for name in ("CITATION.cff", "LICENSE", "LICENSE-TEXT.md", "CHANGELOG.md", ".github/ISSUE_TEMPLATE/bug.yml"):
        assert (PROJECT_ROOT / name).is_file()


def test_torch_is_not_needed_to_read_the_statistics() -> None:
    """`compare` and `figures` are read by people without a GPU build: none of their modules imports torch at its top."""
    found = []
    for room in ("compare", "figures", "report", "ingest", "monitor", "simulate", "study"):
        for path in (PROJECT_ROOT / "sleepcot_utils" / room).rglob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                    found += [path.name for name in names if name.split(".")[0] in ("torch", "transformers")]
    assert found == []


def test_versions_are_locked() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = set(re.findall(r"^([a-z0-9.-]+)==", (PROJECT_ROOT / "constraints.txt").read_text(), re.MULTILINE))
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[<>=~!\[]", one)[0]).lower() for one in wanted}
    assert names - locked == set()
