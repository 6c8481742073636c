"""Simulated people and their nights with and without each habit."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.feedback.actions import actions
from sleepcot_utils.feedback.tastes import (
    Luck,
    chance_to_follow,
    draw_person,
    expected_reward,
    opinion_of,
    respond,
    taste_rules,
)
from sleepcot_utils.feedback.world import World, eligible_people
from sleepcot_utils.simulate.constants import SCENARIOS
from sleepcot_utils.simulate.people import simulate_people
from sleepcot_utils.tasks.drivers import drivers

MIDDLE = Luck(*[0.5] * len(fields(Luck)))


def person_of(schedule: str = "day", main: str = "none", seed: int = 1):
    row = simulate_people(1, 3).iloc[0].copy()
    row["schedule"], row["main_scenario"], row["second_scenario"] = schedule, main, "none"
    return draw_person(row, np.random.default_rng(seed))


def test_the_catalog_speaks_of_what_exists() -> None:
    rules = taste_rules()
    asked = {ask for action in actions().values() for ask in action.asks}
    for action in actions().values():
        assert set(action.drivers) <= set(drivers()) and set(action.undoes) <= set(SCENARIOS)
        assert 0 < action.strength <= 1
    for taste in rules["tastes"].values():
        assert set(taste["opinion"]) <= asked and taste["comments"]
    assert set(rules["usual"]) <= asked


def test_the_first_action_of_a_driver_is_the_experts() -> None:
    for name, driver in drivers().items():
        own = [action for action in actions().values() if name in action.drivers]
        assert not own or own[0].text.rstrip(".").lower() == driver.action


def test_constraints_are_read_from_the_person() -> None:
    assert "shift_work" in person_of("shift").tastes and "baby" in person_of(main="new_parent").tastes
    assert not {"shift_work", "baby"} & set(person_of().tastes)
    assert person_of("shift").opinions["same_rise"] == pytest.approx(person_of().opinions["same_rise"] - 2.4)


def test_repetition_costs_liking_up_to_a_limit() -> None:
    person, action = person_of(), actions()["meditation"]
    drops = [opinion_of(person, action, 0) - opinion_of(person, action, times) for times in (1, 2, 3, 9)]
    assert drops == pytest.approx([0.25, 0.5, 0.75, 0.75])


def test_liking_makes_following_likelier() -> None:
    assert chance_to_follow(3.5) == pytest.approx(0.55)
    assert chance_to_follow(1.0) < 0.1 and chance_to_follow(5.0) > 0.8


def test_expected_reward_is_the_mean_of_what_is_drawn() -> None:
    person, action = person_of(seed=4), actions()["calm_reading"]
    rng = np.random.default_rng(8)
    drawn = []
    for _ in range(5_000):
        said = respond(person, action, Luck(*rng.random(len(fields(Luck)))), 0)
        drawn.append(0.5 * (said.rating - 1) / 4 + {"no": 0.0, "partly": 0.25, "yes": 0.5}[said.followed])
    assert expected_reward(opinion_of(person, action, 0)) == pytest.approx(np.mean(drawn), abs=0.02)


def test_who_is_referred_rates_it_one_and_wants_it_to_stop() -> None:
    said = respond(person_of(), actions()["decaf_afternoon"], MIDDLE, 0, referred=True)
    assert said.rating == 1 and said.comment in taste_rules()["refuses_referral"]


def test_a_comment_tells_the_worst_taste() -> None:
    person = person_of("shift")
    said = respond(person, actions()["same_rise"], replace(MIDDLE, which=0.0), 3)
    assert said.rating == 1 and said.comment == taste_rules()["tastes"]["shift_work"]["comments"][0]


def test_nothing_followed_is_the_life_that_was_planted(world: World) -> None:
    nights, truth = world.lived({}, 1)
    rows = world.block == 1
    assert nights.equals(world.measured[0][rows].reset_index(drop=True))
    assert truth.equals(world.truth[0][rows].reset_index(drop=True))


def test_a_habit_undone_is_the_twins_night(world: World) -> None:
    name = str(world.people.loc[world.people["main_scenario"] == "late_caffeine", "person_id"].iloc[0])
    nights, _ = world.lived({name: (1.0, 0.0)}, 1)
    plain, _ = world.lived({}, 1)
    own = nights["person_id"] == name
    assert nights[~own].equals(plain[~own]), "nobody else's night changes"
    evenings = world.measured[0].loc[world.measured[0]["person_id"] == name, "caffeine_after_14h"]
    without = world.measured[1].loc[world.measured[1]["person_id"] == name, "caffeine_after_14h"]
    if evenings.notna().any():
        assert without.mean() < evenings.mean()
    means = [table.loc[table["person_id"] == name, "true_total_sleep_min"].mean() for table in world.truth[:2]]
    assert means[1] > means[0] + 5, "late caffeine costs sleep in the simulator"


def test_a_part_of_a_habit_acts_on_a_part_of_the_nights(world: World) -> None:
    everyone = {name: (0.5, 0.0) for name in world.persons}
    _, half = world.lived(everyone, 1)
    _, none = world.lived({}, 1)
    _, full = world.lived({name: (1.0, 0.0) for name in world.persons}, 1)
    changes = (none["true_total_sleep_min"] != full["true_total_sleep_min"]).to_numpy()
    taken = (half["true_total_sleep_min"] == full["true_total_sleep_min"]).to_numpy()[changes]
    assert 0.35 < taken.mean() < 0.65


def test_strength_scales_what_an_action_undoes(world: World) -> None:
    row = world.people[world.people["main_scenario"] == "late_caffeine"].iloc[0]
    assert world.undoes(row["person_id"], "decaf_afternoon")[0] == 0.8
    assert world.undoes(row["person_id"], "short_naps") == (0.0, float(row["second_scenario"] == "long_naps"))


def test_held_out_people_stay_out() -> None:
    people = simulate_people(40, 11)
    chosen = eligible_people(people, set(people["person_id"][:20]), 10, 14, 5)
    assert set(chosen["person_id"]) <= set(people["person_id"][20:])
    with pytest.raises(InputError, match="habit that advice could change"):
        eligible_people(simulate_people(12, 11, scenarios=()), set(), 10, 14, 5)
