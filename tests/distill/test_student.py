"""Students: which adapters they take, and what is said of a base that can't be had."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sleepcot_utils.distill import student as room
from sleepcot_utils.distill.student import EMBEDDED, Student, add_lora, load_student, save_student
from sleepcot_utils.errors import ParameterError

WIDTH, MLP, LAYERS = 32, 64, 2  # of the tiny student


def trained(student: Student) -> int:
    return student.parameters[1]


@pytest.mark.parametrize("rank", [1, 4])
def test_an_adapter_has_as_many_weights_as_its_rank_says(tiny, rank: int) -> None:
    """Two matrices a layer, of rank rows and columns: four square layers of attention and three of the MLP."""
    expected = rank * LAYERS * (4 * 2 * WIDTH + 3 * (WIDTH + MLP))
    assert trained(add_lora(tiny(), 0, rank=rank)) == expected


def test_dora_adds_one_size_to_each_output(tiny) -> None:
    plain = trained(add_lora(tiny(), 0, rank=2))
    sizes = LAYERS * (4 * WIDTH + 2 * MLP + WIDTH)
    assert trained(add_lora(tiny(), 0, rank=2, decomposed=True)) == plain + sizes


def test_only_named_layers_get_an_adapter(tiny) -> None:
    assert trained(add_lora(tiny(), 0, rank=2, targets="q_proj, v_proj")) == 2 * LAYERS * 2 * 2 * WIDTH


def test_the_embedded_base_trains_its_embeddings_too(tiny) -> None:
    base = tiny()
    embeddings = base.model.get_input_embeddings().weight.numel()
    alone = trained(add_lora(tiny(), 0, rank=2))
    assert trained(add_lora(Student(EMBEDDED, base.model, base.tokenizer), 0, rank=2)) == alone + embeddings


@pytest.mark.parametrize(
    ("targets", "named"),
    [("q_proj,c_attn", "'c_attn'"), ("query", "'query'"), (" , ", "' , '")],
    ids=["one", "all", "none"],
)
def test_a_layer_that_does_not_exist_is_named_beside_those_that_do(tiny, targets: str, named: str) -> None:
    with pytest.raises(ParameterError) as error:
        add_lora(tiny(), 0, targets=targets)
    assert f"no linear layer named {named}" in str(error.value)
    assert "lora_targets" in str(error.value)
    assert "down_proj, gate_proj, k_proj, lm_head, o_proj, q_proj, up_proj, v_proj" in str(error.value)


def test_dora_is_merged_on_saving(tiny, tmp_path: Path) -> None:
    import torch

    student = add_lora(tiny(), 0, rank=2, decomposed=True)
    with torch.no_grad():
        for name, value in student.model.named_parameters():
            if value.requires_grad and "lora_B" in name:
                value.normal_(generator=torch.Generator().manual_seed(1))
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        expected = student.model.eval()(ids).logits
        assert not torch.allclose(expected, tiny().model.eval()(ids).logits, atol=0.1), "the adapter changes the model"
        save_student(student, tmp_path)
        found = load_student(str(tmp_path), device="cpu").model.eval()(ids).logits
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_four_bits_on_a_cpu_are_refused_with_the_way_out(tiny_folder: Path) -> None:
    with pytest.raises(ParameterError, match=r"adapter: weights in 4 bits .* are for GPUs.*adapter=lora or dora"):
        load_student(str(tiny_folder), device="cpu", quantized=True)


def test_four_bits_without_their_package_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ParameterError, match="bitsandbytes, which is not installed"):
        room._four_bits("cuda")


def no_network(*_: object, **__: object) -> None:
    raise OSError("no route to host")


def test_a_hub_id_without_network_is_one_message_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(room.socket, "create_connection", no_network)
    monkeypatch.setattr(room.urllib.request, "getproxies", dict)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    began = time.monotonic()
    with pytest.raises(ParameterError) as error:
        load_student("nobody/no-such-model-at-all", device="cpu")
    assert time.monotonic() - began < 30, "no retries for a minute"
    assert str(error.value).startswith("student: no model can be loaded from 'nobody/no-such-model-at-all' (")
    assert "\n" not in str(error.value) and ".." not in str(error.value)


def test_a_folder_asks_no_hub(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.socket, "create_connection", lambda *_, **__: pytest.fail("a folder needs no network"))
    assert load_student(str(tiny_folder), device="cpu").parameters[0] > 0
