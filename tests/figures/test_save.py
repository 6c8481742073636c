from __future__ import annotations

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from matplotlib import pyplot

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.figures.save import _note_down, save_figure, show_figure
from sleepcot_utils.figures.theme import new_figure

ALT = "Two points joined by a line that rises from left to right"
CAPTION = "The line rises."


@pytest.fixture
def fig():
    figure, ax = new_figure(height_in=2)
    ax.plot([0, 1], [0, 1], label="line")
    ax.scatter([0.2], [0.4])
    ax.legend()
    yield figure
    pyplot.close(figure)


def test_two_saves_give_the_same_bytes_with_one_stamp(fig, run_paths):
    path = save_figure(fig, run_paths, "04_line", alt=ALT, caption=CAPTION)
    first = path.read_bytes(), path.with_suffix(".svg").read_bytes()
    path = save_figure(fig, run_paths, "04_line", alt=ALT, caption=CAPTION)
    assert (path.read_bytes(), path.with_suffix(".svg").read_bytes()) == first
    assert [text.get_text() for text in fig.texts] == ["simulated data"]
    assert sorted(item.name for item in run_paths.figures.iterdir()) == ["04_line.png", "04_line.svg", "alt_text.json"]


def test_files_hold_no_date_version_or_path(fig, run_paths, tmp_path):
    path = save_figure(fig, run_paths, "04_line", alt=ALT, caption=CAPTION)
    svg = path.with_suffix(".svg").read_text()
    assert "dc:date" not in svg and not re.search(r"20\d\d-\d\d-\d\d", svg)
    assert "matplotlib v" not in svg.lower() and b"atplotlib version" not in path.read_bytes()
    assert b"tEXt" not in path.read_bytes()
    assert str(tmp_path) not in svg


def test_svg_can_be_read_aloud_and_parsed(fig, run_paths):
    from xml.etree import ElementTree

    path = save_figure(fig, run_paths, "04_line", alt=ALT + " & < 3", caption=CAPTION)
    root = ElementTree.fromstring(path.with_suffix(".svg").read_text())
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img" and root.find(f"{space}title").text == "04_line"
    assert root.find(f"{space}desc").text == ALT + " & < 3"


def test_alt_texts_are_kept_together_and_sorted(fig, run_paths):
    save_figure(fig, run_paths, "04_second", alt=ALT, caption=CAPTION, simulated=False, note="real data, aggregated")
    save_figure(fig, run_paths, "04_first", alt=ALT, caption=" The  line\nrises. ", note="24 persons")
    found = json.loads((run_paths.figures / "alt_text.json").read_text())
    assert list(found) == ["04_first", "04_second"]
    assert found["04_first"] == {"alt": ALT, "caption": CAPTION, "origin": "simulated data; 24 persons"}
    assert found["04_second"]["origin"] == "real data, aggregated"


def test_notebooks_at_the_same_time_lose_no_alt_text(tmp_path):
    names = [f"03_curve_{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: _note_down(tmp_path, name, {"alt": name}), names))
    assert sorted(json.loads((tmp_path / "alt_text.json").read_text())) == sorted(names)


@pytest.mark.parametrize(
    "wrong",
    [
        {"alt": "A rising line."},
        {"alt": "one two three four five\n six seven eight nine"},
        {"caption": "  "},
        {"simulated": False},
        {"name": "4_line"},
        {"name": "04_Line"},
        {"name": "../04_line"},
    ],
)
def test_a_figure_that_does_not_say_enough_is_refused(fig, run_paths, wrong):
    given = {"name": "04_line", "alt": ALT, "caption": CAPTION} | wrong
    with pytest.raises(ParameterError):
        save_figure(fig, run_paths, given.pop("name"), **given)
    assert not run_paths.figures.exists()


@pytest.mark.parametrize("content", ["{", "[1]"])
def test_a_damaged_alt_file_is_named(fig, run_paths, content):
    run_paths.figures.mkdir(parents=True)
    (run_paths.figures / "alt_text.json").write_text(content)
    with pytest.raises(InputError, match="figures/made-up/alt_text.json"):
        save_figure(fig, run_paths, "04_line", alt=ALT, caption=CAPTION)


def test_shown_figure_is_the_saved_one_with_its_alt_text_and_is_closed(fig, run_paths):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    InteractiveShell.instance()
    with capture_output() as captured:
        assert show_figure(fig, run_paths, "04_line", alt=ALT, caption=CAPTION) is None
    InteractiveShell.clear_instance()
    image, text = captured.outputs
    data, metadata = image._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == (run_paths.figures / "04_line.png").read_bytes()
    assert metadata["image/png"]["alt"] == ALT
    # Eight inches at 100 dots, a little less or more after the margins are cut.
    assert 700 < metadata["image/png"]["width"] < 850
    assert text.data["text/markdown"] == f"*{CAPTION}*"
    assert not pyplot.fignum_exists(fig.number)
