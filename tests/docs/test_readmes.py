"""The READMEs in English and in Chinese: the same sections and commands, and links that lead somewhere."""

from __future__ import annotations

import re

import pytest

from sleepcot_utils.paths import PROJECT_ROOT

PAGES = (
    "README.md",
    "README.zh.md",
    "CONTRIBUTING.md",
    *("docs/instructors_guide.md", "docs/question_bank.md", "docs/decisions.md"),
    *(f"docs/how_to/{path.name}" for path in sorted((PROJECT_ROOT / "docs" / "how_to").glob("*.md"))),
)
#: Links to other places are not opened: tests need no network.
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def text_of(page: str) -> str:
    return (PROJECT_ROOT / page).read_text(encoding="utf-8")


def commands(page: str) -> list[str]:
    """Lines of the code blocks without their comments, which are in the language of the page."""
    blocks = re.findall(r"```bash\n(.*?)```", text_of(page), re.DOTALL)
    return [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]


def test_both_languages_have_the_same_commands_and_sections() -> None:
    assert commands("README.zh.md") == commands("README.md") != []
    assert text_of("README.zh.md").count("\n## ") == text_of("README.md").count("\n## ")


def test_both_languages_lead_to_the_same_places() -> None:
    ours, theirs = (set(LINK.findall(text_of(page))) for page in ("README.md", "README.zh.md"))
    assert ours - {"README.zh.md"} == theirs - {"README.md"}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    folder = (PROJECT_ROOT / page).parent
    lost = [target for target in LINK.findall(text_of(page)) if not (folder / target).resolve().exists()]
    assert lost == []
