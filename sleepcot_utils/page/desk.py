"""What the page does, without the page: read an export, ask the student, keep a rating, delete everything."""

from __future__ import annotations

import asyncio
import datetime
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sleepcot_utils.feedback.coaching import advice_by_feedback, remember_advice
from sleepcot_utils.feedback.entries import Feedback, checked
from sleepcot_utils.page.visits import Sex, Visit, read_visit
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.report.reports import Report
from sleepcot_utils.safety.advice import advice_for
from sleepcot_utils.safety.triage import triage_all
from sleepcot_utils.serve.coach import HELD_OUT, Coach, follow_up_question, question_task
from sleepcot_utils.serve.schemas import Checked, FollowUpRequest
from sleepcot_utils.serve.settings import Settings
from sleepcot_utils.serve.worker import Worker
from sleepcot_utils.study.feedback_commands import feedback_log, forget
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task, recommend_task
from sleepcot_utils.teach import expert

#: The student and the rules write English; words that depend on the reader's language are added where they are shown.
LANGUAGE = "en"


@dataclass(frozen=True)
class Advice:
    """A recommendation as it may be shown, with what stands beside it.

    Attributes
    ----------
    said : Checked
        The student's words with the rules around them.
    by_rules : str
        What the embedded expert says of the same report.
    try_first : str
        What the rules and the person's earlier ratings would have the person try first; empty where nothing.
    """

    task: Task
    said: Checked
    by_rules: str
    try_first: str


class Desk:
    """Everything that the page can do; one for the process, used from the threads of all its readers.

    Parameters
    ----------
    worker : Worker
        Where the student answers; started and ended here.
    paths : RunPaths
        Run whose feedback log is used.
    source : str
        Arm of the student.
    seed : int
        Seed of the student.
    """

    def __init__(self, worker: Worker, settings: Settings, paths: RunPaths, *, source: str, seed: int) -> None:
        self.settings = settings
        self.paths = paths
        self._worker = worker
        self._coach = Coach(worker, settings)
        self._source, self._seed = source, seed
        # The coach belongs to one event loop, and each reader comes in a thread of its own.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="desk", daemon=True)
        self._reading = threading.Semaphore(settings.reading_at_once)

    def open(self) -> None:
        """Load the student.

        Raises
        ------
        StudyError
            If it can't be loaded.
        """
        self._worker.start()
        self._thread.start()

    def close(self) -> None:
        """Finish what was begun, and end."""
        self._worker.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def read(
        self, data: bytes, name: str, *, window_nights: Literal[7, 14, 30], age_y: float | None, sex: Sex | None
    ) -> Visit:
        """Read an uploaded export; see ``read_visit``."""
        with self._reading:
            return read_visit(data, name, self.settings, window_nights=window_nights, age_y=age_y, sex=sex)

    def advise(self, report: Report) -> Advice:
        """The student's recommendation for a report.

        Raises
        ------
        StudyError
            If the student takes no question now, or gives no answer in time.
        """
        task = recommend_task(report, HELD_OUT)
        (row,) = advice_by_feedback(feedback_log(self.paths), [report]).itertuples()
        return Advice(task, self._answered(task, report, ""), expert.recommend(report)[1], row.try_first)

    def answer(self, report: Report, question: str, topic: str, words: str) -> Checked:
        """The student's answer to a question about a report.

        Parameters
        ----------
        question : str
            In the person's words; empty for a topic.
        topic : str
            Kind of a question whose answer can be verified; empty for a question in free words.
        words : str
            Everything that the person has written so far, this question with it.

        Raises
        ------
        StudyError
            If there is no question, or no answer.
        """
        body = FollowUpRequest.model_validate({"question": question, "topic": topic})
        return self._answered(question_task(body, follow_up_question(body), report), report, words)

    def rate(self, advice: Advice, rating: int, followed: str, comment: str) -> None:
        """Keep what a person says of advice, in the log that ``make coach`` reads.

        Raises
        ------
        InputError
            If the entry can't be kept as it is; nothing is written then.
        """
        today = datetime.date.today()
        fields = {"person_id": advice.task.person_id, "date": today, "rating": rating, "followed": followed}
        fields["comment"] = comment
        checked(Feedback, fields | {"advice_id": "new"})  # before anything is written
        log = feedback_log(self.paths)
        answer = Answer(
            advice.task.task_id, self._source, self._seed, "", advice.said.answer, advice.said.finish_reason, 0, 0.0
        )
        (identity,) = remember_advice(log, [advice.task], [answer], [advice.try_first], today)
        log.add([checked(Feedback, fields | {"advice_id": identity})])

    def forget(self) -> list[Path]:
        """Delete feedback, reports and advice of the run, and return the files that were deleted."""
        return forget(self.paths, everything=True)

    def _answered(self, task: Task, report: Report, words: str) -> Checked:
        asked = self._coach.answered([task], [report], words, LANGUAGE, 0, _stays)
        (said,) = asyncio.run_coroutine_threadsafe(asked, self._loop).result()
        return said


def notice(report: Report | None, words: str, language: str) -> str:
    """What has to be said before anything else, by red flags of a report and of what a person wrote; mostly empty."""
    return advice_for(triage_all(words, report), language)


def by_rules(report: Report, topic: str) -> str:
    """What the embedded expert answers to a question of a topic, without the student."""
    return expert.follow_up(topic, report)[1]


async def _stays() -> bool:
    """A reader of the page may close it; the answer is short, so it is finished all the same."""
    return False
