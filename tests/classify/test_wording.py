"""Texts: exactly what stands there, and that no number is lost or made up."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.classify.cases import feature_names
from sleepcot_utils.classify.measures import measures
from sleepcot_utils.classify.notes import draw_notes, note_kinds, with_notes
from sleepcot_utils.classify.wording import STYLES, describe, describe_all, numbers_in
from sleepcot_utils.errors import ParameterError

FEW = ("steps", "weight_kg")


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("digits", "steps 8839, weight 78.4"),
        ("units", "steps 8839 steps, weight 78.4 kg"),
        ("levels", "steps high, weight middle"),
        ("digits_and_levels", "steps 8839 high, weight 78.4 middle"),
    ],
)
def test_styles(style: str, text: str) -> None:
    assert describe({"steps": 8839.0, "weight_kg": 78.4}, style, order=FEW) == text


def test_a_week_is_told_newest_first_with_its_gaps() -> None:
    case = {"exercise_min": 10.0} | {f"exercise_min_{n}_ago": 10.0 + n for n in range(1, 7)}
    case["exercise_min_2_ago"] = np.nan
    assert describe(case, history=True, order=["exercise_min"]) == "exercise 10 11 - 13 14 15 16"


def test_missing_is_not_told_and_notes_are() -> None:
    case = {"steps": np.nan, "weight_kg": 70.0, "note": "rain all day"}
    assert describe(case, order=FEW) == "weight 70.0; note: rain all day"
    assert describe({"steps": np.nan}, order=["steps"]) == "nothing recorded"
    with pytest.raises(ParameterError, match="no style"):
        describe(case, "prose")


def test_every_number_of_the_table_stands_in_the_text_and_no_other(cases) -> None:
    for style in ("digits", "units"):
        for text, row in zip(describe_all(cases, style), cases[feature_names(history=False)].to_numpy(), strict=True):
            assert numbers_in(text) == row.tolist()
    row = cases.iloc[0].to_dict()
    assert len(numbers_in(describe(row, history=True))) == len(feature_names(history=True))
    assert numbers_in(describe(row | {"note": "slept 9 hours"}, "levels")) == []


def test_a_border_belongs_to_the_level_above() -> None:
    steps = measures()["steps"]
    assert [steps.level(value) for value in (3399, 3400, 11599, 11600)] == ["lowest", "low", "high", "highest"]


def test_test_notes_are_worded_as_no_training_note() -> None:
    for kind in note_kinds().values():
        assert not set(kind.train) & set(kind.test)


def test_notes_follow_their_split_and_share(cases) -> None:
    split = (
        cases["person_id"].map(lambda person: "test" if person < "p10" else "train").repeat(20).reset_index(drop=True)
    )
    drawn = draw_notes(split, np.random.default_rng(3))
    assert drawn["note_kind"].value_counts(normalize=True)["ill"] == pytest.approx(0.12, abs=0.02)
    ill = drawn[drawn["note_kind"] == "ill"]
    assert set(ill.loc[split == "test", "note"]) <= set(note_kinds()["ill"].test)
    assert set(ill.loc[split == "train", "note"]) <= set(note_kinds()["ill"].train)
    assert (drawn.loc[drawn["note_kind"] == "", "note"] == "").all()


def test_only_an_ill_note_overrules_the_numbers(cases) -> None:
    kinds = cases["note_kind"].head(4).set_axis(range(4)).where([False] * 4, ["ill", "not_ill", "everyday", ""])
    assert with_notes(kinds.map(lambda _: 0.1), kinds).tolist() == [0.97, 0.1, 0.1, 0.1]


def test_all_styles_are_known() -> None:
    assert len(set(STYLES)) == 4
