"""A small world of simulated people that the tests share."""

from __future__ import annotations

import pytest

from sleepcot_utils.feedback.world import World, eligible_people, make_world
from sleepcot_utils.simulate.people import simulate_people

ROUNDS = 3


@pytest.fixture(scope="session")
def world() -> World:
    people = eligible_people(simulate_people(70, 11), set(), 24, 14, 5)
    return make_world(people, ROUNDS, 14, 7)
