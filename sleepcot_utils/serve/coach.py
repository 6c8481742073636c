"""The functions of the server, without HTTP: report, advice, follow-up, knowledge."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from starlette.datastructures import UploadFile

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.knowledge import Card, load_cards
from sleepcot_utils.report.document import long_text
from sleepcot_utils.report.full import FullReport, full_reports
from sleepcot_utils.report.reports import Report
from sleepcot_utils.safety.triage import Triage, triage_all
from sleepcot_utils.serve.schemas import (
    AdviceAnswer,
    AdviceRequest,
    Checked,
    FollowUpRequest,
    KnowledgeAnswer,
    KnowledgeRequest,
    NightsRequest,
    PersonAdvice,
    PersonReport,
    Reading,
    ReportAnswer,
    StatementOut,
)
from sleepcot_utils.serve.settings import Settings
from sleepcot_utils.serve.tables import table_of
from sleepcot_utils.serve.verification import OPEN_QUESTION, checked, first_words, needs_help_now
from sleepcot_utils.serve.waiting import answers_to
from sleepcot_utils.serve.worker import Worker
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import (
    RECOMMEND_QUESTION,
    Task,
    follow_up_task,
    knowledge_task,
    messages_for,
    recommend_task,
)
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.keys import recommend_key

#: The split whose wordings the student never learned from.
HELD_OUT = "test"
IsGone = Callable[[], Awaitable[bool]]


@dataclass
class Coach:
    """Report, advice, follow-up and knowledge for one request at a time; keeps nothing of any of them.

    Parameters
    ----------
    worker : Worker
        Where the student answers.
    """

    worker: Worker
    settings: Settings
    reading: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.reading = asyncio.Semaphore(self.settings.reading_at_once)

    @cached_property
    def cards(self) -> dict[str, Card]:
        """Knowledge cards by id."""
        return {card.card_id: card for card in load_cards()}

    def prepare(self) -> None:
        """Load what the first question would otherwise wait seconds for: cards, and the phrases of the safety rules."""
        triage_all("", None)
        said = Answer("", "", 0, "", "Keep your hours.", "stop", 0, 0.0)
        checked(open_task(messages_for("What helps?", None)), said, None, "", "en", self.cards)

    async def report(self, body: NightsRequest, upload: UploadFile | None) -> ReportAnswer:
        """Reports of the people of a table."""
        fulls, too_few, reading = await self._reports(body, upload)
        shown = [person_report(full, body.language) for full in fulls]
        return ReportAnswer(reports=shown, too_few_nights=too_few, reading=reading)

    async def advice(self, body: AdviceRequest, upload: UploadFile | None, is_gone: IsGone) -> AdviceAnswer:
        """A recommendation for each person of a table."""
        fulls, too_few, reading = await self._reports(body, upload)
        tasks = [recommend_task(full.report, HELD_OUT) for full in fulls]
        people = await self._people(body, fulls, tasks, "", [RECOMMEND_QUESTION] * len(tasks), is_gone)
        return AdviceAnswer(people=people, too_few_nights=too_few, reading=reading)

    async def follow_up(self, body: FollowUpRequest, upload: UploadFile | None, is_gone: IsGone) -> AdviceAnswer:
        """The answer to one question about each person's report."""
        question = follow_up_question(body)
        fulls, too_few, reading = await self._reports(body, upload)
        tasks = [question_task(body, question, full.report) for full in fulls]
        people = await self._people(body, fulls, tasks, body.question, [question] * len(tasks), is_gone)
        return AdviceAnswer(people=people, too_few_nights=too_few, reading=reading)

    async def knowledge(self, body: KnowledgeRequest, is_gone: IsGone) -> KnowledgeAnswer:
        """The answer to a question about sleep in general, held against a card where there is one."""
        card = self._card(body)
        question = body.question or (card.phrasings.test[0] if card else "")
        if not question.strip():
            raise ParameterError("there is no question", where="question", expected="a question, or a card_id")
        if card:
            task = knowledge_task(card, HELD_OUT, 1, question)
        else:
            task = open_task(messages_for(question, None))
        (said,) = await self.answered([task], [None], body.question, body.language, body.max_new_tokens, is_gone)
        return KnowledgeAnswer(
            question=question,
            answer=said,
            card_id=card.card_id if card else "",
            source=card.source.citation() if card else "",
        )

    async def _reports(
        self, body: NightsRequest, upload: UploadFile | None
    ) -> tuple[list[FullReport], list[str], Reading | None]:
        def read() -> tuple[list[FullReport], list[str], Reading | None]:
            table, reading = table_of(body, upload, self.settings)
            fulls, too_few = full_reports(
                table,
                window_nights=body.window_nights,
                most=self.settings.max_persons,
                age_y=body.age_y,
                sex=body.sex,
            )
            return fulls, too_few, reading

        async with self.reading:
            return await asyncio.to_thread(read)

    async def _people(
        self,
        body: AdviceRequest,
        fulls: Sequence[FullReport],
        tasks: Sequence[Task],
        words: str,
        questions: Sequence[str],
        is_gone: IsGone,
    ) -> list[PersonAdvice]:
        reports = [full.report for full in fulls]
        said = await self.answered(tasks, reports, words, body.language, body.max_new_tokens, is_gone)
        return [
            PersonAdvice(person_id=report.person_id, question=question, advice=one)
            for report, question, one in zip(reports, questions, said, strict=True)
        ]

    async def answered(
        self,
        tasks: Sequence[Task],
        reports: Sequence[Report | None],
        words: str,
        language: str,
        max_new_tokens: int,
        is_gone: IsGone,
    ) -> list[Checked]:
        """Triage, then the student where nobody needs help now, then the rules over what it said.

        Parameters
        ----------
        reports : sequence
            Report of each task, None where it is about none.
        words : str
            Everything that the person wrote; empty where nothing was.

        Raises
        ------
        Refused
            If the student takes no question now, or gives no answer in time.
        """
        found: list[Triage] = await asyncio.to_thread(lambda: [triage_all(words, report) for report in reports])
        questions: dict[int, object] = {}
        asked = []
        try:
            for place, task in enumerate(tasks):
                if not needs_help_now(found[place]):
                    asked.append(self.worker.ask(task, max_new_tokens=max_new_tokens))
                    questions[place] = asked[-1]
        except Exception:
            for question in asked:
                question.cancel()
            raise
        answers = dict(zip(questions, await answers_to(asked, self.settings.answer_timeout_s, is_gone), strict=True))

        def judge() -> list[Checked]:
            return [
                checked(task, answers[place], reports[place], words, language, self.cards)
                if place in answers
                else first_words(found[place], language)
                for place, task in enumerate(tasks)
            ]

        return await asyncio.to_thread(judge)

    def _card(self, body: KnowledgeRequest) -> Card | None:
        if body.card_id:
            if body.card_id not in self.cards:
                raise ParameterError(
                    "there is no such card", where="card_id", expected=f"such as {next(iter(self.cards))!r}"
                )
            return self.cards[body.card_id]
        asked = body.question.strip().casefold()
        for card in self.cards.values():
            if any(asked == phrasing.casefold() for phrasing in card.phrasings.test):
                return card
        return None


