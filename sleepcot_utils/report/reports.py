"""The report of a person: facts, what is missing, and the text in which every number is a fact."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.jsonlines import read_lines, write_lines
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.report import facts as facts_of
from sleepcot_utils.report.facts import MIN_NIGHTS, Fact
from sleepcot_utils.report.windows import NightArrays, Window

FACTUAL, COUNTERFACTUAL = "factual", "counterfactual"
#: How much a report prints: everything; no norms, which must be known; or also clock times in place of time in bed and
#: sleep efficiency, which must be computed.
FULL, NO_NORMS, RAW = DETAILS = ("full", "no_norms", "raw")
MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True)
class Report:
    """What a window of nights says about one person.

    Attributes
    ----------
    report_id, person_id, variant : str
        ``variant`` is ``factual`` or ``counterfactual`` (the same person with one thing changed).
    nights : int
        Nights with data in the window.
    facts : dict of str to Fact
        In the order in which the text states them.
    alcohol : dict or None
        Efficiency after evenings with and without alcohol.
    trend : dict
        Slope of time asleep with interval and the direction that they allow.
    """

    report_id: str
    person_id: str
    variant: str
    nights: int
    window_nights: int
    device: str
    age_y: float | None
    sex: str | None
    bedtime: str | None
    facts: dict[str, Fact]
    alcohol: dict[str, float] | None
    trend: dict[str, Any]

    @property
    def missing(self) -> tuple[str, ...]:
        """Labels of what this data can't give."""
        return tuple(fact.label for fact in self.facts.values() if not fact.known)

    def as_dict(self) -> dict[str, Any]:
        """Plain mapping for JSON lines; includes the text, for readers of the file."""
        entry = dict(self.__dict__)
        entry["facts"] = {name: fact.as_dict() for name, fact in self.facts.items()}
        return entry | {"missing": list(self.missing), "text": report_text(self)}

    @classmethod
    def from_dict(cls, entry: dict[str, Any]) -> Report:
        """Inverse of ``as_dict``; the facts come back in their order, whatever the order in the file."""
        known = {name: entry[name] for name in cls.__dataclass_fields__}
        return cls(**(known | {"facts": {name: Fact.from_dict(entry["facts"][name]) for name in fact_norms()}}))


def make_report(
    nights: pd.DataFrame,
    *,
    person_id: str,
    window_nights: int,
    age_y: float | None = None,
    sex: str | None = None,
    variant: str = FACTUAL,
) -> Report | None:
    """Report over the last ``window_nights`` dates of one person's nightly table.

    Returns
    -------
    Report or None
        None where fewer than three main nights have data: nothing can be said then.
    """
    window = NightArrays(nights).last_nights(np.arange(len(nights)), window_nights)
    return _report_on(window, person_id, window_nights, age_y, sex, variant)


def _report_on(
    window: Window | None, person_id: str, window_nights: int, age_y: float | None, sex: str | None, variant: str
) -> Report | None:
    if window is None or window.nights_with_data < MIN_NIGHTS:
        return None
    return Report(
        report_id=f"{person_id}-{variant}",
        person_id=person_id,
        variant=variant,
        nights=window.nights_with_data,
        window_nights=window_nights,
        device=window.device,
        age_y=age_y,
        sex=sex,
        bedtime=facts_of.mean_bedtime(window),
        facts=facts_of.compute_facts(window, age_y, sex),
        alcohol=facts_of.alcohol_contrast(window),
        trend=facts_of.sleep_trend(window),
    )


def simulated_reports(people: pd.DataFrame, nights: pd.DataFrame, window_nights: int, variant: str) -> list[Report]:
    """Reports of simulated people; age and sex are left out where the person does not give them."""
    arrays = NightArrays(nights)
    rows_of = {str(name): np.asarray(rows) for name, rows in nights.groupby("person_id").indices.items()}
    reports = []
    for person in people.itertuples():
        person_id, given = str(person.person_id), bool(person.gives_age)
        report = _report_on(
            arrays.last_nights(rows_of.get(person_id, np.arange(0)), window_nights),
            person_id,
            window_nights,
            float(person.age_y) if given else None,  # type: ignore[arg-type]
            str(person.sex) if given else None,
            variant,
        )
        if report is not None:
            reports.append(report)
    return reports


def as_shown(report: Report, detail: str = FULL) -> Report:
    """The report as a reader of its text can know it.

    In ``raw`` detail sleep efficiency is what the printed minutes give; nothing else changes.

    Parameters
    ----------
    detail : str
        ``full``, ``no_norms`` or ``raw``.
    """
    check_detail(detail)
    asleep, in_bed = report.facts["total_sleep"], report.facts["time_in_bed"]
    if detail != RAW or not (asleep.known and in_bed.known) or in_bed.value == 0:
        return report
    nights = report.facts["sleep_efficiency"].nights
    share_pct = math.floor(100 * asleep.value / in_bed.value + 0.5)  # halves go up, as a reader would round them
    efficiency = facts_of.judged_fact("sleep_efficiency", share_pct, nights, report.age_y, report.sex)
    return replace(report, facts=report.facts | {"sleep_efficiency": efficiency})


