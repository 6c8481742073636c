"""The human rating kit: blinded and balanced sheets, ratings read back, and agreement as published."""

from __future__ import annotations

import csv
import dataclasses
import doctest
import io
import itertools
import json
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.score import agreement
from sleepcot_utils.score.agreement import (
    LEVELS,
    WEIGHTS,
    agreement_weights,
    bootstrap_interval,
    gwet_ac2,
    krippendorff_alpha,
)
from sleepcot_utils.score.principles import SCALE, principles
from sleepcot_utils.score.rating import (
    AGREEMENT_COLUMNS,
    KEY_COLUMNS,
    agreement_table,
    form_html,
    make_kit,
    read_ratings,
    write_kit,
)

RATERS = ("ann", "bo", "cy")
NAN = np.nan
#: Krippendorff 2011, Computing Krippendorff's alpha-reliability, example with four observers, twelve units and missing
#: data; the same table is Gwet's ``cac.raw4raters`` but for the order of units.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


def test_alpha_is_the_published_one() -> None:
    # The paper prints 0.743, 0.815 and 0.849. Digits: krippendorff.alpha(reliability_data=OBSERVERS.T,
    # level_of_measurement=level) of the PyPI package krippendorff 0.9.0.
    wanted = {"nominal": 0.743421052631579, "ordinal": 0.8153875037548814, "interval": 0.8491071428571428}
    assert {level: krippendorff_alpha(OBSERVERS, level) for level in LEVELS} == pytest.approx(wanted, abs=1e-12)


def test_ac2_is_the_published_one() -> None:
    # Vignette "overview" of the R package irrCAC 1.0 prints AC1 0.77544 for gwet.ac1.raw(cac.raw4raters). Weighted values:
    # irrCAC.raw.CAC(table, weights=name, categories=[1, 2, 3, 4, 5], digits=9).gwet() of the PyPI package irrCAC 0.4.4.
    wanted = {"identity": 0.775444068, "linear": 0.858739136, "quadratic": 0.914000724, "ordinal": 0.89893977}
    assert {name: gwet_ac2(OBSERVERS, SCALE, name) for name in WEIGHTS} == pytest.approx(wanted, abs=1e-9)


def test_weights_are_the_published_ones() -> None:
    # Vignette "weighting" of the R package irrCAC 1.0, ordinal.weights(1:3) and quadratic.weights(1:3).
    assert agreement_weights([1, 2, 3], "ordinal")[0] == pytest.approx([1, 2 / 3, 0])
    assert agreement_weights([1, 2, 3], "quadratic")[1] == pytest.approx([0.75, 1, 0.75])


def test_agreement_at_its_ends() -> None:
    same = np.array([[5, 5], [5, 5], [5, 5]])
    assert np.isnan(krippendorff_alpha(same)) and gwet_ac2(same, SCALE) == 1
    full = np.array([[1, 1], [3, 3], [5, 5]])
    assert krippendorff_alpha(full) == gwet_ac2(full, SCALE) == 1
    rng = np.random.default_rng(1)
    chance = rng.integers(1, 6, size=(4000, 3))
    assert krippendorff_alpha(chance) == pytest.approx(0, abs=0.03) == gwet_ac2(chance, SCALE)
    # Nearly all ratings the same: alpha falls to chance although 98 of 100 items agree; AC2 does not.
    skewed = np.full((100, 2), 5)
    skewed[0, 0] = skewed[1, 1] = 4
    assert krippendorff_alpha(skewed) < 0.01 and gwet_ac2(skewed, SCALE) > 0.97
    alone = np.array([[1, NAN], [NAN, 2]])
    assert np.isnan(krippendorff_alpha(alone)) and np.isnan(gwet_ac2(alone, SCALE))
    with pytest.raises(ParameterError, match="no level 'ratio'"):
        krippendorff_alpha(full, "ratio")
    with pytest.raises(InputError, match="1 dimensions"):
        krippendorff_alpha(np.array([1.0, 2.0]))
    with pytest.raises(InputError, match="rating 7 is none"):
        gwet_ac2(np.array([[7, 7]]), SCALE)
    with pytest.raises(ParameterError, match="no weights"):
        gwet_ac2(full, SCALE, "cubic")


