"""The report in words: every rendering states the same numbers, and they are those of the statements."""

from __future__ import annotations

import math
import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from sleepcot_utils.report.document import document, long_text
from sleepcot_utils.report.full import FullReport, full_report
from sleepcot_utils.report.page import page_html
from sleepcot_utils.report.reports import report_text
from sleepcot_utils.report.statements import Statement
from sleepcot_utils.report.wording import words_of

NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?::\d\d|\.\d+)?")
#: Latin words that Chinese keeps: abbreviations, authors, the device and the made-up name of the person.
KEPT = {
    *("REM", "RMSSD", "RU", "SATED", "doi", "MESA", "watch", "p00001"),
    *("Hirshkowitz", "Ohayon", "Huang", "Mariani", "Redline", "Wittmann", "Roenneberg", "Quer", "Natarajan", "Pietila"),
    *("Gardiner", "Dhand", "Sohal", "Phillips", "Jankowski", "Buysse", "Lau", "Chinoy", "Goparaju", "Robbins"),
}


def number_words(text: str) -> list[str]:
    return [word.lstrip("+") for word in NUMBER.findall(text)]


def expected_numbers(one: Statement) -> Counter[str]:
    """Every number that a rendering of a statement has to state, from the statement alone."""
    label = ["02:00", "04:00"] if one.name == "core_hours" else ["14:00"] if one.name == "late_caffeine_nights" else []
    label += [one.name.rsplit("_", 1)[1]] if one.name.startswith("sleep_debt_") else []
    if one.status == "too_few":
        return Counter([*label, str(one.nights), str(one.needed)])
    if one.kind == "clock":
        said = [f"{int(one.value) // 60:02d}:{int(one.value) % 60:02d}"]
    else:
        said = [f"{one.value:.{one.digits}f}"]
        if one.unit == "min" and one.value >= 120 and not one.signed:
            said += [str(int(one.value) // 60), str(int(one.value) % 60)]
    said += {"of 100": ["100"], "of 2": ["2"]}.get(one.unit, [])
    said += [f"{side:g}" for side in (one.low, one.high) if side is not None]
    if one.percentile:
        said += [str(mark) for mark in one.percentile if mark not in (0, 100)]
    if one.nights:
        said.append(str(one.nights))
    if one.trend and math.isnan(one.trend.a_week):
        said += [str(one.trend.nights), "7"]
    elif one.trend:
        digits = 0 if one.kind == "clock" else 1
        said += [f"{value:.{digits}f}" for value in (one.trend.a_week, one.trend.low, one.trend.high)]
        said += ["95", str(one.trend.nights)]
    return Counter([*label, *said])


class Blocks(HTMLParser):
    """Text of each statement of a page without its source, and of everything, by id."""

    def __init__(self) -> None:
        super().__init__()
        self.text: dict[str, str] = {}
        self.open: list[tuple[str, str]] = []
        self.everything: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            own = dict(attributes)
            self.open.append((tag, own.get("id") or "" if own.get("class") == "item" else ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag, "tags are nested as they should"

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self.open]
        if "style" in tags:
            return
        self.everything.append(data)
        item = next((name for _, name in self.open if name), "")
        if item and "details" not in tags:
            self.text[item] = f"{self.text.get(item, '')} {data}"


def blocks_of(page: str) -> Blocks:
    parser = Blocks()
    parser.feed(page)
    assert parser.open == []
    return parser


@pytest.fixture(scope="module")
def fulls(study, rich_report, night_table) -> list[FullReport]:
    """Reports of all sorts: made by hand, simulated, and with little data."""
    found = [rich_report(satisfaction=1), rich_report(age_y=None, sex=None, device="fitbit", spo2_min_pct=85.0)]
    found.append(full_report(night_table(4, bedtime=[None] * 4), person_id="p00001", window_nights=14))
    for person in study.people.head(25).itertuples():
        own = study.table[study.table["person_id"] == person.person_id]
        found.append(
            full_report(own, person_id="p00001", window_nights=14, age_y=float(person.age_y), sex=str(person.sex))
        )
    return [full for full in found if full is not None]


def stated(full: FullReport) -> list[Statement]:
    return [one for one in full.statements if one.status != "not_given"]


def test_every_rendering_states_the_numbers_of_the_statements(fulls) -> None:
    for full in fulls:
        wanted = {one.name: expected_numbers(one) for one in stated(full)}
        for language in ("en", "zh"):
            lines = [line for line in long_text(full, language).splitlines() if line.startswith("- ")]
            assert [Counter(number_words(line[2:])) for line in lines] == list(wanted.values())
            page = blocks_of(page_html(full, language))
            found = {name: Counter(number_words(text)) for name, text in page.text.items()}
            assert found == wanted


def test_the_short_text_states_no_other_value(fulls) -> None:
    for full in fulls:
        short = dict(line.split(": ", 1) for line in report_text(full.report).splitlines() if ": " in line)
        for line in [line[2:] for line in long_text(full).splitlines() if line.startswith("- ")]:
            label, said = line.split(": ", 1)
            if label in short and short[label] not in ("not measured", "too few nights"):
                shown = short[label].split(" (")[0].lstrip("+")
                assert said.lstrip("+").startswith(shown), label


def test_chinese_holds_no_english_word(fulls) -> None:
    doi = re.compile(r"10\.\d{4,}/\S+?(?=）|；|。|，|\s)")
    for full in fulls:
        device = set(re.findall(r"[A-Za-z]+", full.report.device))
        for text in (long_text(full, "zh"), " ".join(blocks_of(page_html(full, "zh")).everything)):
            left = set(re.findall(r"[A-Za-z][A-Za-z0-9]*", doi.sub("", text))) - KEPT - device
            assert not left, left


def test_what_is_not_given_is_named_once(rich_report) -> None:
    full = rich_report(spo2_min_pct=None, deep_min=None, light_min=None)
    text = long_text(full)
    assert "Not given by this data: deep sleep, light sleep, share of time asleep, deep sleep, share" in text
    assert "Not given by this data: lowest oxygen." in text and "- lowest oxygen" not in text


def test_the_summary_says_what_lies_where(rich_report) -> None:
    calm = document(rich_report(), "en")
    assert calm.summary[0] == "Every value that has a range lies within it." and calm.clinician == ()
    text = "\n".join(document(rich_report(total_sleep_min=300.0), "en").summary)
    assert "Outside the range: sleep efficiency (well below the range), time asleep (well below the range)." in text
    assert "deep sleep" not in text, "stages are described, not judged"


def test_a_red_flag_says_whom_to_ask_and_does_not_diagnose(rich_report) -> None:
    for language, first, word in (
        ("en", "Please show this to a clinician soon.", "help now"),
        ("zh", "请尽快", "立即求助"),
    ):
        text = long_text(rich_report(spo2_min_pct=85.0), language)
        assert first in text and word in text
        assert text.index(first) < text.index(words_of(language).phrase("summary_title"))
    assert "clinician soon" not in long_text(rich_report())


def test_caveats_stand_where_the_measurement_is(rich_report) -> None:
    sections = {section.name: section for section in document(rich_report(device="garmin"), "en").sections}
    assert any("18 to 54 %" in caveat for caveat in sections["efficiency"].caveats)
    assert any("convention" in caveat for caveat in sections["duration"].caveats)
    assert any("start of its record" in caveat for caveat in sections["efficiency"].caveats)
    without = document(rich_report(device="garmin", sleep_onset_latency_min=None), "en").sections
    efficiency = next(section for section in without if section.name == "efficiency")
    assert any("does not record when you tried to sleep" in caveat for caveat in efficiency.caveats)