def check_detail(detail: str) -> None:
    """Refuse a detail that there is not."""
    if detail not in DETAILS:
        raise ParameterError(f"there is no detail {detail!r}", where="detail", expected=f"one of {', '.join(DETAILS)}")


def clock_minutes(clock: str) -> int:
    """Minutes after midnight of a clock time ``HH:MM``."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def clock_text(minutes: float) -> str:
    """Clock time ``HH:MM`` of minutes after midnight."""
    return f"{int(minutes) // 60 % 24:02d}:{int(minutes) % 60:02d}"


def rise_minutes(report: Report) -> float | None:
    """Average time of getting up in minutes after midnight: bedtime plus time in bed; None where one is not known."""
    in_bed = report.facts["time_in_bed"]
    if report.bedtime is None or not in_bed.known:
        return None
    return (clock_minutes(report.bedtime) + in_bed.value) % MINUTES_A_DAY


def report_text(report: Report, detail: str = FULL) -> str:
    """The report in words, one fact a line; what is not known is said as not measured.

    The device's own name is not part of it: advice must not hinge on a brand.

    Parameters
    ----------
    detail : str
        ``full``; ``no_norms``, which leaves out norms and typical ranges; or ``raw``, which also prints the average
        time of getting up in place of time in bed and sleep efficiency, where clock times are known.
    """
    check_detail(detail)
    rise = rise_minutes(report)
    hidden = {"sleep_efficiency"} | ({"time_in_bed"} if rise is not None else set()) if detail == RAW else set()
    lines = [f"Sleep report, {report.nights} nights.", _person_line(report)]
    for fact in report.facts.values():
        if fact.name not in hidden:
            lines.append(f"{fact.label}: {_value_text(fact, with_norm=detail == FULL)}")
        if fact.name == "rem_sleep":
            lines.append(f"average bedtime: {report.bedtime or 'not measured'}")
            if detail == RAW and rise is not None:
                lines.append(f"average time of getting up: {clock_text(rise)}")
        if fact.name == "alcohol_nights":
            lines.append(_alcohol_line(report))
    lines.append(f"trend of time asleep: {report.trend['direction']}")
    return "\n".join(lines)


def _person_line(report: Report) -> str:
    age = f"age {report.age_y:.0f}" if report.age_y is not None else "age not given"
    return f"Person: {age}, {report.sex or 'sex not given'}."


def _value_text(fact: Fact, *, with_norm: bool) -> str:
    if not fact.known:
        return "not measured"
    number = number_text(fact)
    if fact.unit == "nights":
        number = f"{number} of {fact.nights} nights"
    else:
        number = f"{number} {fact.unit}"
    return f"{number}{norm_text(fact)}" if with_norm else number


def number_text(fact: Fact) -> str:
    """The value as the report prints it, with a sign where it is a change."""
    digits = 1 if fact.unit == "a minute" else 0
    signed = fact.name.endswith("_change") or fact.name == "weekend_shift"
    return f"{fact.value:+.{digits}f}" if signed else f"{fact.value:.{digits}f}"


def norm_text(fact: Fact) -> str:
    """The norm in brackets, or nothing where there is none."""
    word = "typical" if fact.name in ("deep_sleep", "rem_sleep") else "norm"
    if fact.low is not None and fact.high is not None:
        return f" ({word} {fact.low:.0f} to {fact.high:.0f})"
    if fact.low is not None:
        return f" ({word} {fact.low:.0f} or more)"
    if fact.high is not None:
        return f" ({word} {fact.high:.0f} or less)"
    return ""


def _alcohol_line(report: Report) -> str:
    if report.alcohol is None:
        return "efficiency after alcohol: too few nights"
    a = report.alcohol
    return f"efficiency after alcohol: {a['after_pct']:.0f} %, otherwise {a['otherwise_pct']:.0f} %"


def write_reports(path: Path, reports: Iterable[Report]) -> int:
    """Write reports as JSON lines and return their number."""
    return write_lines(path, (report.as_dict() for report in reports), sort_keys=False)


def read_reports(path: Path) -> list[Report]:
    """Read what ``write_reports`` wrote.

    Raises
    ------
    ArtifactError
        Naming the line that is not a report.
    """
    return read_lines(path, Report.from_dict, what="a report", written_by="notebook 01")