def test_intervals_cover_at_about_their_level() -> None:
    rng = np.random.default_rng(7)

    def drawn(count: int) -> np.ndarray:
        truth = rng.integers(1, 6, size=count)
        noise = rng.random((count, 2)) < 0.3
        return np.where(noise, rng.integers(1, 6, size=(count, 2)), truth[:, None])

    true_value = krippendorff_alpha(drawn(40_000))
    hits = 0
    for _ in range(60):
        low, high = bootstrap_interval(drawn(50), krippendorff_alpha, rng, resamples=200)
        hits += low <= true_value <= high
    assert 50 <= hits <= 60, "95 % of 60 is 57; below 50 has a chance of about one in 3,000"
    table = np.repeat(np.array([[1, 1], [2, 4], [5, 5], [3, 3]]), 10, axis=0)
    groups = [str(at // 10) for at in range(40)]
    single = bootstrap_interval(table, krippendorff_alpha, np.random.default_rng(1), resamples=300)
    whole = bootstrap_interval(table, krippendorff_alpha, np.random.default_rng(1), groups=groups, resamples=300)
    assert whole[1] - whole[0] > 1.5 * (single[1] - single[0]), "items of a person are no independent items"
    assert np.isnan(bootstrap_interval(table[:1], krippendorff_alpha, rng)).all()


@pytest.fixture(scope="module")
def kit(teacher, held_out):
    sources = ("arm-a", "arm-b", "arm-c", "teacher")
    answers = {
        name: [dataclasses.replace(answer, source=name, answer=f"{answer.answer} #{name}#") for answer in teacher]
        for name in sources
    }
    return make_kit(held_out, answers, RATERS, tasks_rated=12, rng=np.random.default_rng(3))


def test_sheets_are_blind_complete_and_balanced(kit, held_out) -> None:
    assert list(kit.key.columns) == list(KEY_COLUMNS) and len(kit.key) == 12 * 4 == kit.key["item"].nunique()
    source_of = kit.key.set_index("item")["source"].to_dict()
    task_of = kit.key.set_index("item")["task_id"].to_dict()
    by_id = {task.task_id: task for task in held_out}
    assert {task.kind for task in by_id.values()} == set(kit.key["kind"])
    mean_place = {source: [] for source in set(source_of.values())}
    for sheet in kit.sheets.values():
        assert sorted(sheet["item"]) == sorted(kit.key["item"]) and sheet["position"].tolist() == list(range(1, 49))
        for row in sheet.itertuples():
            assert (
                f"#{source_of[row.item]}#" in row.answer
                and by_id[task_of[row.item]].messages[-1]["content"] == row.question
            )
            mean_place[source_of[row.item]].append(row.position)
        rounds = [sheet["item"].iloc[start : start + 12] for start in range(0, 48, 12)]
        for one in rounds:
            assert len({task_of[item] for item in one}) == 12
            assert pd.Series([source_of[item] for item in one]).value_counts().tolist() == [3, 3, 3, 3]
        tasks = [task_of[item] for item in sheet["item"]]
        assert all(first != second for first, second in itertools.pairwise(tasks))
    places = {source: np.mean(found) for source, found in mean_place.items()}
    assert max(places.values()) - min(places.values()) < 4, places
    codes = kit.key.sort_values("source")["item"].str[1:].astype(int)
    assert codes.tolist() != sorted(codes), "codes do not give sources away"
    orders = {tuple(sheet["item"]) for sheet in kit.sheets.values()}
    assert len(orders) == len(RATERS)


def filled(kit, folder, mark) -> list:
    """Writes sheets and fills them in by a function of source, rater and principle."""
    write_kit(folder, kit)
    source_of = kit.key.set_index("item")["source"].to_dict()
    paths = []
    for rater in RATERS:
        path = folder / f"sheet-{rater}.csv"
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for name in principles():
            table[name] = [mark(source_of[item], rater, name, item) for item in table["item"]]
        table.to_csv(path, index=False)
        paths.append(path)
    return paths


def test_ratings_come_back_with_their_sources(kit, tmp_path) -> None:
    quality = {"arm-a": "2", "arm-b": "3", "arm-c": "4", "teacher": "5"}

    def mark(source, rater, name, item):
        if name == "clear":
            return "5"
        return "" if rater == "cy" and name == "overall" else quality[source]

    ratings = read_ratings(filled(kit, tmp_path, mark), kit.key)
    assert len(ratings) == 48 * (3 * len(principles()) - 1)
    means = ratings[ratings["principle"] == "overall"].groupby("source")["rating"].mean()
    assert means.to_dict() == {"arm-a": 2, "arm-b": 3, "arm-c": 4, "teacher": 5}
    found = agreement_table(ratings, np.random.default_rng(1), resamples=100).set_index("principle")
    assert [*found.reset_index().columns] == list(AGREEMENT_COLUMNS)
    assert found.loc["own_data", ["alpha", "ac2", "alpha_low", "ac2_high"]].tolist() == [1, 1, 1, 1]
    assert found["raters"].drop("overall").eq(3).all() and found.loc["overall", "raters"] == 2
    assert np.isnan(found.loc["clear", "alpha"]) and found.loc["clear", "ac2"] == 1


def test_the_page_on_human_ratings_reads_filled_sheets(kit, tmp_path, monkeypatch, capsys) -> None:
    page = (PROJECT_ROOT / "docs" / "how_to" / "rate_answers.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    run = tmp_path / "data" / "runs" / "laptop"
    (run / "rated").mkdir(parents=True)
    for path in filled(kit, run / "rating_kit", lambda source, rater, name, item: "5" if source == "teacher" else "2"):
        path.rename(run / "rated" / path.name)
    found: dict = {}
    exec(code, found)  # noqa: S102
    assert found["agreement"]["alpha"].eq(1).all() and found["agreement"]["raters"].eq(3).all()
    (overall,) = [line for line in capsys.readouterr().out.splitlines() if line.split()[:2] == ["overall", "2.0"]]
    assert overall.split() == ["overall", "2.0", "2.0", "2.0", "5.0"], "three arms, then the teacher"


def test_what_was_filled_in_wrongly_is_named(kit, tmp_path) -> None:
    paths = filled(kit, tmp_path, lambda source, rater, name, item: "3")
    table = pd.read_csv(paths[0], dtype=str)
    for change, problem in (
        ({"overall": "6"}, "sheet-ann.csv, row 2, overall: '6' is no rating"),
        ({"overall": "good"}, "'good' is no rating"),
        ({"item": "a999"}, "'a999'.*not in the key"),
        ({"kit": "other"}, "kit 'other' is not in the key"),
        ({"item": table.loc[1, "item"]}, "ann rates .* twice"),
    ):
        wrong = table.copy()
        for column, value in change.items():
            wrong.loc[0, column] = value
        wrong.to_csv(paths[0], index=False)
        with pytest.raises(InputError, match=problem):
            read_ratings(paths, kit.key)
    table.drop(columns="harmless").to_csv(paths[0], index=False)
    with pytest.raises(InputError, match="column 'harmless' is missing"):
        read_ratings(paths, kit.key)


def test_what_can_not_be_laid_out_is_named(teacher, held_out) -> None:
    rng = np.random.default_rng(1)
    for raters, count, problem in ((("Ann B",), 3, "'Ann B'"), ((), 3, "missing"), (("a", "a"), 3, "twice"),
                                   (("a",), 0, "0 of"), (("a",), 10**6, "can't be drawn")):  # fmt: skip
        with pytest.raises(ParameterError, match=problem):
            make_kit(held_out, {"teacher": teacher}, raters, tasks_rated=count, rng=rng)
    with pytest.raises(InputError, match="teacher has no answer to"):
        make_kit(held_out, {"teacher": teacher[:1]}, ("a",), tasks_rated=5, rng=rng)


def test_sheets_hold_no_source_and_no_formula(kit, tmp_path) -> None:
    first = kit.sheets["ann"].copy()
    first.loc[0, "answer"] = "=HYPERLINK(1)</script><script>alert(1)</script>"
    spiked = dataclasses.replace(kit, sheets={"ann": first})
    written = {path.name: path.read_text(encoding="utf-8") for path in write_kit(tmp_path, spiked)}
    assert set(written) == {"sheet-ann.csv", "sheet-ann.html", "key.csv"}
    rows = list(csv.DictReader(io.StringIO(written["sheet-ann.csv"])))
    assert rows[0]["answer"].startswith("'=HYPERLINK") and {"source", "task_id", "person_id"}.isdisjoint(rows[0])
    page = written["sheet-ann.html"]
    assert "alert(1)</script>" not in page and page.count("</script>") == 2
    assert re.findall(r"https?://|src=|@import|fetch\(|XMLHttp", page) == [], "the page asks nobody"
    data = json.loads(re.search(r'id="kit">(.*)</script>', page).group(1))
    assert data["items"][0]["answer"] == first.loc[0, "answer"] and set(data) == {
        "kit", "rater", "scale", "principles", "items",
    }  # fmt: skip
    assert [one["name"] for one in data["principles"]] == list(principles())


DOM = """
const nodes = {};
function node() {
  return { children: [], listeners: {}, style: {}, textContent: "",
    appendChild(child) { this.children.push(child); return child; }, append() {},
    addEventListener(name, call) { this.listeners[name] = call; }, click() { (this.listeners.click || (() => {}))(); } };
}
globalThis.document = { createElement: node, getElementById(id) { return nodes[id] = nodes[id] || node(); } };
globalThis.window = { scrollTo() {} };
const kept = {};
globalThis.localStorage = { getItem: (name) => kept[name] ?? null, setItem: (name, text) => { kept[name] = text; } };
"""
CLICKS = """
const fields = () => nodes.item.children.filter((child) => child.children.length > 2);
fields()[0].children[4].children[0].listeners.change();
fields()[1].children[1].children[0].listeners.change();
const comment = nodes.item.children[nodes.item.children.length - 1];
comment.value = '=1+1, said "he"\\nagain'; comment.listeners.input();
step(1);
nodes.item.textContent = "";
console.log(JSON.stringify({ csv: asCsv(), place: nodes.place.textContent, kept: Object.keys(kept).length }));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the form's script")
def test_the_form_saves_what_the_reader_reads(kit, tmp_path) -> None:
    page = form_html(kit, "bo")
    data, script = (part.split("</script>")[0] for part in (page.split('id="kit">')[1], page.split("<script>")[1]))
    program = f"{DOM}\nnodes.kit = node(); nodes.kit.textContent = {json.dumps(data)};\n{script}\n{CLICKS}"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["place"] == "Answer 2 of 48" and said["kept"] == 1
    path = tmp_path / "ratings-bo.csv"
    path.write_text(said["csv"], encoding="utf-8")
    ratings = read_ratings([path], kit.key)
    names = list(principles())
    assert ratings[["item", "principle", "rating"]].values.tolist() == [
        [kit.sheets["bo"]["item"][0], names[0], 4], [kit.sheets["bo"]["item"][0], names[1], 1],
    ]  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(said["csv"])))
    assert rows[0]["comment"] == '\'=1+1, said "he"\nagain' and len(rows) == 48


def test_examples_in_the_documentation_of_agreement_hold() -> None:
    found = doctest.testmod(agreement)
    assert found.failed == 0 and found.attempted == 3
