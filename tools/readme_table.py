"""Put the results of the reference run into README.md and README.zh.md, or check them (``--check``).

Everything between the two markers is replaced: one line that names the run, and the four primary endpoints of every
source. Where there is no reference run, one line says so.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from sleepcot_utils.compare.plan import ENDPOINTS
from sleepcot_utils.errors import ArtifactError, InputError, StudyError
from sleepcot_utils.figures.labels import metric_label
from sleepcot_utils.figures.theme import order_sources
from sleepcot_utils.paths import PROJECT_ROOT, RunPaths, relative_name
from sleepcot_utils.study.records import read_record
from sleepcot_utils.study.results import REFERENCE, RESULT_SUMMARY

README = PROJECT_ROOT / "README.md"
README_CHINESE = PROJECT_ROOT / "README.zh.md"
START, END = "<!-- results -->", "<!-- /results -->"
COMPARE = "04_compare_student_and_baselines"
NO_REFERENCE = {
    "en": "*There is no reference run yet: `make study`, then `make promote`, puts its result table here.*",
    "zh": "*尚无参考运行：先执行 `make study`，再执行 `make promote`，结果表便会出现在这里。*",
}
CAPTION = {
    "en": "Run `{run}`, profile `{profile}`, seed {seed}: {persons} held-out simulated persons and {cards} knowledge cards; "
    "seeds per student: {seeds}; base model `{student}`. Scores from 0 to 1 with 95 % intervals.",
    "zh": "运行 `{run}`，配置 `{profile}`，种子 {seed}：{persons} 位留出的模拟人和 {cards} 张知识卡；"
    "每种学生 {seeds} 个种子，基础模型 `{student}`。得分从 0 到 1，方括号内为 95 % 区间。",
}
#: Head of the table in Chinese; in English it is the label of the figures.
CHINESE_HEAD = {
    "source": "来源",
    "main_driver_right": "主因正确",
    "verdict_right": "结论正确",
    "knowledge_right": "知识正确",
    "numbers_right": "数字正确",
}
#: Endpoint whose unit is the knowledge card; the unit of all others is the person.
CARDS = "knowledge_right"
NOT_APPLICABLE = "–"


def results_text(language: str = "en") -> str:
    """What stands between the markers: a line about the reference run and its table, or that there is none.

    Parameters
    ----------
    language : {"en", "zh"}
        Of the line and of the head of the table.

    Returns
    -------
    str
        Markdown without a line break at its end.

    Raises
    ------
    ArtifactError
        If the results or their record are missing where the other is there, can't be read or lack a primary endpoint.
    """
    reference = RunPaths(REFERENCE)
    results, record = reference.notebooks / RESULT_SUMMARY, reference.result_record(COMPARE)
    if not results.exists() and not record.exists():
        return NO_REFERENCE[language]
    for path in (results, record):
        if not path.exists():
            raise ArtifactError(
                "this file of the reference run is missing", where=relative_name(path), expected="`make promote`"
            )
    rows = _rows(results)
    return f"{_caption(read_record(record), rows, language)}\n\n{_table(rows, language)}"


def _rows(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Source and endpoint to the row of the summary."""
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))["summary"]
        rows = {(row["source"], row["metric"]): row for row in summary if row["metric"] in ENDPOINTS}
        for row in rows.values():
            for name in ("mean", "low", "high", "n_persons"):
                _ = None if row[name] is None else float(row[name])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"the results can't be read ({type(error).__name__}: {error})",
            where=relative_name(path),
            expected="a JSON file that notebook 04 wrote",
        ) from None
    for endpoint in ENDPOINTS:
        if endpoint not in {metric for _, metric in rows}:
            raise ArtifactError(
                "a primary endpoint is missing",
                where=relative_name(path),
                expected=f"rows of {endpoint} in the summary",
            )
    return rows


def _caption(record: dict[str, Any], rows: dict[tuple[str, str], dict[str, Any]], language: str) -> str:
    parameters = record["parameters"]
    return CAPTION[language].format(
        run=record["run"],
        profile=record["profile"],
        seed=record["seed"],
        persons=max(int(row["n_persons"]) for (_, metric), row in rows.items() if metric != CARDS),
        cards=max(int(row["n_persons"]) for (_, metric), row in rows.items() if metric == CARDS),
        seeds=len(parameters["student_seeds"].split(",")),
        student=parameters["student"],
    )


def _table(rows: dict[tuple[str, str], dict[str, Any]], language: str) -> str:
    head = ["source", *(metric_label(endpoint) for endpoint in ENDPOINTS)]
    if language == "zh":
        head = [CHINESE_HEAD[name] for name in ("source", *ENDPOINTS)]
    lines = [_line(head), "|---|" + "---:|" * len(ENDPOINTS)]
    for source in order_sources(source for source, _ in rows):
        lines.append(_line([f"`{source}`", *(_cell(rows.get((source, endpoint))) for endpoint in ENDPOINTS)]))
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(row: dict[str, Any] | None) -> str:
    if row is None or _missing(row["mean"]):
        return NOT_APPLICABLE
    interval = "" if _missing(row["low"]) or _missing(row["high"]) else f" [{row['low']:.2f}, {row['high']:.2f}]"
    return f"{row['mean']:.2f}{interval}"


def _missing(value: float | None) -> bool:
    return value is None or math.isnan(value)


def with_results(readme: str, results: str) -> str:
    """The README with its results replaced.

    Parameters
    ----------
    readme : str
        Text of the README, with one start marker and one end marker behind it.
    results : str
        What shall stand between them.

    Raises
    ------
    InputError
        If the markers are not there once each, in order.
    """
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end) or START in rest or END in before + after:
        raise InputError(
            "the place of the result table can't be found",
            where=README.name,
            expected=f"{START} and then {END}, once each",
        )
    return f"{before}{START}\n{results}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write both READMEs, or compare them; returns the exit code: 1 for a difference, 2 for input that is at fault."""
    stale = False
    try:
        pages = [(README, results_text("en")), (README_CHINESE, results_text("zh"))]
        for page, results in pages:
            text = page.read_text(encoding="utf-8")
            wanted = with_results(text, results)
            if text == wanted:
                continue
            if "--check" in arguments:
                print(
                    f"{page.name} does not show the results of the reference run: run tools/readme_table.py",
                    file=sys.stderr,
                )
                stale = True
            else:
                page.write_text(wanted, encoding="utf-8")
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
