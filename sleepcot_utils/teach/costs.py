"""What asking each listed teacher would cost, before anybody is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean

import pandas as pd

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.teach.answering import ANSWER_TOKENS, answer_tokens
from sleepcot_utils.teach.budget import most_of, rough_prompt_tokens
from sleepcot_utils.teach.prompts import MODES, messages_for_teacher
from sleepcot_utils.teach.registry import CUSTOM, TeacherEntry, teachers
from sleepcot_utils.teach.structured import form_for, messages_in_form

COLUMNS = (
    "teacher",
    "model",
    "mode",
    "requests",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "batch_cost",
    "highest_cost",
    "currency",
    "prices_dated",
    "prices_source",
)


def cost_table(
    tasks: Sequence[Task],
    names: Iterable[str] | None = None,
    *,
    wanted: Mapping[str, int] | None = None,
    modes: Sequence[str] = MODES,
    samples: int = 1,
) -> pd.DataFrame:
    """Estimated cost of a run for each teacher and way of prompting. Nothing is sent.

    Prompts are counted as they would be sent, about four characters a token. Answers are taken to be as long as the
    worked exemplars of their kind, so that a wordier teacher costs more. Neither retries nor repairs are in it.

    Parameters
    ----------
    tasks : sequence of Task
        Tasks of each kind that is wanted; a few dozen will do, since their mean length is taken.
    names : iterable of str, optional
        Teachers of ``data/teachers/teachers.yaml``; all that have an address of their own by default.
    wanted : mapping of str to int, optional
        How many tasks of each kind the run has, such as ``{"knowledge": 1000, "recommend": 200}``; as many as are
        given by default.
    modes : sequence of str
        Ways of prompting.
    samples : int
        Answers to each task.

    Returns
    -------
    pandas.DataFrame
        A row for each teacher and mode, the cheapest teacher first: requests, tokens, ``cost`` (expected),
        ``batch_cost`` (expected, by the batch API; missing without one), ``highest_cost`` (a token for each byte sent
        and all answers at their limit), and the day and source of the prices. Costs are missing where the price is.

    Raises
    ------
    ParameterError
        If a kind is wanted of which no task is given, or there is no such teacher.
    """
    of_kind: dict[str, list[Task]] = {}
    for task in tasks:
        of_kind.setdefault(task.kind, []).append(task)
    counts = dict(wanted) if wanted is not None else {kind: len(listed) for kind, listed in of_kind.items()}
    for kind in counts:
        if kind not in of_kind:
            raise ParameterError(
                f"{counts[kind]:,} tasks of the kind {kind!r} are wanted, but none is given to measure",
                where="cost table",
                expected=f"kinds among {', '.join(of_kind) or 'those of the tasks'}",
            )
    known = teachers()
    listed = [name for name in known if name != CUSTOM] if names is None else list(names)
    for name in listed:
        if name not in known:
            raise ParameterError(
                f"there is no teacher {name!r}", where="cost table", expected=f"one of {', '.join(known)}"
            )
    rows = [_row(known[name], mode, of_kind, counts, samples) for name in listed for mode in modes]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    cheapest = table.groupby("teacher")["cost"].transform("min")
    order = table.assign(cheapest=cheapest).sort_values("cheapest", kind="stable", na_position="last").index
    return table.loc[order].reset_index(drop=True)


def _row(
    entry: TeacherEntry, mode: str, of_kind: Mapping[str, list[Task]], counts: Mapping[str, int], samples: int
) -> tuple[object, ...]:
    form = form_for(mode, entry.structured)
    limit = min(ANSWER_TOKENS, entry.max_output_tokens or ANSWER_TOKENS)
    prompt = completion = most = 0.0
    for kind, count in counts.items():
        sent = [messages_in_form(messages_for_teacher(task, mode), form) for task in of_kind[kind]]
        prompt += samples * count * mean(rough_prompt_tokens(messages) for messages in sent)
        most += samples * count * mean(most_of(messages, limit).prompt_tokens for messages in sent)
        completion += samples * count * min(answer_tokens(kind, mode), limit)
    requests = samples * sum(counts.values())
    tokens = round(prompt), round(completion)
    prices, batch = entry.known_prices(), entry.known_prices(batch=True)
    listed = entry.prices
    return (
        entry.name,
        entry.model,
        mode,
        requests,
        *tokens,
        prices.cost(*tokens) if prices else None,
        batch.cost(*tokens) if batch and entry.batch else None,
        prices.cost(round(most), requests * limit) if prices else None,
        listed.currency if listed else "",
        listed.dated.isoformat() if listed else "",
        listed.source if listed else "",
    )


def prices_note(table: pd.DataFrame) -> str:
    """One sentence on how old the prices of a cost table are, and how they were found."""
    paid = table[(table["cost"] > 0) & (table["prices_dated"] != "")]
    if paid.empty:
        return "No teacher of this table costs money by the token."
    found = sorted({(row.prices_dated, row.prices_source) for row in paid.itertuples()})
    said = "; ".join(f"of {dated} ({source})" for dated, source in found)
    return f"Prices {said}. Look at the provider's own page before a large run."
