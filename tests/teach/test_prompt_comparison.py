"""The comparison of prompts counts what it is given: by mode, by check, with honest intervals."""

from __future__ import annotations

import pytest
from scipy import stats

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.build import KNOWLEDGE
from sleepcot_utils.teach.exchange import TeacherRequest
from sleepcot_utils.teach.prompt_comparison import ALL_CHECKS, compare_prompts
from sleepcot_utils.teach.prompts import MODES, prompt_version


@pytest.fixture(scope="module")
def tasks(study):
    return [task for task in study.tasks if task.kind != KNOWLEDGE][:12]


def said(study, task) -> str:
    rationale, answer = study.answers[task.task_id]
    return f"Reasoning:\n{rationale}\nAnswer:\n{answer}"


def test_shares_and_intervals_by_hand(study, tasks) -> None:
    """Who answers well only after worked examples passes in those two modes and in no other."""
    right = {task.messages[-1]["content"]: said(study, task) for task in tasks}

    def ask(prompts):
        return [right[one[-1]["content"]] if len(one) > 2 else "Answer: sleep well" for one in prompts]

    table = compare_prompts(ask, tasks, study.cards)
    whole = table[table["check"] == ALL_CHECKS].set_index("mode")
    assert list(whole.index) == list(MODES)
    assert whole["passed"].to_dict() == {"zero_shot": 0, "few_shot": 12, "cot": 0, "few_shot_cot": 12}
    assert all(whole["prompt_version"] == [prompt_version(mode) for mode in MODES])
    for row in table.itertuples():
        wilson = stats.binomtest(row.passed, 12).proportion_ci(method="wilson")
        assert (row.answers, row.share, row.low, row.high) == (12, row.passed / 12, wilson.low, wilson.high)
    assert table["check"].nunique() > 2, "what failed is told by check"
    assert (table.groupby("mode").size() == table["check"].nunique()).all()


def test_nothing_back_is_a_failure(study, tasks) -> None:
    table = compare_prompts(lambda prompts: [None] * len(prompts), tasks, study.cards, modes=["cot"])
    assert table.set_index("check").loc[ALL_CHECKS, "passed"] == 0


def test_a_server_is_asked_every_mode(study, tasks, teach, server) -> None:
    """End to end over a real client and a scripted server, that answers rightly where it is asked to reason."""
    from loopback import completion

    right = {task.messages[-1]["content"]: said(study, task) for task in tasks}
    server.default = lambda received: completion(
        right[received.prompt] if '"Reasoning:"' in received.body["messages"][0]["content"] else "Answer: no idea"
    )
    teacher = teach()

    def ask(prompts):
        requests = [TeacherRequest(f"q{number:03d}", tuple(prompt)) for number, prompt in enumerate(prompts)]
        return [reply.text for reply in teacher.answer(requests)]

    few = [task for task in tasks if task.person_id == tasks[0].person_id][:4]
    table = compare_prompts(ask, few, study.cards).query("check == @ALL_CHECKS").set_index("mode")
    assert table["share"].to_dict() == {"zero_shot": 0.0, "few_shot": 0.0, "cot": 1.0, "few_shot_cot": 1.0}
    assert len(server.received) == 4 * len(few)


def test_a_wrong_number_of_texts_or_tasks_is_refused(study, tasks) -> None:
    with pytest.raises(ParameterError, match="1 texts came back for 12 prompts"):
        compare_prompts(lambda prompts: ["x"], tasks, study.cards)
    with pytest.raises(ParameterError, match="there is nothing to ask"):
        compare_prompts(lambda prompts: [], [], study.cards)
