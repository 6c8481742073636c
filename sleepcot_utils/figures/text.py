"""A rationale with its checked numbers marked, as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from sleepcot_utils.errors import ParameterError


@dataclass(frozen=True)
class Span:
    """One checked stretch of a text.

    Attributes
    ----------
    start, end : int
        Characters ``text[start:end]``.
    right : bool
        Whether what it says is true.
    note : str
        Why, in a few words; shown when the pointer rests on it.
    """

    start: int
    end: int
    right: bool
    note: str = ""


#: Text and background color of right and wrong; text contrast above 5:1 on its background (WCAG 2.1). The signs say
#: the same as the colors, also where a viewer drops the styles.
_LOOK = {
    True: ("#00563F", "#DFF3EC", "\N{CHECK MARK}", "right"),
    False: ("#9C2A00", "#FBE5DB", "\N{MULTIPLICATION X}", "wrong"),
}


def rationale_html(text: str, spans: Sequence[Span | tuple[int, int, bool]]) -> str:
    """Mark what is right (green, check mark) and what is wrong (red, cross) in a text.

    Parameters
    ----------
    text : str
        The rationale or answer; it is escaped, so markup in it is shown, not obeyed.
    spans : sequence of Span or tuple
        Stretches that were checked, in any order, as ``Span`` or ``(start, end, right)``.

    Returns
    -------
    str
        One ``<div>``; hand it to ``IPython.display.HTML``.

    Raises
    ------
    ParameterError
        If a span is empty, lies outside of the text or overlaps another.
    """
    checked = sorted((span if isinstance(span, Span) else Span(*span) for span in spans), key=lambda span: span.start)
    parts, done = [], 0
    for span in checked:
        if not (done <= span.start < span.end <= len(text)):
            raise ParameterError(
                f"the span {span.start} to {span.end} is empty, out of the text or overlaps another",
                where="rationale",
                expected=f"spans apart from each other within 0 to {len(text)}",
            )
        parts += [_plain(text[done : span.start]), _marked(text[span.start : span.end], span)]
        done = span.end
    parts.append(_plain(text[done:]))
    return (
        '<div style="max-width:46em;line-height:1.7;padding:0.6em 1em;border-left:3px solid #8C8C8C;'
        f'background:#FFFFFF;color:#222222">{"".join(parts)}</div>'
    )


def _marked(part: str, span: Span) -> str:
    ink, ground, sign, word = _LOOK[span.right]
    label = f"{word}: {span.note}" if span.note else word
    return (
        f'<mark title="{escape(label)}" style="color:{ink};background:{ground};'
        f"border-bottom:2px {'solid' if span.right else 'dashed'} {ink};border-radius:3px;"
        f'padding:0 0.25em;font-weight:600">{escape(part)}&nbsp;{sign}</mark>'
    )


def _plain(part: str) -> str:
    return escape(part).replace("\n", "<br>")
