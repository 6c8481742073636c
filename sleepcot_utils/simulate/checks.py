"""Simulated nights beside published norms and beside real aggregates, in tables that a notebook can print."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import reference_data
from sleepcot_utils.simulate.people import simulate_people
from sleepcot_utils.simulate.stages import EPOCHS_A_MINUTE, REM, WAKE

MIDDLE_AGE_Y = 40
#: Wearers of a real source in terms of simulated people: ages, share of men and device.
WEARERS: dict[str, dict[str, Any]] = {
    # LifeSnaps gives ages only as below or from 30; 61 % are men. The upper end is an assumption.
    "lifesnaps": {"youngest_y": 20, "oldest_y": 45, "male_share": 0.61, "device": "fitbit_like"},
}
POOL_FACTOR = 5


@cache
def published_sleep() -> dict[str, dict[str, Any]]:
    """Published levels and slopes by quantity, see ``data/norms/published_sleep.yaml``."""
    return yaml.safe_load(reference_data("norms", "published_sleep.yaml").read_text(encoding="utf-8"))


def beside_published(truth: pd.DataFrame, people: pd.DataFrame, stages: np.ndarray) -> pd.DataFrame:
    """Level at 40 and change a decade of simulated true nights beside published ones.

    Parameters
    ----------
    truth : pandas.DataFrame
        True nights of people without a scenario, all nights worn.
    people : pandas.DataFrame
        With ``person_id`` and ``age_y``.
    stages : numpy.ndarray
        Their hypnograms in the order of ``truth``, for the REM latency; -1 is padding.

    Returns
    -------
    pandas.DataFrame
        Index: quantity. ``level, slope`` and their intervals as published; ``found_level, found_slope`` here;
        ``level_inside, slope_inside`` (null where no interval is published).
    """
    nights = pd.DataFrame({"person_id": truth["person_id"], "rem_latency_min": _rem_latency_min(stages, len(truth))})
    asleep = truth["true_total_sleep_min"]
    for name in published_sleep():
        if name.endswith("_pct") and name != "sleep_efficiency_pct":
            nights[name] = 100 * truth[f"true_{name.removesuffix('_pct')}_min"] / asleep
        elif name != "rem_latency_min":
            nights[name] = truth[f"true_{name}"]
    means = nights.groupby("person_id").mean().merge(people.set_index("person_id")["age_y"], on="person_id")
    decades = (means["age_y"] - MIDDLE_AGE_Y) / 10
    rows = {}
    for name, entry in published_sleep().items():
        values = means[name].to_numpy()
        known = ~np.isnan(values)
        slope, level = np.polyfit(decades[known], values[known], 1)
        has_slope = entry["slope"] is not None
        rows[name] = {key: entry[key] for key in entry if key != "source"} | {
            "found_level": level,
            "found_slope": slope,
            "level_inside": entry["level_low"] <= level <= entry["level_high"],
            "slope_inside": entry["slope_low"] <= slope <= entry["slope_high"] if has_slope else None,
        }
    return pd.DataFrame(rows).T.infer_objects().rename_axis("quantity")


def _rem_latency_min(stages: np.ndarray, nights: int) -> np.ndarray:
    if len(stages) != nights:
        raise ParameterError(
            f"there are {len(stages)} hypnograms of {nights} nights", where="stages", expected="one a row of the truth"
        )
    asleep, rem = stages > WAKE, stages == REM
    epochs = rem.argmax(axis=1) - asleep.argmax(axis=1)
    return np.where(rem.any(axis=1), epochs / EPOCHS_A_MINUTE, np.nan)


def bout_survival(beside: pd.DataFrame) -> pd.DataFrame:
    """Long form of the survival of bouts in a table as ``aggregates.beside`` makes it, for ``draw_bout_survival``."""
    flat = beside.reset_index()
    epochs = flat["statistic"].str.extract(r"^bout_longer_than_(\d+)_share$")[0]
    chosen = flat[epochs.notna()].assign(epochs=epochs.dropna().astype(int))
    named = chosen.rename(columns={"measure": "stage", "estimate": "real", "other": "simulated"})
    return named[["stage", "epochs", "real", "low", "high", "simulated"]].reset_index(drop=True)


def wearers_like(source: str, persons: int, seed: int) -> pd.DataFrame:
    """Simulated people as like the wearers of a real source as is known of them: ages, sexes, device, all scenarios.

    Raises
    ------
    ParameterError
        If nothing is known of the source.
    """
    if source not in WEARERS:
        raise ParameterError(f"nothing is known of {source!r}", where="wearers", expected=", ".join(WEARERS))
    like = WEARERS[source]
    pool = simulate_people(POOL_FACTOR * persons, seed, prefix="w", scenarios=())
    pool = pool[pool["age_y"].between(like["youngest_y"], like["oldest_y"])]
    men = round(persons * like["male_share"])
    chosen = pd.concat([pool[pool["sex"] == "male"].head(men), pool[pool["sex"] == "female"].head(persons - men)])
    return chosen.assign(device=like["device"]).sort_values("person_id").reset_index(drop=True)
