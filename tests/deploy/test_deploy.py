"""Variants of a tiny student: what is saved is what is loaded, and each trick does what it says and no more."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sleepcot_utils import config
from sleepcot_utils.compare import person_means
from sleepcot_utils.deploy import artifacts, pruning
from sleepcot_utils.deploy.artifacts import load_model, save_variant, size_bytes
from sleepcot_utils.deploy.asking import ask_variant, capped_tasks
from sleepcot_utils.deploy.healing import heal, lesson
from sleepcot_utils.deploy.measuring import measure
from sleepcot_utils.deploy.pricing import STUDY_SCORE, with_study_score
from sleepcot_utils.deploy.quantization import GROUP, int8_model, packed, unpacked
from sleepcot_utils.deploy.runners import Graph, onnx_is_possible, timed, torch_runner
from sleepcot_utils.deploy.variants import VARIANTS, Healing, chosen_variants, make_variant
from sleepcot_utils.distill.encoding import encode_conversation
from sleepcot_utils.distill.packing import pack
from sleepcot_utils.distill.student import Student, load_student
from sleepcot_utils.distill.training_set import Example
from sleepcot_utils.errors import ArtifactError, ParameterError
from sleepcot_utils.figures import new_figure
from sleepcot_utils.figures.deployment import LOOKS, draw_growing, draw_prices
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, Task
from tests.tiny_student import save_tiny_student

READ = torch.tensor([[5, 9, 14, 33, 8, 21, 300, 7]])


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Student:
    return load_student(str(save_tiny_student(tmp_path_factory.mktemp("tiny"))), device="cpu")


@pytest.fixture
def model(student: Student) -> Any:
    return copy.deepcopy(student.model).eval()


def _logits(model: Any, read: torch.Tensor = READ) -> torch.Tensor:
    with torch.no_grad():
        return model(read).logits


def _examples() -> list[Example]:
    return [
        Example(
            f"t{i}", RECOMMEND, f"p{i}", "train" if i < 6 else "validation", f"r{i}",
            [{"role": "user", "content": f"I slept {i} h."}], f"{i} is under 7.", "Sleep more.",
        )
        for i in range(8)
    ]  # fmt: skip


def _task(name: str, kind: str, person: str, pair: str = "", variant: str = "factual") -> Task:
    messages = [{"role": "user", "content": "Why do I wake?"}]
    return Task(name, kind, "", person, "test", variant, f"r-{person}", pair, messages, {})


def test_config_and_room_name_the_same_variants() -> None:
    assert tuple(VARIANTS)[1:] == tuple(config.VARIANTS) and next(iter(VARIANTS)) == "whole"
    assert set(LOOKS) == set(VARIANTS)


def test_four_bits_by_hand() -> None:
    # One group from 0 to 15 in steps of a half: what lies on a level is exact, what lies between goes to a neighbor.
    weight = torch.arange(GROUP).float() / 2
    parts = packed(weight)
    assert parts["packed"].dtype == torch.uint8 and parts["packed"].shape == (1, GROUP // 2)
    assert float(parts["low"]) == 0.0 and float(parts["scale"]) == pytest.approx(15.5 / 15, rel=1e-3)
    levels = np.round(weight.numpy() / np.float16(15.5 / 15)).astype(int)
    assert int(parts["packed"][0, 1]) == levels[2] * 16 + levels[3]
    back = unpacked(parts, weight.shape)
    assert float((back - weight).abs().max()) <= 15.5 / 15 / 2 + 0.01


def test_four_bits_of_a_length_that_no_group_divides_and_of_equal_weights() -> None:
    weight = torch.full((3, 13), 0.25)
    back = unpacked(packed(weight), weight.shape)
    assert back.shape == weight.shape and torch.allclose(back[:2], weight[:2], atol=0.02)


@pytest.mark.parametrize("form", [artifacts.WHOLE, artifacts.INT8, artifacts.INT4, artifacts.SPARSE])
def test_what_is_saved_is_loaded(model: Any, tmp_path: Path, form: str) -> None:
    if form == artifacts.SPARSE:
        pruning.prune_weights(model, 0.5)
        pruning.make_permanent(model)
    folder = save_variant(model, tmp_path / form, form)
    loaded = load_model(folder)
    expected = int8_model(model) if form == artifacts.INT8 else model
    if form == artifacts.INT4:
        for one, other in zip(loaded.state_dict().values(), model.state_dict().values(), strict=True):
            rounded = unpacked(packed(other), other.shape) if other.dim() > 1 else other
            assert torch.equal(one, rounded)
            assert float((one - other).abs().max()) <= float(other.max() - other.min()) / 15
    else:
        assert torch.allclose(_logits(loaded), _logits(expected), atol=1e-5)


def test_sizes(model: Any, tmp_path: Path) -> None:
    weights = sum(weight.numel() for weight in model.parameters())
    whole = size_bytes(save_variant(model, tmp_path / "whole", artifacts.WHOLE))
    four = size_bytes(save_variant(model, tmp_path / "four", artifacts.INT4))
    assert 4 * weights < whole < 4 * weights + 10_000
    # Half a byte a weight and two half-precision numbers a group of 32; names and configuration on top.
    assert weights * (0.5 + 4 / 32) < four < weights * (0.5 + 4 / 32) + 10_000


def test_a_tied_head_is_left_alone_by_8_bits(model: Any) -> None:
    left, both = int8_model(model), int8_model(model, tied_head_too=True)
    assert left.lm_head.weight is left.get_input_embeddings().weight
    assert isinstance(both.lm_head, torch.ao.nn.quantized.dynamic.Linear)
    assert isinstance(left.model.layers[0].mlp.up_proj, torch.ao.nn.quantized.dynamic.Linear)


def test_pruning_takes_the_smallest(model: Any) -> None:
    before = torch.cat([layer.weight.detach().abs().flatten() for layer in pruning.linear_layers(model)])
    embeddings = model.get_input_embeddings().weight.detach().clone()
    pruning.prune_weights(model, 0.3)
    pruning.make_permanent(model)
    after = torch.cat([layer.weight.detach().abs().flatten() for layer in pruning.linear_layers(model)])
    assert pruning.zero_share(model) == pytest.approx(0.3, abs=1e-4)
    assert float(before[after == 0].max()) <= float(after[after > 0].min())
    assert torch.equal(model.get_input_embeddings().weight, embeddings), "embeddings stay whole"
    with pytest.raises(ParameterError, match="1.5 can't be pruned"):
        pruning.prune_weights(model, 1.5)


def test_random_pruning_takes_others(model: Any) -> None:
    largest = max(float(layer.weight.detach().abs().max()) for layer in pruning.linear_layers(model))
    before = torch.cat([layer.weight.detach().abs().flatten() for layer in pruning.linear_layers(model)])
    pruning.prune_weights(model, 0.5, at_random=True, seed=1)
    pruning.make_permanent(model)
    gone = torch.cat([layer.weight.detach().flatten() for layer in pruning.linear_layers(model)]) == 0
    assert float(before[gone].max()) > 0.5 * largest and float(before[gone].mean()) == pytest.approx(
        float(before.mean()), rel=0.05
    )


def test_shuffling_keeps_values_and_loses_places(model: Any) -> None:
    before = copy.deepcopy(model)
    pruning.shuffle_weights(model, 1)
    for old, new in zip(pruning.linear_layers(before), pruning.linear_layers(model), strict=True):
        assert torch.equal(old.weight.flatten().sort().values, new.weight.flatten().sort().values)
        assert not torch.equal(old.weight, new.weight)


def test_the_least_needed_layer_is_found_and_left_out(student: Student, model: Any, tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "I slept 5 h."}, {"role": "assistant", "content": "Sleep more."}]
    row = pack([[encode_conversation(student.tokenizer, talk, 500)]])
    # A layer that adds nothing to what passes by can go, and nothing changes.
    for name in ("self_attn.o_proj", "mlp.down_proj"):
        torch.nn.init.zeros_(model.model.layers[1].get_submodule(name).weight)
    whole, logits = pruning.mean_loss(model, [row]), _logits(model)
    losses = pruning.losses_without_layers(model, [row])
    assert losses[1] == pytest.approx(whole, abs=1e-5) and abs(losses[0] - whole) > 1e-3
    assert torch.equal(_logits(model), logits), "looking changes nothing"
    pruning.drop_layers(model, [1])
    loaded = load_model(save_variant(model, tmp_path / "short", artifacts.WHOLE))
    assert loaded.config.num_hidden_layers == 1 and torch.allclose(_logits(loaded), logits, atol=1e-5)
    assert len(torch_runner(loaded)(READ[0].tolist(), -1, 4, lambda: None)) == 4
    with pytest.raises(ParameterError, match="can't be left out"):
        pruning.drop_layers(model, [0])


def test_healing_learns_and_keeps_the_zeros(student: Student, model: Any, tmp_path: Path) -> None:
    to_learn = lesson(student, _examples(), "cot", np.random.default_rng(0), rows=6)
    assert len(to_learn.train) == 6 and len(to_learn.held_out) == 2
    pruning.prune_weights(model, 0.5)
    before = pruning.mean_loss(model, to_learn.held_out)
    pruned = Student("pruned", model, student.tokenizer)
    healed = heal(pruned, to_learn, tmp_path, steps=6, batch_size=2, rate=0.01, seed=1)
    pruning.make_permanent(model)
    assert healed.tokens > 0 and healed.is_kept and healed.loss_before == pytest.approx(before)
    assert healed.loss_after < before and pruning.mean_loss(model, to_learn.held_out) == pytest.approx(
        healed.loss_after
    )
    assert pruning.zero_share(model) == pytest.approx(0.5, abs=1e-3)


def test_healing_that_does_harm_is_undone(student: Student, model: Any, tmp_path: Path) -> None:
    to_learn = lesson(student, _examples(), "cot", np.random.default_rng(0), rows=4)
    pruning.prune_weights(model, 0.3)
    before, logits = pruning.mean_loss(model, to_learn.held_out), _logits(model)
    healed = heal(
        Student("pruned", model, student.tokenizer), to_learn, tmp_path, steps=2, batch_size=2, rate=1.0, seed=1
    )
    assert not healed.is_kept and healed.loss_after > before
    assert torch.equal(_logits(model), logits)
    pruning.make_permanent(model)
    assert pruning.zero_share(model) == pytest.approx(0.3, abs=1e-3) and torch.equal(_logits(model), logits)


def test_a_lesson_has_the_mixture_of_the_training(student: Student) -> None:
    asked = [
        Example(
            f"k{i}", KNOWLEDGE, "", "train", "", [{"role": "user", "content": f"Is {i} h enough?"}], "It is not.", "No."
        )
        for i in range(12)
    ]
    with_knowledge = lesson(
        student, [*_examples(), *asked], "cot", np.random.default_rng(0), rows=20, knowledge_repeats=3
    )
    assert len(with_knowledge.train) == 6 + 3, "six reports, and three times the twelve questions that make one row"
    few = lesson(student, [*_examples(), *asked], "cot", np.random.default_rng(0), rows=4, knowledge_repeats=3)
    assert len(few.train) == 4 and len(few.held_out) == 2


def test_a_variant_is_made_and_the_student_stays(student: Student, tmp_path: Path) -> None:
    to_learn = lesson(student, _examples(), "cot", np.random.default_rng(0), rows=4)
    before = _logits(student.model.eval())
    healing = Healing(2, 2, 0.001, 1)
    made = make_variant("layer_out", student, tmp_path / "out", to_learn, healing, tmp_path / "work")
    assert (
        made.layers == 1
        and made.healed is not None
        and made.healed.tokens > 0
        and load_model(made.folder).config.num_hidden_layers == 1
    )
    assert torch.equal(_logits(student.model), before)
    with pytest.raises(ParameterError, match="no variant 'int3'"):
        make_variant("int3", student, tmp_path, to_learn, healing, tmp_path)


def test_variants_come_in_order_and_without_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sleepcot_utils.deploy.variants.onnx_is_possible", lambda: True)
    assert chosen_variants(["onnx_int8"]) == ["whole", "onnx", "onnx_int8"]
    monkeypatch.setattr("sleepcot_utils.deploy.variants.onnx_is_possible", lambda: False)
    assert chosen_variants(["onnx", "pruned_30", "int8"]) == ["whole", "int8", "pruned_30"]


@pytest.mark.skipif(not onnx_is_possible(), reason="onnx, onnxruntime or onnxscript is not installed")
def test_the_graph_is_the_student(student: Student, tmp_path: Path) -> None:
    to_learn = lesson(student, _examples(), "cot", np.random.default_rng(0), rows=2)
    made = {
        name: make_variant(name, student, tmp_path, to_learn, Healing(1, 1, 0.001, 1), tmp_path / "work")
        for name in ("onnx", "onnx_int8")
    }
    graph = Graph(made["onnx"].folder)
    own = _logits(student.model.eval())[0, -1].numpy()
    at_once, _ = graph.read(READ[0].tolist(), graph.nothing)
    _, past = graph.read(READ[0, :5].tolist(), graph.nothing)
    in_two, _ = graph.read(READ[0, 5:].tolist(), past)
    np.testing.assert_allclose(at_once, own, atol=1e-3)
    np.testing.assert_allclose(in_two, own, atol=1e-3)
    greedy = torch_runner(student.model)(READ[0].tolist(), -1, 12, lambda: None)
    assert graph(READ[0].tolist(), -1, 12, lambda: None) == greedy
    assert size_bytes(made["onnx_int8"].folder) < size_bytes(made["onnx"].folder)
    tasks = [_task("t", FOLLOW_UP, "p")]
    asked = {name: ask_variant(one.folder, student.tokenizer, tasks, source=name, seed=0, max_new_tokens=6)
             for name, one in made.items()}  # fmt: skip
    whole = save_variant(student.model, tmp_path / "whole", artifacts.WHOLE)
    (said,) = ask_variant(whole, student.tokenizer, tasks, source="whole", seed=0, max_new_tokens=6)
    assert (asked["onnx"][0].answer, asked["onnx"][0].tokens) == (said.answer, said.tokens)
    (tmp_path / "onnx" / artifacts.GRAPH_FILE).write_bytes(b"no graph")
    with pytest.raises(ArtifactError, match="graph can't be loaded"):
        Graph(tmp_path / "onnx")


def test_measured_in_a_process_of_its_own(model: Any, tmp_path: Path) -> None:
    folder = save_variant(model, tmp_path / "whole", artifacts.WHOLE)
    found = measure(folder, READ[0].tolist(), 4)
    assert found["peak_mib"] >= found["libraries_mib"] > 50  # torch alone takes more than that
    assert found["first_token_ms"] > 0 and found["tokens_per_s"] > 0
    with pytest.raises(ArtifactError, match="can't be measured: .*no variant"):
        measure(tmp_path / "nowhere", [5, 6], 2)


def test_timing_counts_tokens_after_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 12.0, 12.5, 13.0])
    monkeypatch.setattr("sleepcot_utils.deploy.runners.time.process_time", lambda: next(clock))

    def run(prompt: Any, end: int, most: int, watch: Any) -> list[int]:
        for _ in range(most):
            watch()
        return [1] * most

    assert timed(run, [1], 3) == (2.0, 2.0)


def test_damaged_folders_are_named(model: Any, tmp_path: Path) -> None:
    folder = save_variant(model, tmp_path / "four", artifacts.INT4)
    weights = folder / artifacts.PACKED_FILE
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ArtifactError, match="weights can't be read"):
        load_model(folder)
    (folder / artifacts.FORMAT_FILE).write_text('{"format": "int3"}', encoding="utf-8")
    with pytest.raises(ArtifactError, match="int3"):
        load_model(folder)


def test_persons_are_asked_whole() -> None:
    tasks = [
        _task("b1", RECOMMEND, "b"), _task("a1", RECOMMEND, "a"), _task("a2", FOLLOW_UP, "a", "pair"),
        _task("a5", FOLLOW_UP, "a", "pair", "counterfactual"), _task("a3", FOLLOW_UP, "a"), _task("a4", FOLLOW_UP, "a"),
        _task("b2", FOLLOW_UP, "b"), _task("c1", RECOMMEND, "c"), _task("c2", FOLLOW_UP, "c"), _task("c3", FOLLOW_UP, "c"),
    ]  # fmt: skip
    assert [one.task_id for one in capped_tasks(tasks, 5)] == ["a1", "a2", "a3"]
    assert [one.task_id for one in capped_tasks(tasks, 60)] == ["a1", "a2", "a3", "c1", "c2", "c3"]


def test_the_study_score_weighs_the_three_alike() -> None:
    rows = [("t1", "verdict_right", 1.0), ("t2", "verdict_right", 0.0), ("t3", "main_driver_right", 1.0),
            ("t3", "numbers_right", 0.0), ("t3", "safe", 1.0)]  # fmt: skip
    scores = pd.DataFrame(
        [
            {"task_id": t, "kind": "k", "person_id": "p", "source": "s", "seed": 0, "metric": m, "value": v}
            for t, m, v in rows
        ]
    )
    found = person_means(with_study_score(scores), STUDY_SCORE)
    assert found.loc["p", "s"] == pytest.approx((0.5 + 1.0 + 0.0) / 3)


def test_figures_grow_by_one() -> None:
    table = pd.DataFrame(
        {"source": ["int8", "whole", "onnx"], "mean": [0.4, 0.5, 0.5], "low": [0.3, 0.4, 0.4], "high": [0.5, 0.6, 0.6],
         "size (MB)": [3.0, 7.0, 8.0]}
    )  # fmt: skip
    _, axs = new_figure(1, 4)
    assert draw_growing(axs, table, "size (MB)", "study score", ceiling=1.0) == ["whole", "int8", "onnx"]
    marks = [sum(line.get_marker() not in ("None", "") for line in ax.lines) for ax in axs[:3]]
    assert marks == [1, 2, 3] and not axs[3].get_visible()
    _, (one,) = new_figure(1, 1, squeeze=False)
    draw_prices(one, table, ["size (MB)"])
    assert [label.get_text() for label in one[0].get_yticklabels()] == ["whole", "int8", "onnx"]
    with pytest.raises(ParameterError, match="3 variants do not fit"):
        draw_growing(one, table, "size (MB)", "study score")
