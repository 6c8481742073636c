"""Each way in which an imagined night can be impossible has a name, and possible nights pass."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from stand_in_synthesizer import imagined

from sleepcot_utils import nights as nightly
from sleepcot_utils.teach.synthesize_reading import (
    ASKED,
    NIGHT_REASONS,
    AnswerError,
    answer_schema,
    check_nights,
    read_answer,
)

FIRST = pd.Timestamp("2026-01-06")  # a Tuesday
ANSWER = imagined("Write 5 nights in a row; night 1 ends on a Tuesday.")


def fresh() -> dict[str, Any]:
    return json.loads(json.dumps(ANSWER))


def checked(nights: list[dict[str, Any]], asked: int = 5):
    return check_nights(nights, asked, person_id="i00001", device="imagined by test", first_date=FIRST)


def test_possible_nights_pass_as_they_are() -> None:
    result = checked(fresh()["nights"])
    assert not result.rejected and not result.extra
    for name in ASKED:
        assert result.accepted[name].tolist() == [night[name] for night in ANSWER["nights"]]
    assert result.accepted["start_local"].dt.strftime("%H:%M").tolist() == [n["bed_clock"] for n in ANSWER["nights"]]
    assert result.accepted["night_date"].tolist() == [FIRST + pd.Timedelta(days=d) for d in range(5)]
    assert (result.accepted["end_local"].dt.normalize() == result.accepted["night_date"]).all()
    unknown = {"utc_offset_min", "skin_temperature_delta_c"}
    assert result.accepted[sorted(unknown)].isna().all(axis=None)


CHANGES = {
    "weekday": {"weekday": "Sunday"},
    "clock": {"bed_clock": "24:00"},
    "clock span": {"rise_clock": "15:00"},
    "parts of the time in bed": {"wake_after_sleep_onset_min": 90},
    "parts of sleep": {"deep_min": 200},
    "oxygen": {"spo2_min_pct": 98},
    "total_sleep_min exceeds the time in bed": {"total_sleep_min": 1000},
    "total_sleep_min is out of range": {"total_sleep_min": 10**400},
    "sleep_efficiency_pct is not asleep over in bed": {"sleep_efficiency_pct": 60},
    "resting_heart_rate_bpm is out of range": {"resting_heart_rate_bpm": 12},
    "hrv_rmssd_ms is out of range": {"hrv_rmssd_ms": -3},
    "steps is out of range": {"steps": 10**9},
    "caffeine_after_14h is out of range": {"caffeine_after_14h": 3},
    "time_in_bed_min is out of range": {"time_in_bed_min": 2000},
}


@pytest.mark.parametrize(("reason", "change"), CHANGES.items(), ids=CHANGES)
def test_an_impossible_night_is_refused_by_name_and_alone(reason: str, change: dict[str, Any]) -> None:
    nights = fresh()["nights"]
    nights[2] |= change
    result = checked(nights)
    assert result.rejected == {3: reason}
    assert len(result.accepted) == 4
    assert result.accepted["total_sleep_min"].tolist() == [
        n["total_sleep_min"] for n in ANSWER["nights"] if n["night"] != 3
    ]


def test_a_night_of_no_time_is_none() -> None:
    nights = fresh()["nights"]
    nights[0] |= {"rise_clock": nights[0]["bed_clock"], "time_in_bed_min": 0, "total_sleep_min": 0}
    nights[0] |= dict.fromkeys(("light_min", "deep_min", "rem_min", "sleep_efficiency_pct"), 0)
    nights[0] |= dict.fromkeys(("sleep_onset_latency_min", "wake_after_sleep_onset_min"), 0)
    assert checked(nights).rejected == {1: "clock span"}


def test_several_faults_are_told_apart() -> None:
    nights = fresh()["nights"]
    nights[0]["steps"] = -1
    nights[1]["hrv_rmssd_ms"] = 1000
    nights[4]["deep_min"] = 0
    assert checked(nights).rejected == {
        1: "steps is out of range",
        2: "hrv_rmssd_ms is out of range",
        5: "parts of sleep",
    }


def test_nights_too_many_too_few_and_twice() -> None:
    nights = fresh()["nights"]
    nights = [nights[0], nights[0] | {"steps": 1}, nights[3], nights[4] | {"night": 6}, nights[4] | {"night": 0}]
    result = checked(nights)
    assert result.rejected == {2: "missing", 3: "missing", 5: "missing"}
    assert result.extra == [(1, "repeated"), (6, "surplus"), (0, "surplus")]
    assert result.accepted["steps"].iloc[0] == ANSWER["nights"][0]["steps"], "the first of two counts"


def test_a_night_that_begins_before_the_last_one_ended_is_refused() -> None:
    nights = fresh()["nights"]
    # Night 1 by day, night 2 from before its end: 20 h in bed backwards from 07:00 the next day.
    nights[0] |= {"bed_clock": "08:00", "rise_clock": "16:00", "time_in_bed_min": 480}
    nights[0] |= {"total_sleep_min": 480, "sleep_onset_latency_min": 0, "wake_after_sleep_onset_min": 0}
    nights[0] |= {"light_min": 300, "deep_min": 90, "rem_min": 90, "sleep_efficiency_pct": 100}
    nights[1] |= nights[0] | {"bed_clock": "15:00", "rise_clock": "07:00", "time_in_bed_min": 960}
    nights[1] |= {"night": 2, "weekday": "Wednesday", "sleep_onset_latency_min": 480, "sleep_efficiency_pct": 50}
    result = checked(nights)
    assert result.rejected == {2: "overlap"}
    assert result.accepted["start_local"].iloc[0] == pd.Timestamp("2026-01-06 08:00")


def test_rounding_is_no_fault() -> None:
    nights = fresh()["nights"]
    nights[0]["deep_min"] += 2
    nights[1]["wake_after_sleep_onset_min"] += 2
    nights[2]["sleep_efficiency_pct"] = round(nights[2]["sleep_efficiency_pct"])
    assert not checked(nights).rejected
    nights[0]["deep_min"] += 1
    assert checked(nights).rejected == {1: "parts of sleep"}


def test_every_reason_of_this_module_has_a_meaning() -> None:
    own = {reason for reason in CHANGES if " is " not in reason and "exceeds" not in reason}
    assert own | {"missing", "surplus", "repeated", "overlap", "answer failed"} == set(NIGHT_REASONS)


def test_fences_and_thoughts_are_taken_off() -> None:
    whole = json.dumps(ANSWER, indent=2)
    for text in (whole, f"```json\n{whole}\n```", f"<think>\nhm {{}}\n</think>\n\n```\n{whole}\n```\n", f"\n {whole} "):
        assert read_answer(text) == ANSWER


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: a["nights"][1].pop("steps"), r"at \$\.nights\[1\]: 'steps' is a required property"),
        (lambda a: a["nights"][0].update(steps="8000"), r"at \$\.nights\[0\]\.steps: '8000' is not of type 'integer'"),
        (lambda a: a["nights"][0].update(steps=8000.5), "is not of type 'integer'"),
        (lambda a: a["nights"][0].update(steps=None), "None is not of type 'integer'"),
        (lambda a: a["nights"][0].update(steps=True), "True is not of type 'integer'"),
        (lambda a: a["nights"][0].update(weekday="Mon"), "'Mon' is not one of"),
        (lambda a: a["nights"][0].update(date="2026-01-06"), "'date' was unexpected"),
        (lambda a: a.update(nights={}), "is not of type 'array'"),
        (lambda a: a["person"].update(body_mass_index=245), "245 is not 12 to 80"),
        (lambda a: a.pop("person"), "'person' is a required property"),
    ],
)
def test_another_schema_says_where(change, said: str) -> None:
    answer = fresh()
    change(answer)
    with pytest.raises(AnswerError, match=f"^wrong schema: .*{said}") as caught:
        read_answer(json.dumps(answer))
    assert len(caught.value.problem) < 210


@pytest.mark.parametrize("text", ["", "null and void", '{"a": NaN}', "{'a': 1}", json.dumps(ANSWER)[:-5], "9" * 5000])
def test_no_json_says_so(text: str) -> None:
    with pytest.raises(AnswerError, match="^no JSON: it is no JSON"):
        read_answer(text)


def test_schema_is_what_strict_servers_take() -> None:
    """OpenAI's strict mode: each object closed, each property required, and no range."""

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            assert not {"minimum", "maximum", "pattern", "minItems", "format", "default"} & set(part)
            if part.get("type") == "object":
                assert part["additionalProperties"] is False and part["required"] == list(part["properties"])
            for value in part.values():
                walk(value)

    walk(answer_schema())
    assert set(ASKED) <= set(nightly.NUMBERS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(ANSWER["nights"][0])), json_values, max_size=4), st.integers(0, 4))
def test_no_damage_gets_through_or_crashes(damage: dict[str, Any], position: int) -> None:
    answer = fresh()
    answer["nights"][position] |= damage
    try:
        read = read_answer(json.dumps(answer))
    except AnswerError:
        return
    result = checked(read["nights"])
    nightly.validate(result.accepted)
    assert len(result.accepted) + len(result.rejected) == 5
