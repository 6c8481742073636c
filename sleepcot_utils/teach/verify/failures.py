"""What a check says of an answer that fails it."""

from __future__ import annotations

from dataclasses import dataclass

RATIONALE, ANSWER = "rationale", "answer"
#: An excerpt longer than this is cut.
EXCERPT_CHARACTERS = 160


@dataclass(frozen=True)
class Failure:
    """One reason why an answer is not learned from.

    Attributes
    ----------
    check : str
        Name of the check, one of ``verification.CHECKS``.
    where : str
        ``rationale`` or ``answer``.
    excerpt : str
        The text at fault; empty where something is missing.
    expected : str
        What would be right, in words.
    """

    check: str
    where: str
    excerpt: str
    expected: str


def cut(text: str) -> str:
    """A text as an excerpt."""
    plain = " ".join(text.split())
    return plain if len(plain) <= EXCERPT_CHARACTERS else f"{plain[: EXCERPT_CHARACTERS - 3]}..."
