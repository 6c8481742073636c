"""Licenses, hashes and the audit: what is allowed passes, what is not is named, and nothing passes by having no answer."""

from __future__ import annotations

import importlib.util
import json
import sys
from types import ModuleType

import pytest

from sleepcot_utils.paths import PROJECT_ROOT


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PROJECT_ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a dataclass looks its module up
    spec.loader.exec_module(module)
    return module


licenses, lock, audit = tool("licenses"), tool("lock"), tool("audit")
PINNED = "# head\nalpha==1.0\ntorch==2.13.0\nbeta-b==2.1\n"
HASH = "a" * 64
LOCKED = f"# head\nalpha==1.0 \\\n    --hash=sha256:{HASH}\nbeta-b==2.1 \\\n    --hash=sha256:{HASH} \\\n    --hash=sha256:{HASH}\n"


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("MIT", []),
        ("MIT OR GPL-3.0-only", []),
        ("MIT AND GPL-3.0-only", ["GPL-3.0-only"]),
        ("Apache-2.0 WITH LLVM-exception AND BSD-3-Clause", []),
        ("LicenseRef-NVIDIA-Proprietary", ["LicenseRef-NVIDIA-Proprietary"]),
        ("", ["no license stated"]),
    ],
)
def test_licenses_that_are_allowed(expression: str, wrong: list[str]) -> None:
    assert licenses.not_allowed(expression, licenses.load_rules()) == wrong


def test_every_allowed_license_says_what_it_asks_and_every_spelling_leads_to_one() -> None:
    rules = licenses.load_rules()
    assert all(rules.allowed.values()) and not {name for name in rules.allowed if "GPL" in name}
    assert set(rules.means.values()) <= set(rules.allowed)
    assert all(licenses.not_allowed(expression, rules) == [] for expression, _ in rules.read.values())


def test_the_page_of_licenses_holds_what_is_pinned() -> None:
    shown = licenses.rows_of((PROJECT_ROOT / "docs" / "licenses.md").read_text(encoding="utf-8"))
    assert set(shown) == set(licenses.pinned_names((PROJECT_ROOT / "constraints.txt").read_text(encoding="utf-8")))
    assert licenses.rows_of(licenses.page({"MIT": ["a", "b"], "0BSD": ["c"]}, licenses.load_rules())) == {
        "a": "MIT", "b": "MIT", "c": "0BSD",
    }  # fmt: skip


def test_a_whole_lock_passes() -> None:
    assert lock.problems(PINNED, LOCKED) == []


@pytest.mark.parametrize(
    ("pinned", "locked", "said"),
    [
        (PINNED, LOCKED.replace("2.1", "2.2"), "beta-b: 2.1 is pinned and 2.2 is locked"),
        (PINNED, LOCKED.partition("beta-b")[0], "beta-b: 2.1 is pinned and nothing is locked"),
        (PINNED, LOCKED + "gamma==1 \\\n    --hash=sha256:" + HASH, "gamma: nothing is pinned and 1 is locked"),
        (PINNED, LOCKED.replace(f"alpha==1.0 \\\n    --hash=sha256:{HASH}", "alpha==1.0"), "alpha: no SHA-256"),
        (PINNED, LOCKED.replace(f"1.0 \\\n    --hash=sha256:{HASH}", "1.0 \\\n    --hash=md5:00"), "alpha: no SHA-256"),
        (PINNED + "delta>=1\n", LOCKED, "delta>=1: not pinned"),
    ],
)
def test_what_is_missing_in_a_lock_is_named(pinned: str, locked: str, said: str) -> None:
    assert lock.problems(pinned, locked) == [said]


def test_the_lock_of_the_study_is_whole() -> None:
    pinned = (PROJECT_ROOT / "constraints.txt").read_text(encoding="utf-8")
    locked = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert lock.problems(pinned, locked) == []
    assert "torch" in lock.pins(pinned) and "torch" not in lock.pins(locked)
    assert "://" not in locked, "no index is named"


@pytest.mark.parametrize(
    ("entries", "strict", "status", "says"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], True, 0, "1 packages, 0 known"),
        (
            [{"name": "a", "version": "1", "vulns": [{"id": "V-1", "fix_versions": ["2"]}]}],
            False,
            1,
            "a 1: V-1, mended in 2",
        ),
        ([{"name": "a", "skip_reason": "not found"}], False, 0, "NOT done"),
        ([{"name": "a", "skip_reason": "not found"}], True, 1, "NOT done"),
        ([{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "x"}], True, 1, "Not audited: b."),
        (None, False, 0, "NOT done"),
        (None, True, 1, "NOT done"),
    ],
)
def test_an_audit_that_was_not_done_is_said(entries, strict: bool, status: int, says: str) -> None:
    said = "" if entries is None else json.dumps({"dependencies": entries, "fixes": []})
    found, lines = audit.outcome(said, strict=strict)
    assert found == status and says in "\n".join(lines)
