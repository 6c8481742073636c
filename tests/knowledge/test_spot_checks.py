from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sleepcot_utils.errors import InputError
from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.knowledge.spot_checks import SpotCheck, load_spot_checks, spot_check_counts

CHECK: dict[str, Any] = {
    "card": "randy-gardner",
    "looked_for": "hours awake",
    "found": "264 hours.",
    "source": "A newspaper, 1964",
    "same_study": False,
    "verdict": "agrees",
}


def write(folder: Path, *checks: Any) -> Path:
    file = folder / "spot_checks.yaml"
    file.write_text(yaml.safe_dump({"checks": list(checks)}), encoding="utf-8")
    return file


def test_at_least_sixty_facts_of_as_many_cards_are_on_record() -> None:
    checks = load_spot_checks()
    assert len(checks) >= 60
    assert len({check.card for check in checks}) == len(checks)
    counts = spot_check_counts(checks).set_index("verdict")
    assert counts.to_numpy().sum() == len(checks)
    assert counts["other_study"].sum() > counts["same_study"].sum()


def test_no_card_is_named_as_its_own_second_source() -> None:
    doi_of = {card.card_id: card.source.doi for card in load_cards()}
    for check in load_spot_checks():
        if not check.same_study and doi_of[check.card]:
            assert doi_of[check.card] not in check.source, check.card


def test_a_sound_record_is_read_and_counted(tmp_path: Path) -> None:
    other = CHECK | {"card": "nobel-clock-genes", "same_study": True}
    checks = load_spot_checks(write(tmp_path, CHECK, other))
    assert checks[0] == SpotCheck(**CHECK)
    counts = spot_check_counts(checks)
    assert counts.iloc[0].tolist() == ["agrees", 1, 1]
    assert counts[["other_study", "same_study"]].to_numpy()[1:].sum() == 0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"card": "no-such-card"}, "'no-such-card' is unknown or checked twice"),
        ({"verdict": "true"}, "'true' is no verdict"),
        ({"same_study": "no"}, "'no' is no value of 'same_study'"),
        ({"found": ""}, "'' is no value of 'found'"),
        ({"page": 3}, "the fields of this check are not right"),
    ],
)
def test_a_damaged_check_is_refused_with_its_place(tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    file = write(tmp_path, CHECK | {"card": "nobel-clock-genes"}, CHECK | change)
    with pytest.raises(InputError) as caught:
        load_spot_checks(file)
    assert problem in str(caught.value)
    assert "spot_checks.yaml, check 2" in str(caught.value)


def test_a_card_checked_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown or checked twice"):
        load_spot_checks(write(tmp_path, CHECK, CHECK))


def test_a_file_without_checks_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "spot_checks.yaml"
    file.write_text("cards: []\n", encoding="utf-8")
    with pytest.raises(InputError, match="does not hold the checks"):
        load_spot_checks(file)


def test_the_record_is_no_topic(tmp_path: Path) -> None:
    write(tmp_path, CHECK)
    with pytest.raises(InputError, match="there are no knowledge cards here"):
        load_cards(tmp_path)