def follow_up_question(body: FollowUpRequest) -> str:
    """The words of a follow-up question.

    Raises
    ------
    ParameterError
        If there is neither a question nor a topic, or no such topic.
    """
    kinds = follow_ups()
    if body.topic and body.topic not in kinds:
        raise ParameterError("there is no such topic", where="topic", expected=f"one of {', '.join(kinds)}")
    if not body.topic and not body.question.strip():
        raise ParameterError("there is no question", where="question", expected="a question, or a topic")
    return body.question if body.question.strip() else str(kinds[body.topic][HELD_OUT][0])


def question_task(body: FollowUpRequest, question: str, report: Report) -> Task:
    """The task of a follow-up question; without a topic only its numbers and red flags can be judged."""
    if body.topic:
        return follow_up_task(body.topic, report, HELD_OUT, question, about=body.about)
    return open_task(messages_for(question, report), report)


def open_task(messages: list[dict[str, str]], report: Report | None = None) -> Task:
    """A task without a right verdict; with a report its numbers can be judged."""
    return Task(
        "open", OPEN_QUESTION, "", report.person_id if report else "", HELD_OUT, "factual",
        report.report_id if report else "", "", messages, recommend_key(report) if report else {},
    )  # fmt: skip


def person_report(full: FullReport, language: str) -> PersonReport:
    """A report as the server gives it; what is not known is null."""
    return PersonReport(
        person_id=full.report.person_id,
        first_date=full.first_date.isoformat(),
        last_date=full.last_date.isoformat(),
        nights=full.report.nights,
        text=long_text(full, language),
        statements=[
            StatementOut(
                name=one.name,
                dimension=one.dimension,
                status=one.status,
                value=None if math.isnan(one.value) else one.value,
                unit=one.unit,
                low=one.low,
                high=one.high,
                level=one.level,
                nights=one.nights,
            )
            for one in full.statements
        ],
        clinician=list(full.clinician),
    )
