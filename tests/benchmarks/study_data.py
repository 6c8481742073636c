"""Conversations of a small simulated study, as the benchmarks of training and generation take them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

PERSONS, NIGHTS, FOLLOW_UPS = 120, 14, 4
#: Knowledge questions in one row, as `distill.training_set` packs them, rounded to a number that batches divide.
KNOWLEDGE_ROW = 10
SEED = 1


def write_conversations(path: Path, rows: int) -> None:
    """Write conversations with the expert's answers as JSON lines: two rows about reports to each of knowledge.

    Parameters
    ----------
    rows : int
        Rows of each kind: twice as many about reports.
    """
    from sleepcot_utils.distill.training_set import Example, conversations
    from sleepcot_utils.knowledge import load_cards
    from sleepcot_utils.report.reports import simulated_reports
    from sleepcot_utils.simulate.nights import simulate_nights
    from sleepcot_utils.simulate.people import counterfactual_people, simulate_people
    from sleepcot_utils.tasks.build import KNOWLEDGE, build_tasks, split_people
    from sleepcot_utils.teach.teachers import expert_answer

    people = simulate_people(PERSONS, SEED)
    twins = counterfactual_people(people, SEED + 1)
    nights, twin_nights = (simulate_nights(who, NIGHTS, SEED + 2)[0] for who in (people, twins))
    reports = simulated_reports(people, nights, NIGHTS, "factual")
    twin_reports = simulated_reports(twins, twin_nights, NIGHTS, "counterfactual")
    cards = {card.card_id: card for card in load_cards()}
    splits = split_people([report.person_id for report in reports], 4, 4, np.random.default_rng(SEED))
    tasks = build_tasks(reports, twin_reports, cards.values(), splits, FOLLOW_UPS, np.random.default_rng(SEED))
    by_id = {report.report_id: report for report in reports + twin_reports}
    groups: dict[str, list] = {}
    for task in tasks:
        if task.split == "train":
            groups.setdefault(task.report_id or KNOWLEDGE, []).append(task)
    knowledge = groups.pop(KNOWLEDGE)
    whole = [group for group in groups.values() if len(group) == FOLLOW_UPS + 1]
    chosen = []
    for number in range(rows):
        start = number * KNOWLEDGE_ROW
        chosen += [*whole[2 * number : 2 * number + 2], knowledge[start : start + KNOWLEDGE_ROW]]
    with path.open("w", encoding="utf-8") as file:
        for number, group in enumerate(chosen):
            for task in group:
                said = expert_answer(task, by_id, cards)
                talk = conversations(Example.of(task, said.rationale, said.answer), "cot")[0]
                file.write(json.dumps({"row": number, "kind": task.kind, "talk": talk}) + "\n")


def read_conversations(path: Path) -> list[list[dict]]:
    """Conversations of each row, with ``kind`` and ``talk``."""
    rows: dict[int, list[dict]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        rows.setdefault(entry["row"], []).append(entry)
    return list(rows.values())
