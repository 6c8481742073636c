"""Words of the report: complete in both languages, without alarm, and with the same numbers."""

from __future__ import annotations

import math
import re
from string import Formatter
from typing import Any

import pytest
import yaml

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.dimensions import DIMENSIONS, OTHERS
from sleepcot_utils.report.regularity import Trend
from sleepcot_utils.report.statements import Statement
from sleepcot_utils.report.wording import LANGUAGES, clock_text, words_of

DOI = re.compile(r"\b10\.\d{4,}/[^\s),;；，）]+")
YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
#: No value of a person may be called so.
ALARMING = {
    "en": r"\b(?:bad|dangerous|danger|poor|abnormal|unhealthy|disease|disorder|alarming|critical|severe|warning)\b",
    "zh": "危险|糟糕|异常|疾病|病态|严重|警告|很差",
}


def entries(language: str) -> dict[str, Any]:
    return yaml.safe_load(reference_data("wording", f"report.{language}.yaml").read_text(encoding="utf-8"))


def texts(entry: Any, place: str = "") -> dict[str, str]:
    """Every text with its place."""
    if isinstance(entry, dict):
        return {key: text for name, value in entry.items() for key, text in texts(value, f"{place}/{name}").items()}
    if isinstance(entry, list):
        return {
            key: text for number, value in enumerate(entry) for key, text in texts(value, f"{place}/{number}").items()
        }
    return {place: str(entry)}


def test_both_languages_have_the_same_words_and_placeholders() -> None:
    english, chinese = texts(entries("en")), texts(entries("zh"))
    names = {f"/labels/{name}" for name in fact_norms()} | {f"/sources/{name}" for name in fact_norms()}
    assert set(chinese) - set(english) == names
    assert set(english) <= set(chinese)
    for place, text in english.items():
        wanted = {field for _, field, _, _ in Formatter().parse(text) if field}
        found = {field for _, field, _, _ in Formatter().parse(chinese[place]) if field}
        assert found == wanted, place


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_statement_has_its_words(language, rich_report) -> None:
    words = words_of(language)
    for one in rich_report().statements:
        assert words.label(one.name) and one.unit in (*words.entries["units"], ""), one.name
        if one.low is not None or one.high is not None:
            assert words.source(one.name), one.name
        for caveat in (*one.caveats, *([one.absence] if one.absence else [])):
            assert words.entries["caveats"][caveat]
    assert set(words.entries["dimensions"]) == {*DIMENSIONS, *OTHERS}


def test_chinese_sources_name_the_same_works() -> None:
    english, chinese = words_of("en"), words_of("zh")
    for name in chinese.entries["sources"]:
        for pattern in (DOI, YEAR):
            wanted, found = (set(pattern.findall(words.source(name))) for words in (english, chinese))
            assert found == wanted, name


def test_numbers_in_fixed_sentences_are_the_same() -> None:
    # Five nights and ten are words in both languages; thousands have a comma.
    english, chinese = texts(entries("en")), texts(entries("zh"))
    for place, text in english.items():
        if place.startswith("/sources/") or place == "/phrases/how_means":
            continue
        wanted = sorted(re.findall(r"\d+(?:\.\d+)?", text))
        found = sorted(re.findall(r"\d+(?:\.\d+)?", chinese[place]))
        assert found == wanted, place


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_alarms_or_diagnoses(language) -> None:
    for place, text in texts(entries(language)).items():
        assert not re.search(ALARMING[language], text, flags=re.IGNORECASE), place
        if re.search("diagnos|诊断", text):
            assert re.search("can't diagnose|no diagnosis|不能作出诊断|不是诊断", text), place


def test_chinese_has_no_space_between_its_characters() -> None:
    words = words_of("zh")
    for place, text in texts(words.entries).items():
        assert not re.search(r"[\u4e00-\u9fff。，；：] +[\u4e00-\u9fff]", text), place


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ParameterError, match="'fr'.*one of en, zh"):
        words_of("fr")


def statement(**options: Any) -> Statement:
    return Statement(**({"name": "total_sleep", "dimension": "duration", "value": 372.0, "nights": 13} | options))


def test_values_read_as_they_should() -> None:
    english, chinese = words_of("en"), words_of("zh")
    for one, wanted, wanted_chinese in (
        (statement(), "372 min (6 h 12 min)", "372 分钟（6 小时 12 分）"),
        (statement(value=45.0), "45 min", "45 分钟"),
        (statement(value=-66.0, signed=True), "-66 min", "-66 分钟"),
        (statement(value=150.0, signed=True), "+150 min", "+150 分钟"),
        (statement(value=1421.0, kind="clock", unit=""), "23:41", "23:41"),
        (statement(value=3.0, kind="count", unit="nights"), "3 of 13 nights", "13 夜中有 3 夜"),
        (statement(value=15.0, unit="a minute", digits=1), "15.0 a minute", "15.0 次/分"),
        (
            statement(value=math.nan, nights=2),
            "too few nights to say (2 known, 3 needed)",
            "夜数太少，无法说明（已知 2，需要 3）",
        ),
    ):
        assert (english.value(one), chinese.value(one)) == (wanted, wanted_chinese)


def test_ranges_and_percentiles_read_as_they_should() -> None:
    words = words_of("en")
    assert words.range(statement(low=420, high=540, range_kind="norm")) == "range 420 to 540"
    assert words.range(statement(low=85, range_kind="norm")) == "range 85 or more"
    assert words.range(statement(high=0, range_kind="norm")) == "range 0 or less"
    assert words.range(statement(low=11.8, high=19.2, range_kind="typical")) == "typical of wearers 11.8 to 19.2"
    assert words.range(statement()) == ""
    judged = statement(low=420, high=540, range_kind="norm", level="act", direction="low")
    assert words.level(judged) == "well below the range" and words.level(statement(level="act")) == ""
    assert words.percentile(statement(percentile=(0, 25))).startswith("below the 25th")
    assert words.percentile(statement(percentile=(25, 50))).startswith("between the 25th and the 50th")
    assert words.percentile(statement(percentile=(75, 100))).startswith("at or above the 75th")


def test_a_trend_says_its_interval_or_why_there_is_none() -> None:
    words = words_of("en")
    clear = words.trend(statement(trend=Trend("rising", 14.0, 3.5, 20.0, 13)))
    assert clear == "trend: +14.0 min a week (95 % interval +3.5 to +20.0, 13 nights), rising"
    nothing = words.trend(statement(trend=Trend("too few nights", math.nan, math.nan, math.nan, 6)))
    assert nothing == "trend: not stated, 6 nights are known and it needs 7"
    clock = statement(name="mean_bedtime", kind="clock", unit="", trend=Trend("falling", -30, -50, -10, 9))
    assert words.trend(clock) == "trend: -30 min a week (95 % interval -50 to -10, 9 nights), getting earlier"
    assert words.trend(statement(value=math.nan, trend=Trend("rising", 1, 1, 1, 9))) == ""


def test_clock_times() -> None:
    assert [clock_text(minutes) for minutes in (0, 61, 1439)] == ["00:00", "01:01", "23:59"]
