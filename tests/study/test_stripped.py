"""Source notebooks hold no outputs; executed copies stand in ``papermill_runs``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sleepcot_utils.paths import PROJECT_ROOT

SOURCES = sorted((PROJECT_ROOT / "notebooks").rglob("*.ipynb"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_source_is_stripped(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for number, cell in enumerate(notebook["cells"], start=1):
        place = f"{path.name}, cell {number}"
        assert not cell.get("outputs"), f"{place} holds outputs: nbstripout notebooks/*.ipynb"
        assert cell.get("execution_count") is None, f"{place} holds an execution count"
        assert not {"papermill", "execution", "collapsed"} & set(cell["metadata"]), f"{place} holds traces of a run"
    assert "papermill" not in notebook["metadata"]
    assert "version" not in notebook["metadata"].get("language_info", {})
