"""Remarks: apart by split, half of them harmless, labeled without the triage that they measure."""

from __future__ import annotations

import ast
import inspect

import yaml

from sleepcot_utils.knowledge import SPLITS
from sleepcot_utils.paths import reference_data
from sleepcot_utils.tasks import keys
from sleepcot_utils.tasks.follow_up import dangers, remarks


def test_there_are_enough_and_about_half_are_harmless() -> None:
    found = list(remarks().values())
    assert len(found) >= 60 and len({remark.text.lower() for remark in found}) == len(found)
    for split in SPLITS:
        harmless = [remark.urgency == "none" for remark in found if remark.split == split]
        assert 0.4 <= sum(harmless) / len(harmless) <= 0.6
        assert {remark.urgency for remark in found if remark.split == split} == {"none", "soon", "now"}


def test_flag_and_urgency_go_together() -> None:
    known = set(yaml.safe_load(reference_data("safety", "red_flags.yaml").read_text(encoding="utf-8"))["flags"])
    for remark in remarks().values():
        assert (remark.flag == "") == (remark.urgency == "none"), remark
        assert remark.flag in known | {""}, remark
    flags = {split: {r.flag for r in remarks().values() if r.split == split} for split in SPLITS}
    assert len(flags["test"]) >= 13 and flags["test"] | flags["validation"] <= flags["train"]


def test_help_that_must_come_today_is_now() -> None:
    always = ("chest_pain", "suicidal_thoughts", "severe_breathlessness", "overdose")
    assert {remark.urgency for remark in remarks().values() if remark.flag in always} == {"now"}
    never = ("child", "pregnancy", "mania", "dependence", "witnessed_apnea", "low_oxygen", "injury_in_sleep")
    assert {remark.urgency for remark in remarks().values() if remark.flag in never} == {"soon"}


def test_the_label_does_not_come_from_triage() -> None:
    for module in (keys, dangers):
        imported = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.ImportFrom)]
        assert not [node.module for node in imported if "safety" in (node.module or "")]
