"""The exam of the metrics: no score counts before it has shown that it notices what it should.

Every kind of damage is done to answers that are known to be right, and each score is asked whether it notices. What
counts as noticed is fixed beforehand on other persons: a value that at most one in twenty right answers falls short of.
So a score that moves a little with everything, as overlap of words does, is not credited for moving. The table says how
much of each damage is noticed, how often a right answer is blamed, and whether that is what ``exam.yaml`` declares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sleepcot_utils.errors import InputError
from sleepcot_utils.knowledge import Card
from sleepcot_utils.report.reports import Report
from sleepcot_utils.score.candidates import Candidates, candidates, halves
from sleepcot_utils.score.measures import LESS, MEASURES, MORE, NEITHER, full_text, measure
from sleepcot_utils.score.shares import share_of
from sleepcot_utils.score.spoiling import SPOILING, spoiled
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task

EXAM_COLUMNS = (
    "metric", "score", "damage", "n", "noticed", "sensitivity", "low", "high", "fell", "mean_change", "declared", "verdict",
)  # fmt: skip
RATE_COLUMNS = ("metric", "score", "damage", "rate", "n", "planted", "noticed", "share", "low", "high")
#: Name of the rows that count right answers which are blamed.
CLEAN = "none (false alarms)"
#: Share of right answers that a limit may blame, where it is fixed.
FALSE_ALARM_SHARE = 0.05
#: Differences of scores below this are rounding.
ROUNDING = 1e-9
SEES, BLIND = "sees", "blind"
AS_DECLARED, TOO_BLIND, SEES_MORE = "as declared", "BLIND where it should see", "sees more than declared"
NOT_EXAMINED = "not examined"


def exam_table(
    tasks: Sequence[Task],
    clean: Sequence[Answer],
    examples: Mapping[str, str],
    *,
    reports: Mapping[str, Report],
    cards: Mapping[str, Card],
    metrics: Sequence[str] | None = None,
    damages: Sequence[str] | None = None,
    at_most: int = 40,
    seed: int = 1,
) -> pd.DataFrame:
    """Sensitivity and false alarms of every score.

    Parameters
    ----------
    tasks : sequence of Task
        Of any split; an exam of metrics touches no student.
    clean : sequence of Answer
        A right answer to each task, in any order; answers to other tasks are left aside.
    examples : mapping of str to str
        Task to another right answer in other words.
    reports, cards : mapping
        By id, for errors that the expert makes in its own reading.
    metrics, damages : sequence of str, optional
        Some of ``measures.MEASURES`` and of ``spoiling.SPOILING``; all by default.
    at_most : int
        Tasks that are drawn of each kind, topic and driver, with and without a red flag or something that can't be
        known; questions of knowledge, with and without options, count as one topic each, and five times as many are drawn.
    seed : int
        Of the draw, the halves and the damage.

    Returns
    -------
    pandas.DataFrame
        ``EXAM_COLUMNS``: of `n` answers that were damaged and to which the score applies, the `sensitivity` is the share
        that is noticed, from `low` to `high` (95 % Wilson interval). `fell` is the share that falls below the answer's
        own clean score, by however little; `mean_change` is in units of the score. The damage ``CLEAN`` counts right
        answers that are blamed. `declared` is what ``exam.yaml`` expects, and `verdict` whether it came so.
    """
    fixing, asked = halves(candidates(tasks, clean, examples, at_most, np.random.default_rng(seed)), seed)
    rows: list[tuple[Any, ...]] = []
    names = list(MEASURES) if metrics is None else list(metrics)
    limits = {name: _limits(name, _values(name, fixing.clean, fixing)) for name in names}
    before = {name: _values(name, asked.clean, asked) for name in names}
    for name in names:
        rows += [_counted(name, score, CLEAN, before[name][score], before[name][score], limits[name][score])
                 for score in MEASURES[name].scores]  # fmt: skip
    for damage in SPOILING if damages is None else damages:
        done = spoiled(damage, asked.clean, asked.by_id, _generator(seed, damage), reports=reports, cards=cards)
        changed = np.array([task.task_id in done.changed for task in asked.tasks], dtype=bool)
        for name in names:
            after = _values_after(name, done.answers, changed, before[name], asked)
            for score in MEASURES[name].scores:
                pair = before[name][score][changed], after[score][changed]
                rows.append(_counted(name, score, damage, *pair, limits[name][score]))
    return pd.DataFrame(rows, columns=list(EXAM_COLUMNS))


def rate_table(
    tasks: Sequence[Task],
    clean: Sequence[Answer],
    examples: Mapping[str, str],
    *,
    reports: Mapping[str, Report],
    cards: Mapping[str, Card],
    rates: Sequence[float] = (0.0, 0.1, 0.25, 0.5),
    at_most: int = 40,
    seed: int = 1,
) -> pd.DataFrame:
    """Whether each score that is declared to see a planted error finds it at the rate at which it was planted.

    Returns
    -------
    pandas.DataFrame
        ``RATE_COLUMNS``: of `n` answers that the damage fits and to which the score applies, `planted` were damaged at
        random at this `rate`, and the `share` that is `noticed` is given with its 95 % Wilson interval.
    """
    fixing, asked = halves(candidates(tasks, clean, examples, at_most, np.random.default_rng(seed)), seed)
    rows: list[tuple[Any, ...]] = []
    declared = expectations()
    for name in dict.fromkeys(name for name, _ in declared):
        limits, before = _limits(name, _values(name, fixing.clean, fixing)), _values(name, asked.clean, asked)
        wanted = [(score, damage) for (other, score), sides in declared.items() if other == name
                  for damage in sides.get(SEES, {})]  # fmt: skip
        for damage in dict.fromkeys(damage for _, damage in wanted):
            rng = _generator(seed, damage)
            done = spoiled(damage, asked.clean, asked.by_id, rng, reports=reports, cards=cards)
            changed = np.array([task.task_id in done.changed for task in asked.tasks], dtype=bool)
            after = _values_after(name, done.answers, changed, before, asked)
            for score in [score for score, other in wanted if other == damage]:
                fits = changed & ~(np.isnan(before[score]) & np.isnan(after[score]))
                for rate in rates:
                    chosen = fits & (rng.random(len(fits)) < rate)
                    values = np.where(chosen, after[score], before[score])[fits]
                    counted = share_of(_noticed(values, limits[score]))
                    rows.append((name, score, damage, rate, counted.n, int(chosen.sum()), *counted[1:]))
    return pd.DataFrame(rows, columns=list(RATE_COLUMNS))


@cache
def expectations(path: Path | None = None) -> dict[tuple[str, str], dict[str, dict[str, float]]]:
    """What ``exam.yaml`` declares: (metric, score) to the least share of a damage that it has to see, or the most that
    it may see where it is declared blind.

    Raises
    ------
    InputError
        If a metric, score or damage does not exist, or a share is none.
    """
    path = Path(__file__).with_name("exam.yaml") if path is None else path
    found: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for name, scores in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        for score, declared in scores.items():
            where = f"{path.name}, {name}, {score}"
            if name not in MEASURES or score not in MEASURES[name].scores:
                raise InputError("there is no such score", where=where)
            for side, shares in declared.items():
                unknown = [damage for damage in shares if damage not in (*SPOILING, CLEAN)]
                wrong = [share for share in shares.values() if not 0 <= share <= 1]
                if side not in (SEES, BLIND) or unknown or wrong:
                    raise InputError(f"{side} {unknown or wrong} can't be declared", where=where)
            found[name, score] = declared
    return found


def failures(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of an exam that came out otherwise than declared."""
    return table[table["verdict"].isin([TOO_BLIND, SEES_MORE])].reset_index(drop=True)


