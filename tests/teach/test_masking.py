from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.teach.masking import mask


def masked(text: str, *private_terms: str) -> str:
    return mask([{"role": "user", "content": text}], private_terms).messages[0]["content"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to ann.b+x@mail.example.org.", "write to [email 1]."),
        ("a@b.de, c@d.de, A@B.de", "[email 1], [email 2], [email 1]"),
        ("call +49 170 1234567 or (555) 123-4567", "call [phone 1] or [phone 2]"),
        ("mobile 0170 1234567, 07700 900123, 06 12 34 56 78", "mobile [phone 1], [phone 2], [phone 3]"),
        ("phone: 555 1234", "phone: [phone 1]"),
        ("Id 1503960366 slept", "Id [id 1] slept"),
        ("person_id: P0012, device id = AB-77", "person_id: [id 1], device id = [id 2]"),
        ("8f14e45f-ceea-467f-ab1c-0123456789ab at 00:1B:44:11:3A:B7", "[id 1] at [id 2]"),
        ("SSN 123-45-6789", "SSN [id 1]"),
        ("my name is Anna van der Berg. Anna sleeps, Berg too", "my name is [name 1]. [name 1] sleeps, [name 1] too"),
        ("my name is bo and bo is tired", "my name is [name 1] and [name 1] is tired"),
        ("Dear Dr. Miller,", "Dear Dr. [name 1],"),
        ("Name: Zoë Łuczak\nage 40", "Name: [name 1]\nage 40"),
        ("Thanks.\nKind regards,\nPaul", "Thanks.\nKind regards,\n[name 1]"),
    ],
)
def test_identifying_text_is_replaced(text, expected):
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "slept 23:10-06:50, 415-430 min, efficiency 92.5 %, SpO2 95.5-97.1, 7/10 quality",
        "nights: 420 415 390 402 377 415 433; steps 13,162 and 10735; 12345.678 kcal",
        "deep 0.1234567 of the night; 1.5 h; -0.52 degrees; RMSSD 45 ms; 2 to 3 drinks",
        "Device name: Charge 5. A nap in May would do. She may 5 times wake. March 12 nights. April 90.",
        "My name is not important. I'm tired, I am worn out. The van is loud.",
        "version 3.54.0, ratio 1.2.10, 1/2/3, 2016 was better than 2015, room 101, 06 12 34",
        "no. 3 of 5; number 4; I did 10000 steps (about 7.2 km)",
    ],
)
def test_numbers_and_words_of_sleep_stay(text):
    assert masked(text) == text


@pytest.mark.parametrize(
    "spelling",
    [
        "2016-04-11",
        "2016/4/11",
        "20160411",
        "4/11/2016",
        "4/11/16",
        "11.04.2016",
        "11.4.2016",
        "11.04.16",
        "April 11, 2016",
        "Apr 11 2016",
        "11 April 2016",
        "11th of April 2016",
        "April 11",
        "11 Apr.",
        "11th April",
    ],
)
def test_every_spelling_of_a_date_is_the_same_day(spelling):
    assert masked(f"It was {spelling}, before 2016-04-13.") == "It was [day -2], before [day 0]."


def test_time_of_day_and_weekday_stay():
    assert masked("Sat 2016-04-09T23:10, Sun 4/10/2016 6:50:00 AM") == "Sat [day -1]T23:10, Sun [day 0] 6:50:00 AM"


def test_day_first_is_seen_from_a_date_that_can_be_nothing_else():
    assert masked("13/04/2016 and 02/04/2016") == "[day 0] and [day -11]"
    assert masked("4/2/2016 and 4/13/2016") == "[day -11] and [day 0]"


def test_dates_without_any_year_keep_their_distance():
    assert masked("slept badly on 27 February, well on March 2") == "slept badly on [day -4], well on [day 0]"


def test_new_year_lies_between_december_and_january():
    assert masked("on 31 December; 2016-01-02") == "on [day -2]; [day 0]"


def test_far_dates_tell_years_only_and_do_not_move_the_origin():
    text = "born 1980-02-03, goal 2031-01-01, 2016-04-11 and 2016-04-12"
    assert masked(text) == "born [36 years before day 0], goal [15 years after day 0], [day -1] and [day 0]"


def test_impossible_dates_are_left():
    assert masked("2016-13-45 and 31.04.2016") == "2016-13-45 and 31.04.2016"


