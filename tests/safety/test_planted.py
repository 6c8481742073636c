"""The measurement of masking can fail, and what it measures now does not get worse unnoticed."""

from __future__ import annotations

import pytest

from sleepcot_utils.safety.planted import HARMLESS, TEST, Remark, is_gone, masking_rates, planted_remarks

DEV = "dev"
KINDS = {"name", "email", "phone", "device_id", "gps", "birth_date", HARMLESS}


@pytest.mark.parametrize(
    ("masked", "gone"),
    [
        ("Call [phone 1] at 14", True),
        ("Call +33 6 39 98 12 34 at 14", False),
        ("Call [phone 1] 34 at 14", False),  # the last two digits are left
        ("Call [phone 39] at 14", True),  # what stands in a placeholder was not left there
    ],
)
def test_a_part_that_is_left_is_a_miss(masked: str, gone: bool) -> None:
    remark = Remark("phone", "en", TEST, "Call +33 6 39 98 12 34 at 14", ("+33 6 39 98 12 34",))
    assert is_gone(remark, masked) is gone


def test_one_sign_of_a_chinese_name_is_a_miss_and_one_elsewhere_is_not() -> None:
    remark = Remark("name", "zh", TEST, "张医生说不要紧张", ("张",))
    assert is_gone(remark, "[name 1]医生说不要紧张") and not is_gone(remark, remark.text)


def test_rates_by_hand() -> None:
    remarks = [Remark("phone", "en", TEST, f"ring 555-01{number}", (f"555-01{number}",)) for number in range(10, 14)]
    remarks += [Remark(HARMLESS, "en", TEST, text, ()) for text in ("slept 5 h", "ring me")]
    rates = masking_rates(remarks, lambda text: text.replace("ring 555-0110", "[x]").replace("ring me", "[x]"))
    found = rates.set_index("kind")
    assert (found.loc["phone", "hits"], found.loc["phone", "rate"]) == (1, 0.25)
    # Wilson's interval of 1 of 4: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n) with z = 1.96.
    assert found.loc["phone", "low"] == pytest.approx(0.0456, abs=1e-3)
    assert found.loc["phone", "high"] == pytest.approx(0.6994, abs=1e-3)
    assert found.loc[HARMLESS, "hits"] == 1
    nothing = masking_rates(planted_remarks(), lambda text: text)
    assert (nothing["hits"] == 0).all(), "without masking nothing is masked, and there is no false alarm"


def test_remarks_are_of_every_kind_and_no_text_is_in_both_halves() -> None:
    remarks = planted_remarks()
    cells = {(remark.kind, remark.language, remark.split) for remark in remarks}
    assert cells == {(kind, language, split) for kind in KINDS for language in ("en", "zh") for split in (DEV, TEST)}
    assert len({remark.text for remark in remarks}) == len(remarks)
    values = {split: {v for r in remarks if r.split == split for v in r.planted} for split in (DEV, TEST)}
    assert not values[DEV] & values[TEST]


def test_masking_is_no_worse_than_when_it_was_measured() -> None:
    rates = masking_rates(planted_remarks()).set_index(["kind", "language"])["hits"]
    assert rates.drop(HARMLESS).sum() >= 107, "of 120, with 13 of 20 names among them"
    assert rates[HARMLESS].sum() == 0
