"""Quantities: a table of phrasings written by hand, and amounts rendered by templates that know nothing of the reader."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.tasks.quantities import CLOCK, MIN, Quantity, quantities

TABLE = yaml.safe_load((Path(__file__).parent / "quantities.yaml").read_text(encoding="utf-8"))
PHRASINGS = [(group, entry[0], entry[1:]) for group, entries in TABLE.items() for entry in entries]

#: Ways to write a time span; {m} all minutes, {h} whole hours and {r} the minutes beyond them.
SPANS = (
    "{m} min", "{m} minutes", "{m}min", "{h} h {r} min", "{h}h {r}m", "{h} hours {r} minutes", "{h} hours and {r} minutes",
    "{h}h{r:02d}", "{h}:{r:02d} h", "{h} hr {r} min",
)  # fmt: skip
CLOCKS = ("{h:02d}:{m:02d}", "{half}:{m:02d} {side}", "{half}:{m:02d}{side}", "{half}.{m:02d} {dotted}")
AROUND = ("{}", "You slept {} on average.", "({})", "It was {}, which is fine", "- {}: watch", "**{}**", "only {}!")
#: Number words by what they count.
WORDS = {0: "zero", 3: "three", 7: "seven", 9: "nine", 13: "thirteen", 14: "fourteen"}


def read(text: str) -> list[list[object]]:
    return [
        [round(one.value, 6), one.unit, *([one.total] if one.total is not None else [])] for one in quantities(text)
    ]


@pytest.mark.parametrize(("group", "text", "expected"), PHRASINGS, ids=[f"{g}: {t}" for g, t, _ in PHRASINGS])
def test_a_phrasing_holds_these_quantities(group: str, text: str, expected: list[list[object]]) -> None:
    assert read(text) == expected


def test_the_table_is_large_enough() -> None:
    assert len(PHRASINGS) >= 220 and len({text for _, text, _ in PHRASINGS}) == len(PHRASINGS)
    assert min(len(entries) for entries in TABLE.values()) >= 10


@pytest.mark.parametrize("span", SPANS)
def test_spans_are_read_in_every_way_of_writing_them_and_in_any_sentence(span: str) -> None:
    """Fifteen spans in ten ways and seven sentences: about a thousand phrasings."""
    for minutes, around in product(np.random.default_rng(1).integers(61, 720, 15), AROUND):
        hours, rest = divmod(int(minutes), 60)
        written = span.format(m=int(minutes), h=hours, r=rest)
        assert read(around.format(written)) == [[float(minutes), MIN]], around.format(written)


@pytest.mark.parametrize("clock", CLOCKS)
def test_clock_times_are_read_in_every_way_of_writing_them(clock: str) -> None:
    for hour, minute in product(range(24), (0, 7, 59)):
        side = "pm" if hour >= 12 else "am"
        names = {"half": hour % 12 or 12, "side": side, "dotted": f"{side[0]}.m."}
        text = f"To bed at {clock.format(h=hour, m=minute, **names)} as usual"
        assert read(text) == [[60.0 * hour + minute, CLOCK]], text


@pytest.mark.parametrize(
    "share", ["{a} of {b} nights", "{a} out of {b} nights", "{a}/{b} nights", "{a} of the {b} nights"]
)
def test_shares_keep_what_they_are_out_of(share: str) -> None:
    for part, whole in product((0, 3, 9), (7, 13, 14)):
        assert read(f"Caffeine on {share.format(a=part, b=whole)}.") == [[float(part), "nights", float(whole)]]
        spelled = share.format(a=WORDS[part], b=WORDS[whole])
        if "/" not in share:
            assert read(f"Caffeine on {spelled}.") == [[float(part), "nights", float(whole)]]


@given(st.integers(1, 99_999), st.sampled_from(["min", "bpm", "%", "ms", ""]), st.sampled_from(["", "+", "-"]))
@settings(max_examples=150, deadline=None)
def test_any_number_keeps_its_sign_and_its_place(number: int, unit: str, sign: str) -> None:
    text = f"It is {sign}{number} {unit} now"
    (one,) = quantities(text)
    assert one.value == (-number if sign == "-" else number) and one.unit == unit and one.is_signed is bool(sign)
    assert text[one.start : one.end].strip() == f"{sign}{number} {unit}".strip()


@given(st.text(alphabet="0123456789:.,-+/%hm inafp½\n", max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_reader_and_places_do_not_overlap(text: str) -> None:
    found = quantities(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7.2 hours", 429, 435),
        ("about 7 hours", 390, 450),
        ("7 hours", 420, 420),
        ("432 min", 432, 432),
        ("about 370 min", 365, 375),
        ("about 372 min", 371.5, 372.5),
        ("roughly 7.2 hours", 429, 435),
        ("7 h 12 min", 432, 432),
        ("84.5 %", 84.45, 84.55),
    ],
)
def test_an_amount_is_as_exact_as_it_was_printed(text: str, low: float, high: float) -> None:
    (one,) = quantities(text)
    assert one.says(low) and one.says(high)
    assert not one.says(low - 0.5) and not one.says(high + 0.5)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("not 6 hours", (True, False)),
        ("never 6 hours", (True, False)),
        ("rather than 6 hours", (True, False)),
        ("6 hours", (False, False)),
        ("nothing but 6 hours", (False, False)),
        ("about 6 hours", (False, True)),
        ("~6 hours", (False, True)),
        ("nearly 6 hours", (False, True)),
        ("what it is about. 6 hours", (False, False)),
    ],
)
def test_denials_and_rough_amounts_are_marked(text: str, flags: tuple[bool, bool]) -> None:
    (one,) = quantities(text)
    assert (one.is_denied, one.is_about) == flags


def test_units_fit_their_own_kind_and_a_bare_number_all_but_clocks() -> None:
    minutes, bare, clock = quantities("372 min, 372, 06:12")
    assert minutes.fits("min") and minutes.fits("min a day") and not minutes.fits("%") and not minutes.fits("clock")
    assert bare.fits("min") and bare.fits("%") and bare.fits("nights") and not bare.fits("clock")
    assert clock.fits("clock") and not clock.fits("min")
    assert Quantity(9, "a minute", 0, 1).fits("bpm")


def test_places_hold_in_text_whose_letters_grow_when_made_small() -> None:
    text = "İzmir İİ: 7 h 12 min, İ 82%"
    assert [text[one.start : one.end] for one in quantities(text)] == ["7 h 12 min", "82%"]
