"""The result table of the README: made from the reference run, in a fixed order, and checked."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sleepcot_utils.compare.plan import ENDPOINTS
from sleepcot_utils.errors import ArtifactError, InputError
from sleepcot_utils.paths import PROJECT_ROOT, RunPaths
from sleepcot_utils.study.records import SCHEMA_VERSION

COMPARE = "04_compare_student_and_baselines"
PAGE = "# Title\n\n<!-- results -->\nold\n<!-- /results -->\n\nend\n"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The tool, with a README and a reference run below a temporary folder."""
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    specification = importlib.util.spec_from_file_location("readme_table", PROJECT_ROOT / "tools" / "readme_table.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setattr(module, "README", tmp_path / "README.md")
    monkeypatch.setattr(module, "README_CHINESE", tmp_path / "README.zh.md")
    module.README.write_text(PAGE)
    module.README_CHINESE.write_text(PAGE)
    return module


def row(source: str, metric: str, mean: float | None, low: Any = 0.25, high: Any = 0.75) -> dict[str, Any]:
    persons = 72 if metric == "knowledge_right" else 120
    return {"source": source, "metric": metric, "mean": mean, "low": low, "high": high, "n_persons": persons}


def cells(page: Path) -> list[str]:
    """The rows of results, which are the same in every language."""
    return [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]


def write_reference(summary: list[dict[str, Any]]) -> None:
    folder = RunPaths("reference").notebooks
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "comparison.json").write_text(json.dumps({"conclusion": "", "summary": summary}))
    record = {
        "schema_version": SCHEMA_VERSION,
        "run": "mine",
        "profile": "laptop",
        "seed": 3,
        "parameters": {"student_seeds": "1,2,5", "student": "embedded"},
    }
    (folder / f"{COMPARE}_result.json").write_text(json.dumps(record))


def test_the_table_has_sources_in_the_order_of_the_figures_and_endpoints_as_columns(tool: ModuleType) -> None:
    summary = [row(source, metric, 0.5) for source in ("teacher", "cot", "base") for metric in ENDPOINTS]
    write_reference([*summary, row("constant", "verdict_right", 0.123), row("cot", "safe", 1.0)])
    assert tool.main([]) == 0
    lines = tool.README.read_text().splitlines()
    assert lines[3].startswith(
        "Run `mine`, profile `laptop`, seed 3: 120 held-out simulated persons and 72 knowledge cards"
    )
    assert "seeds per student: 3; base model `embedded`" in lines[3]
    assert lines[5] == "| source | main driver right | verdict right | knowledge right | numbers right |"
    assert lines[7] == "| `constant` | – | 0.12 [0.25, 0.75] | – | – |"
    assert [line.split("`")[1] for line in lines[7:11]] == ["constant", "base", "cot", "teacher"]
    assert lines[:3] == PAGE.splitlines()[:3] and lines[11:] == ["<!-- /results -->", "", "end"]
    widths = {line.count("|") for line in lines[5:11]}
    assert widths == {2 + len(ENDPOINTS)}


def test_a_mean_without_interval_and_a_value_that_is_not_a_number(tool: ModuleType) -> None:
    first, second, *others = ENDPOINTS
    summary = [
        row("cot", first, 0.5, None, None),
        row("cot", second, math.nan),
        *(row("cot", name, 1.0) for name in others),
    ]
    write_reference(summary)
    assert "| `cot` | 0.50 | – | 1.00 [0.25, 0.75] | 1.00 [0.25, 0.75] |" in tool.results_text()


def test_check_notices_a_difference_and_writes_nothing(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--check"]) == 1
    assert tool.README.read_text() == PAGE and "run tools/readme_table.py" in capsys.readouterr().err
    assert tool.main([]) == 0
    assert "There is no reference run yet" in tool.README.read_text()
    assert tool.main(["--check"]) == 0
    write_reference([row("cot", metric, 0.5) for metric in ENDPOINTS])
    assert tool.main(["--check"]) == 1
    assert tool.main([]) == 0 and tool.main(["--check"]) == 0
    assert cells(tool.README) == cells(tool.README_CHINESE) != []
    tool.README_CHINESE.write_text(PAGE)
    assert tool.main(["--check"]) == 1 and "README.zh.md" in capsys.readouterr().err
    assert tool.main([]) == 0
    write_reference([row("cot", metric, 0.51) for metric in ENDPOINTS])
    assert tool.main(["--check"]) == 1


@pytest.mark.parametrize(
    "damaged",
    ["", "{}", '{"summary": [{}]}', '{"summary": [{"metric": "verdict_right", "source": "cot", "mean": "x"}]}'],
)
def test_damaged_results_give_one_message(tool: ModuleType, damaged: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_reference([])
    (RunPaths("reference").notebooks / "comparison.json").write_text(damaged)
    assert tool.main([]) == 2
    assert "papermill_runs/reference/comparison.json: the results can't be read" in capsys.readouterr().err
    assert tool.README.read_text() == PAGE


def test_results_without_an_endpoint_or_a_record_are_refused(tool: ModuleType) -> None:
    write_reference([row("cot", metric, 0.5) for metric in ENDPOINTS[1:]])
    with pytest.raises(ArtifactError, match=f"a primary endpoint is missing.*{ENDPOINTS[0]}"):
        tool.results_text()
    (RunPaths("reference").notebooks / f"{COMPARE}_result.json").unlink()
    with pytest.raises(ArtifactError, match=f"{COMPARE}_result.json: this file of the reference run is missing"):
        tool.results_text()


@pytest.mark.parametrize(
    "page",
    ["no marker", "<!-- results -->", "<!-- /results --> <!-- results -->", PAGE + PAGE, PAGE + "<!-- /results -->"],
)
def test_a_readme_without_exactly_one_place_is_refused(tool: ModuleType, page: str) -> None:
    with pytest.raises(InputError, match="README.md: the place of the result table can't be found"):
        tool.with_results(page, "table")


def test_the_readme_of_the_repository_is_up_to_date(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLEEPCOT_ROOT")
    monkeypatch.setattr(tool, "README", PROJECT_ROOT / "README.md")
    monkeypatch.setattr(tool, "README_CHINESE", PROJECT_ROOT / "README.zh.md")
    assert tool.main(["--check"]) == 0
