"""Damaged variants of every vendor's sample: a result or one `InputError`, in time, and no record lost in silence.

Vendors and samples are found by folder: a module in ``vendors.VENDORS`` is fuzzed with what lies in
``data/samples/<VENDOR>``.
"""

from __future__ import annotations

import copy
import json
import random
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import IngestResult, describe, fitabase, read_export
from sleepcot_utils.ingest.ledger import MAX_LISTED_PROBLEMS
from sleepcot_utils.ingest.vendors import VENDORS
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples")
NAMES = [fitabase.VENDOR, *(vendor.VENDOR for vendor in VENDORS)]
#: What stands in the samples for the names and numbers of people and devices.
IDENTIFIERS = ("Sample Person", "sample.person", "7000000001", "10000001", "4000000000")
MAX_SECONDS = 5.0
NASTY_VALUES: tuple[Any, ...] = (
    *(None, True, [], {}, "", "x", -1, 0, 255, 65535, 1e308, -1e308, 10**40, 0.1, "NaN", "9" * 400, "-5", " "),
    *("2024-02-30", "2024-13-01T00:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "2024-03-02T00:00:00+99:99"),
    *("\u0664\u0665", "\ud800", "a\nb", "x" * 5000, {"a": {"a": {}}}, [[[]]], [None], 1709334000000, "Infinity"),
)
NASTY_BYTES = (
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"-",
    b"\xff",
    b"/",
    b"9" * 400,
    b"<",
    b"&x;",
    b"{",
    b"]",
    b";",
    b"\x0b",
)


def sample_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md")


@pytest.fixture(scope="module", params=NAMES)
def copied(request, tmp_path_factory) -> Path:
    """A copy of one vendor's samples, which the tests damage and restore."""
    source = SAMPLES / request.param
    assert source.is_dir(), f"{request.param} has no folder in data/samples"
    assert sample_files(source)
    folder = tmp_path_factory.mktemp("fuzz") / request.param
    return Path(shutil.copytree(source, folder))


@pytest.fixture(scope="module")
def sound(copied) -> IngestResult:
    return read_export(copied)


def test_the_sample_is_read_as_a_whole(copied, sound):
    assert len(sound.nights)
    assert sound.skipped.empty
    check_account(sound)
    named = {account.file for account in sound.files} | {item.file for item in sound.unread}
    missing = [path for path in sample_files(copied) if not any(name.endswith(tail(path)) for name in named)]
    # An archive stands there by the names of its entries.
    missing = [path for path in missing if not any(name.startswith(f"{path.name}/") for name in named)]
    assert not missing


@settings(
    max_examples=22,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_damage_gives_a_result_or_one_input_error(copied, sound, seed):
    rng = random.Random(seed)
    files = sample_files(copied)
    chosen = rng.sample(files, min(len(files), rng.choice((1, 2, 4))))
    # Under strict the first problem hides all others.
    strict = rng.random() < 0.2
    originals = {path: path.read_bytes() for path in chosen}
    within_records = True
    for path, original in originals.items():
        damaged, within = damage(original, path.suffix, rng)
        path.write_bytes(damaged)
        within_records &= within
    started = time.monotonic()
    try:
        result = read_export(copied, strict=strict)
    except InputError as error:
        message = str(error)
        assert "\n" not in message
        assert "Expected:" in message
        assert len(message) < 4000
        assert not any(identifier in message for identifier in IDENTIFIERS)
    else:
        check_account(result)
        nightly.validate(result.nights)
        assert not (strict and len(result.skipped))
        everything = describe(result) + result.skipped.to_csv() + result.nights.to_csv() + result.provenance.to_csv()
        assert not any(identifier in everything for identifier in IDENTIFIERS)
        if within_records and not strict:
            check_no_silent_loss(sound, result)
    finally:
        for path, original in originals.items():
            path.write_bytes(original)
    assert time.monotonic() - started < MAX_SECONDS


def check_account(result: IngestResult) -> None:
    listed = result.skipped["file"].value_counts()
    for account in result.files:
        counts = (account.kept, account.duplicates, account.skipped, account.ignored)
        assert all(count >= 0 for count in counts), account
        assert account.rows == sum(counts), account
    for name in {account.file for account in result.files}:
        skipped = sum(account.skipped for account in result.files if account.file == name)
        assert listed.get(name, 0) == min(skipped, MAX_LISTED_PROBLEMS)


def check_no_silent_loss(sound: IngestResult, result: IngestResult) -> None:
    """Fewer records kept than of the sound sample: then others were skipped, ignored or dropped, or a file is listed."""
    before, after = (
        [
            sum(getattr(account, name) for account in reading.files)
            for name in ("kept", "duplicates", "skipped", "ignored")
        ]
        for reading in (sound, result)
    )
    if after[0] < before[0]:
        more = [new > old for old, new in zip(before[1:], after[1:], strict=True)]
        assert any(more) or len(result.unread) > len(sound.unread)


def tail(path: Path) -> str:
    return re.sub(r"[0-9]{8,}", "########", path.name)


def damage(content: bytes, suffix: str, rng: random.Random) -> tuple[bytes, bool]:
    """A damaged variant, and whether only fields within records were touched."""
    kind = rng.random()
    if kind < 0.7:
        if suffix == ".json":
            return damage_json(content, rng), True
        if suffix == ".csv":
            return damage_cell(content, rng), False
        if suffix == ".xml":
            return damage_attribute(content, rng), True
    place = rng.randrange(len(content))
    if kind < 0.8:
        return content[:place], False
    if kind < 0.9:
        return content[:place] + bytes([content[place] ^ (1 << rng.randrange(8))]) + content[place + 1 :], False
    return content[:place] + rng.choice(NASTY_BYTES) + content[place + rng.randrange(30) :], False


def damage_json(content: bytes, rng: random.Random) -> bytes:
    document = json.loads(content)
    for _ in range(rng.choice((1, 2, 4))):
        places = [place for place in containers(document) if place]
        if not places:
            break
        container = rng.choice(places)
        key = rng.choice(list(container) if isinstance(container, dict) else range(len(container)))
        if isinstance(container, dict) and rng.random() < 0.3:
            del container[key]
        else:
            container[key] = copy.deepcopy(rng.choice(NASTY_VALUES))
    return json.dumps(document).encode("ascii")


def containers(value: Any) -> list[Any]:
    if not isinstance(value, dict | list):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [value, *(found for item in inner for found in containers(item))]


def damage_cell(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    index = rng.randrange(len(lines))
    cells = lines[index].split(b",")
    if rng.random() < 0.2:
        place = rng.randrange(len(cells))
        lines = [b",".join(row.split(b",")[:place] + row.split(b",")[place + 1 :]) for row in lines]
    else:
        value = rng.choice(NASTY_VALUES)
        cells[rng.randrange(len(cells))] = str(value).encode("utf-8", "replace")
        lines[index] = b",".join(cells)
    return b"\n".join(lines)


def damage_attribute(content: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(rb"(?<=<Record )[^>]*|(?<=<MetadataEntry )[^>]*|(?<=<ActivitySummary )[^>]*", content))
    element = rng.choice(found)
    attributes = list(re.finditer(rb'[\w]+="[^"]*"', element[0]))
    chosen = rng.choice(attributes)
    name = chosen[0].split(b"=")[0]
    value = re.sub(r'[<&"\x00-\x1f]', " ", str(rng.choice(NASTY_VALUES))).encode("utf-8", "replace")
    new = b"" if rng.random() < 0.3 else name + b'="' + value + b'"'
    start = element.start() + chosen.start()
    return content[:start] + new + content[element.start() + chosen.end() :]
