"""Which prompt gets more answers past verification: zero-shot, few-shot, chain of thought, or both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
from scipy import stats

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.knowledge import Card
from sleepcot_utils.paths import reference_data
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.reading import split_answer
from sleepcot_utils.teach.cache import ReplyCache
from sleepcot_utils.teach.exchange import Sampling, TeacherRequest
from sleepcot_utils.teach.exemplars import FIXED
from sleepcot_utils.teach.local import LocalTeacher
from sleepcot_utils.teach.prompts import MODES, SHOTS, Messages, messages_for_teacher, prompt_version
from sleepcot_utils.teach.verification import check_answer

#: What is counted beside the single checks: answers that pass all of them.
ALL_CHECKS = "all checks"


def compare_prompts(
    ask: Callable[[Sequence[Messages]], Sequence[str | None]],
    tasks: Sequence[Task],
    cards: Mapping[str, Card],
    *,
    modes: Sequence[str] = MODES,
    exemplars: str = FIXED,
    shots: int = SHOTS,
) -> pd.DataFrame:
    """Share of answers that pass verification, by prompt and check.

    The same tasks are asked in each mode, so that shares of two modes differ by the prompt alone; their intervals are
    those of each share, not of the difference.

    Parameters
    ----------
    ask : callable
        Takes prompts (lists of messages) and gives one text each, in their order; None where nothing came back, which
        counts as failed.
    cards : mapping of str to Card
        Knowledge cards by id.
    modes : sequence of str
        Among ``prompts.MODES``.
    exemplars : str
        ``fixed`` or ``similar``.
    shots : int
        Exemplars shown in the modes that show any.

    Returns
    -------
    pandas.DataFrame
        ``mode, prompt_version, check, answers, passed, share, low, high``: the row ``all checks`` of a mode, then one
        for each check that any answer of any mode failed. The share has its 95 % Wilson interval. An answer without a
        rationale passes the checks of rationales, since it claims nothing there.

    Raises
    ------
    ParameterError
        If there are no tasks, or ``ask`` gives another number of texts than it was given prompts.
    """
    if not tasks:
        raise ParameterError("there is nothing to ask", where="tasks", expected="one task or more")
    failed = {mode: _failures(ask, tasks, cards, mode, exemplars, shots) for mode in modes}
    checks = [ALL_CHECKS, *dict.fromkeys(name for counts in failed.values() for name in counts if name != ALL_CHECKS)]
    rows = []
    for mode, counts in failed.items():
        for check in checks:
            passed = len(tasks) - counts[check]
            low, high = stats.binomtest(passed, len(tasks)).proportion_ci(method="wilson")
            rows.append((mode, prompt_version(mode), check, len(tasks), passed, passed / len(tasks), low, high))
    return pd.DataFrame(rows, columns=["mode", "prompt_version", "check", "answers", "passed", "share", "low", "high"])


def local_asker(model: str, cache_file: Path, *, max_output_tokens: int = 256) -> Callable[..., list[str | None]]:
    """What asks an open model on this machine, for ``compare_prompts``.

    Parameters
    ----------
    model : str
        ``embedded``, a folder or a hub id.
    cache_file : pathlib.Path
        JSON lines of all responses; what stands there is not asked again.
    max_output_tokens : int
        Longest answer.
    """
    folder = reference_data("embedded_student") if model == "embedded" else model
    settings = Sampling(max_output_tokens=max_output_tokens, temperature=0.0)
    teacher = LocalTeacher(folder, settings=settings, cache=ReplyCache(cache_file))

    def ask(prompts: Sequence[Messages]) -> list[str | None]:
        # Numbered names keep the order of the prompts, since replies come sorted by name.
        requests = [TeacherRequest(f"prompt{place:06d}", tuple(prompt)) for place, prompt in enumerate(prompts)]
        return [reply.text for reply in teacher.answer(requests)]

    return ask


def _failures(
    ask: Callable[[Sequence[Messages]], Sequence[str | None]],
    tasks: Sequence[Task],
    cards: Mapping[str, Card],
    mode: str,
    exemplars: str,
    shots: int,
) -> Counter[str]:
    """How many answers failed each check in one mode."""
    texts = ask([messages_for_teacher(task, mode, exemplars, shots) for task in tasks])
    if len(texts) != len(tasks):
        raise ParameterError(
            f"{len(texts)} texts came back for {len(tasks)} prompts",
            where="ask",
            expected="one text a prompt, in order",
        )
    counts: Counter[str] = Counter()
    for task, text in zip(tasks, texts, strict=True):
        failed = check_answer(task, *split_answer(text or ""), cards)
        counts.update(failed)
        counts[ALL_CHECKS] += bool(failed)
    return counts