def _generator(seed: int, damage: str) -> np.random.Generator:
    """Randomness of one damage, the same whichever others are examined."""
    return np.random.default_rng([seed, *damage.encode()])


def _values(name: str, answers: Sequence[Answer], asked: Candidates) -> dict[str, np.ndarray]:
    texts = [full_text(answer.rationale, answer.answer) for answer in answers]
    return {score: np.array(values) for score, values in measure(name, texts, asked.references).items()}


def _values_after(
    name: str, answers: Sequence[Answer], changed: np.ndarray, before: Mapping[str, np.ndarray], asked: Candidates
) -> dict[str, np.ndarray]:
    """Values once some answers are changed; those of the others are known where a text is scored by itself."""
    if not MEASURES[name].by_itself:
        return _values(name, answers, asked)
    places = np.flatnonzero(changed).tolist()
    found = {score: values.copy() for score, values in before.items()}
    if places:
        for score, values in _values(name, [answers[at] for at in places], asked.part(places)).items():
            found[score][places] = values
    return found


def _limits(name: str, values: Mapping[str, np.ndarray]) -> dict[str, tuple[float, float]]:
    """Lowest and highest value of each score that is not blamed."""
    better, found = MEASURES[name].better, {}
    for score, ones in values.items():
        known = ones[~np.isnan(ones)]
        low, high = -np.inf, np.inf
        if known.size:
            share = FALSE_ALARM_SHARE / (2 if better == NEITHER else 1)
            if better in (MORE, NEITHER):
                low = float(np.quantile(known, share, method="lower"))
            if better in (LESS, NEITHER):
                high = float(np.quantile(known, 1 - share, method="higher"))
        elif better == MORE:
            low = 1.0  # a share of nothing among right answers, such as the precision of abstaining
        found[score] = low, high
    return found


def _noticed(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    return (values < limits[0] - ROUNDING) | (values > limits[1] + ROUNDING)


def _counted(
    name: str, score: str, damage: str, before: np.ndarray, after: np.ndarray, limits: tuple[float, float]
) -> tuple[Any, ...]:
    applies = ~(np.isnan(before) & np.isnan(after))
    before, after = before[applies], after[applies]
    noticed = _noticed(after, limits)
    both = ~(np.isnan(before) | np.isnan(after))
    change = after[both] - before[both]
    moved = np.abs(change) > ROUNDING if MEASURES[name].better == NEITHER else change < -ROUNDING
    fell = float(moved.mean()) if change.size else float("nan")
    mean_change = float(change.mean()) if change.size else float("nan")
    found = share_of(noticed)
    declared = expectations().get((name, score), {})
    side = next((side for side in (SEES, BLIND) if damage in declared.get(side, {})), "")
    wanted = declared[side][damage] if side else float("nan")
    text = f"{'at least' if side == SEES else 'at most'} {wanted:g}" if side else ""
    verdict = _verdict(side, wanted, found.share, found.n)
    return (name, score, damage, *found, fell, mean_change, text, verdict)


def _verdict(side: str, wanted: float, share: float, size: int) -> str:
    if not size:
        return NOT_EXAMINED if side else ""
    if side == SEES:
        return AS_DECLARED if share >= wanted else TOO_BLIND
    return "" if not side else AS_DECLARED if share <= wanted else SEES_MORE
