"""The human rating kit: blinded, sampled and counterbalanced sheets for raters, and their ratings read back.

Raters see a report, a question and an answer under a code that says nothing of its source. Every rater rates every
answer, so that agreement can be told, in rounds: in each round each task comes once, and the source that a task is
answered by moves on from round to round and from rater to rater, so that no source comes earlier than another on the
whole. The key that ties codes to sources is a file of its own, to be kept from the raters.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.score.agreement import bootstrap_interval, gwet_ac2, krippendorff_alpha
from sleepcot_utils.score.principles import SCALE, principles
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task

KEY_COLUMNS = ("kit", "item", "task_id", "person_id", "kind", "source", "seed")
RATING_COLUMNS = ("rater", "item", "task_id", "person_id", "kind", "source", "seed", "principle", "rating")
AGREEMENT_COLUMNS = (
    "principle", "items", "raters", "alpha", "alpha_low", "alpha_high", "ac2", "ac2_low", "ac2_high",
)  # fmt: skip
RATER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
#: Spreadsheets take a text that begins so for a formula.
FORMULA = re.compile(r"\A[=+\-@\t\r]")


@dataclass(frozen=True)
class Kit:
    """Sheets for raters and the key.

    Attributes
    ----------
    name : str
        Code of the kit; ratings of another kit are refused.
    sheets : dict of str to pandas.DataFrame
        Rater to ``item, position, question, answer`` in the order in which they are rated.
    key : pandas.DataFrame
        ``KEY_COLUMNS``, by item.
    """

    name: str
    sheets: dict[str, pd.DataFrame]
    key: pd.DataFrame


def make_kit(
    tasks: Sequence[Task],
    answers: Mapping[str, Sequence[Answer]],
    raters: Sequence[str],
    *,
    tasks_rated: int,
    rng: np.random.Generator,
) -> Kit:
    """Draw tasks and lay out the sheets.

    Parameters
    ----------
    tasks : sequence of Task
        To draw from; kinds and topics get their turn, and no person comes twice before all have come once.
    answers : mapping of str to sequence of Answer
        Source to its answers, of one seed; only what is said as the answer is shown, because a rationale gives its
        source away.
    raters : sequence of str
        Names for files: lower-case letters, digits and dashes.
    tasks_rated : int
        Tasks to draw; each rater rates as many answers times the number of sources.

    Raises
    ------
    ParameterError
        If a name can't be a rater's, or there are too few tasks.
    InputError
        If a source lacks an answer to a drawn task.
    """
    wrong = [rater for rater in raters if not RATER_NAME.fullmatch(rater)]
    if wrong or not raters or len(set(raters)) < len(raters):
        problem = f"{wrong[0]!r} can't be a rater's name" if wrong else "raters are missing or named twice"
        raise ParameterError(problem, where="raters", expected="names of a-z, 0-9 and -")
    if not 1 <= tasks_rated <= len(tasks) or not answers:
        raise ParameterError(
            f"{tasks_rated} of {len(tasks)} tasks can't be drawn for {len(answers)} sources", where="tasks_rated"
        )
    drawn, sources = _drawn(tasks, tasks_rated, rng), list(answers)
    by_source = {source: {answer.task_id: answer for answer in answers[source]} for source in sources}
    for source in sources:
        lacking = next((task.task_id for task in drawn if task.task_id not in by_source[source]), None)
        if lacking is not None:
            raise InputError(f"{source} has no answer to {lacking!r}", where="answers", expected="one to each task")
    name = "".join(rng.choice(list("abcdefghjkmnpqrstuvwxyz23456789"), size=8))
    pairs = [(at, number) for at in range(len(drawn)) for number in range(len(sources))]
    codes = {pair: f"a{place + 1:03d}" for pair, place in zip(pairs, rng.permutation(len(pairs)), strict=True)}
    rows = []
    for at, number in pairs:
        task, source = drawn[at], sources[number]
        seed = by_source[source][task.task_id].seed
        rows.append((name, codes[at, number], task.task_id, task.person_id, task.kind, source, seed))
    key = pd.DataFrame(rows, columns=list(KEY_COLUMNS)).sort_values("item", ignore_index=True)
    sheets = {}
    for turn, rater in enumerate(raters):
        order = _order(len(drawn), len(sources), turn, rng)
        sheets[rater] = pd.DataFrame(
            [
                (codes[at, number], position, drawn[at].messages[-1]["content"],
                 by_source[sources[number]][drawn[at].task_id].answer)
                for position, (at, number) in enumerate(order, start=1)
            ],
            columns=["item", "position", "question", "answer"],
        )  # fmt: skip
    return Kit(name, sheets, key)


def write_kit(folder: Path, kit: Kit) -> list[Path]:
    """Write ``sheet-<rater>.csv``, ``sheet-<rater>.html`` and ``key.csv`` (for nobody who rates)."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for rater, sheet in kit.sheets.items():
        table = sheet.assign(kit=kit.name, rater=rater, **dict.fromkeys(principles(), ""), comment="")
        for column in ("question", "answer"):
            table[column] = [f"'{text}" if FORMULA.match(text) else text for text in table[column]]
        columns = ["kit", "rater", "item", "position", "question", "answer", *principles(), "comment"]
        written += [folder / f"sheet-{rater}.csv", folder / f"sheet-{rater}.html"]
        table[columns].to_csv(written[-2], index=False, quoting=csv.QUOTE_ALL)
        written[-1].write_text(form_html(kit, rater), encoding="utf-8")
    written.append(folder / "key.csv")
    kit.key.to_csv(written[-1], index=False)
    return written


