"""Errors are sentences that name the place and what would be right."""

from __future__ import annotations

import pytest

from sleepcot_utils.errors import ArtifactError, InputError, ParameterError, StudyError, TeacherError, TrainingError


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "minutes are negative."),
        ({"where": "a.csv, row 7"}, "a.csv, row 7: minutes are negative."),
        ({"expected": "0 to 1440"}, "minutes are negative. Expected: 0 to 1440."),
        (
            {"where": "a.csv, row 7", "expected": "0 to 1440"},
            "a.csv, row 7: minutes are negative. Expected: 0 to 1440.",
        ),
    ],
)
def test_an_error_is_one_sentence_with_its_place_and_remedy(options: dict[str, str], sentence: str) -> None:
    error = StudyError("minutes are negative", **options)
    assert str(error) == sentence
    assert (error.problem, error.where, error.expected) == (
        "minutes are negative",
        options.get("where", ""),
        options.get("expected", ""),
    )


@pytest.mark.parametrize("kind", [ArtifactError, InputError, ParameterError, TeacherError, TrainingError])
def test_every_kind_is_caught_as_a_study_error(kind: type[StudyError]) -> None:
    with pytest.raises(StudyError, match=r"^here: wrong\. Expected: right\.$"):
        raise kind("wrong", where="here", expected="right")


def test_no_kind_is_caught_as_another() -> None:
    kinds = [ArtifactError, InputError, ParameterError, TeacherError, TrainingError]
    assert all(one is other or not issubclass(one, other) for one in kinds for other in kinds)
