"""The page in a real browser, over the checkpoint that is shipped: a visit from the export to the deletion."""

from __future__ import annotations

import io
import os
import re
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.page.texts import Texts
from sleepcot_utils.paths import PROJECT_ROOT, reference_data
from tests.browser.conftest import DESKTOP, LONGEST_WAIT_MS, PHONE, playwright_api

expect = playwright_api.expect

EN, ZH = Texts("en"), Texts("zh")
SLEPT_MIN = 371
LONGEST_START_S = 300
#: What WCAG asks to fit without scrolling sideways (1.4.10).
NARROWEST = {"width": 320, "height": 640}
#: `make page`, with a line in the log for every address that the server itself would call or look up.
PROGRAM = """
import sys

def watch(event, given):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        place = given[0] if event.startswith("socket.get") else given[1]
        host = place[0] if isinstance(place, tuple) else place
        if host not in ("127.0.0.1", "localhost"):
            print("called out:", event, place, flush=True)

sys.addaudithook(watch)
from sleepcot_utils.page.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
#: Name of the control that has the focus, and whether a frame says so; a box that only scrolls has no name.
FOCUSED = """() => {
  const one = document.activeElement, look = getComputedStyle(one);
  const name = one.getAttribute("aria-label") || (one.closest("label") || one).innerText || "";
  return [one.getAttribute("data-testid") === "stMain" ? "" : name,
          look.outlineStyle !== "none" || look.boxShadow !== "none"];
}"""


@dataclass(frozen=True)
class Served:
    """A page that listens: its address, and the folder below which its run writes."""

    url: str
    root: Path


@pytest.fixture(scope="module")
def served(browser, tmp_path_factory) -> Iterator[Served]:
    """The page as `make page` starts it, with the shipped checkpoint in place of a trained student."""
    root = tmp_path_factory.mktemp("root")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, "--run", "trial", "--port", str(port), "--device", "cpu"]
    command += ["--student", str(reference_data("embedded_student"))]
    environment = os.environ | {"SLEEPCOT_ROOT": str(root), "OMP_NUM_THREADS": "1"}
    log = (root / "log.txt").open("w")
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + LONGEST_START_S
        while not _answers(f"{url}/_stcore/health"):
            assert process.poll() is None and time.monotonic() < until, (root / "log.txt").read_text()
            time.sleep(0.2)
        yield Served(url, root)
        said = (root / "log.txt").read_text().splitlines()
        assert len(said) == 1 and said[0].startswith("The page is at"), "no script failed, and the server called nobody"
    finally:
        process.terminate()
        process.wait(60)
        log.close()


@pytest.fixture
def visit(served, open_page) -> Callable[..., object]:
    """Opens the page and waits until its controls stand."""

    def build(**options: object):
        opened = open_page(served.url, **options)
        opened.page.get_by_test_id("stFileUploader").wait_for()
        return opened

    return build


def export(count: int = 10, **columns: float) -> dict[str, object]:
    """A file for the upload control: nights written by hand, asleep a little more and a little less than the mean."""
    days = pd.date_range("2026-01-06", periods=count)
    slept = [SLEPT_MIN + (5 if number % 2 else -5) for number in range(count)]
    table = pd.DataFrame({"date": days.strftime("%Y-%m-%d"), "in_bed_from": "23:00", "in_bed_to": "07:00"})
    table = table.assign(total_sleep_min=slept, **columns)
    return {"name": "nights.csv", "mimeType": "text/csv", "buffer": table.to_csv(index=False).encode()}


def control(page):
    """The upload control; while a file is read there may be two, the one that took it and the next."""
    found = page.locator("input[type=file]")
    expect(found).to_have_count(1, timeout=LONGEST_WAIT_MS)
    return found


def bring(opened, file: dict[str, object], texts: Texts = EN) -> None:
    """Hand a file to the upload control, and wait until everything about it stands."""
    control(opened.page).set_input_files(file)
    opened.page.get_by_role("button", name=texts("ask_weekend")).wait_for()
    opened.page.get_by_text(texts("thinking")).wait_for(state="detached")


def test_whole_visit(served, visit, screenshot) -> None:
    opened = visit(size=DESKTOP)
    page = opened.page
    screenshot(opened, "start desktop en")
    assert page.title() == EN("title") and opened.barriers() == []
    bring(opened, export())
    screenshot(opened, "report desktop en")
    # The picture says in words what it shows, and was drawn.
    picture = page.locator("figure.picture img")
    assert "2026-01-06" in picture.get_attribute("alt") and picture.evaluate(
        "image => image.complete && image.naturalWidth > 0"
    )
    page.get_by_text("Duration", exact=True).click()
    page.get_by_text(f"{SLEPT_MIN} min").locator("visible=true").first.wait_for()
    assert opened.barriers() == []
    with page.expect_download() as saved:
        page.get_by_role("button", name=EN("save_report")).click()
    assert f"{SLEPT_MIN} min" in Path(saved.value.path()).read_text(encoding="utf-8")
    # Each number of an answer stands with its mark, and the counts below it agree with the marks.
    page.get_by_role("button", name=EN("ask_enough")).click()
    page.get_by_text(EN("you_asked", question=EN("ask_enough"))).wait_for()
    counted = page.get_by_text(re.compile(r"^(Numbers: \d+ of|It names no number)"))
    answers = page.locator(".answer:has(.sentence)")
    assert counted.count() == answers.count() > 0
    for number in range(answers.count()):
        said = re.search(r"(\d+) of (\d+) verified, (\d+) wrong", counted.nth(number).inner_text())
        shown = answers.nth(number).locator
        right, total, wrong = map(int, said.groups()) if said else (0, 0, 0)
        assert (shown(".number.right").count(), shown(".number").count()) == (right, total)
        assert shown(".number.wrong").count() == wrong
        assert shown(".sentence > .tag").count() == shown(".sentence").count()
    # A rating is kept on the disk, and deleting deletes it.
    _rate(page)
    coach = served.root / "data" / "runs" / "trial" / "coach"
    (kept,) = coach.rglob("feedback.jsonl")
    assert '"rating": 4' in kept.read_text() and stat.S_IMODE(kept.stat().st_mode) == 0o600
    page.get_by_role("button", name=EN("delete")).click()
    page.get_by_role("button", name=EN("delete_yes")).click()
    page.get_by_text(EN("deleted", count=2)).wait_for()
    assert not coach.exists()
    page.get_by_test_id("stFileUploader").wait_for()
    assert page.get_by_text(f"{SLEPT_MIN} min").count() == 0
    assert opened.foreign_requests == [] and opened.errors == []


def _rate(page) -> None:
    page.get_by_role("radiogroup", name=EN("rating")).get_by_text("4", exact=True).click()
    page.get_by_role("radiogroup", name=EN("followed")).get_by_text(EN("followed_partly"), exact=True).click()
    page.get_by_label(EN("comment")).fill("Not on work days.")
    page.get_by_role("button", name=EN("save_rating")).click()
    page.get_by_text(EN("rating_saved")).wait_for()


def test_phone_in_chinese(visit, screenshot) -> None:
    opened = visit(size=PHONE, locale="zh-CN", dark=True)
    page = opened.page
    page.get_by_role("button", name=ZH("choose_file")).wait_for()
    screenshot(opened, "start phone zh dark")
    assert page.evaluate("document.documentElement.lang") == "zh-Hans" and page.title() == ZH("title")
    assert opened.overflow_px == 0 and opened.barriers() == []
    bring(opened, export(), ZH)
    screenshot(opened, "report phone zh dark")
    assert opened.overflow_px == 0 and opened.barriers() == []
    assert page.get_by_test_id("stSkipToContent").inner_text() == ZH("skip")
    page.add_style_tag(content='[data-testid="stIconMaterial"] { display: none }')  # names of signs, drawn by a font
    said = page.get_by_test_id("stMain").inner_text()
    english = [
        line
        for line in said.splitlines()
        if re.search(r"[A-Za-z]{4}", line) and not re.search(r"[\u4e00-\u9fff]", line)
    ]
    own = page.locator("[lang=en]").all_inner_texts()
    assert [line for line in english if line != "English" and not any(line in text for text in own)] == []
    page.set_viewport_size(NARROWEST)
    assert opened.overflow_px == 0
    # Another language keeps what was brought.
    page.get_by_text("English", exact=True).click()
    page.get_by_role("heading", name=EN("nights_title")).wait_for()
    assert page.evaluate("document.documentElement.lang") == "en" and opened.overflow_px == 0


def test_keyboard_alone(visit, screenshot) -> None:
    opened = visit(size=PHONE)
    page = opened.page
    order = _tabbed_to(page, EN("example"))
    places = [_place(order, name) for name in ("English", EN("about_you"), EN("choose_file"), EN("example"))]
    assert places == sorted(places) and places[0] >= 0
    page.keyboard.press("Enter")
    page.get_by_role("button", name=EN("ask_weekend")).wait_for()
    page.get_by_text(EN("thinking")).wait_for(state="detached")
    _tabbed_to(page, EN("ask_tired"))
    page.keyboard.press("Enter")
    page.get_by_text(EN("you_asked", question=EN("ask_tired"))).wait_for()
    screenshot(opened, "example phone en")
    assert opened.overflow_px == 0


def _tabbed_to(page, name: str) -> list[str]:
    """Press Tab until a control of this name has the focus, which has to be seen; returns the names on the way."""
    names: list[str] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        focused, outline = page.evaluate(FOCUSED)
        names.append(focused)
        if name in focused:
            assert outline, f"the focus on {name!r} can't be seen"
            return names
    raise AssertionError(f"{name!r} was not reached: {names}")


def _place(names: list[str], name: str) -> int:
    return next((place for place, found in enumerate(names) if name in found), -1)


def test_red_flags_come_first(visit, screenshot) -> None:
    opened = visit(size=PHONE)
    page = opened.page
    bring(opened, export(spo2_min_pct=80.0))
    notice = page.get_by_role("alert").filter(has_text=EN("red_flag_title"))
    assert notice.bounding_box()["y"] < page.get_by_role("heading", name=EN("nights_title")).bounding_box()["y"]
    page.get_by_label(EN("ask_own")).fill("I have crushing chest pain right now")
    page.get_by_label(EN("ask_own")).press("Enter")
    page.get_by_text(EN("you_asked", question="I have crushing chest pain right now")).wait_for()
    page.get_by_test_id("stForm").get_by_label(EN("ask_own")).wait_for()
    expect(page.locator(".notice")).to_have_count(2, timeout=LONGEST_WAIT_MS)
    assert page.get_by_role("heading", name=EN("advice_title")).count() == 0, "nothing stands between a person and help"
    assert page.get_by_role("alert").filter(has_text=EN("red_flag_title")).count() == 2
    screenshot(opened, "red flag phone en")
    assert opened.overflow_px == 0 and opened.barriers() == []


def test_bad_files_and_the_page_goes_on(visit, screenshot, tmp_path) -> None:
    opened = visit(size=PHONE)
    page = opened.page
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(12):
            archive.writestr(f"{number}.csv", b"0" * 50_000_000)
    bad = {
        "empty.csv": (b"", EN("problem_empty")),
        "notes.pdf": (b"%PDF-1.7 \x00\xff\x01", EN("problem_file")),
        "bomb.zip": (packed.getvalue(), "unpacks to"),
    }
    for name, (data, words) in bad.items():
        control(page).set_input_files({"name": name, "mimeType": "", "buffer": data})
        page.get_by_test_id("stAlert").filter(has_text=words).wait_for()
        page.get_by_text(EN("reading")).wait_for(state="detached")
        assert page.get_by_test_id("stAlert").filter(has_text=EN("problem_next")).count() == 1
    # The control itself refuses what is too large, and sends nothing of it.
    with (tmp_path / "large.zip").open("wb") as large:
        large.truncate(65 * 2**20)
    control(page).set_input_files(tmp_path / "large.zip")
    refused = page.get_by_test_id("stFileUploader").get_by_role("alert")
    refused.get_by_text(EN("file_refused", limit=64)).wait_for()
    assert refused.bounding_box()["width"] > 100, "for eyes too"
    screenshot(opened, "bad files phone en")
    bring(opened, export())
    assert opened.errors == []


def test_answers_carry_headers_that_keep_the_page_to_itself(served) -> None:
    with urllib.request.urlopen(served.url, timeout=30) as answer:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "http:" not in policy and "https:" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
    stranger = urllib.request.Request(served.url, headers={"Host": "sleep.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(stranger, timeout=30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
