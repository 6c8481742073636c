"""Reads the body of a chat completion."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


class MalformedError(ValueError):
    """A body that is not a chat completion."""


@dataclass(frozen=True)
class Completion:
    """What a chat completion says.

    Attributes
    ----------
    error : str
        Empty, or why the text can't be used: ``truncated``, ``refused`` or ``empty``, with details after a colon.
    served_model : str
        The model as the server names it; the last part only if it names a path.
    """

    text: str
    reasoning: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    served_model: str
    error: str


def read_completion(body: str) -> Completion:
    """Read the body of an HTTP response with status 200.

    Raises
    ------
    MalformedError
        If it is not a chat completion; the message says what is wrong with it.
    """
    try:
        whole = json.loads(body)
    except ValueError:
        raise MalformedError(f"the body is not JSON: {_shown(body)}") from None
    if not isinstance(whole, dict):
        raise MalformedError(f"the body is no object: {_shown(body)}")
    choices = whole.get("choices")
    if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
        # Gateways such as OpenRouter report an upstream error with status 200.
        raise MalformedError(f"the body has no choices: {_shown(json.dumps(whole.get('error', body)))}")
    choice = choices[0]
    message = choice.get("message")
    if not isinstance(message, dict):
        raise MalformedError("the choice has no message")
    text = _text(message, "content")
    reasoning = _text(message, "reasoning_content") or _text(message, "reasoning")
    finish_reason = str(choice.get("finish_reason") or "")
    served = str(whole.get("model") or "")
    return Completion(
        text=text,
        reasoning=reasoning,
        finish_reason=finish_reason,
        prompt_tokens=_count(whole, "prompt_tokens"),
        completion_tokens=_count(whole, "completion_tokens"),
        # `transformers serve` names a local checkpoint by its full path.
        served_model=served.rsplit("/", 1)[-1] if served.startswith("/") else served,
        error=_why_unusable(text, _text(message, "refusal"), finish_reason),
    )


def _why_unusable(text: str, refusal: str, finish_reason: str) -> str:
    if refusal:
        return f"refused: {_shown(refusal)}"
    if finish_reason == "content_filter":
        return "refused: content filter"
    if finish_reason == "length":
        return "truncated"
    return "" if text.strip() else "empty"


def _text(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedError(f"{name} of the message is no text")
    return value


def _count(whole: dict[str, Any], name: str) -> int | None:
    usage = whole.get("usage")
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _shown(text: str) -> str:
    """The start of a text in one line, for a message."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}..."


def error_code(body: str) -> str:
    """The code (or type) of an error body, such as ``insufficient_quota``; empty if it has none."""
    try:
        error = json.loads(body)["error"]
        return str(error.get("code") or error.get("type") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
