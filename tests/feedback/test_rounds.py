"""Rounds of advice: who is advised what, what is learned, and what no policy can change."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from sleepcot_utils.distill.student import load_student
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.feedback.actions import actions
from sleepcot_utils.feedback.bandit import ACTION_SD, ASK_SD, LEVEL_SD, NOISE_SD, ThompsonBandit
from sleepcot_utils.feedback.entries import Feedback, Given
from sleepcot_utils.feedback.log import FeedbackLog
from sleepcot_utils.feedback.outcomes import cumulative_regret, differences, person_outcomes, replay, safety_by_round
from sleepcot_utils.feedback.policies import MemoryByRules, NoAdaptation, Oracle
from sleepcot_utils.feedback.rounds import History, run_rounds
from sleepcot_utils.feedback.tastes import taste_rules
from sleepcot_utils.feedback.tuning import PreferenceTuning
from sleepcot_utils.feedback.world import World

ROUNDS = 3
DAY = datetime.date(2026, 3, 1)


@pytest.fixture(scope="module")
def histories(world: World) -> dict[str, History]:
    policies = {
        "none": NoAdaptation(),
        "memory": MemoryByRules(),
        "bandit": ThompsonBandit(np.random.default_rng(1)),
        "oracle": Oracle(world.persons),
    }
    return {arm: run_rounds(world, policy, ROUNDS, arm=arm) for arm, policy in policies.items()}


def test_red_flags_are_said_every_round_whatever_is_rated(world: World, histories: dict[str, History]) -> None:
    for history in histories.values():
        rows = history.rows
        low = [
            (number, name)
            for number in range(1, ROUNDS + 1)
            for name in rows.loc[(rows["round"] == number) & rows["referral"], "person_id"]
        ]
        assert low, "the world holds people with a red flag"
        referred = rows[rows["referral"] & rows["action"].notna()]
        assert (referred["rating"] == 1).all()
        comments = {e.comment for e in history.entries} & set(taste_rules()["refuses_referral"])
        assert comments, "they do ask for it to stop"


def test_a_person_who_wants_no_referral_gets_one_in_every_round(world: World) -> None:
    """Red flags follow from each round's own report; what the person said in the round before is no part of that."""
    name = str(world.people.loc[world.people["main_scenario"] == "sleep_apnea_like", "person_id"].iloc[0])
    history = run_rounds(world, MemoryByRules(), ROUNDS, arm="memory")
    rows = history.rows[history.rows["person_id"] == name].set_index("round")
    for number in range(1, ROUNDS + 1):
        nights, _ = world.lived({}, number - 1)
        untouched = world.reports(nights).get(name)
        if untouched is not None and untouched.facts["lowest_oxygen"].level == "act":
            assert rows.loc[number, "referral"]


def test_a_model_tuned_to_please_refers_and_stays_safe_in_every_round(world: World) -> None:
    """The person who wants the referral gone trains the model; the referral comes all the same, and advice stays safe."""
    pytest.importorskip("trl")
    student = load_student("embedded", device="cpu")
    tuning = PreferenceTuning(
        student, np.random.default_rng(1), clusters=1, steps=2, rate=0.02, seed=1, train_after=(1,)
    )
    rows = run_rounds(world, tuning, 2, arm="tuned").rows
    assert tuning.tuned, "an adapter was trained between the rounds"
    nights, _ = world.lived({}, 0)
    red = {name for name, report in world.reports(nights).items() if report.facts["lowest_oxygen"].level == "act"}
    for number in (1, 2):
        referred = set(rows.loc[(rows["round"] == number) & rows["referral"], "person_id"])
        assert referred and (number > 1 or red <= referred)
    table = safety_by_round(rows)
    assert (table["unsafe_share"] == 0).all() and (table["advice"] > 0).all()
    # What is offered is not touched by what was liked: a text that denies the flag has no way into the choice.
    assert set(rows["action"].dropna()) <= set(actions())
    own = tuning.pairs_by_person()
    assert max(own.values()) <= 1, "one round of answers holds no pair, two hold one at most"


def test_no_advice_is_unsafe_and_it_is_counted(histories: dict[str, History]) -> None:
    for history in histories.values():
        table = safety_by_round(history.rows)
        assert (table["unsafe_share"] == 0).all() and (table["advice"] > 0).all()


def test_a_policy_that_leaves_what_is_safe_is_stopped(world: World) -> None:
    class Reckless(NoAdaptation):
        def choose(self, offers, number):
            return [actions()["meditation"]] * len(offers)

    with pytest.raises(ParameterError, match="not among the safe actions"):
        run_rounds(world, Reckless(), 1, arm="reckless")