def test_one_thing_has_one_placeholder_in_all_messages():
    messages = [
        {"role": "system", "content": "The user is called Ann, ann@x.org."},
        {"role": "user", "content": "ANN here: ann@x.org, 2016-04-12"},
    ]
    result = mask(messages, ["Ann"])
    assert [m["content"] for m in result.messages] == [
        "The user is called [name 1], [email 1].",
        "[name 1] here: [email 1], [day 0]",
    ]
    assert [m["role"] for m in result.messages] == ["system", "user"]
    assert messages[0]["content"].startswith("The user is called Ann")


def test_private_terms_are_whole_words_and_the_longest_wins():
    assert (
        masked("Ann Berg, Ann, Annual, P-7, P-77", "Ann", "Ann Berg", "P-7")
        == "[name 1], [name 2], Annual, [name 3], P-77"
    )
    with pytest.raises(ParameterError, match="one character"):
        masked("a b", "a")


def test_reply_gets_the_originals_back():
    result = mask(
        [{"role": "user", "content": "I'm called Ann, 2016-04-12 vs 2016-04-10, born 1980-01-01, 1980-03-01"}]
    )
    reply = "[name 1]: [day 0] beats [day -2]. [day -1] is unknown; [name 2] too; [36 years before day 0]."
    assert result.restore(reply) == (
        # The placeholder of two dates can't be put back, nor one that was never given.
        "Ann: 2016-04-12 beats 2016-04-10. [day -1] is unknown; [name 2] too; [36 years before day 0]."
    )


def test_text_that_looks_like_a_placeholder_is_not_taken_for_one():
    result = mask([{"role": "user", "content": "[name 1] and id 1: my name is Ann"}])
    assert result.messages[0]["content"] == "[name 1] and id [id 1]: my name is [name 2]"
    assert result.restore("[name 1], [name 2]") == "[name 1], Ann"


PIECES = ["ann@mail.example", "2016-04-12", "1503960366", "+49 170 1234567", "Dr. Miller", "420 min, 7.5 h", "4/9/2016"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=8))
def test_any_text_is_masked_the_same_way_twice(pieces):
    messages = [{"role": "user", "content": " | ".join(pieces)}]
    first = mask(messages)
    assert first == mask(messages)
    content = first.messages[0]["content"]
    assert not any(secret in content for secret in ("ann@mail.example", "1503960366", "170 1234567", "2016-04-12"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_masking_can_be_undone(pieces):
    text = " | ".join(pieces)
    result = mask([{"role": "user", "content": text}])
    assert result.restore(result.messages[0]["content"]) == text


@pytest.mark.parametrize("unit", ["a", "1", "a.", "-", "1-", "0 ", "id ", "A b ", "4/1/", "a@b."])
def test_long_text_takes_no_long_time(unit):
    begin = time.perf_counter()
    masked(unit * (20_000 // len(unit)))
    assert time.perf_counter() - begin < 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我叫李秀英，李秀英睡不好。", "我叫[name 1]，[name 1]睡不好。"),
        ("张医生说不要紧张。", "[name 1]医生说不要紧张。"),
        ("邮箱ann@mail.example谢谢，全角：ann＠mail．example", "邮箱[email 1]谢谢，全角：[email 1]"),
        ("手机13800138000，座机010-55512345", "手机[phone 1]，座机[phone 2]"),
        ("身份证号110101199003070018", "身份证号[id 1]"),
        ("序列号SN4F81C22K显示五小时", "序列号[id 1]显示五小时"),
        ("我出生于1980年2月3日。昨晚是2016-04-12。", "我出生于[36 years before day 0]。昨晚是[day 0]。"),
        ("生于一九五九年八月十七日", "生于[birth date 1]"),
        ("DOB: June 1979", "DOB: [birth date 1]"),
        ("我住在31.2304, 121.4737附近", "我住在[place 1]附近"),
        ("at 51°30'26\"N 0°7'39\"W, lat=37.7749", "at [place 2], lat=[place 1]"),
    ],
)
def test_identifying_text_beside_chinese_signs_and_places(text, expected):
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "我叫不醒自己。我是一个容易紧张的人。医生说没事。",
        "ratios 0.1234, 0.5678; values 12.1234, 13.5678, 14.1111; 18.5 N of 20; -0.52度",
        "血氧95.5-97.1，415-430分钟，13,162步，2016年比2015年好",
    ],
)
def test_what_looks_alike_stays(text):
    assert masked(text) == text
