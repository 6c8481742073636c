"""What a knowledge card is."""

from __future__ import annotations

from dataclasses import dataclass

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Source:
    """Where the statement of a card comes from.

    Attributes
    ----------
    authors : str
        Surname and initials of the first author or authors; empty when an organization speaks.
    organization : str
        The body that issued a guideline; empty when authors are named.
    year : int
        Year of publication.
    title : str
        Title of the paper, guideline or book.
    doi : str
        Digital object identifier without a resolver in front of it; empty when the source has none on record.
    """

    year: int
    title: str
    authors: str = ""
    organization: str = ""
    doi: str = ""

    def citation(self) -> str:
        """The source as one line of text."""
        who = self.authors or self.organization
        doi = f" doi:{self.doi}" if self.doi else ""
        return f"{who} ({self.year}). {self.title}.{doi}"


@dataclass(frozen=True)
class Phrasings:
    """One question in clearly different words, kept apart by the split that may see them."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def of(self, split: str) -> tuple[str, ...]:
        """Phrasings of one split; ``split`` is one of ``SPLITS``."""
        if split not in SPLITS:
            raise KeyError(f"{split!r} is no split; there are {', '.join(SPLITS)}")
        return getattr(self, split)


@dataclass(frozen=True)
class Card:
    """One piece of knowledge about sleep, with its question and the test of an answer to it.

    Attributes
    ----------
    card_id : str
        Slug, unique among all cards; the field ``id`` of the file.
    topic : str
        Slug of the topic, which is the name of the file.
    statement : str
        The right answer, one sentence of at most 25 words.
    why : str
        The reason, one sentence of at most 25 words.
    source : Source
        Who established it.
    confidence : str
        ``high``, ``moderate`` or ``low``: how firm the evidence behind the statement is.
    key_points : tuple of tuple of str
        What a right answer must say. Each point lists alternatives, of which one has to appear.
    contradictions : tuple of str
        What makes an answer wrong if it asserts it.
    phrasings : Phrasings
        The question in different words, by split.
    wrong_options : tuple of str
        Tempting statements that are wrong.
    right_option : str
        The right answer in other words, of the length and tone of the wrong options, for multiple choice; empty where
        the statement itself serves.
    """

    card_id: str
    topic: str
    statement: str
    why: str
    source: Source
    confidence: str
    key_points: tuple[tuple[str, ...], ...]
    contradictions: tuple[str, ...]
    phrasings: Phrasings
    wrong_options: tuple[str, ...]
    right_option: str = ""