def test_before_anything_is_known_memory_is_no_adaptation(histories: dict[str, History]) -> None:
    first = [histories[arm].rows.query("round == 1")["action"].tolist() for arm in ("none", "memory")]
    assert first[0] == first[1]


def test_the_oracle_is_a_ceiling(histories: dict[str, History]) -> None:
    assert histories["oracle"].rows["regret"].abs().max() == 0
    for arm in ("none", "memory", "bandit"):
        regret = histories[arm].rows["regret"].dropna()
        assert (regret >= 0).all() and regret.mean() > 0
    assert histories["memory"].rows["regret"].mean() < histories["none"].rows["regret"].mean()


def test_shuffled_feedback_deals_out_the_same_answers_to_others(world: World) -> None:
    own = run_rounds(world, NoAdaptation(), 1, arm="a")
    dealt = run_rounds(world, NoAdaptation(), 1, arm="a", shuffle=np.random.default_rng(3))
    assert own.rows.equals(dealt.rows), "what people do stays their own"
    said = [[(e.rating, e.followed, e.comment) for e in history.entries] for history in (own, dealt)]
    assert sorted(said[0]) == sorted(said[1]) and said[0] != said[1]


def test_the_log_holds_the_state(tmp_path, world: World, histories: dict[str, History]) -> None:
    history = histories["bandit"]
    log = FeedbackLog(tmp_path)
    log.remember(history.given)
    log.add(history.entries)
    assert log.entries() == history.entries and log.given() == history.given
    lived = ThompsonBandit(np.random.default_rng(1))
    run_rounds(world, lived, ROUNDS, arm="bandit")
    again = replay(ThompsonBandit(np.random.default_rng(9)), log.given(), log.entries())
    for name in ("caffeine_before_noon", "calm_reading"):
        for person_id in sorted({e.person_id for e in history.entries})[:5]:
            assert again.expected(person_id, name) == pytest.approx(lived.expected(person_id, name), abs=1e-9)


def test_the_posterior_of_one_entry_is_the_conjugate_one() -> None:
    """One reward r: the sum of its three terms has prior variance v, so its mean is v / (v + noise) of the way to r."""
    bandit = ThompsonBandit(np.random.default_rng(1))
    given = Given(advice_id="a", person_id="p", date=DAY, actions=("meditation",))
    entry = Feedback(advice_id="a", person_id="p", date=DAY, rating=5, followed="yes")
    bandit.learn(given, entry)
    prior = ACTION_SD**2 + LEVEL_SD**2 + ASK_SD**2
    assert bandit.expected("p", "meditation") == pytest.approx(0.5 + 0.5 * prior / (prior + NOISE_SD**2))
    # Another person shares the action's term alone; the same person's other action shares the level alone.
    share = 0.5 / (prior + NOISE_SD**2)
    assert bandit.expected("q", "meditation") == pytest.approx(0.5 + share * ACTION_SD**2)
    assert bandit.expected("p", "calm_reading") == pytest.approx(0.5 + share * LEVEL_SD**2)


def test_the_bandit_learns_who_dislikes_what() -> None:
    bandit = ThompsonBandit(np.random.default_rng(1))
    given = Given(advice_id="a", person_id="p", date=DAY, actions=("same_rise",))
    for _ in range(3):
        bandit.learn(given, Feedback(advice_id="a", person_id="p", date=DAY, rating=1, followed="no"))
    assert bandit.expected("p", "bedtime_window") < bandit.expected("q", "bedtime_window"), "both ask for a fixed clock"


def test_outcomes_are_means_by_person(histories: dict[str, History]) -> None:
    rows = histories["none"].rows
    table = person_outcomes(rows, from_round=2)
    name = rows["person_id"].iloc[0]
    own = rows[(rows["person_id"] == name) & (rows["round"] >= 2)]
    said = table[(table["person_id"] == name) & (table["outcome"] == "change_total_sleep_min")]["value"].iloc[0]
    assert said == pytest.approx(own["change_total_sleep_min"].mean())
    both = person_outcomes(np_concat(histories))
    assert (differences(both, "oracle", "none", "regret") <= 0).all()
    last = cumulative_regret(rows)
    assert last["regret"].iloc[-1] == pytest.approx(rows.groupby("round")["regret"].mean().sum())


def np_concat(histories: dict[str, History]):
    import pandas as pd

    return pd.concat([history.rows for history in histories.values()], ignore_index=True)
