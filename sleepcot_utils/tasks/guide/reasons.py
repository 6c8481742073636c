"""What a situation comes to, matter by matter: the value, what it is held against, and the rule that follows."""

from __future__ import annotations

from dataclasses import dataclass

from sleepcot_utils.norms import fact_norms
from sleepcot_utils.tasks.guide.decision import FEVER, WARNING, Decision, decide, needs_care_with_hard, week_limit_min
from sleepcot_utils.tasks.guide.rules import rules
from sleepcot_utils.tasks.guide.situation import Situation, hard_text

OK = "ok"


@dataclass(frozen=True)
class Reason:
    """One matter of a situation.

    Attributes
    ----------
    fact : str
        Name of the matter, as under ``facts`` in ``data/guide/rules.yaml``.
    says : str
        Value and comparison in words, such as ``HRV 3.62 under 3.70``.
    rule : str
        Rule that holds for it; empty for none.
    numbers : tuple of float
        Numbers that may be said of it: values, limits and what was computed.
    """

    fact: str
    says: str
    rule: str
    numbers: tuple[float, ...] = ()

    @property
    def outcome(self) -> str:
        """``ok``, or the level and the name of the rule."""
        return f"{rules()[self.rule].level}, {rules()[self.rule].names[0]}" if self.rule else OK


def reasons(situation: Situation, decision: Decision | None = None) -> list[Reason]:
    """All matters that are known, in the order of the rules; what is not measured is left out.

    So of the matters with the lowest level, the first has the rule that decides.
    """
    decision = decision or decide(situation)
    held = set(decision.held)
    return [
        _note(decision, held),
        *_limits(situation, held),
        *_pressure(situation, held),
        *_glucose(situation, held),
        *_heart(situation, held),
        *_hrv(situation, held),
        *_sleep(situation, held),
        *_training(situation, decision, held),
    ]


def _note(decision: Decision, held: set[str]) -> Reason:
    if WARNING in held:
        return Reason("note", f"note says {decision.signs[0]}", WARNING)
    if FEVER in held:
        return Reason("note", "note says fever", FEVER)
    return Reason("note", "note without warning sign or fever", "")


def _pressure(situation: Situation, held: set[str]) -> list[Reason]:
    ready = situation.readiness
    if ready.systolic is None or ready.diastolic is None:
        return []
    rule = next((name for name in ("blood_pressure_very_high", "blood_pressure_high") if name in held), "")
    limits = rules()[rule or "blood_pressure_high"].limits
    side = "reaches" if rule else "under"
    says = (
        f"blood pressure {ready.systolic:.0f}/{ready.diastolic:.0f} {side} "
        f"{limits['systolic_mmhg']:.0f}/{limits['diastolic_mmhg']:.0f}"
    )
    both = [
        value for name in ("blood_pressure_very_high", "blood_pressure_high") for value in rules()[name].limits.values()
    ]
    return [Reason("blood_pressure", says, rule, (ready.systolic, ready.diastolic, *both))]


def _glucose(situation: Situation, held: set[str]) -> list[Reason]:
    value = situation.readiness.glucose
    if value is None:
        return []
    low, high = (rules()[name].limits["glucose_mg_dl"] for name in ("glucose_low", "glucose_very_high"))
    if "glucose_very_high" in held:
        says, rule = f"glucose {value:.0f} over {high:.0f}", "glucose_very_high"
    elif "glucose_low" in held:
        says, rule = f"glucose {value:.0f} under {low:.0f}", "glucose_low"
    else:
        says, rule = f"glucose {value:.0f} from {low:.0f} to {high:.0f}", ""
    return [Reason("glucose", says, rule, (value, low, high))]


