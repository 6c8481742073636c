"""Reading the knowledge cards."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sleepcot_utils.errors import InputError
from sleepcot_utils.knowledge.cards import SPLITS, Card
from sleepcot_utils.knowledge.schema import card_from, unique_across
from sleepcot_utils.paths import reference_data, relative_name

if TYPE_CHECKING:
    import pandas as pd

#: libyaml's parser where PyYAML was built with it: the same result, several times faster.
_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE = "__line__"
#: The core topics were written first; a student of a million parameters can repeat them often enough to learn.
TIERS = ("core", "more")
#: Beside the topics lies the record of the facts that were looked up in a second source.
SPOT_CHECKS = "spot_checks"


class _LineLoader(_BaseLoader):
    """YAML loader that refuses a repeated key and remembers the line on which each mapping starts."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable):
                if key in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark
                    )
                seen.add(key)
        mapping = super().construct_mapping(node, deep=deep)
        mapping[_LINE] = node.start_mark.line + 1
        return mapping


def load_cards(folder: Path | None = None, *, tier: str = "all") -> list[Card]:
    """Read and check every knowledge card.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Folder of YAML files, one a topic; the cards shipped in ``data/knowledge`` if left out.
    tier : str
        ``core`` for the topics that a small student has time for, ``more`` for the others, or ``all``. Every file is
        read and checked either way.

    Returns
    -------
    list of Card
        Sorted by file name, in the order of each file.

    Raises
    ------
    InputError
        If the tier is unknown, the folder holds no cards, a file is not readable YAML, or a card breaks a rule of ``schema``. The message
        names the file, the line, the card and the field, and says what would be right.
    """
    if tier not in (*TIERS, "all"):
        raise InputError(f"{tier!r} is no tier", where="knowledge cards", expected=f"one of {', '.join(TIERS)}, all")
    folder = reference_data("knowledge") if folder is None else Path(folder)
    files = sorted(file for file in folder.glob("*.yaml") if file.stem != SPOT_CHECKS)
    if not files:
        raise InputError(
            "there are no knowledge cards here", where=relative_name(folder), expected="YAML files, one a topic"
        )
    read = [_read(file) for file in files]
    unique_across([entry for _, placed in read for entry in placed])
    return [card for found, placed in read if tier in (found, "all") for card, _ in placed]


def knowledge_frame(cards: Sequence[Card] | None = None) -> pd.DataFrame:
    """The cards as a table.

    Parameters
    ----------
    cards : sequence of Card, optional
        The cards shipped with the study if left out.

    Returns
    -------
    pandas.DataFrame
        One row a card: ``card_id, topic, statement, why, confidence, source, doi``.
    """
    import pandas as pd

    cards = load_cards() if cards is None else cards
    columns = ["card_id", "topic", "statement", "why", "confidence", "source", "doi"]
    rows = [
        (card.card_id, card.topic, card.statement, card.why, card.confidence, card.source.citation(), card.source.doi)
        for card in cards
    ]
    return pd.DataFrame(rows, columns=columns)


def question_frame(cards: Sequence[Card] | None = None) -> pd.DataFrame:
    """The questions of the cards as a table.

    Returns
    -------
    pandas.DataFrame
        One row a phrasing: ``card_id, topic, split, question``.
    """
    import pandas as pd

    cards = load_cards() if cards is None else cards
    rows = [
        (card.card_id, card.topic, split, question)
        for card in cards
        for split in SPLITS
        for question in card.phrasings.of(split)
    ]
    return pd.DataFrame(rows, columns=["card_id", "topic", "split", "question"])


def _read(file: Path) -> tuple[str, list[tuple[Card, str]]]:
    """Tier of a file, and its cards with their places."""
    name = relative_name(file)
    content = _parse(file, name)
    if not isinstance(content, dict) or set(content) != {"topic", "title", "tier", "cards"}:
        raise InputError(
            "the file does not hold a topic",
            where=name,
            expected="the four fields 'topic', 'title', 'tier' and 'cards'",
        )
    if content["topic"] != file.stem:
        raise InputError(
            f"the topic {content['topic']!r} differs from the file name",
            where=f"{name}, field 'topic'",
            expected=file.stem,
        )
    if content["tier"] not in TIERS:
        raise InputError(
            f"the tier {content['tier']!r} is unknown", where=f"{name}, field 'tier'", expected=" or ".join(TIERS)
        )
    if not isinstance(content["cards"], list) or not content["cards"]:
        raise InputError("the topic has no cards", where=f"{name}, field 'cards'", expected="a list of cards")
    placed = []
    for position, raw in enumerate(content["cards"], start=1):
        place = f"{name}, card {position}"
        if isinstance(raw, dict):
            place = f"{name}, line {raw.pop(_LINE)}, card {raw.get('id', position)}"
        placed.append((card_from(_without_lines(raw), topic=file.stem, place=place), place))
    return content["tier"], placed


def _parse(file: Path, name: str) -> Any:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_LineLoader)
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start + 1} is not UTF-8", where=name, expected="a text file in UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}, line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(
            f"this is not readable YAML: {problem}", where=place, expected="a topic as in README.md"
        ) from error
    if isinstance(content, dict):
        content.pop(_LINE)
    return content


def _without_lines(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: _without_lines(value) for key, value in raw.items() if key != _LINE}
    if isinstance(raw, list):
        return [_without_lines(entry) for entry in raw]
    return raw
