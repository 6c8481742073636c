"""What an answer looks like, whatever it says: format, readability and length."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sleepcot_utils.score.claims import sentences
from sleepcot_utils.score.measures.reference import Reference
from sleepcot_utils.tasks.build import RECOMMEND, Task
from sleepcot_utils.tasks.reading import ANSWER_MARK, REASONING_MARK, line_after, split_answer
from sleepcot_utils.teach.verification import LONGEST_ANSWER_WORDS

NAN = float("nan")
FORMAT_SCORES = ("parts_present", "size_right", "marks_right")
READABILITY_SCORES = ("flesch_reading_ease", "flesch_kincaid_grade")
LENGTH_SCORES = ("answer_words", "rationale_words", "answer_sentences")
#: Lines that the prompt asks of every recommendation.
PARTS = ("Finding:", "Likely driver:", "Do first:", "Safety:")
VOWELS = re.compile(r"[aeiouy]+")
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def answer_format(texts: Sequence[str], references: Sequence[Reference]) -> dict[str, list[float]]:
    """Form of each answer.

    Returns
    -------
    dict of str to list of float
        ``parts_present``: share of the lines that a recommendation has to have, in order and not empty, NaN for other
        tasks; ``size_right``: 1 if the answer has 1 to ``LONGEST_ANSWER_WORDS`` words; ``marks_right``: 1 if "Answer:"
        stands once at most, behind the reasoning, and no mark is left in the answer.
    """
    rows = [_form(text, reference.task) for text, reference in zip(texts, references, strict=True)]
    return {name: [row[name] for row in rows] for name in FORMAT_SCORES}


def _form(text: str, task: Task) -> dict[str, float]:
    _, answer = split_answer(text)
    row = {"parts_present": NAN, "size_right": float(1 <= len(answer.split()) <= LONGEST_ANSWER_WORDS)}
    if task.kind == RECOMMEND:
        row["parts_present"] = sum(bool(line_after(answer, part)) for part in PARTS) / len(PARTS)
    has_marks = text.count(ANSWER_MARK) <= 1 and text.count(REASONING_MARK) <= 1 and REASONING_MARK not in answer
    return row | {"marks_right": float(has_marks)}


def readability(texts: Sequence[str], references: Sequence[Reference]) -> dict[str, list[float]]:
    """Flesch's reading ease and the Flesch-Kincaid grade of each answer; NaN for an answer without words.

    Notes
    -----
    Reading ease = 206.835 - 1.015 words a sentence - 84.6 syllables a word (Flesch 1948, J Appl Psychol 32:221-233);
    grade = 0.39 words a sentence + 11.8 syllables a word - 15.59 (Kincaid and others 1975, Research Branch Report 8-75,
    Chief of Naval Technical Training). Numbers are left out; a line counts as a sentence.
    """
    pairs = [flesch(split_answer(text)[1]) for text in texts]
    return {name: [pair[at] for pair in pairs] for at, name in enumerate(READABILITY_SCORES)}


def flesch(text: str) -> tuple[float, float]:
    """Reading ease and grade of a text.

    Examples
    --------
    >>> ease, grade = flesch("The cat sat on the mat.")
    >>> round(ease, 3), round(grade, 2)
    (116.145, -1.45)
    """
    words = WORD.findall(text.lower().replace("\u2019", "'"))
    count = sum(bool(WORD.search(sentence.lower())) for sentence in sentences(text))
    if not words:
        return NAN, NAN
    a_sentence, a_word = len(words) / count, sum(syllables(word) for word in words) / len(words)
    return 206.835 - 1.015 * a_sentence - 84.6 * a_word, 0.39 * a_sentence + 11.8 * a_word - 15.59


def syllables(word: str) -> int:
    """Syllables of an English word in lower case: groups of vowels without a silent e; 1 at least.

    Examples
    --------
    >>> [syllables(word) for word in ("sleep", "time", "little", "clinician", "the")]
    [1, 1, 2, 3, 1]
    """
    groups = len(VOWELS.findall(word))
    is_silent = word.endswith("e") and not word.endswith(("le", "ee", "ye")) and groups > 1
    return max(1, groups - int(is_silent))


def length(texts: Sequence[str], references: Sequence[Reference]) -> dict[str, list[float]]:
    """Words of answer and rationale, and sentences of the answer; neither more nor less is better by itself."""
    parts = [split_answer(text) for text in texts]
    return {
        "answer_words": [float(len(answer.split())) for _, answer in parts],
        "rationale_words": [float(len(rationale.split())) for rationale, _ in parts],
        "answer_sentences": [float(len(sentences(answer))) for _, answer in parts],
    }
