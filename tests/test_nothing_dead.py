"""No function or class that nothing uses, and no file that has grown too large to be read at once."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

from sleepcot_utils.paths import PROJECT_ROOT

PACKAGE = sorted((PROJECT_ROOT / "sleepcot_utils").rglob("*.py"))
#: Where a name of the package may be used, or shown to a reader; a test alone does not keep code alive.
READERS = ("*.md", "Snakefile", "Makefile", "notebooks/*.ipynb", "tools/*.py", "docs/**/*.md", "tests/benchmarks/*.py")
#: Names that somebody else calls, by the library or the rule that does.
CALLED_BY_NAME = {
    "as_ratings": "whoever puts a judge among the raters; see docs/how_to/rate_answers.md",
    "imported_files": "tests of what a notebook may import",
    "evaluate_answer_checks": "tests that hold the checks against planted answers",
    "expected_agreement": "tests of simulated raters",
    "load_spot_checks": "tests of the knowledge cards",
    "spot_check_counts": "tests of the knowledge cards",
    "exact_matches": "tests of leaks between splits",
    "pad_batch": "tests of masked losses",
    "few_shot_messages": "tests of prompts",
    "rate_table": "tests of the exam at several rates",
    "save_encoder": "tests that a saved encoder is the same",
}
#: A module of the package is read from top to bottom; beyond this it is two. Those above it are to shrink, not to grow.
LONGEST = 320
LARGER = {
    "config.py": 640,  # one list of parameters
    "distill/pretrain.py": 400,
    "tasks/guide/week.py": 340,
    "teach/verify/guide.py": 360,
}


def words_of(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def test_every_public_function_and_class_is_used() -> None:
    words: Counter[str] = Counter()
    for path in PACKAGE:
        words += words_of(path.read_text(encoding="utf-8"))
    for pattern in READERS:
        for path in PROJECT_ROOT.glob(pattern):
            words += words_of(path.read_text(encoding="utf-8"))
    unused = []
    for path in PACKAGE:
        if "metrics" in path.parts:
            continue  # classes that the `evaluate` library finds
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            is_public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if is_public and words[node.name] < 2:
                unused.append((path.relative_to(PROJECT_ROOT).as_posix(), node.name))
    assert {name for _, name in unused} - set(CALLED_BY_NAME) == set(), unused


def test_the_list_of_exceptions_is_not_longer_than_it_has_to_be() -> None:
    names = {
        node.name
        for path in PACKAGE
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    assert set(CALLED_BY_NAME) <= names


def test_no_module_is_longer_than_one_can_read() -> None:
    root = PROJECT_ROOT / "sleepcot_utils"
    lengths = {
        path.relative_to(root).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > LARGER.get(name, LONGEST)}
    assert too_long == {}


def test_every_module_says_what_it_is() -> None:
    silent = [path.name for path in PACKAGE if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


def test_names_of_modules_are_words() -> None:
    names = [path.stem for path in PACKAGE if path.stem not in ("__init__", "__main__")]
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
    shortened = re.compile(r"(^|_)(utils?|helpers?|misc|common|stuff|tmp|cfg|mgr)(_|$)")
    assert [name for name in names if shortened.search(name)] == []


def test_tests_mirror_the_package() -> None:
    rooms = {path.name for path in (PROJECT_ROOT / "sleepcot_utils").iterdir() if (path / "__init__.py").exists()}
    tests = {path.name for path in (PROJECT_ROOT / "tests").iterdir() if path.is_dir()}
    assert rooms <= tests, Path("tests")
