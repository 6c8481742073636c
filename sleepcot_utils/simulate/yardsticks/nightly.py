"""What a table of nights looks like: spread between and within persons, memory, weekends, correlations, slopes.

Pure functions on a table with ``person_id``, ``night_date`` (day of waking) and measures, of which any may be null.
They serve real and simulated tables alike. A statistic is a series whose index is ``(statistic, measure)``; measures
that the table lacks are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError

#: Measures that are described, beside those that ``with_derived`` adds.
MEASURES = (
    "total_sleep_min",
    "time_in_bed_min",
    "wake_min",
    "sleep_efficiency_pct",
    "light_min",
    "deep_min",
    "rem_min",
    "deep_pct",
    "rem_pct",
    "resting_heart_rate_bpm",
    "log_rmssd",
    "respiratory_rate_brpm",
    "spo2_mean_pct",
    "skin_temperature_delta_c",
    "steps",
    "exercise_min",
)
#: Measures whose correlations are told, so that the table of pairs stays readable.
CORRELATED = (
    "total_sleep_min",
    "wake_min",
    "deep_pct",
    "rem_pct",
    "resting_heart_rate_bpm",
    "log_rmssd",
    "respiratory_rate_brpm",
    "skin_temperature_delta_c",
    "steps",
)
#: Skin temperature against one's own baseline has no level of its own; a table may carry the temperature itself.
LEVEL_INSTEAD = {"skin_temperature_delta_c": "skin_temperature_c"}
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
OWN_SD_QUANTILES = (0.1, 0.5, 0.9)
#: Persons with fewer nights have no usable mean or memory. A choice: a week for means, ten nights for memory.
NIGHTS_FOR_MEAN = 7
NIGHTS_FOR_MEMORY = 10
#: Weekend and weekday nights that a person needs to count for the weekend shift. A choice.
NIGHTS_A_SIDE = 3
#: Fewer persons than this give no correlation or slope between persons, and no number that is published. A choice.
FEWEST_PERSONS = 5
SATURDAY = 5


def with_derived(table: pd.DataFrame) -> pd.DataFrame:
    """The table with ``wake_min`` (in bed, not asleep), ``deep_pct``, ``rem_pct`` (of the time asleep), ``log_rmssd``.

    Raises
    ------
    InputError
        If ``person_id``, ``night_date``, ``total_sleep_min`` or ``time_in_bed_min`` is missing.
    """
    for name in ("person_id", "night_date", "total_sleep_min", "time_in_bed_min"):
        if name not in table:
            raise InputError(f"the column {name!r} is missing", where="table of nights", expected="a nightly table")
    asleep = table["total_sleep_min"].where(table["total_sleep_min"] > 0)
    added = {"wake_min": table["time_in_bed_min"] - table["total_sleep_min"]}
    for stage in ("deep", "rem"):
        if f"{stage}_min" in table:
            added[f"{stage}_pct"] = 100 * table[f"{stage}_min"] / asleep
    if "hrv_rmssd_ms" in table:
        added["log_rmssd"] = np.log(table["hrv_rmssd_ms"].where(table["hrv_rmssd_ms"] > 0))
    return table.assign(**added)


def present(table: pd.DataFrame, measures: Sequence[str]) -> list[str]:
    """Those of the measures that the table has any number of."""
    return [name for name in measures if name in table and table[name].notna().any()]


def spread(table: pd.DataFrame, measures: Sequence[str] = MEASURES) -> pd.Series:
    """Mean of person means, SD between and within persons, share of variance between (ICC), and spread of own SDs.

    One-way analysis of variance with random persons: within is the pooled SD of a person's nights, between is the
    method-of-moments estimate for unequal numbers of nights, 0 where it would be negative. Persons with one night do
    not count. ``own_sd_10``, ``_50`` and ``_90`` are quantiles over persons with ``NIGHTS_FOR_MEMORY`` nights of each
    person's own SD: some sleep far more regularly than others.
    """
    values: dict[tuple[str, str], float] = {}
    for name in present(table, measures):
        by_person = table.groupby("person_id")[name].agg(["count", "mean", "var"])
        by_person = by_person[by_person["count"] >= 2]
        count, mean = by_person["count"].to_numpy(float), by_person["mean"].to_numpy()
        persons, nights = len(by_person), count.sum()
        if persons < 2:
            continue
        within = ((count - 1) * by_person["var"].to_numpy()).sum() / (nights - persons)
        grand = (count * mean).sum() / nights
        among = (count * (mean - grand) ** 2).sum() / (persons - 1)
        usual_count = (nights - (count**2).sum() / nights) / (persons - 1)
        between = max((among - within) / usual_count, 0.0)
        values["mean_of_persons", name] = mean.mean()
        values["between_sd", name] = between**0.5
        values["within_sd", name] = within**0.5
        values["between_share", name] = between / (between + within) if between + within > 0 else np.nan
        own = by_person.loc[by_person["count"] >= NIGHTS_FOR_MEMORY, "var"] ** 0.5
        for share in OWN_SD_QUANTILES:
            enough = len(own) >= FEWEST_PERSONS
            values[f"own_sd_{100 * share:02.0f}", name] = own.quantile(share) if enough else np.nan
    return _series(values)


def quantiles(table: pd.DataFrame, measures: Sequence[str] = MEASURES) -> pd.Series:
    """Quantiles of all nights together, statistic ``quantile_05`` and so on."""
    names = present(table, measures)
    found = np.array([table[name].quantile(list(QUANTILES)) for name in names])
    return _series(
        {
            (f"quantile_{100 * share:02.0f}", name): found[i, j]
            for j, share in enumerate(QUANTILES)
            for i, name in enumerate(names)
        }
    )


def memory(table: pd.DataFrame, measures: Sequence[str] = MEASURES, *, days: int = 1) -> pd.Series:
    """Correlation of a person's deviations from the own mean, `days` apart, pooled over persons.

    Pairs are by date, so gaps do not count as neighbors. Deviations from a mean of n nights bias the figure by about
    -1/n, which is alike on both sides if numbers of nights are.
    """
    day = _day_numbers(table)
    values = {}
    for name in present(table, measures):
        frame = pd.DataFrame({"person": table["person_id"].to_numpy(), "day": day, "value": table[name].to_numpy()})
        frame = frame.dropna()
        grouped = frame.groupby("person")["value"]
        frame = frame[grouped.transform("size") >= NIGHTS_FOR_MEMORY]
        frame["value"] -= grouped.transform("mean")
        pairs = frame.merge(frame.assign(day=frame["day"] + days), on=["person", "day"])
        variance = (frame["value"] ** 2).mean()
        enough = len(pairs) >= NIGHTS_FOR_MEMORY and variance > 0
        product = (pairs["value_x"] * pairs["value_y"]).mean()
        values[f"correlation_{days}_days_apart", name] = product / variance if enough else np.nan
    return _series(values)


def weekend_shift(table: pd.DataFrame, measures: Sequence[str] = MEASURES) -> pd.Series:
    """Mean over persons of nights that end on a Saturday or Sunday less nights that end on other days.

    What counts is a free morning, so the night from Friday to Saturday is a weekend night and Sunday's is not.
    """
    weekend = ((_day_numbers(table) + 3) % 7) >= SATURDAY  # day 0, 1 January 1970, was a Thursday
    values = {}
    for name in present(table, measures):
        sides = table.groupby(["person_id", weekend])[name].agg(["mean", "count"]).unstack()
        if sides["mean"].shape[1] < 2:
            continue
        enough = (sides["count"].fillna(0) >= NIGHTS_A_SIDE).all(axis=1)
        shift = (sides["mean"][True] - sides["mean"][False])[enough]
        values["weekend_shift", name] = shift.mean() if len(shift) else np.nan
    return _series(values)


def correlations(table: pd.DataFrame, measures: Sequence[str] = CORRELATED) -> pd.Series:
    """Correlations within persons (deviations from the own mean, pooled) and between persons (of their means).

    Measures are pairs like ``total_sleep_min~wake_min``. Between persons, only those with ``NIGHTS_FOR_MEAN`` nights
    of both measures count, and measures without a level of their own give way to ``LEVEL_INSTEAD`` if that is there.
    """
    names = present(table, measures)
    person = table["person_id"]
    means = table.groupby(person)[names].transform("mean")
    deviations = table[names] - means
    levels = [
        LEVEL_INSTEAD[name] if LEVEL_INSTEAD.get(name) in table else name
        for name in names
        if name not in LEVEL_INSTEAD or LEVEL_INSTEAD[name] in table
    ]
    grouped = table.groupby(person)[levels]
    usual = grouped.mean().where(grouped.count() >= NIGHTS_FOR_MEAN)
    values = {}
    for statistic, frame in (("within_correlation", deviations), ("between_correlation", usual)):
        matrix = frame.corr(min_periods=FEWEST_PERSONS).to_numpy()
        for (i, one), (j, other) in combinations(enumerate(frame.columns), 2):
            values[statistic, f"{one}~{other}"] = matrix[i, j]
    return _series(values)


def slopes(table: pd.DataFrame, measures: Sequence[str] = MEASURES) -> pd.Series:
    """How person means change with age and differ by sex: least squares of the mean on both that are known.

    ``age_y`` gives ``slope_per_decade``; failing that, ``age_group`` of two groups (<30 and >=30) gives
    ``difference_30_and_older``. ``sex`` gives ``difference_male``. Each person counts once, with at least
    ``NIGHTS_FOR_MEAN`` nights; fewer than ``FEWEST_PERSONS`` on a side give null.
    """
    carried = [name for name in ("age_y", "age_group", "sex") if name in table]
    if not carried:
        return _series({})
    people = table.groupby("person_id")[carried].first()
    terms: dict[str, pd.Series] = {}
    if "age_y" in people:
        terms["slope_per_decade"] = people["age_y"] / 10
    elif "age_group" in people:
        terms["difference_30_and_older"] = people["age_group"].map({"<30": 0.0, ">=30": 1.0})
    if "sex" in people:
        terms["difference_male"] = people["sex"].map({"female": 0.0, "male": 1.0})
    design = pd.DataFrame(terms).astype("float64").dropna()
    values = {}
    for name in present(table, measures):
        grouped = table.groupby("person_id")[name]
        means = grouped.mean()[grouped.count() >= NIGHTS_FOR_MEAN]
        known = design.loc[design.index.intersection(means.index)]
        sides = [known[term].value_counts() for term in terms if term != "slope_per_decade"]
        enough = len(known) > len(terms) + FEWEST_PERSONS
        enough = enough and all(len(side) == 2 and side.min() >= FEWEST_PERSONS for side in sides)
        columns = np.column_stack([np.ones(len(known)), known.to_numpy()])
        if enough:
            found = np.linalg.lstsq(columns, means.loc[known.index].to_numpy(), rcond=None)[0][1:]
        else:
            found = np.full(len(terms), np.nan)
        for term, value in zip(terms, found, strict=True):
            values[term, name] = value
    return _series(values)


def missing(table: pd.DataFrame, measures: Sequence[str] = MEASURES) -> pd.Series:
    """Share of persons who never have a measure, share of nights without it among those who do; nights a span.

    ``nights_recorded_share`` is the mean over persons of nights per day between a person's first and last one.
    """
    values = {}
    for name in [name for name in measures if name in table]:
        has = table[name].notna().groupby(table["person_id"]).mean()
        values["persons_without_share", name] = (has == 0).mean()
        values["missing_share", name] = 1 - has[has > 0].mean() if (has > 0).any() else np.nan
    days = pd.Series(_day_numbers(table)).groupby(table["person_id"].to_numpy()).agg(["min", "max", "nunique"])
    values["nights_recorded_share", "night"] = (days["nunique"] / (days["max"] - days["min"] + 1)).mean()
    return _series(values)


def summary(table: pd.DataFrame, measures: Sequence[str] = MEASURES) -> pd.Series:
    """Every statistic of this module, of a table that ``with_derived`` has gone over."""
    parts = [spread(table, measures), quantiles(table, measures)]
    parts += [memory(table, measures, days=days) for days in (1, 2, 7)]
    parts += [weekend_shift(table, measures), slopes(table, measures)]
    parts += [correlations(table, [name for name in CORRELATED if name in measures]), missing(table, measures)]
    return pd.concat([part for part in parts if len(part)])


def _day_numbers(table: pd.DataFrame) -> np.ndarray:
    return table["night_date"].to_numpy().astype("datetime64[D]").astype("int64")


def _series(values: dict[tuple[str, str], float]) -> pd.Series:
    index = pd.MultiIndex.from_tuples(list(values), names=["statistic", "measure"]) if values else _NOTHING
    return pd.Series(np.array(list(values.values()), dtype="float64"), index=index, name="estimate")


_NOTHING = pd.MultiIndex.from_arrays([[], []], names=["statistic", "measure"])
