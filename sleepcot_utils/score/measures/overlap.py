"""Overlap of words with a reference answer, as papers report it; blind to a wrong number by construction."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from sleepcot_utils.errors import InputError
from sleepcot_utils.score.measures.reference import Reference
from sleepcot_utils.tasks.reading import split_answer

#: Texts to vectors, one row a text; for a similarity by a model of one's own.
Embed = Callable[[Sequence[str]], np.ndarray]
TOKEN = re.compile(r"[a-z0-9]+")


def rouge_l(texts: Sequence[str], references: Sequence[Reference]) -> dict[str, list[float]]:
    """F1 of the longest common subsequence of words of each answer and its reference answer (ROUGE-L).

    Notes
    -----
    Lin 2004, ROUGE: a package for automatic evaluation of summaries, ACL workshop Text Summarization Branches Out.
    Words are runs of letters and digits in lower case, without stemming.
    """
    wanted = _answers(references)
    return {"rouge_l": [lcs_f1(split_answer(text)[1], other) for text, other in zip(texts, wanted, strict=True)]}


def lcs_f1(text: str, other: str) -> float:
    """F1 of the longest common subsequence of words; 0 where one text has no words.

    Examples
    --------
    >>> round(lcs_f1("police kill the gunman", "police killed the gunman"), 2)
    0.75
    """
    first, second = TOKEN.findall(text.lower()), TOKEN.findall(other.lower())
    if not first or not second:
        return 0.0
    row = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for place, against in enumerate(second, start=1):
            above = row[place]
            row[place] = diagonal + 1 if word == against else max(above, row[place - 1])
            diagonal = above
    return 2 * row[-1] / (len(first) + len(second))


def similarity(
    texts: Sequence[str], references: Sequence[Reference], embed: Embed | None = None
) -> dict[str, list[float]]:
    """Cosine of each answer and its reference answer.

    Parameters
    ----------
    embed : callable, optional
        Texts to vectors of a model; without it, words and pairs of words weighted by how rare they are among all
        answers of the call (TF-IDF): a similarity of words and not of meaning, that depends on the texts beside it.

    Returns
    -------
    dict of str to list of float
        ``similarity``, 0 for an answer without words.
    """
    answers, wanted = [split_answer(text)[1] for text in texts], _answers(references)
    if embed is None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        words = TfidfVectorizer(token_pattern=r"[a-zA-Z0-9]+", ngram_range=(1, 2), sublinear_tf=True)
        words.fit([*wanted, *answers])
        first, second = words.transform(answers), words.transform(wanted)
        return {"similarity": np.asarray(first.multiply(second).sum(axis=1)).ravel().tolist()}
    first, second = np.asarray(embed(answers), dtype=float), np.asarray(embed(wanted), dtype=float)
    sizes = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return {"similarity": np.where(sizes > 0, (first * second).sum(axis=1) / np.maximum(sizes, 1e-300), 0.0).tolist()}


def _answers(references: Sequence[Reference]) -> list[str]:
    missing = next((one.task.task_id for one in references if not TOKEN.search(one.answer.lower())), None)
    if missing is not None:
        raise InputError(
            f"the task {missing!r} has no reference answer", where="references", expected="example_answer with words"
        )
    return [one.answer for one in references]
