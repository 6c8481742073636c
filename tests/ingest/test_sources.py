"""Opening exports: files, folders and archives alike, and archives that mean harm."""

from __future__ import annotations

import io
import os
import struct
import time
import zipfile
from pathlib import Path

import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import archives, read_export, sources
from sleepcot_utils.ingest.sources import Export
from sleepcot_utils.paths import reference_data

GOOD = reference_data("samples", "garmin", "connect", "sleep.json").read_bytes()


def zipped(path: Path, *items: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in items:
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    messages = []
    for strict in (True, False):
        with pytest.raises(InputError) as caught:
            read_export(path, strict=strict)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    return messages[0]


def test_file_folder_subfolder_and_archive_give_the_same_nights(tmp_path):
    single = tmp_path / "sleep.json"
    single.write_bytes(GOOD)
    before = read_export(single).nights
    deep = tmp_path / "folder" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "sleep.json").write_bytes(GOOD)
    archive = zipped(tmp_path / "all.zip", ("x/y/sleep.json", GOOD))
    inside = tmp_path / "downloads"
    inside.mkdir()
    (inside / "part 1.zip").write_bytes(archive.read_bytes())
    for path in (tmp_path / "folder", archive, inside):
        assert read_export(path).nights.equals(before)


def test_names_do_not_matter(tmp_path):
    (tmp_path / "picture.png").write_bytes(GOOD)
    zipped(tmp_path / "notes.txt", ("readme", GOOD))
    assert len(read_export(tmp_path / "picture.png").nights) == 1
    assert len(read_export(tmp_path / "notes.txt").nights) == 1


def test_nothing_is_written_beside_the_export(tmp_path):
    zipped(tmp_path / "all.zip", ("sleep.json", GOOD))
    read_export(tmp_path / "all.zip")
    assert [path.name for path in tmp_path.rglob("*")] == ["all.zip"]


@pytest.mark.parametrize(
    "name", ["../sleep.json", "a/../../sleep.json", "/etc/sleep.json", "C:/sleep.json", "..\\s.json"]
)
def test_names_that_lead_out_are_refused(tmp_path, name):
    message = refusal(zipped(tmp_path / "all.zip", ("sleep.json", GOOD), (name, b"x")))
    assert "leads out of the archive" in message


def test_links_in_archives_are_refused(tmp_path):
    link = zipfile.ZipInfo("sleep.json")
    link.external_attr = (0o120777) << 16
    assert "holds a link" in refusal(zipped(tmp_path / "all.zip", (link, b"/etc/passwd")))


def test_encrypted_archives_are_refused(tmp_path):
    path = zipped(tmp_path / "all.zip", ("sleep.json", GOOD))
    raw = bytearray(path.read_bytes())
    # The flag stands at byte 6 of the local header and at byte 8 of the central one.
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert "encrypted" in refusal(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = zipped(tmp_path / "all.zip", ("sleep.json", b"[" + b" " * 50_000_000 + b"]"))
    started = time.monotonic()
    assert "times its size" in refusal(path)
    assert time.monotonic() - started < 1


def test_a_lie_about_the_size_ends_as_damage(tmp_path):
    path = zipped(tmp_path / "all.zip", ("sleep.json", GOOD))
    raw = path.read_bytes()
    size = struct.pack("<I", len(GOOD))
    assert raw.count(size) == 2
    path.write_bytes(raw.replace(size, struct.pack("<I", 10)))
    assert "damaged" in refusal(path)


def test_total_size_and_number_of_files_have_limits(tmp_path, monkeypatch):
    path = zipped(tmp_path / "all.zip", *((f"{number}.json", GOOD) for number in range(5)))
    monkeypatch.setattr(sources, "MAX_ENTRIES", 4)
    assert "5 files" in refusal(path)
    monkeypatch.setattr(sources, "MAX_ENTRIES", 5)
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 1000)
    assert "unpacks to" in refusal(path)


def test_files_that_overlap_in_the_archive_are_refused(tmp_path):
    # Two entries of the directory point at the same data.
    path = zipped(tmp_path / "all.zip", ("a.json", os.urandom(5000)))
    raw = path.read_bytes()
    start, end = raw.index(b"PK\x01\x02"), raw.index(b"PK\x05\x06")
    central = raw[start:end]
    tail = bytearray(raw[end:])
    struct.pack_into("<HHI", tail, 8, 2, 2, 2 * len(central))
    path.write_bytes(raw[:start] + central + central.replace(b"a.json", b"b.json") + bytes(tail))
    message = refusal(path)
    assert "overlap" in message.casefold()