def _heart(situation: Situation, held: set[str]) -> list[Reason]:
    ready, norms = situation.readiness, fact_norms()
    heart, breathing = norms["heart_rate_change"], norms["breathing_rate_change"]
    assert heart.norm is not None and heart.act is not None and breathing.act is not None
    value, breath = ready.heart_rate_change, ready.breathing_rate_change
    if value is None:
        return []
    numbers = (abs(value), heart.norm.high, heart.act.high)
    if "body_strain" in held and breath is not None:
        says = (
            f"resting heart rate {value:+.0f} over {heart.act.high:.0f}, "
            f"breathing rate {breath:+.1f} over {breathing.act.high:.0f}"
        )
        return [Reason("heart_rate", says, "body_strain", (*numbers, abs(breath), breathing.act.high))]
    rule = "heart_rate_raised" if "heart_rate_raised" in held else ""
    side = "over" if rule else "not over"
    return [Reason("heart_rate", f"resting heart rate {value:+.0f} {side} {heart.norm.high:.0f}", rule, numbers)]


def _hrv(situation: Situation, held: set[str]) -> list[Reason]:
    ready = situation.readiness
    if ready.hrv_mean is None or ready.hrv_low is None or ready.hrv_high is None:
        return []
    rule = "hrv_low" if "hrv_low" in held else ""
    says = f"HRV {ready.hrv_mean:.2f} {'under' if rule else 'not under'} {ready.hrv_low:.2f}"
    return [Reason("hrv", says, rule, (ready.hrv_mean, ready.hrv_low, ready.hrv_high))]


def _sleep(situation: Situation, held: set[str]) -> list[Reason]:
    ready, found = situation.readiness, []
    if ready.sleep_short_min is not None:
        limit = rules()["sleep_debt"].limits["shortfall_min"]
        rule = "sleep_debt" if "sleep_debt" in held else ""
        says = f"sleep {ready.sleep_short_min:.0f} short, {'reaches' if rule else 'under'} {limit:.0f}"
        found.append(Reason("sleep_debt", says, rule, (ready.sleep_short_min, limit)))
    if ready.last_night_min is not None:
        limit = rules()["short_night"].limits["asleep_min"]
        rule = "short_night" if "short_night" in held else ""
        says = f"last night {ready.last_night_min:.0f} {'under' if rule else 'not under'} {limit:.0f}"
        found.append(Reason("last_night", says, rule, (ready.last_night_min, limit)))
    return found


def _training(situation: Situation, decision: Decision, held: set[str]) -> list[Reason]:
    ready = situation.readiness
    days, limit = ready.days_in_a_row, rules()["rest_day_due"].limits["days_in_a_row"]
    rule = "rest_day_due" if "rest_day_due" in held else ""
    says = f"{days} days in a row, {'reaches' if rule else 'under'} {limit:.0f}"
    found = [Reason("days_in_a_row", says, rule, (days, limit))]
    rule = "hard_yesterday" if "hard_yesterday" in held else ""
    found.append(Reason("hard_day", f"last hard day {hard_text(ready.hard_days_ago)}", rule, (ready.hard_days_ago,)))
    grown = week_limit_min(ready.weekly_min)
    if ready.weekly_min is None:
        found.append(Reason("weekly", "training before not known", "beginner"))
    else:
        least = rules()["beginner"].limits["weekly_min"]
        rule = "beginner" if "beginner" in held else ""
        says = f"training {ready.weekly_min} a week {'under' if rule else 'not under'} {least:.0f}"
        found.append(Reason("weekly", says, rule, (ready.weekly_min, least)))
    found.append(_load(ready.weekly_min, ready.done_min, grown, decision.left_min, held))
    if ready.hard_days_ago == 0 and needs_care_with_hard(situation):
        found.append(Reason("used_to_hard", "no hard day in four weeks, with age or condition", "not_used_to_hard"))
    return found


def _load(weekly: int | None, done: int, grown: int, left: int, held: set[str]) -> Reason:
    sum_text = f"{weekly} + {grown - weekly} = {grown}" if weekly is not None else f"{grown}"
    says = f"limit {sum_text}, less {done} done is {max(left, 0)} left"
    numbers = (grown, done, max(left, 0), *((weekly, grown - weekly) if weekly is not None else ()))
    return Reason("load", says, "week_full" if "week_full" in held else "", numbers)


def _limits(situation: Situation, held: set[str]) -> list[Reason]:
    found = []
    if "injury" in held:
        found.append(Reason("injury", f"hurts: {situation.request.injury}", "injury"))
    if "pregnancy" in held:
        found.append(Reason("pregnancy", "pregnant", "pregnancy"))
    return found
