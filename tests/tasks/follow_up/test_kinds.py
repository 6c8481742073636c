"""Kinds of question: phrasings kept apart by split, slots filled, difficulty in order."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.fencing import fence
from sleepcot_utils.knowledge import SPLITS
from sleepcot_utils.tasks.follow_up import ask, default_option, follow_ups, options, remarks, things, verdict
from sleepcot_utils.tasks.follow_up.kinds import SLOT

WITH_A_SLOT = {"rise", "what_if", "measured"}


def test_there_are_the_twenty_kinds_and_remarks() -> None:
    assert len(follow_ups()) == 21 and list(follow_ups())[-1] == "remark"


def test_each_split_has_phrasings_that_no_other_split_or_kind_has() -> None:
    owner: dict[str, tuple[str, str]] = {}
    for kind, entry in follow_ups().items():
        assert len(entry["train"]) >= 3 and [len(entry[split]) for split in SPLITS[1:]] == [1, 2], kind
        for split in SPLITS:
            for phrasing in entry[split]:
                assert phrasing.endswith(("?", ".")), phrasing
                assert (SLOT in phrasing) == (kind in WITH_A_SLOT), phrasing
                key = phrasing.lower().strip()
                assert owner.setdefault(key, (kind, split)) == (kind, split), phrasing


def words_of(text: str) -> set[str]:
    return set(text.lower().replace("?", " ").replace(".", " ").replace(",", " ").split())


def test_test_phrasings_are_no_rewording_by_a_word_of_a_training_one() -> None:
    """Shared words over all words of both, at most two thirds."""
    for kind, entry in follow_ups().items():
        for held_out in entry["test"]:
            for seen in entry["train"]:
                shared, all_words = words_of(held_out) & words_of(seen), words_of(held_out) | words_of(seen)
                assert len(shared) / len(all_words) < 2 / 3, (kind, held_out, seen)


def test_no_slot_is_left_in_a_question_and_what_is_asked_about_stands_in_it(hand_report) -> None:
    rng = np.random.default_rng(1)
    for kind, entry in follow_ups().items():
        for split in SPLITS:
            for about in options(kind, hand_report(), split, rng):
                for phrasing in entry[split]:
                    question = ask(kind, phrasing, about)
                    assert SLOT not in question and "{" not in question
                    shown = things()[about] if kind == "measured" else about
                    assert kind == "remark" or shown in question


def test_a_remark_stands_fenced_above_its_question() -> None:
    for remark_id, remark in remarks().items():
        text, _, question = ask("remark", "Is that dangerous?", remark_id).rpartition("\n")
        assert question == "Is that dangerous?" and text == fence(remark.text, "remark") and remark.text in text


def test_remarks_are_drawn_from_their_own_split(hand_report) -> None:
    for split in SPLITS:
        drawn = options("remark", hand_report(), split, np.random.default_rng(2))
        assert set(drawn) == {name for name, remark in remarks().items() if remark.split == split}


def test_half_of_the_lookups_start_with_what_is_not_known(hand_report) -> None:
    report, rng = hand_report(lowest_oxygen=None), np.random.default_rng(3)
    drawn = [options("measured", report, "train", rng) for _ in range(400)]
    assert all(set(names) == set(things()) for names in drawn)
    unknown = sum(verdict("measured", report, names[0]).name == "cannot_say" for names in drawn)
    assert 160 < unknown < 240  # four standard errors about a half


def test_options_come_in_the_order_of_the_generator(hand_report) -> None:
    orders = [
        [options(kind, hand_report(), "test", np.random.default_rng(seed)) for kind in follow_ups()]
        for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]


def test_what_is_not_said_is_the_first_option(hand_report) -> None:
    assert [default_option(kind) for kind in ("deep", "rise", "what_if", "measured", "remark")] == [
        "", "07:00", "30", "total_sleep", "train1",
    ]  # fmt: skip
    for kind in follow_ups():
        assert verdict(kind, hand_report()) == verdict(kind, hand_report(), default_option(kind))


def test_what_cannot_be_asked_about_is_named() -> None:
    with pytest.raises(InputError, match="there is no remark 'train999'"):
        ask("remark", "?", "train999")
    with pytest.raises(InputError, match=r"can't be asked for 'aura'.*total_sleep"):
        ask("measured", "{about}?", "aura")


def test_nothing_that_no_report_holds_is_a_fact_in_other_words(hand_report) -> None:
    labels = {fact.label for fact in hand_report().facts.values()}
    absent = follow_ups()["measured"]["absent"]
    assert not labels & set(absent.values()) and not set(absent) & set(hand_report().facts)


def test_difficulty_runs_from_one_to_four_and_more_steps_are_harder(study) -> None:
    steps: dict[int, list[int]] = {level: [] for level in (1, 2, 3, 4)}
    for kind, entry in follow_ups().items():
        lengths = [len(verdict(kind, report).steps) for report in study.reports]
        steps[entry["difficulty"]].append(sum(lengths) / len(lengths))
    means = [sum(lengths) / len(lengths) for lengths in steps.values()]
    assert means == sorted(means)
