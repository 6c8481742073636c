"""A model that orders safe texts: likelihoods, memory in the prompt, and preference tuning."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from sleepcot_utils.distill.encoding import encode_conversation
from sleepcot_utils.distill.student import load_student
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.feedback import tuning
from sleepcot_utils.feedback.actions import actions
from sleepcot_utils.feedback.gate import Offer
from sleepcot_utils.feedback.profile import Profile
from sleepcot_utils.feedback.ranking import MemoryInPrompt, advice_prompt, log_likelihoods
from sleepcot_utils.feedback.tuning import clusters_of, implicit_rewards, preference_pairs, tune


@pytest.fixture(scope="module")
def student():
    return load_student("embedded", device="cpu")


def offer(*names: str) -> Offer:
    return Offer("p", "late_caffeine", tuple(actions()[name] for name in names))


def test_likelihoods_are_those_of_single_conversations(student) -> None:
    asked = [(advice_prompt("late_caffeine"), "Go to bed earlier."), (advice_prompt(), actions()["meditation"].text)]
    expected = []
    for messages, text in asked:
        talk = encode_conversation(student.tokenizer, [*messages, {"role": "assistant", "content": text}], 4096)
        ids, labels = torch.tensor([talk.input_ids]), torch.tensor([talk.labels])
        with torch.no_grad():
            loss = student.model(input_ids=ids, labels=labels).loss
        expected.append(-float(loss) * sum(label != -100 for label in talk.labels))
    assert log_likelihoods(student, asked) == pytest.approx(expected, rel=1e-4)


def test_without_a_profile_the_experts_order_holds(student) -> None:
    policy = MemoryInPrompt(student)
    assert policy.choose([offer("caffeine_before_noon", "decaf_afternoon")], 1)[0].name == "caffeine_before_noon"


def test_with_a_profile_the_gain_decides(student) -> None:
    policy = MemoryInPrompt(student)
    policy.profiles["p"] = Profile(avoids={"less_coffee"}, comments=["I won't give up coffee."])
    names = ("caffeine_before_noon", "decaf_afternoon", "calm_reading")
    chosen = policy.choose([offer(*names)], 2)[0].name
    from sleepcot_utils.feedback.profile import profile_text

    memory = profile_text(policy.profiles["p"])
    texts = [actions()[name].text for name in names]
    gains = log_likelihoods(student, [(advice_prompt("late_caffeine", memory), text) for text in texts])
    gains = gains - log_likelihoods(student, [(advice_prompt("late_caffeine"), text) for text in texts])
    assert chosen == names[int(np.argmax(gains))]


def test_clusters_follow_what_is_asked() -> None:
    log = [
        (f"{kind}{i}", action, reward)
        for i in range(4)
        for kind, liked in (("a", "meditation"), ("b", "train_earlier"))
        for action in ("meditation", "train_earlier")
        for reward in [1.0 if action == liked else 0.0] * 3
    ]
    found = clusters_of(log, 2, seed=1)
    assert {len({found[f"{kind}{i}"] for i in range(4)}) for kind in "ab"} == {1}
    assert Counter(found.values()) == {0: 4, 1: 4}


def test_pairs_differ_clearly_and_stay_in_number() -> None:
    entries = [("p", "meditation", 0.9), ("q", "calm_reading", 0.7), ("q", "same_rise", 0.1)]
    pairs = preference_pairs(entries, np.random.default_rng(1), most=10)
    texts = {name: actions()[name].text for name in ("meditation", "calm_reading", "same_rise")}
    assert sorted(pairs) == sorted(
        [(texts["meditation"], texts["same_rise"]), (texts["calm_reading"], texts["same_rise"])]
    )
    assert len(preference_pairs(entries, np.random.default_rng(1), most=1)) == 1


def test_tuning_raises_what_was_liked_and_leaves_the_student_alone(student) -> None:
    before = {name: value.clone() for name, value in student.model.state_dict().items()}
    liked, not_liked = actions()["decaf_afternoon"], actions()["caffeine_before_noon"]
    tuned = tune(student, [(liked.text, not_liked.text)] * 8, steps=4, rate=0.002, seed=1)
    rewards = implicit_rewards(student, tuned)
    assert rewards["decaf_afternoon"] > rewards["caffeine_before_noon"]
    assert all(torch.equal(value, before[name]) for name, value in student.model.state_dict().items())
    assert not any("lora" in name for name, _ in student.model.named_modules())


def test_without_trl_the_way_is_named(monkeypatch: pytest.MonkeyPatch, student) -> None:
    monkeypatch.setattr(tuning, "tuning_is_possible", lambda: False)
    with pytest.raises(ParameterError, match="needs the package trl"):
        tune(student, [("a", "b")], steps=1, rate=0.1, seed=1)
