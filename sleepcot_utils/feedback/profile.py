"""What the log says about a person, read by stated rules from ratings and comments, and said again in a prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.feedback.actions import Action, actions
from sleepcot_utils.feedback.entries import Feedback, Given
from sleepcot_utils.fencing import fence
from sleepcot_utils.paths import reference_data

#: Comments that are quoted in a prompt; older ones are left to the rules.
QUOTED_COMMENTS = 2


@dataclass
class Profile:
    """What is known of one person.

    Attributes
    ----------
    avoids : set of str
        What actions may not ask of the person, by a comment.
    liked, disliked : set of str
        Names of actions, by the last rating of each.
    comments : list of str
        What the person wrote, as it was written, oldest first.
    """

    avoids: set[str] = field(default_factory=set)
    liked: set[str] = field(default_factory=set)
    disliked: set[str] = field(default_factory=set)
    comments: list[str] = field(default_factory=list)

    def standing(self, action: Action) -> int:
        """2 for a liked action, 0 for one that is disliked or asks what the person avoids, else 1."""
        if action.name in self.disliked or self.avoids & set(action.asks):
            return 0
        return 2 if action.name in self.liked else 1


@cache
def profile_rules() -> dict[str, Any]:
    """Rules of ``data/feedback/profile.yaml``."""
    return yaml.safe_load(reference_data("feedback", "profile.yaml").read_text(encoding="utf-8"))


def refused_asks(comment: str) -> set[str]:
    """What a comment refuses: it holds a word of refusal and a word of that thing.

    Examples
    --------
    >>> sorted(refused_asks("I can't keep the same time, I work shifts."))
    ['fixed_clock']
    >>> refused_asks("The coffee at work is fine.")
    set()
    """
    rules, plain = profile_rules(), _plain(comment)
    if not any(f" {word}" in plain for word in rules["refusals"]):
        return set()
    return {ask for ask, words in rules["words"].items() if any(f" {word}" in plain for word in words)}


def praises(comment: str) -> bool:
    """Whether a comment praises, and refuses nothing."""
    plain = _plain(comment)
    return not refused_asks(comment) and any(f" {word}" in plain for word in profile_rules()["praises"])


def learn(profile: Profile, advice: Given, entry: Feedback) -> None:
    """Take one entry into a profile."""
    rules = profile_rules()
    refused = refused_asks(entry.comment)
    for name in advice.actions:
        action = actions().get(name)
        if action is None:
            continue
        disliked = entry.rating <= rules["dislikes"] and entry.followed != "yes"
        liked = entry.rating >= rules["likes"] or (entry.followed == "yes" and not disliked)
        (profile.disliked.add if disliked else profile.disliked.discard)(name)
        (profile.liked.add if liked and not disliked else profile.liked.discard)(name)
        if liked and praises(entry.comment):
            profile.avoids -= set(action.asks)
    profile.avoids |= refused
    if entry.comment.strip():
        profile.comments.append(entry.comment)


def profiles_of(given: Iterable[Given], entries: Iterable[Feedback]) -> dict[str, Profile]:
    """Profiles of all people of a log, by replaying it from its start."""
    advice = {item.advice_id: item for item in given}
    found: dict[str, Profile] = {}
    for entry in entries:
        learn(found.setdefault(entry.person_id, Profile()), advice[entry.advice_id], entry)
    return found


def profile_text(profile: Profile | None) -> str:
    """The profile in words for a prompt, comments as fenced data; empty where nothing is known.

    Examples
    --------
    >>> print(profile_text(Profile(avoids={"less_coffee"}, comments=["I won't give up coffee."])))
    This person avoids: less coffee.
    Said before: <<comment: I won't give up coffee.>>
    """
    if profile is None:
        return ""
    labels: Mapping[str, str] = profile_rules()["labels"]
    catalog = actions()
    lines = []
    if profile.avoids:
        lines.append(f"This person avoids: {', '.join(labels[ask] for ask in labels if ask in profile.avoids)}.")
    for word, names in (("Liked", profile.liked), ("Not liked", profile.disliked)):
        said = " ".join(action.text for name, action in catalog.items() if name in names)
        if said:
            lines.append(f"{word}: {said}")
    lines += [f"Said before: {fence(comment, 'comment')}" for comment in profile.comments[-QUOTED_COMMENTS:]]
    return "\n".join(lines)


def _plain(text: str) -> str:
    words = text.lower().replace("\u2019", "'").split()
    return " " + " ".join(words)
