"""What simulated people ask of training advice, and a second situation of each that has another right answer.

Shares and wordings: ``data/guide/wishes.yaml``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import yaml

from sleepcot_utils.paths import reference_data
from sleepcot_utils.tasks.guide.decision import decide
from sleepcot_utils.tasks.guide.rules import PREGNANCY, goals
from sleepcot_utils.tasks.guide.situation import DAYS, Readiness, Request, Situation, check_request

#: Draws of a twin before it is given up.
TRIES = 12
WHOLE = ("days_in_a_row", "hard_days_ago")
ONE_DIGIT = ("breathing_rate_change",)


@cache
def wishes() -> dict[str, Any]:
    """The whole file."""
    loaded: dict[str, Any] = yaml.safe_load(reference_data("guide", "wishes.yaml").read_text(encoding="utf-8"))
    return loaded


def draw_request(
    age_y: float | None, sex: str | None, told: tuple[str, ...], split: str, rng: np.random.Generator
) -> Request:
    """What one person asks for.

    Parameters
    ----------
    age_y, sex
        Of the person, for who may be pregnant; None if not given.
    told : tuple of str
        Conditions that the person lives with and tells of.
    split : str
        Held-out people write notes in held-out words.
    """
    shares = wishes()["shares"]
    low, high = wishes()["pregnancy_age_y"]
    draws = {name: rng.random() < share for name, share in shares.items()}
    may_be_pregnant = sex == "female" and age_y is not None and low <= age_y <= high
    busy = rng.permutation(len(DAYS))[: int(rng.integers(1, wishes()["busy_days_most"] + 1))]
    goal, injury, minutes, note = (
        _pick(list(goals()), rng),
        _pick(wishes()["injuries"], rng),
        int(_pick(wishes()["day_minutes"], rng)),
        _draw_note(split, rng),
    )
    return check_request(
        Request(
            goal="" if draws["no_goal"] else goal,
            conditions=(*told, PREGNANCY) if may_be_pregnant and draws["pregnancy"] else told,
            injury=injury if draws["injury"] else "",
            day_minutes=minutes if draws["day_minutes"] else 0,
            busy_days=tuple(DAYS[number] for number in sorted(busy)) if draws["busy_days"] else (),
            note=note if draws["note"] else "",
        ),
        sex=sex,
    )


def twin_of(situation: Situation, split: str, rng: np.random.Generator) -> Situation | None:
    """The same person with one thing changed, so that another rule decides; None if no drawn change does that."""
    listed = wishes()["twins"]
    names = [name for name in listed if listed[name].get("needs") in (None, *situation.request.conditions)]
    own = decide(situation)
    for _ in range(TRIES):
        twin = _changed(situation, listed[_pick(names, rng)], split, rng)
        found = decide(twin)
        if found.deciding != own.deciding and found.level != own.level:
            return twin
    return None


def _changed(situation: Situation, change: dict[str, Any], split: str, rng: np.random.Generator) -> Situation:
    ready, asked = situation.readiness, situation.request
    readings: dict[str, Any] = {
        name: _value(name, low, high, rng) for name, (low, high) in change.get("readings", {}).items()
    }
    if "hrv_under_by" in change and ready.hrv_low is not None:
        readings["hrv_mean"] = round(ready.hrv_low - rng.uniform(*change["hrv_under_by"]), 2)
    if change.get("hrv_inside") and ready.hrv_low is not None and ready.hrv_high is not None:
        readings["hrv_mean"] = round(rng.uniform(ready.hrv_low, ready.hrv_high), 2)
    if change.get("rested"):
        readings["done_min"] = (ready.weekly_min or 0) // 2 // 10 * 10
        asked = replace(asked, note="" if decide(situation).signs else asked.note)
    note = _note_of(change["note"], split, rng) if "note" in change else asked.note
    known = {name: value for name, value in readings.items() if _is_measured(ready, name)}
    return replace(situation, readiness=replace(ready, **known), request=replace(asked, note=note))


def _is_measured(ready: Readiness, name: str) -> bool:
    """Readings that a person does not take are not planted, except blood pressure, which anybody may take once."""
    return name in ("systolic", "diastolic") or getattr(ready, name) is not None


def _value(name: str, low: float, high: float, rng: np.random.Generator) -> float | int:
    if name in WHOLE:
        return int(rng.integers(int(low), int(high) + 1))
    return round(float(rng.uniform(low, high)), 1 if name in ONE_DIGIT else 0) + 0.0


def _draw_note(split: str, rng: np.random.Generator) -> str:
    kinds = wishes()["notes"]
    shares = np.array([entry["share"] for entry in kinds.values()])
    return _note_of(list(kinds)[int(rng.choice(len(kinds), p=shares / shares.sum()))], split, rng)


def _note_of(kind: str, split: str, rng: np.random.Generator) -> str:
    return str(_pick(wishes()["notes"][kind][split], rng))


def _pick(items: Any, rng: np.random.Generator) -> Any:
    return items[int(rng.integers(len(items)))]
