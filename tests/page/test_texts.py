"""The texts of the page: one file, two languages that say as much as each other, and nothing on the page besides."""

from __future__ import annotations

import re
import string

import pytest

from sleepcot_utils.feedback.entries import FOLLOWED
from sleepcot_utils.page.answering import TOPICS
from sleepcot_utils.page.markup import LOOKS
from sleepcot_utils.page.texts import LANGUAGES, Texts, all_texts, language_of
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.teach.verification import CHECKS
from sleepcot_utils.teach.verify.guide import GUIDE_CHECKS

CODE = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted((PROJECT_ROOT / "sleepcot_utils" / "page").glob("*.py"))
)
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("name", sorted(all_texts()))
def test_both_languages_say_as_much(name) -> None:
    columns = all_texts()[name]
    assert set(columns) == set(LANGUAGES)
    assert all(text.strip() == text != "" for text in columns.values())
    places = {language: {part[1] for part in string.Formatter().parse(text)} for language, text in columns.items()}
    assert places["en"] == places["zh"]
    assert HAN.search(columns["zh"]) and (name == "language" or not HAN.search(columns["en"]))


def test_the_page_knows_its_texts_and_no_others() -> None:
    built = {f"check_{name.replace(' ', '_')}" for name in CHECKS if not name.startswith("rationale")}
    # Advice on training has checks of its own, and the page gives none.
    built -= {f"check_{name.replace(' ', '_')}" for name in GUIDE_CHECKS}
    built |= {f"followed_{one}" for one in FOLLOWED} | {f"ask_{topic}" for topic in TOPICS}
    built |= {f"{kind}_{look}" for kind in ("mark", "legend") for look, _ in LOOKS.values()}
    built |= {"not_given", "female", "male"}
    built |= {"choose_file", "drop_file", "remove_file", "file_refused", "skip"}
    asked = set(re.findall(r"""texts\(\s*["'](\w+)["']""", CODE)) | {"problem_here"}
    assert asked <= set(all_texts())
    assert asked | built | {"not_given"} == set(all_texts())


def test_questions_of_the_page_can_be_verified() -> None:
    assert set(TOPICS) <= set(follow_ups())
    assert not any("about" in follow_ups()[topic] for topic in TOPICS), "none needs a word filled in"


@pytest.mark.parametrize(
    ("wish", "language"), [("zh-CN", "zh"), ("ZH_tw", "zh"), ("en-GB", "en"), ("fr", "en"), ("", "en"), (None, "en")]
)
def test_language_of_a_browser(wish, language) -> None:
    assert language_of(wish) == language


def test_placeholders_are_filled_in() -> None:
    assert Texts("en")("deleted", count=3).startswith("Deleted: 3 files")
    assert "3" in Texts("zh")("deleted", count=3)
