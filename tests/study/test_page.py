"""Results at a glance: one page that needs nothing else, made of what notebook 04 wrote."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sleepcot_utils.compare.plan import ENDPOINTS
from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.study.page import COMPARE, PAGE, write_page
from sleepcot_utils.study.records import SCHEMA_VERSION

PICTURE = b"\x89PNG picture"


class Reader(HTMLParser):
    """Checks that tags close in order, and collects what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [str(value) for name, value in attrs if name == "src"]
        assert tag != "script"
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunPaths:
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    paths = RunPaths("mine")
    for folder in (paths.data, paths.notebooks, paths.figures):
        folder.mkdir(parents=True)
    (paths.figures / "04_scores.png").write_bytes(PICTURE)
    (paths.figures / "alt_text.json").write_text(json.dumps({"04_scores": {"alt": 'scores of "all"'}}))
    (paths.notebooks / f"{COMPARE}.ipynb").write_text("{}")
    record: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "run": "mine", "profile": "laptop", "seed": 3}
    record["parameters"] = {"student_seeds": "1", "student": "embedded", "arms": "answer_only,cot"}
    paths.result_record(COMPARE).write_text(json.dumps(record))
    return paths


def write(paths: RunPaths, **more: Any) -> None:
    summary = [
        {
            "source": source,
            "metric": metric,
            "mean": 0.5,
            "low": 0.25,
            "high": float("nan") if source == "cot" else 0.75,
        }
        for source in ("teacher", "cot")
        for metric in ENDPOINTS
    ]
    summary.append({"source": "gradient_boosting", "metric": ENDPOINTS[0], "mean": 0.88, "low": 0.8, "high": 0.95})
    result = {
        "conclusion": "One claim.\n\n- **cot** <is> better.\n- **other** (secondary): no.\n\nOne seed.",
        "summary": summary,
        **more,
    }
    (paths.data / "comparison.json").write_text(json.dumps(result))


def test_the_page_holds_figure_table_claims_and_what_was_not_run(run: RunPaths) -> None:
    write(run, not_run=["Not in this run: cot_half."], glance=["A **glance**."])
    page = write_page("mine")
    assert page == run.notebooks / PAGE
    text = page.read_text()
    reader = Reader()
    reader.feed(text)
    assert reader.open == [] and reader.sources == [f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"]
    assert 'alt="scores of &quot;all&quot;"' in text
    assert "<li><strong>cot</strong> &lt;is&gt; better.</li>" in text and "<p>One seed.</p>" in text
    assert "<details><summary>1 secondary contrasts</summary><ul><li><strong>other</strong> (secondary)" in text
    assert "Not in this run: cot_half." in text and "A <strong>glance</strong>." in text and "Simulated data" in text
    rows = re.findall(r"<tr><td>(.*?)</td></tr>", text)
    assert rows[-1] == "teacher" + "</td><td>0.50 [0.25, 0.75]" * 4
    boosting = next(row for row in rows if row.startswith("gradient"))
    assert boosting == "gradient_boosting</td><td>0.88 [0.80, 0.95]" + "</td><td>–" * 3
    assert next(row for row in rows if row.startswith("cot")) == "cot" + "</td><td>0.50" * 4
    assert f'href="{COMPARE}.ipynb"' in text and "1 seed per student" in text


def test_the_page_of_an_older_result_or_without_a_figure_is_shorter(run: RunPaths) -> None:
    write(run)
    (run.figures / "04_scores.png").unlink()
    text = write_page("mine").read_text()
    assert "What was not run" not in text and "<img" not in text


def test_no_comparison_no_page_and_a_broken_one_is_named(run: RunPaths) -> None:
    assert write_page("mine") is None
    (run.data / "comparison.json").write_text("[1]")
    with pytest.raises(ArtifactError, match=r"comparison\.json"):
        write_page("mine")
