"""Practice of the base: right answers, worked out again here from the question and the text of the report."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import numpy as np
import pytest

from sleepcot_utils.distill.practice import ALONE, ON_REPORT, conversations, needs, turns_alone, turns_on
from sleepcot_utils.distill.practice.lexicon import report_groups
from sleepcot_utils.distill.practice.memory import REMEMBERED, remember_in_other_words, remembered_facts
from sleepcot_utils.distill.practice.turns import words
from sleepcot_utils.distill.pretrain import practice_reports
from sleepcot_utils.report.reports import report_text
from sleepcot_utils.tasks.build import SYSTEM_PROMPT
from sleepcot_utils.tasks.follow_up import follow_ups

ITEMS = 40
SIGNED = r"[+-]?\d+(?:\.\d)?"


@pytest.fixture(scope="module")
def reports():
    return practice_reports(40, 11)


@pytest.fixture(scope="module")
def readings(reports):
    """Skill to (report, question, answer)."""
    rng = np.random.default_rng(12)
    pairs = [(report, read) for number in range(ITEMS) for report in [reports[number]] for read in ON_REPORT]
    return _by_skill((skill, (report, *ON_REPORT[skill][0](report, rng))) for report, skill in pairs)


@pytest.fixture(scope="module")
def drills():
    """Skill to (question, answer)."""
    rng = np.random.default_rng(13)
    return _by_skill((skill, drill(rng)) for skill, (drill, _) in ALONE.items() for _ in range(ITEMS))


def _by_skill(made):
    found = defaultdict(list)
    for skill, item in made:
        found[skill].append(item)
    return found


def lines_of(report) -> dict[str, tuple[str, str]]:
    """Label to the printed value and the printed range, read from the text alone."""
    found = {}
    for line in report_text(report).splitlines()[2:]:
        label, _, rest = line.partition(": ")
        value, _, limits = rest.partition(" (")
        found[label] = (value, limits.strip(")"))
    return found


def side_in_text(value: str, limits: str) -> str:
    number = float(re.match(SIGNED, value)[0])
    bounds = [float(n) for n in re.findall(r"\d+", limits)]
    if not bounds:
        return "no range"
    low = bounds[0] if " to " in limits or "more" in limits else -np.inf
    high = bounds[-1] if " to " in limits or "less" in limits else np.inf
    return f"under {low:.0f}" if number < low else f"over {high:.0f}" if number > high else "inside"


def test_a_field_is_read_as_it_is_printed(readings) -> None:
    for skill in ("read_field", "read_many"):
        for report, _, answer in readings[skill]:
            printed = lines_of(report)
            for line in answer.splitlines():
                if line in {value for value, _ in printed.values()}:
                    continue  # bedtime and trend are said alone
                label = max((label for label in printed if line.startswith(label)), key=len)
                assert line.removeprefix(label).strip(" :") == printed[label][0]


def test_what_is_missing_is_what_the_text_says_is_missing(readings) -> None:
    for report, _, answer in readings["missing"]:
        gone = [label for label, (value, _) in lines_of(report).items() if value == "not measured"]
        assert answer == (", ".join(label for label in gone if label != "average bedtime") or "none")
    for report, question, answer in readings["measured"]:
        assert (answer == "no, not measured") or answer.startswith("yes, ")
        asked = [label for label in lines_of(report) if label in question]
        if asked:
            value = lines_of(report)[max(asked, key=len)][0]
            assert answer == ("no, not measured" if value == "not measured" else f"yes, {value}")


def test_comparisons_agree_with_the_printed_ranges(readings) -> None:
    checked = 0
    for skill in ("compare", "compare_many", "list_outside", "first_in_order", "grade"):
        for report, _, answer in readings[skill]:
            printed = lines_of(report)
            for label, number, side in re.findall(
                rf"^(.+?) ({SIGNED}) is (under \d+|over \d+|inside|no range)", answer, re.MULTILINE
            ):
                value, limits = printed[label]
                assert value.startswith(number) and side == side_in_text(value, limits), (skill, answer)
                checked += 1
    assert checked > 300


def test_lists_of_what_lies_outside_are_complete(readings) -> None:
    for skill, item in (("list_outside", rf"^(.+?) {SIGNED} is "), ("count_outside", r"^\d+\. (.+)$")):
        for report, _, answer in readings[skill]:
            printed = {label: pair for label, pair in lines_of(report).items() if re.match(SIGNED, pair[0]) and pair[1]}
            right = [label for label, pair in printed.items() if side_in_text(*pair) != "inside"]
            assert re.findall(item, answer, re.MULTILINE) == right
            if skill == "count_outside":
                assert answer.endswith(f"count {len(right)}")


def test_words_of_a_made_up_rule_follow_the_rule(readings) -> None:
    for _, question, answer in readings["two_limits"]:
        value, said = re.fullmatch(rf".+? ({SIGNED}) is (.+)", answer).groups()
        limits = [int(n) for n in re.findall(r"(?:under|over) (-?\d+)", question)]
        down = " under " in question
        near, far = (max(limits), min(limits)) if down else (min(limits), max(limits))
        beyond = [float(value) < limit if down else float(value) > limit for limit in (far, near)]
        word = "under" if down else "over"
        assert said.startswith(
            f"{word} {far}:" if beyond[0] else f"{word} {near}:" if beyond[1] else f"not {word} {near}:"
        )
        assert said.partition(": ")[2] in words()["rule_words"]
    for report, question, answer in readings["decide"]:
        printed, right = lines_of(report), None
        for label, word, limit, said in re.findall(r"If (.+?) is (over|under) (-?\d+) say (\w+)\.", question):
            value = re.match(SIGNED, printed[label][0])
            if value and (float(value[0]) > int(limit) if word == "over" else float(value[0]) < int(limit)):
                right = said
                break
        other = re.search(r"(?:Otherwise say|Else) (\w+)", question)[1]
        assert answer.splitlines()[-1] == f"say {right or other}"


def test_every_sum_and_clock_time_is_right(readings, drills) -> None:
    answers = [item[-1] for made in (readings, drills) for items in made.values() for item in items]
    counts = defaultdict(int)
    for answer in answers:
        for a, sign, b, c in re.findall(
            r"(?<![\d:])(?<! \+ )(?<!\.)\b(-?\d+(?:\.\d)?) ([+-]) (-?\d+(?:\.\d)?) = (-?\d+(?:\.\d)?)(?! h)", answer
        ):
            assert float(c) == pytest.approx(float(a) + float(b) if sign == "+" else float(a) - float(b)), answer
            counts[sign] += 1
        for n, h, m in re.findall(r"(\d+) min = (\d+) h (\d+) min", answer):
            assert int(n) == 60 * int(h) + int(m) and int(m) < 60
            counts["hours"] += 1
        for clock, h, m, end in re.findall(r"(\d\d:\d\d) \+ (?:(\d+) h)? ?(?:(\d+) min)? = (\d\d:\d\d)", answer):
            total = _minutes(clock) + 60 * int(h or 0) + int(m or 0)
            assert total % 1440 == _minutes(end), answer
            counts["clock"] += 1
        for a, b, n in re.findall(r"(\d\d:\d\d) to (\d\d:\d\d) is (\d+) min", answer):
            assert (_minutes(b) - _minutes(a)) % 1440 == int(n)
            counts["between"] += 1
    assert all(counts[kind] > 30 for kind in ("+", "-", "hours", "clock", "between"))
    for question, answer in drills["clock_between"]:
        a, b = re.findall(r"\d\d:\d\d", question)
        assert int(re.search(r"= (\d+) min$", answer)[1]) == (_minutes(b) - _minutes(a)) % 1440
    for report, _, answer in readings["rise"]:
        bed, time = lines_of(report)["average bedtime"][0], lines_of(report)["time in bed"][0]
        if answer != "not measured":
            assert _minutes(answer[-5:]) == (_minutes(bed) + int(time.split()[0])) % 1440


def _minutes(clock: str) -> int:
    return 60 * int(clock[:2]) + int(clock[3:])


def test_lists_and_tables_give_what_stands_there(drills) -> None:
    for question, answer in drills["sort"]:
        assert answer == ", ".join(sorted(re.findall(r"\d+", question), key=int))
    for question, answer in drills["count"]:
        word, items = re.match(r"(?:How often does|Count) (.+?)(?: stand in)?: (.+?)\??$", question).groups()
        assert answer == str(items.split(", ").count(word))
    for question, answer in drills["look_up"]:
        *table, asked = question.splitlines()
        row, column = re.match(r"(?:What stands at )?(.+?)(?:,| under) ([\w'-]+)\?", asked).groups()
        cells = {line.split(" | ")[0]: line.split(" | ") for line in table}
        assert answer == cells[row][table[0].split(" | ").index(column)]
    for question, answer in drills["largest"]:
        items = re.search(r"(?:Largest of|step by step:) (.+?)(?:\?|$)", question)[1]
        numbers = [item.rsplit(" ", 1) for item in items.split(", ")]
        assert answer.splitlines()[-1] == f"largest: {max(numbers, key=lambda pair: int(pair[1]))[0]}"
    for question, answer in drills["next_item"]:
        listed, words = re.search(r"(?:List: )?(.+?)\. What (?:comes after|follows) (.+)\?", question).groups()
        items = listed.split(", ")
        assert answer == ", ".join(f"{word}: {items[items.index(word) + 1]}" for word in words.split(", "))
    for question, answer in drills["rank_levels"]:
        levels = re.search(r"(?:Levels from high to low: |first \()(.+?)[.)]", question)[1].split(", ")
        order = re.search(r"(?:the order is|place in) (.+?)[.]", question)[1].split(", ")
        held = dict(pair.rsplit(" ", 1) for pair in _items(question).split(", "))
        first, second, *_ = sorted(order, key=lambda name: (levels.index(held[name]), order.index(name)))
        assert answer == f"first {first} {held[first]}, second {second} {held[second]}"
    for question, answer in drills["collect_ranked"]:
        low = re.search(r"(?:Leave out|Without) (\w+)", question)[1]
        named = re.search(r"List (\w+) before (\w+),|all (\w+), then all (\w+)\.", question).groups()
        high, middle = filter(None, named)
        held = [re.fullmatch(r"(.+) \d+: (\w+)", line).groups() for line in question.splitlines()[:-1]]
        assert {level for _, level in held} <= {low, middle, high}
        kept = [pair for level in (high, middle) for pair in held if pair[1] == level]
        names = [*(name for name, _ in kept), "none", "none"]
        listed = ", ".join(" ".join(pair) for pair in kept) or "none"
        assert answer == f"list: {listed}\nfirst: {names[0]}, second: {names[1]}"


def test_what_is_learned_is_practiced_less_and_never_left_out(reports) -> None:
    needed = needs({"copy": 1.0, "subtract": 0.5})
    assert set(needed) == {*ON_REPORT, *ALONE}
    assert 0 < needed["copy"] < needed["subtract"] == 0.5 < needed["add"] == 1.0
    drawn = Counter(name for name, _ in turns_alone(6000, np.random.default_rng(5), needed))
    alike = Counter(name for name, _ in turns_alone(6000, np.random.default_rng(5)))
    assert 0 < drawn["copy"] < 0.4 * alike["copy"]
    assert drawn["add"] > alike["add"]
    only = {name: float(name == "gap") for name in ON_REPORT}
    assert {name for name, _ in turns_on(reports[0], 20, np.random.default_rng(5), only)} == {"gap"}


def test_questions_about_reports_are_asked_in_other_words_too() -> None:
    groups = report_groups()
    assert len(groups) > len(follow_ups()) and not any("{" in text for group in groups for text in group)
    first = {group[0] for group in groups}
    rng = np.random.default_rng(7)
    about = [answer in first for _, answer in (ALONE["other_words"][0](rng) for _ in range(600))]
    assert 0.3 < np.mean(about) < 0.5
    held_out = {kind[split][0] for kind in follow_ups().values() for split in ("validation", "test")}
    assert not held_out & {text for group in groups for text in group}


def _items(question: str) -> str:
    return question.partition("Rank: ")[2] or question.partition(". Highest")[0]


def test_told_facts_are_the_ones_asked_for(drills) -> None:
    for question, answer in drills["told_card"]:
        *told, asked = question.splitlines()
        assert answer in told
        names = [
            name
            for name in re.findall(r"\w+", asked)
            if name in answer and name not in "".join(t for t in told if t != answer)
        ]
        assert names, "the question names what the fact is about"


def test_a_question_kept_for_the_exam_is_never_practiced() -> None:
    rng = np.random.default_rng(1)
    kept = {fact.questions[number % len(fact.questions)] for number, fact in enumerate(remembered_facts())}
    practiced = {ALONE["remember"][0](rng)[0] for _ in range(6 * REMEMBERED)}
    assert len(practiced) > REMEMBERED and not kept & practiced
    assert {remember_in_other_words(rng)[0] for _ in range(200)} <= kept


def test_each_skill_is_drawn_and_asked_as_tasks_are(reports) -> None:
    rng = np.random.default_rng(3)
    assert {name for name, _ in turns_on(reports[0], 1500, rng)} == set(ON_REPORT)
    assert {name for name, _ in turns_alone(3000, rng)} == set(ALONE)
    (talk,) = conversations([("Why?", "So.")], reports[0])
    assert [message["role"] for message in talk] == ["system", "user", "assistant"]
    assert talk[0]["content"] == SYSTEM_PROMPT
    assert talk[1]["content"] == f"{report_text(reports[0])}\nWhy?"


def test_practice_hangs_on_the_generator_alone(reports) -> None:
    made = [
        turns_on(reports[0], 9, np.random.default_rng(seed)) + turns_alone(9, np.random.default_rng(seed))
        for seed in (1, 1, 2)
    ]
    assert made[0] == made[1] != made[2]