def form_html(kit: Kit, rater: str) -> str:
    """One rater's sheet as a page that opens from disk, asks no server and saves a CSV file."""
    content = {
        "kit": kit.name,
        "rater": rater,
        "scale": list(SCALE),
        "principles": [asdict(one) for one in principles().values()],
        "items": kit.sheets[rater][["item", "question", "answer"]].to_dict("records"),
    }
    page = Path(__file__).with_name("rating_form.html").read_text(encoding="utf-8")
    # An answer may hold "</script>", which would end the block that holds it.
    return page.replace("KIT_JSON", json.dumps(content).replace("<", "\\u003c"))


def read_ratings(paths: Iterable[Path], key: pd.DataFrame) -> pd.DataFrame:
    """Ratings of any number of raters with what the key says of each item.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Filled sheets or files that the form saved.
    key : pandas.DataFrame
        ``key.csv``.

    Returns
    -------
    pandas.DataFrame
        ``RATING_COLUMNS``, one row a rating; what was left open is left out.

    Raises
    ------
    InputError
        Naming file and row: a column is missing, the kit is another, an item is unknown or comes twice, or a rating is
        none of the scale.
    """
    known = key.set_index("item").to_dict("index")
    rows, seen = [], set()
    for path in paths:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        missing = [name for name in ("kit", "rater", "item", *principles()) if name not in table]
        if missing:
            raise InputError(f"the column {missing[0]!r} is missing", where=path.name, expected="a sheet of this kit")
        for number, entry in enumerate(table.to_dict("records"), start=2):
            where = f"{path.name}, row {number}"
            rater, item = entry["rater"].strip(), entry["item"].strip()
            if item not in known or entry["kit"] != known[item]["kit"]:
                raise InputError(f"the item {item!r} of the kit {entry['kit']!r} is not in the key", where=where)
            if (rater, item) in seen:
                raise InputError(f"{rater} rates {item} twice", where=where)
            seen.add((rater, item))
            for name in principles():
                text = entry[name].strip()
                if text and text not in {str(mark) for mark in SCALE}:
                    raise InputError(f"{text!r} is no rating", where=f"{where}, {name}", expected="1 to 5 or nothing")
                if text:
                    rows.append({"rater": rater, "item": item, **known[item], "principle": name, "rating": int(text)})
    return pd.DataFrame(rows, columns=list(RATING_COLUMNS))


def agreement_table(ratings: pd.DataFrame, rng: np.random.Generator, *, resamples: int = 2000) -> pd.DataFrame:
    """Agreement of the raters on each principle.

    Returns
    -------
    pandas.DataFrame
        ``AGREEMENT_COLUMNS``: Krippendorff's alpha (ordinal) and Gwet's AC2 (quadratic weights) with 95 % bootstrap
        intervals over persons. Where nearly all ratings are the same, alpha is low or not defined however well raters
        agree, and AC2 is what to read.
    """
    rows = []
    for name in principles():
        one = ratings[ratings["principle"] == name]
        wide = one.pivot(index="item", columns="rater", values="rating")
        persons = one.drop_duplicates("item").set_index("item").loc[wide.index, "person_id"].tolist()
        table = wide.to_numpy(dtype=float)
        row: list[object] = [name, len(wide), wide.shape[1]]
        for statistic in (krippendorff_alpha, partial(gwet_ac2, categories=SCALE)):
            value = statistic(table) if len(wide) else float("nan")
            row += [value, *bootstrap_interval(table, statistic, rng, groups=persons, resamples=resamples)]
        rows.append(row)
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


def _drawn(tasks: Sequence[Task], count: int, rng: np.random.Generator) -> list[Task]:
    """Tasks in turn of their kinds and topics, persons who have not come yet first."""
    groups: dict[tuple[str, str], list[Task]] = {}
    for at in rng.permutation(len(tasks)):
        task = tasks[at]
        groups.setdefault((task.kind, task.topic if task.kind == "follow_up" else ""), []).append(task)
    drawn: list[Task] = []
    came: dict[str, int] = {}
    while len(drawn) < count:
        for group in groups.values():
            if group and len(drawn) < count:
                task = min(group, key=lambda one: came.get(one.person_id, 0))
                group.remove(task)
                came[task.person_id] = came.get(task.person_id, 0) + 1
                drawn.append(task)
    return drawn


def _order(tasks: int, sources: int, turn: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Places of tasks and sources as one rater meets them: a round has each task once, sources turn by turn."""
    order: list[tuple[int, int]] = []
    for round_number in range(sources):
        places = [int(at) for at in rng.permutation(tasks)]
        if order and len(places) > 1 and places[0] == order[-1][0]:
            places.append(places.pop(0))  # no task twice in a row
        order += [(at, (at + turn + round_number) % sources) for at in places]
    return order
