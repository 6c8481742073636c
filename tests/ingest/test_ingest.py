"""Finding the vendor of an export, and the description of what was read."""

from __future__ import annotations

import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import describe, read_export


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere: there is no such folder or file"):
        read_export(tmp_path / "nowhere")


def test_an_overlong_path_is_an_input_error_too(tmp_path):
    with pytest.raises(InputError, match=r"there is no such folder or file|can't be read"):
        read_export(tmp_path / ("x" * 5000))


def test_a_folder_without_an_export_lists_what_was_looked_for_and_what_is_there(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InputError) as caught:
        read_export(tmp_path)
    assert "'notes.txt'" in str(caught.value)
    assert "sleepDay_merged.csv" in str(caught.value)
    assert "TotalMinutesAsleep" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_an_empty_folder_is_no_export(tmp_path):
    with pytest.raises(InputError, match="found files none"):
        read_export(tmp_path)


def test_a_folder_of_the_sleep_files_name_is_not_taken_for_the_file(tmp_path):
    (tmp_path / "sleepDay_merged.csv").mkdir()
    with pytest.raises(InputError, match="no export that is known here"):
        read_export(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,2\n", "found columns 'a', 'b'"),
        (b"7,3/4/2020,9\n", "found columns none"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git-lfs pointer"),
        (b"", "empty"),
        (b"\x89PNG\0\0", "binary"),
    ],
)
def test_a_file_of_no_known_export_says_why(tmp_path, content, words):
    (tmp_path / "something.csv").write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_export(tmp_path / "something.csv")


def test_description_counts_what_was_read(export):
    text = describe(read_export(export))
    assert 4 <= len(text.splitlines()) <= 6
    assert "2 persons, 5 main nights from 2016-04-12 to 2016-05-02" in text
    assert "sleepDay_merged.csv 6 rows, 1 exact duplicate dropped, 0 skipped" in text
    assert "4 of 5 rows have quality 'ok'" in text
    assert "steps for 2 and exercise for 3 of 5 rows" in text
    assert "deep_min" in text
