"""Which follow-up questions are asked of whom: pairs first, kinds in turn, as hard as was wished."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.report.reports import FULL, NO_NORMS, RAW, Report, as_shown
from sleepcot_utils.tasks.follow_up import follow_ups, options, verdict
from sleepcot_utils.tasks.follow_up.kinds import MEASURED, REMARK

EASY, MIXED, HARD = DIFFICULTIES = ("easy", "mixed", "hard")
#: Kinds up to this difficulty are easy, those above it hard.
EASY_UP_TO = 2
#: How often a hard kind is asked for once that an easy one is, in hard sets; a choice.
HARD_WEIGHT = 2
#: The time of getting up is what raw detail prints, so this kind of question has nothing left to compute there.
GIVEN_AWAY_BY_RAW = ("rise",)
#: Kinds whose verdict hangs on what is asked about as much as on the report: half of the time they ask about whatever
#: was drawn, whether the two reports differ in it or not; otherwise nobody would ever be asked for the unknowable.
FREE = (MEASURED, REMARK)


@dataclass(frozen=True)
class Question:
    """One question that a person is asked on the own report and on the twin's; `verdict` is that of the own."""

    kind: str
    phrasing: str
    about: str
    detail: str
    pair_id: str
    verdict: str


class Asking:
    """Draws questions; remembers how often each kind was asked in each split, so that all kinds get their turn.

    Parameters
    ----------
    difficulty : str
        ``easy``, ``mixed`` or ``hard``.
    """

    def __init__(self, difficulty: str, rng: np.random.Generator) -> None:
        if difficulty not in DIFFICULTIES:
            raise ParameterError(
                f"there is no difficulty {difficulty!r}",
                where="difficulty",
                expected=f"one of {', '.join(DIFFICULTIES)}",
            )
        self.difficulty = difficulty
        self.rng = rng
        self.asked: Counter[tuple[str, ...]] = Counter()

    def kinds(self) -> list[str]:
        """Kinds of question that may be asked."""
        most = EASY_UP_TO if self.difficulty == EASY else max(entry["difficulty"] for entry in follow_ups().values())
        return [kind for kind, entry in follow_ups().items() if entry["difficulty"] <= most]

    def draw_detail(self, kind: str = "") -> str:
        """How much the report prints: everything, unless the set is to be hard."""
        if self.difficulty != HARD:
            return FULL
        return NO_NORMS if kind in GIVEN_AWAY_BY_RAW or self.rng.random() < 0.5 else RAW

    def questions(self, report: Report, twin: Report | None, split: str, count: int) -> list[Question]:
        """Questions for one person.

        Kinds whose verdicts differ between the two reports are taken first, so that one question has two right answers;
        those share a ``pair_id``. Among these the kind asked least in this split comes first; among the others the
        verdict given least does, so that no kind has one answer nearly always.
        """
        drawn = [self._draw(kind, report, twin, split) for kind in self.kinds()]
        shuffled = [drawn[i] for i in self.rng.permutation(len(drawn))]
        shuffled.sort(key=lambda one: self._order(one, split))
        chosen = shuffled[:count]
        for one in chosen:
            self.asked[self._turn(one, split)] += 1
        return chosen

    def _draw(self, kind: str, report: Report, twin: Report | None, split: str) -> Question:
        detail = self.draw_detail(kind)
        listed = options(kind, report, split, self.rng)
        own, other = as_shown(report, detail), twin and as_shown(twin, detail)
        verdicts = {about: verdict(kind, own, about).name for about in listed}
        differing = [about for about in listed if other and verdict(kind, other, about).name != verdicts[about]]
        is_free = kind in FREE and self.rng.random() < 0.5
        about = listed[0] if is_free or not differing else differing[0]
        phrasings = follow_ups()[kind][split]
        return Question(
            kind=kind,
            phrasing=phrasings[int(self.rng.integers(len(phrasings)))],
            about=about,
            detail=detail,
            pair_id=f"{report.person_id}-{kind}" if about in differing else "",
            verdict=verdicts[about],
        )

    def _order(self, one: Question, split: str) -> tuple[bool, float]:
        is_hard = follow_ups()[one.kind]["difficulty"] > EASY_UP_TO
        turns = self.asked[self._turn(one, split)] / (HARD_WEIGHT if self.difficulty == HARD and is_hard else 1)
        return not one.pair_id and one.kind not in FREE, turns

    def _turn(self, one: Question, split: str) -> tuple[str, ...]:
        """What takes turns: kinds among pairs and among free look-ups, verdicts of kinds among the others."""
        if one.pair_id:
            return (split, one.kind)
        return (split, one.kind, "" if one.kind in FREE else one.verdict)
