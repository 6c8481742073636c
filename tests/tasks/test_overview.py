"""Tables over a set of tasks."""

from __future__ import annotations

from collections import Counter

from sleepcot_utils.tasks.build import FOLLOW_UP
from sleepcot_utils.tasks.overview import kinds_table


def test_kinds_table_counts_what_was_asked(study) -> None:
    table = kinds_table(study.tasks)
    asked = [task for task in study.tasks if task.kind == FOLLOW_UP]
    assert table["tasks"].to_dict() == Counter(task.topic for task in asked)
    assert table["pairs"].sum() == len({task.pair_id for task in asked if task.pair_id})
    assert table["difficulty"].is_monotonic_increasing
    tired = Counter(task.key["verdict"] for task in asked if task.topic == "tired")
    assert table.loc["tired", "constant right"] == round(max(tired.values()) / sum(tired.values()), 2)
    assert table.loc["tired", "can't say"] == round(tired["cannot_say"] / sum(tired.values()), 2)
