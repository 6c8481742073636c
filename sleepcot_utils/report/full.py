"""The full report of a person: the short one, the dimensions of sleep health, and whether a clinician should see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.report.dimensions import DIMENSIONS, OTHERS, RATING_HIGH, rated, statements
from sleepcot_utils.report.facts import Fact
from sleepcot_utils.report.regularity import DEBT_NIGHTS, regularity
from sleepcot_utils.report.reports import Report, make_report
from sleepcot_utils.report.statements import NOT_GIVEN, Statement
from sleepcot_utils.report.windows import NightArrays


@dataclass(frozen=True)
class FullReport:
    """All that is said of one person's nights; every rendering states the same values.

    Attributes
    ----------
    report : Report
        The short report, which prompts show.
    first_date, last_date : date
        Span of the window: dates on which its first and last night ended.
    remarked_nights : int
        Main nights in the window whose data quality is less than ``ok``.
    statements : tuple of Statement
        In the order in which they are stated, dimension by dimension.
    clinician : tuple of str
        Facts that a clinician should see; mostly empty.
    nights : pandas.DataFrame
        Rows of the window, for the figure.
    """

    report: Report
    first_date: date
    last_date: date
    remarked_nights: int
    statements: tuple[Statement, ...]
    clinician: tuple[str, ...]
    nights: pd.DataFrame

    def of(self, dimension: str) -> tuple[Statement, ...]:
        """Statements of one dimension."""
        return tuple(statement for statement in self.statements if statement.dimension == dimension)

    def __getitem__(self, name: str) -> Statement:
        """Statement of a name."""
        return next(statement for statement in self.statements if statement.name == name)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the statements that this data can't give."""
        return tuple(statement.name for statement in self.statements if statement.status == NOT_GIVEN)


def full_report(
    nights: pd.DataFrame,
    *,
    person_id: str,
    window_nights: int,
    age_y: float | None = None,
    sex: str | None = None,
    satisfaction: int | None = None,
    alertness: int | None = None,
) -> FullReport | None:
    """Full report over the last ``window_nights`` dates of one person's nightly table.

    Parameters
    ----------
    nights : pandas.DataFrame
        Rows of one person of the nightly table.
    age_y, sex
        Years, and ``female`` or ``male``; None where not given. Adult norms hold then, and no percentile is stated.
    satisfaction, alertness : int, optional
        The person's own scores on these items of the RU-SATED questionnaire: 0 rarely or never, 1 sometimes, 2
        usually or always. No wearable gives them.

    Returns
    -------
    FullReport or None
        None where fewer than three main nights have data.

    Raises
    ------
    ParameterError
        If a score is none of 0, 1 and 2, or the rows are of several persons.
    """
    for name, score in (("satisfaction", satisfaction), ("alertness", alertness)):
        if score is not None and score not in range(RATING_HIGH + 1):
            raise ParameterError(f"the score {score!r} can't be", where=name, expected="0, 1 or 2")
    if nights["person_id"].nunique() > 1:
        raise ParameterError("the nights are of several persons", where="full report", expected="rows of one person")
    report = make_report(nights, person_id=person_id, window_nights=window_nights, age_y=age_y, sex=sex)
    if report is None:
        return None
    last = nights.loc[nights["sleep_kind"] == "main", "night_date"].max()
    first = last - pd.Timedelta(days=window_nights - 1)
    rows = nights[nights["night_date"].between(first, last)]
    arrays = NightArrays(nights)
    everything = np.arange(len(nights))
    window = arrays.last_nights(everything, window_nights)
    recent = arrays.last_nights(everything, max(DEBT_NIGHTS))
    assert window is not None and recent is not None, "a report has a main night"
    own = {"satisfaction": rated("satisfaction", satisfaction), "alertness": rated("alertness", alertness)}
    found = [*own.values(), *statements(report, window, recent, regularity(rows))]
    order = (*DIMENSIONS, *OTHERS)
    main = rows[rows["sleep_kind"] == "main"]
    return FullReport(
        report=report,
        first_date=main["night_date"].min().date(),
        last_date=last.date(),
        remarked_nights=int((main["quality"] != "ok").sum()),
        statements=tuple(sorted(found, key=lambda statement: order.index(statement.dimension))),
        clinician=clinician(report.facts),
        nights=rows.reset_index(drop=True),
    )


def full_reports(
    nights: pd.DataFrame, *, window_nights: int, most: int, age_y: float | None = None, sex: str | None = None
) -> tuple[list[FullReport], list[str]]:
    """Full reports of the first people of a nightly table, and the people with too few nights for one.

    Parameters
    ----------
    most : int
        People to look at, in order of their ids.
    age_y, sex
        Of the one person of the table.

    Raises
    ------
    ParameterError
        If age or sex is given and the table holds several people: whose would it be?
    """
    people = sorted(nights["person_id"].unique())
    if (age_y is not None or sex is not None) and len(people) > 1:
        raise ParameterError(
            f"age or sex is given, but the export holds {len(people)} people", where="age_y, sex", expected="one person"
        )
    reports, too_few = [], []
    for person_id in people[:most]:
        own = nights[nights["person_id"] == person_id]
        report = full_report(own, person_id=str(person_id), window_nights=window_nights, age_y=age_y, sex=sex)
        if report is None:
            too_few.append(str(person_id))
        else:
            reports.append(report)
    return reports, too_few


def clinician(facts: dict[str, Fact]) -> tuple[str, ...]:
    """Facts that a clinician should see: lowest oxygen at its act limit, or heart and breathing rate both at theirs."""
    both = ("heart_rate_change", "breathing_rate_change")
    flags = ("lowest_oxygen",) if facts["lowest_oxygen"].level == "act" else ()
    return (*flags, *both) if all(facts[name].level == "act" for name in both) else flags
