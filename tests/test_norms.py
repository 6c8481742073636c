"""Norms: every number has a source, and values are judged as the limits say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sleepcot_utils import norms
from sleepcot_utils.errors import InputError
from sleepcot_utils.norms import LEVELS, FactNorm, Limits, fact_norms, stage_quartiles
from sleepcot_utils.paths import reference_data

#: Norm and act limits of adults below 65, written down from the sources apart from the file.
ADULT = {
    "total_sleep": ((420, 540), (360, 600)),
    "sleep_efficiency": ((85, None), (75, None)),
    "sleep_latency": ((None, 30), (None, 45)),
    "wake_after_onset": ((None, 40), (None, 60)),
    "bedtime_spread": ((None, 60), (None, 90)),
    "weekend_shift": ((None, 60), (None, 120)),
    "heart_rate_change": ((None, 5), (None, 8)),
    "breathing_rate_change": ((None, 2), (None, 3)),
    "lowest_oxygen": ((90, None), (89, None)),
    "nap_mean": ((None, 30), (None, 60)),
}


def shipped(name: str) -> Any:
    return yaml.safe_load(reference_data("norms", name).read_text(encoding="utf-8"))


def plain(side: Limits) -> tuple[float | None, float | None]:
    return tuple(value if math.isfinite(value) else None for value in (side.low, side.high))


def test_limits_of_adults_are_those_of_the_sources() -> None:
    judged = {name: fact for name, fact in fact_norms().items() if fact.norm and not fact.share}
    assert set(judged) == set(ADULT)
    for name, fact in judged.items():
        for age in (18, 64.9, None):
            assert tuple(plain(side) for side in fact.limits(age, 14)) == ADULT[name], name


@pytest.mark.parametrize(
    ("name", "value", "adult", "older"),
    [
        ("total_sleep", 500, ("ok", ""), ("watch", "high")),
        ("total_sleep", 541, ("watch", "high"), ("act", "high")),
        ("total_sleep", 350, ("act", "low"), ("watch", "low")),
        ("total_sleep", 299, ("act", "low"), ("act", "low")),
        ("wake_after_onset", 45, ("watch", "high"), ("ok", "")),
        ("wake_after_onset", 61, ("act", "high"), ("watch", "high")),
        ("sleep_efficiency", 80, ("watch", "low"), ("watch", "low")),
    ],
)
def test_limits_change_at_65(name: str, value: float, adult: tuple[str, str], older: tuple[str, str]) -> None:
    fact = fact_norms()[name]
    assert fact.judge(value, 64, 14) == fact.judge(value, None, 14) == adult
    assert fact.judge(value, 65, 14) == fact.judge(value, 90, 14) == older


@pytest.mark.parametrize(("nights", "norm", "act"), [(14, 3, 7), (13, 3, 6), (7, 1, 3), (3, 0, 1)])
def test_shares_become_whole_nights(nights: int, norm: int, act: int) -> None:
    for name in ("alcohol_nights", "late_caffeine_nights"):
        fact = fact_norms()[name]
        assert [side.high for side in fact.limits(40, nights)] == [norm, act]
        assert fact.judge(norm, 40, nights) == ("ok", "")
        assert fact.judge(norm + 1, 40, nights)[1] == "high"
        assert fact.judge(act + 1, 40, nights) == ("act", "high")


def test_values_without_norm_or_value_are_never_remarkable() -> None:
    for name in ("time_in_bed", "deep_sleep", "rem_sleep", "steps_mean"):
        assert fact_norms()[name].judge(0, 40, 14) == ("ok", "")
    assert fact_norms()["total_sleep"].judge(math.nan, 40, 14) == ("ok", "")


@given(
    name=st.sampled_from(sorted(ADULT)),
    values=st.tuples(st.floats(-100, 1500), st.floats(-100, 1500)).map(sorted),
    age=st.none() | st.floats(18, 100),
)
def test_farther_out_is_never_judged_milder(name: str, values: list[float], age: float | None) -> None:
    fact = fact_norms()[name]
    levels = [LEVELS.index(fact.judge(value, age, 14)[0]) for value in values]
    sides = [fact.judge(value, age, 14)[1] for value in values]
    if sides == ["high", "high"]:
        assert levels[0] <= levels[1]
    if sides == ["low", "low"]:
        assert levels[0] >= levels[1]
    assert sides != ["high", "low"] and all(
        (level == 0) == (not side) for level, side in zip(levels, sides, strict=True)
    )


def test_act_lies_outside_the_norm() -> None:
    for fact in fact_norms().values():
        assert (fact.norm is None) == (fact.act is None)
        for age in (30, 70):
            limits = fact.limits(age, 14)
            if limits:
                norm, act = limits
                assert act.low <= norm.low and norm.high <= act.high


def test_every_fact_has_a_source_a_unique_label_and_lower_case_words() -> None:
    facts = fact_norms()
    labels = [fact.label for fact in facts.values()]
    assert len(set(labels)) == len(labels) == len(shipped("facts.yaml"))
    spoken: dict[str, str] = {}
    for name, fact in facts.items():
        assert len(fact.source) > 10, name
        assert fact.words and fact.unit and fact.group and fact.digits >= 0
        for word in fact.words:
            assert word == word.lower().strip()
            assert spoken.setdefault(word, name) == name, f"{word!r} stands for two facts"


def entries(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in node.items():
        yield (*path, str(key)), value


@pytest.mark.parametrize("file", ["drivers.yaml", "facts.yaml"])
def test_every_entry_of_a_norm_file_has_a_source(file: str) -> None:
    loaded = dict(entries(shipped(file)))
    assert len(loaded) > 5
    assert [path for path, entry in loaded.items() if not str(entry.get("source", "")).strip()] == []


def test_phrases_of_drivers_and_verdicts_are_lower_case_and_stand_for_one_thing() -> None:
    drivers, follow_ups = shipped("drivers.yaml"), shipped("follow_ups.yaml")
    named = {name: entry["names"] for name, entry in drivers.items()}
    tables = [named, {name: entry["action_words"] for name, entry in drivers.items()}]
    tables += [kind["verdicts"] for kind in follow_ups.values() if kind["verdicts"] != "drivers"]
    for table in tables:
        phrases = [phrase for group in table.values() for phrase in group]
        assert all(phrase == phrase.lower().strip() for phrase in phrases)
        assert len(set(phrases)) == len(phrases)
    for entry in drivers.values():
        assert set(entry["facts"]) <= set(fact_norms())
        assert all(phrase == phrase.lower() for phrase in entry["never"])


def test_an_entry_without_source_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    facts = shipped("facts.yaml")
    del facts["nap_mean"]["source"]
    path = tmp_path / "facts.yaml"
    path.write_text(yaml.safe_dump(facts), encoding="utf-8")
    monkeypatch.setattr(norms, "reference_data", lambda *parts: path)
    fact_norms.cache_clear()
    try:
        with pytest.raises(InputError, match=r"facts.yaml: the fact 'nap_mean' lacks the field 'source'"):
            fact_norms()
    finally:
        fact_norms.cache_clear()


@given(age=st.floats(18, 120), sex=st.sampled_from(["female", "male"]), stage=st.sampled_from(["deep", "rem"]))
def test_every_adult_has_stage_quartiles_in_order(age: float, sex: str, stage: str) -> None:
    low, middle, high = stage_quartiles(stage, age, sex)
    assert 30 < low < middle < high < 130


def test_stage_quartiles_are_those_of_the_age_group() -> None:
    assert stage_quartiles("deep", 24, "female") == (63, 81, 98)
    assert stage_quartiles("deep", 24.9, "female") == (63, 81, 98)
    assert stage_quartiles("deep", 25, "female") == (58, 75, 92)
    assert stage_quartiles("rem", 80, "male") == (51, 74, 97)
    assert stage_quartiles("deep", None, "male") is None and stage_quartiles("deep", 30, None) is None
    assert stage_quartiles("deep", 12, "male") is None


def test_a_fact_judges_only_itself() -> None:
    one = FactNorm("x", "x", "min", 0, "outcome", "made up", norm=Limits(1, 2), act=Limits(0, 3))
    assert [one.judge(value, None, 1)[0] for value in (-0.1, 0, 0.9, 1, 2, 2.1, 3, 3.1)] == [
        "act", "watch", "watch", "ok", "ok", "watch", "watch", "act",
    ]  # fmt: skip
