"""The account of a reading."""

from __future__ import annotations

import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import ledger as module
from sleepcot_utils.ingest.ledger import Ignored, Ledger, RecordError, quoted


def test_every_record_ends_in_one_column():
    ledger = Ledger(strict=False)
    with ledger.file("a.json") as book:
        for number, outcome in enumerate((None, Ignored(), RecordError("field", "is odd", "even"), None), start=1):
            with book.record(number):
                if outcome is not None:
                    raise outcome
        book.drop_duplicate()
    ledger.repeat("a.json")
    count = book.count
    assert (count.rows, count.kept, count.duplicates, count.skipped, count.ignored) == (5, 1, 2, 1, 1)
    assert [problem.where for problem in ledger.problems] == ["a.json, record 3, field field"]


def test_strict_stops_at_the_first_bad_record():
    message = r"a\.csv, row 2 \(line 5\), column x: is odd\. Expected: even\."
    with pytest.raises(InputError, match=message), Ledger(strict=True).file("a.csv") as book, book.record(2, 5):
        raise RecordError("x", "is odd", "even")


def test_a_file_damaged_as_a_whole_is_listed_unless_strict():
    damage = InputError("is broken", where="a.json", expected="a whole file")
    ledger = Ledger(strict=False)
    with ledger.file("a.json") as book:
        book.keep(3)
        raise damage
    assert ledger.unread[0].reason == "is broken; expected a whole file"
    assert ledger.books[0].kept == 3
    with pytest.raises(InputError), Ledger(strict=True).file("a.json"):
        raise damage


def test_other_errors_are_not_swallowed():
    with pytest.raises(KeyError), Ledger(strict=False).file("a.json") as book, book.record(1):
        raise KeyError("x")


def test_of_endless_problems_all_are_counted_and_some_listed(monkeypatch):
    monkeypatch.setattr(module, "MAX_LISTED_PROBLEMS", 3)
    ledger = Ledger(strict=False)
    with ledger.file("a.json") as book:
        for number in range(10):
            book.skip(number, RecordError("", "is odd", "even"))
    assert (book.skipped, len(ledger.problems)) == (10, 3)


@pytest.mark.parametrize("value", ["x" * 10_000_000, 10**400, {"a": ["b"] * 1000}, "someone@example.org", "\ud800\n"])
def test_any_value_can_be_quoted(value):
    text = quoted(value)
    assert len(text) < 100
    assert "\n" not in text
    assert "example.org" not in text
    text.encode("utf-8")