def test_an_archive_in_an_archive_is_listed_and_not_opened(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("sleep.json", GOOD)
    only = zipped(tmp_path / "only.zip", ("inner.zip", inner.getvalue()))
    assert "'inner.zip'" in refusal(only)
    both = zipped(tmp_path / "both.zip", ("inner.zip", inner.getvalue()), ("sleep.json", GOOD))
    result = read_export(both)
    assert len(result.nights) == 1
    assert [item.file for item in result.unread] == ["inner.zip"]


@pytest.mark.parametrize("place", [3, 40, 200, -30])
def test_a_damaged_archive_is_one_error(tmp_path, place):
    path = zipped(tmp_path / "all.zip", ("sleep.json", GOOD))
    raw = bytearray(path.read_bytes())
    raw[place:] = raw[place:][:-25]
    path.write_bytes(raw)
    assert "\n" not in refusal(path)


def test_a_damaged_entry_of_an_archive_does_not_lose_the_others(tmp_path):
    path = zipped(tmp_path / "all.zip", ("a.json", GOOD), ("b.json", GOOD.replace(b"2024-05", b"2024-07")))
    raw = bytearray(path.read_bytes())
    # The last byte of the data of the first entry, in front of the second local header.
    raw[raw.index(b"PK\x03\x04", 4) - 6] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(InputError, match="damaged"):
        read_export(path)
    result = read_export(path, strict=False)
    assert len(result.nights) == 1
    assert "a.json" in [item.file for item in result.unread]


def test_links_in_folders_are_listed_and_not_followed(tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "outside.json").write_bytes(GOOD.replace(b"2024-05", b"2024-07"))
    (tmp_path / "export" / "sleep.json").write_bytes(GOOD)
    (tmp_path / "export" / "link.json").symlink_to(tmp_path / "outside.json")
    (tmp_path / "export" / "round").symlink_to(tmp_path / "export", target_is_directory=True)
    result = read_export(tmp_path / "export")
    assert len(result.nights) == 1
    assert [(item.file, item.reason) for item in result.unread] == [
        ("link.json", "is a link, which is not followed"),
        ("round", "is a link, which is not followed"),
    ]


def test_a_folder_has_a_depth_and_hidden_files_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_DEPTH", 1)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "sleep.json").write_bytes(GOOD)
    (tmp_path / "a" / "b" / "sleep.json").write_bytes(GOOD)
    (tmp_path / "._sleep.json").write_bytes(b"\0\5")
    result = read_export(tmp_path)
    assert [item.file for item in result.unread] == ["a/b"]
    assert len(result.nights) == 1


def test_unknown_files_are_listed_and_not_fatal(tmp_path):
    for name, content in (("a.txt", b"hello"), ("b.bin", b"\0\1"), ("c.gz", b"\x1f\x8b\x08"), ("d", b"")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "sleep.json").write_bytes(GOOD)
    assert {item.file: item.reason for item in read_export(tmp_path).unread} == {
        "a.txt": "is no file of a known export",
        "b.bin": "is a binary file of no known export",
        "c.gz": "is an archive inside the export, which is not opened",
        "d": "is empty",
    }


def test_names_of_files_are_masked_and_made_printable(tmp_path):
    name = "someone@example.org_123456789\n.json"
    (tmp_path / name).write_bytes(GOOD)
    with Export(tmp_path) as export:
        assert [entry.name for entry in export.entries] == ["(e-mail)"]


def test_a_field_of_ten_million_characters_is_refused(tmp_path):
    path = tmp_path / "sleep.json"
    path.write_bytes(GOOD.replace(b'"2024-05-07"', b'"' + b"9" * 10_000_000 + b'"', 1))
    assert "10,000,000 characters" in refusal(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"dailySleepDTO": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"dailySleepDTO": NaN}', "number that can't be"),
        (b'{"dailySleepDTO": ' + b"9" * 5000 + b"}", "number that can't be"),
        (b'{"dailySleepDTO": {', "line 1, character"),
        (b'{"dailySleepDTO": "\xff"}', "not text in UTF-8"),
        (b'{"x": 1}', "found fields 'x'"),
    ],
)
def test_damaged_json_is_one_error(tmp_path, content, words):
    (tmp_path / "sleep.json").write_bytes(content)
    message = refusal(tmp_path / "sleep.json")
    assert message.startswith("sleep.json")
    assert words in message
