"""Lines of plain sums, which whoever works a sum out on paper writes alike."""

from __future__ import annotations

import re

_PLAIN_SUM = re.compile(r"(?:[\d:+\-=,\s]|\b(?:borrow|h|min)\b)+")


def without_plain_sums(text: str) -> str:
    """A text without its lines that hold nothing but numbers at work, and so say nothing of anybody."""
    return "\n".join(line for line in text.splitlines() if not _PLAIN_SUM.fullmatch(line))
