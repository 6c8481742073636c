"""Fine-tuning a tiny BERT: it learns what a word says, does so again with the same seed, and refuses bad input."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.classify.encoder import EMBEDDED, STUDENT, load_encoder, save_encoder
from sleepcot_utils.classify.experiments import ablations, changed_copies, prepare, train_on
from sleepcot_utils.classify.tokenizer import LONGEST_TEXT
from sleepcot_utils.classify.training import Recipe, fine_tune, probabilities
from sleepcot_utils.classify.wording import describe_all
from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.paths import reference_data

TEXTS = ["steps high, resting hr low", "steps low, resting hr lowest"] * 16
LABELS = [0, 1] * 16
RECIPE = Recipe(steps=16, batch_size=16, learning_rate=0.01, checks=4)


def test_it_learns_which_word_matters_and_does_so_again(tiny_bert) -> None:
    runs = [fine_tune(str(tiny_bert), (TEXTS, LABELS), (TEXTS[:8], LABELS[:8]), RECIPE, 3) for _ in range(2)]
    first, second = (probabilities(run.encoder, TEXTS[:2]) for run in runs)
    assert first[0] < 0.2 and first[1] > 0.8
    assert np.array_equal(first, second)
    assert runs[0].log["split"].value_counts()["validation"] >= 3 and runs[0].steps <= 16


def test_an_adapter_trains_few_parameters_and_is_saved_merged(tiny_bert, tmp_path) -> None:
    recipe = RECIPE.but(adapter="lora", steps=4)
    fitted = fine_tune(str(tiny_bert), (TEXTS, LABELS), (TEXTS[:4], LABELS[:4]), recipe, 1)
    whole = load_encoder(str(tiny_bert), 1).parameters
    assert fitted.trained_parameters < whole[1] == whole[0]
    said = probabilities(fitted.encoder, TEXTS[:2])
    save_encoder(fitted.encoder, tmp_path / "saved")
    again = probabilities(load_encoder(str(tmp_path / "saved"), 9), TEXTS[:2])
    assert np.allclose(said, again, atol=1e-5)


def test_texts_and_labels_go_together(tiny_bert) -> None:
    for labels in (LABELS[:-1], [2] * len(TEXTS)):
        with pytest.raises(InputError, match="one label, 0 or 1"):
            fine_tune(str(tiny_bert), (TEXTS, labels), (TEXTS, LABELS), RECIPE, 1)


def test_an_encoder_that_is_not_there() -> None:
    with pytest.raises(ParameterError, match="no encoder can be loaded"):
        load_encoder("no/such/folder/at all", 1)


@pytest.mark.parametrize("name", [EMBEDDED, STUDENT])
def test_shipped_models_load_with_a_head_of_two_labels(name) -> None:
    encoder = load_encoder(name, 1, dropout=0.0)
    assert encoder.model.config.num_labels == 2 and encoder.model.config.id2label[1] == "rest"
    alone, beside = probabilities(encoder, TEXTS[:1]), probabilities(encoder, [TEXTS[0], TEXTS[0] + ", sleep 400"])
    assert alone[0] == pytest.approx(beside[0], abs=1e-5), "padding changes nothing"


def test_the_embedded_encoder_keeps_digits_apart_after_loading() -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = reference_data("embedded_bert")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.tokenize("Steps 10259, weight 78.4") == [
        "steps", "1", "##0", "##2", "##5", "##9", ",", "weight", "7", "##8", ".", "4",
    ]  # fmt: skip
    assert not [piece for piece in tokenizer.get_vocab() if sum(sign.isdigit() for sign in piece) > 1]
    unknown = tokenizer.tokenize("feverish, chills and a temperature: 105 & more")
    assert "[UNK]" not in unknown
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    assert (
        model.config.max_position_embeddings == LONGEST_TEXT and type(model).__name__ == "BertForSequenceClassification"
    )
    assert sum(file.stat().st_size for file in folder.iterdir()) < 10e6


def test_the_longest_text_fits(cases) -> None:
    tokenizer = load_encoder(EMBEDDED, 1).tokenizer
    texts = describe_all(cases.assign(note="woke up with chills and a temperature"), "digits_and_levels", history=True)
    assert max(len(ids) for ids in tokenizer(texts)["input_ids"]) <= LONGEST_TEXT


def test_a_trial_has_one_label_a_case_and_its_margin(cases) -> None:
    trial = prepare(cases, "today", np.random.default_rng(4), notes=True)
    assert set(trial.cases["label"]) == {0, 1} and trial.cases["margin"].notna().all()
    ill = trial.cases["note_kind"] == "ill"
    assert (trial.cases.loc[ill, "chance"] == 0.97).all()
    assert (trial.cases.loc[~ill, "chance"] == trial.cases.loc[~ill, "rule_chance"]).all()
    assert trial.part("train", 10)["person_id"].nunique() >= 5, "the cut is spread over persons"


def test_copies_keep_their_labels_and_every_ablation_is_one_change(cases, tiny_bert) -> None:
    trial = prepare(cases, "today", np.random.default_rng(4))
    train = trial.part("train", 6)
    for kind in ("error", "order"):
        texts, labels = changed_copies(trial, train, kind, np.random.default_rng(1))
        assert len(texts) == len(labels) == 18 and labels == train["label"].tolist() * 3
    assert changed_copies(trial, train, "none", np.random.default_rng(1)) == ([], [])
    base = Recipe()
    for ablation in ablations(base):
        changed = [name for name in vars(base) if getattr(base, name) != getattr(ablation.recipe, name)]
        assert (len(changed) == 1) != (ablation.copies != "none") or changed == ["learning_rate", "adapter"]
    fitted = train_on(trial, train, Recipe(steps=2, checks=2), 1, encoder=str(tiny_bert))
    assert 0 < probabilities(fitted.encoder, trial.texts(train))[0] < 1
