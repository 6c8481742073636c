"""Validators that say what they allow."""

from __future__ import annotations

import pytest

from sleepcot_utils.allowed import Listed, Matches, OneOf, split_list


def test_one_of() -> None:
    check = OneOf((7, 14))
    assert check(7) == 7
    assert check.expected == "one of 7, 14"
    with pytest.raises(ValueError, match="8 is not among"):
        check(8)


@pytest.mark.parametrize(
    ("text", "said"), [("", "empty"), (" , ", "empty"), ("1,1", "twice"), ("1, 01", "twice"), ("1,x", "x")]
)
def test_lists_refuse(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Listed("whole numbers", int)(text)


def test_lists_keep_their_text() -> None:
    assert Listed("whole numbers", int)("2, 1,3") == "2, 1,3"
    assert split_list(" 2, 1,,3 ") == ["2", "1", "3"]


def test_matches() -> None:
    check = Matches("lower case", str.islower)
    assert check("abc") == "abc"
    with pytest.raises(ValueError, match="'Abc' does not fit"):
        check("Abc")
