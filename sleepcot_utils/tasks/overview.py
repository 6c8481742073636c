"""What a set of tasks holds, as tables."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from sleepcot_utils.tasks.build import FOLLOW_UP, Task
from sleepcot_utils.tasks.follow_up import CANNOT_SAY, follow_ups


def kinds_table(tasks: Iterable[Task]) -> pd.DataFrame:
    """Kinds of follow-up question that were asked, easy ones first.

    Returns
    -------
    pandas.DataFrame
        Indexed by kind: ``difficulty`` (1 to 4), ``tasks``, ``pairs`` (counterfactual ones), ``constant right`` (share of
        the commonest verdict) and ``can't say`` (share of that verdict), shares from 0 to 1.
    """
    asked = pd.DataFrame(
        [(task.topic, task.key["verdict"], task.pair_id) for task in tasks if task.kind == FOLLOW_UP],
        columns=["kind", "verdict", "pair_id"],
    )
    by_kind = asked.groupby("kind")
    table = pd.DataFrame(
        {
            "difficulty": [follow_ups()[kind]["difficulty"] for kind in by_kind.groups],
            "tasks": by_kind.size(),
            "pairs": by_kind["pair_id"].agg(lambda ids: ids[ids != ""].nunique()),
            "constant right": by_kind["verdict"].agg(lambda names: names.value_counts(normalize=True).iloc[0]).round(2),
            "can't say": by_kind["verdict"].agg(lambda names: (names == CANNOT_SAY).mean()).round(2),
        },
        index=pd.Index(by_kind.groups, name="kind"),
    )
    return table.sort_values(["difficulty", "kind"], kind="stable")
