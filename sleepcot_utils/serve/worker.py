"""The student in a thread of its own: questions that wait together are answered together, and a crash is survived.

Batches are formed from what waits (micro-batching). A crash ends the questions of the batch that it hit, with an error
that says so; the student is then loaded anew and goes on with the queue.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from sleepcot_utils.distill.decoding import continued
from sleepcot_utils.distill.encoding import render
from sleepcot_utils.distill.generation import read_answer
from sleepcot_utils.distill.student import Student, load_student
from sleepcot_utils.errors import ArtifactError, StudyError
from sleepcot_utils.serve.questions import Question, Refused
from sleepcot_utils.serve.settings import Settings
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task

#: Letters that a token has at most on average; longer prompts are refused before they are cut into tokens.
MOST_LETTERS_A_TOKEN = 16
#: Weight of the last batch in the running mean of seconds a batch takes.
NEWEST_WEIGHT = 0.3


@dataclass
class Counts:
    """What a worker did since it began; ``sizes`` are those of the last batches."""

    batches: int = 0
    answers: int = 0
    tokens: int = 0
    crashes: int = 0
    cancelled: int = 0
    sizes: deque[int] = field(default_factory=lambda: deque(maxlen=1000))


class Worker:
    """Answers questions with a student, many at once.

    Parameters
    ----------
    load : callable
        Loads the student; called at the start and again after a crash.
    settings : Settings
        Sizes of queue and batches.
    source, seed
        Arm and seed of the student, for the answers.
    """

    def __init__(self, load: Callable[[], Student], settings: Settings, *, source: str = "student", seed: int = 0):
        self.counts = Counts()
        self.state = "the student is not loaded yet"
        self._load = load
        self._settings = settings
        self._source, self._seed = source, seed
        self._student: Student | None = None
        self._waiting: deque[Question] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._live, name="student", daemon=True)
        self._batch_seconds = 1.0

    @property
    def is_ready(self) -> bool:
        """Whether the student is loaded and takes questions."""
        return not self.state and self._thread.is_alive() and not self._stopping

    @property
    def waiting(self) -> int:
        """Questions in the queue."""
        return len(self._waiting)

    @property
    def retry_after_s(self) -> int:
        """Seconds after which the queue should have room again, from the last batches."""
        batches = 1 + len(self._waiting) / self._settings.batch_size
        return max(1, min(60, round(batches * self._batch_seconds)))

    def start(self) -> None:
        """Load the student and begin.

        Raises
        ------
        StudyError
            If the student can't be loaded; nothing runs then.
        """
        self._student = loaded(self._load)
        self.state = ""
        self._thread.start()

    def stop(self) -> None:
        """Answer what waits, then end; returns when the thread has ended."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(self._settings.shutdown_s)

    def ask(self, task: Task, *, max_new_tokens: int = 0, heard: asyncio.Queue[int] | None = None) -> Question:
        """Put a question in the queue; called in the thread of the event loop.

        Raises
        ------
        Refused
            413 to 503: the prompt is too long, the queue is full, or there is no student now.
        """
        prompt = self.encoded(task)
        loop = asyncio.get_running_loop()
        longest = min(max_new_tokens or self._settings.max_new_tokens, self._settings.max_new_tokens)
        question = Question(task, prompt, longest, loop, loop.create_future(), heard)
        with self._changed:
            if len(self._waiting) >= self._settings.max_queue:
                raise Refused(
                    429,
                    "queue_full",
                    f"{len(self._waiting)} questions wait already",
                    expected=f"the same again after {self.retry_after_s} s",
                    retry_after_s=self.retry_after_s,
                )
            self._waiting.append(question)
            self._changed.notify()
        return question

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of tokens."""
        assert self._student is not None, "only what was loaded has said something"
        return str(self._student.tokenizer.decode(list(tokens), skip_special_tokens=True))

    def encoded(self, task: Task) -> list[int]:
        """Tokens of the prompt of a task.

        Raises
        ------
        Refused
            400 if it is too long; 503 if there is no student now.
        """
        student = self._student
        if not self.is_ready or student is None:
            raise Refused(503, "not_ready", self.state or "the server is ending", retry_after_s=5)
        limit = self._settings.max_prompt_tokens
        letters = sum(len(message["content"]) for message in task.messages)
        if letters > limit * MOST_LETTERS_A_TOKEN:
            raise _too_long(f"{letters:,} letters", limit)
        text = render(student.tokenizer, task.messages, add_generation_prompt=True)
        prompt = student.tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(prompt) > limit:
            raise _too_long(f"{len(prompt):,} tokens", limit)
        return list(prompt)

    def _live(self) -> None:
        while True:
            batch: list[Question] = []
            try:
                if self._student is None:
                    self._student = loaded(self._load)
                    self.state = ""
                batch = self._next_batch()
                if not batch:
                    return
                self._answer(self._student, batch)
            except Exception as problem:  # noqa: BLE001 - whatever it is, the next question deserves an answer
                self._crashed(problem, batch)
                if self._stopping:
                    self._empty_queue()
                    return
                time.sleep(self._settings.restart_wait_s)

    def _crashed(self, problem: Exception, batch: Sequence[Question]) -> None:
        self.counts.crashes += 1
        self.state = f"the student stopped ({type(problem).__name__}) and is being loaded again"
        self._student = None
        for question in batch:
            question.fail(Refused(503, "worker_crashed", "the student stopped while it answered", retry_after_s=5))

    def _empty_queue(self) -> None:
        with self._changed:
            left = list(self._waiting)
            self._waiting.clear()
        for question in left:
            question.fail(Refused(503, "ending", "the server is ending"))

    def _next_batch(self) -> list[Question]:
        """The questions that have waited longest; empty when the worker is to end."""
        with self._changed:
            while not self._waiting:
                if self._stopping:
                    return []
                self._changed.wait()
        time.sleep(0 if self._stopping else self._settings.batch_wait_s)
        with self._changed:
            batch: list[Question] = []
            while self._waiting and len(batch) < self._settings.batch_size:
                question = self._waiting.popleft()
                if question.is_cancelled:
                    self.counts.cancelled += 1
                else:
                    batch.append(question)
        return batch or self._next_batch()

    def _answer(self, student: Student, batch: Sequence[Question]) -> None:
        said: list[int] = [0] * len(batch)

        def watch(places: Sequence[int], tokens: Sequence[int]) -> Collection[int]:
            for place, token in zip(places, tokens, strict=True):
                said[place] += 1
                batch[place].hear(token)
            return {
                place for place in places if batch[place].is_cancelled or said[place] >= batch[place].max_new_tokens
            }

        began = time.perf_counter()
        continuations = continued(
            student.model.eval(),
            [question.prompt for question in batch],
            [question.task.report_id or str(place) for place, question in enumerate(batch)],
            end=student.tokenizer.eos_token_id,
            max_new_tokens=max(question.max_new_tokens for question in batch),
            watch=watch,
        )
        seconds = time.perf_counter() - began
        for question, tokens in zip(batch, continuations, strict=True):
            question.give(self._read(student, question, tokens, seconds / len(batch)))
        self._batch_seconds += NEWEST_WEIGHT * (seconds - self._batch_seconds)
        self.counts.batches += 1
        self.counts.answers += len(batch)
        self.counts.tokens += sum(said)
        self.counts.sizes.append(len(batch))

    def _read(self, student: Student, question: Question, tokens: Sequence[int], seconds: float) -> Answer:
        return read_answer(
            student.tokenizer, question.task.task_id, tokens, source=self._source, seed=self._seed, seconds=seconds
        )


def loaded(load: Callable[[], Student]) -> Student:
    """A student, or an error in words, whatever is wrong with its folder.

    Raises
    ------
    StudyError
        If it can't be loaded.
    """
    try:
        return load()
    except StudyError:
        raise
    except Exception as problem:  # noqa: BLE001 - a damaged file fails in whichever library reads it
        lines = str(problem).strip().splitlines() or [""]
        raise ArtifactError(
            f"the student can't be loaded ({type(problem).__name__}: {lines[0][:120].rstrip('.')})",
            where="student",
            expected="a whole folder as notebook 03 writes it",
        ) from None


def student_loader(folder: str, device: str) -> Callable[[], Student]:
    """Loads one student each time that it is called."""
    return lambda: load_student(folder, device=device)


def _too_long(found: str, limit: int) -> Refused:
    return Refused(
        400, "prompt_too_long", f"the prompt has {found}", where="messages", expected=f"at most {limit:,} tokens"
    )
