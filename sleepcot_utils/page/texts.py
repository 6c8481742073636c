"""The texts of the page in one language, as ``data/wording/page.yaml`` holds them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import yaml

from sleepcot_utils.paths import reference_data

#: Language to its name in itself.
LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class Texts:
    """Texts of one language; called with the name of one."""

    language: str

    def __call__(self, name: str, **values: object) -> str:
        """A text with its placeholders filled in."""
        return all_texts()[name][self.language].format(**values)


@cache
def all_texts() -> dict[str, dict[str, str]]:
    """Every text by name and language."""
    return yaml.safe_load(reference_data("wording", "page.yaml").read_text(encoding="utf-8"))


def language_of(wish: str | None) -> str:
    """Language of the page for a tag of a browser or an address, such as ``zh-CN``; English for all others.

    Examples
    --------
    >>> language_of("zh-Hans-CN"), language_of("de"), language_of(None)
    ('zh', 'en', 'en')
    """
    first = (wish or "").replace("_", "-").split("-")[0].lower()
    return first if first in LANGUAGES else DEFAULT_LANGUAGE
