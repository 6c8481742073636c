"""Results at a glance: one HTML page of a run that needs nothing else, no file beside it, no network, no script."""

from __future__ import annotations

import base64
import json
import math
from html import escape
from pathlib import Path
from typing import Any

from sleepcot_utils.compare.plan import ENDPOINTS
from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.figures.labels import metric_label
from sleepcot_utils.figures.theme import order_sources
from sleepcot_utils.paths import RunPaths, relative_name
from sleepcot_utils.study.records import read_record
from sleepcot_utils.study.results import PAGE, RESULT_SUMMARY

COMPARE = "04_compare_student_and_baselines"
MAIN_FIGURE = "04_scores"
#: Name of the file in which figures keep their descriptions.
ALT_TEXTS = "alt_text.json"
#: The page may use its own styles and embedded images, and load nothing at all.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
#: How the conclusion marks what is not primary.
SECONDARY = "(secondary)"
SIMULATED = (
    "All people and nights are simulated; no score here is evidence about real sleepers.",
    "Keys hold what rules can compute from a report. The embedded teacher shares them: a ceiling, and no finding.",
    "Nobody's sleep was improved and no advice here was read by a clinician.",
)
#: Colors have a contrast above 4.5:1 against their background (WCAG 2.1, level AA), light and dark.
STYLE = """
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #ffffff; --ink: #222222; --soft: #595959; --line: #d5d7db; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --card: #1f2327; --ink: #ececec; --soft: #b4b8bd;
  --line: #3d4349; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI",
  Roboto, "Noto Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin: 0 0 0.4rem; }
summary { cursor: pointer; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; padding: 0.9rem 1rem;
  margin: 0 0 1rem; overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-top: 1px solid var(--line); padding: 0.25rem 0.7rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; height: auto; background: #ffffff; }
p { margin: 0.3rem 0; } ul { margin: 0.2rem 0; padding-left: 1.2rem; } .about { color: var(--soft); }
"""


def write_page(run: str) -> Path | None:
    """Write the page of a run; None where the run holds no comparison.

    Parameters
    ----------
    run : str
        Name of the run.

    Returns
    -------
    pathlib.Path or None
        ``papermill_runs/<run>/results.html``.

    Raises
    ------
    ArtifactError
        If the result of notebook 04 can't be read.
    """
    paths = RunPaths(run)
    summary = paths.data / RESULT_SUMMARY
    if not summary.exists() or not paths.result_record(COMPARE).exists():
        return None
    try:
        result = json.loads(summary.read_text(encoding="utf-8"))
        page = page_html(result, read_record(paths.result_record(COMPARE)), paths)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(
            f"the results can't be read ({type(error).__name__}: {error})",
            where=relative_name(summary),
            expected="a JSON file that notebook 04 wrote",
        ) from None
    target = paths.notebooks / PAGE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8")
    return target


def page_html(result: dict[str, Any], record: dict[str, Any], paths: RunPaths) -> str:
    """The page as a whole HTML document.

    Parameters
    ----------
    result : dict
        ``comparison.json``: ``summary``, ``conclusion`` and, where notebook 04 gave them, ``glance`` (sentences) and
        ``not_run`` (what this run does not hold).
    record : dict
        Record of notebook 04.
    paths : RunPaths
        Where figures and executed notebooks lie.
    """
    parameters = record["parameters"]
    seeds = parameters["student_seeds"].split(",")
    about = (
        f"Run {record['run']}, profile {record['profile']}, seed {record['seed']}; arms {parameters['arms']}; "
        f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''} per student; base model {parameters['student']}."
    )
    parts = [
        _section("At a glance", _list(result.get("glance", ()))),
        _section("Main figure", _figure(paths)),
        _section("Scores, with 95 % intervals over persons (knowledge: over cards)", _table(result["summary"])),
        _section("What follows from the numbers", _conclusion(result["conclusion"])),
        _section("What is simulated", _list(SIMULATED)),
        _section("What was not run", _list(result.get("not_run", ()))),
        _section("Where to look", _where(paths)),
    ]
    title = "Does the rationale help, and is a small student as good as its teacher?"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>SleepCoT study: {escape(record["run"])}'
        f"</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f'<p class="about">{escape(about)} Simulated data.</p>\n{"".join(parts)}</main>\n</body>\n</html>\n'
    )


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>\n" if body else ""


def _list(lines: Any) -> str:
    items = "".join(f"<li>{_marked(str(line))}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _conclusion(markdown: str) -> str:
    """Paragraphs and bullets of the conclusion, secondary contrasts folded away; other Markdown it does not hold."""
    blocks = []
    for block in markdown.split("\n\n"):
        lines = [line for line in block.splitlines() if line.strip()]
        bullets = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
        later = [line for line in bullets if SECONDARY in line]
        blocks += [f"<p>{_marked(line)}</p>" for line in lines if not line.startswith("- ")]
        blocks.append(_list(line for line in bullets if line not in later))
        if later:
            blocks.append(f"<details><summary>{len(later)} secondary contrasts</summary>{_list(later)}</details>")
    return "\n".join(block for block in blocks if block)


def _marked(text: str) -> str:
    parts = escape(text).split("**")
    return "".join(f"<strong>{part}</strong>" if at % 2 else part for at, part in enumerate(parts))


def _figure(paths: RunPaths) -> str:
    picture, texts = paths.figures / f"{MAIN_FIGURE}.png", paths.figures / ALT_TEXTS
    if not picture.exists():
        return ""
    known = json.loads(texts.read_text(encoding="utf-8")) if texts.exists() else {}
    entry = known.get(MAIN_FIGURE, known.get(picture.name, ""))
    alt = entry.get("alt", "") if isinstance(entry, dict) else str(entry)
    data = base64.b64encode(picture.read_bytes()).decode("ascii")
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}">'


def _table(summary: list[dict[str, Any]]) -> str:
    rows = {(row["source"], row["metric"]): row for row in summary}
    head = "".join(f"<th>{escape(name)}</th>" for name in ("source", *map(metric_label, ENDPOINTS)))
    lines = [f"<tr>{head}</tr>"]
    for source in order_sources(source for source, metric in rows if metric in ENDPOINTS):
        cells = "".join(f"<td>{_cell(rows.get((source, metric)))}</td>" for metric in ENDPOINTS)
        lines.append(f"<tr><td>{escape(source)}</td>{cells}</tr>")
    return f'<table>{"".join(lines)}</table>\n<p class="about">–: this source does not answer such questions.</p>'


def _cell(row: dict[str, Any] | None) -> str:
    if row is None or row["mean"] is None or math.isnan(row["mean"]):
        return "–"
    low, high = row["low"], row["high"]
    ends = "" if low is None or high is None or math.isnan(low) or math.isnan(high) else f" [{low:.2f}, {high:.2f}]"
    return f"{row['mean']:.2f}{ends}"


def _where(paths: RunPaths) -> str:
    copies = sorted(path for path in paths.notebooks.glob("*.ipynb") if not path.stem.endswith("_failed"))
    links = [f'<li><a href="{escape(path.name)}">{escape(path.stem)}</a></li>' for path in copies]
    links.append(f"<li>figures with their descriptions: {escape(relative_name(paths.figures))}/</li>")
    links.append(f"<li>every number of this page: {escape(relative_name(paths.data / RESULT_SUMMARY))}</li>")
    return f"<ul>{''.join(links)}</ul>"
