"""Every sample is recognized by its own vendor's module alone, by its content."""

from __future__ import annotations

from pathlib import Path

import pytest

from sleepcot_utils.ingest import fitabase
from sleepcot_utils.ingest.sources import Export
from sleepcot_utils.ingest.vendors import VENDORS
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples")
NAMES = [vendor.VENDOR for vendor in VENDORS]
#: Fitbit's daily files differ in their names alone, and those of Apple's archive are told apart by theirs.
TOLD_BY_NAME = ("fitbit", "apple_health")
#: The only table whose columns say nothing: every daily aggregate of Withings has a date and a value.
KNOWN_BY_NAME = "aggregates_steps.csv"
#: A table of days stands beside one of nights, which is another module's.
OF_NIGHTS = "nights.csv"
#: A second export of Apple Health, with readings of blood pressure, glucose and weight.
MORE_OF_APPLE = "apple_health_vitals"


@pytest.mark.parametrize("name", NAMES)
def test_each_file_has_one_vendor(name):
    with Export(SAMPLES / name) as export:
        assert export.entries
        for entry in export.entries:
            if entry.base.endswith(".md") or (name, entry.base) == ("plain_days", OF_NIGHTS):
                continue
            assert not fitabase.recognizes(entry), entry.name
            found = [vendor.VENDOR for vendor in VENDORS if vendor.recognizes(entry)]
            assert found == [name] or (not found and name in TOLD_BY_NAME), entry.name


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TOLD_BY_NAME])
def test_names_of_files_do_not_count(name, tmp_path):
    for number, path in enumerate(sorted(path for path in (SAMPLES / name).rglob("*") if path.is_file())):
        if path.suffix == ".md" or path.name in (KNOWN_BY_NAME, OF_NIGHTS):
            continue
        (tmp_path / f"renamed-{number}").write_bytes(path.read_bytes())
    with Export(tmp_path) as export:
        assert export.entries
        for entry in export.entries:
            assert any(vendor.recognizes(entry) for vendor in VENDORS if vendor.VENDOR == name), entry.name


def test_phrases_for_messages_are_short():
    assert all(0 < len(vendor.LOOKS_FOR) < 90 for vendor in VENDORS)


def test_each_vendor_has_samples_and_stands_in_their_table():
    table = (SAMPLES / "README.md").read_text(encoding="utf-8")
    folders = {path.name for path in SAMPLES.iterdir() if path.is_dir()}
    assert folders == {fitabase.VENDOR, *NAMES, MORE_OF_APPLE}
    for name in folders:
        assert f"| `{name}` |" in table
    for path in (path for path in SAMPLES.rglob("*") if path.is_file()):
        assert path.stat().st_size < 64 * 1024, Path(path).name
