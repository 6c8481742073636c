"""A tiny Qwen2 student on disk, made once: two layers, 32 wide, its tokenizer trained on this study's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sleepcot_utils.distill.student import Student, load_student
from sleepcot_utils.distill.tokenizer import save_tokenizer, train_tokenizer, vocabulary_texts
from sleepcot_utils.distill.training_set import Example
from sleepcot_utils.knowledge import load_cards

VOCABULARY = 700


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small only lose time in handing work between threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a checkpoint with random weights, wide enough that greedy answers differ between prompts."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("models") / "tiny"
    tokenizer = train_tokenizer(vocabulary_texts(load_cards()), VOCABULARY)
    save_tokenizer(tokenizer, folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Qwen2ForCausalLM(
            Qwen2Config(
                vocab_size=len(tokenizer),
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_key_value_heads=2,
                max_position_embeddings=2048,
                initializer_range=0.3,
                tie_word_embeddings=True,
                bos_token_id=None,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        )
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def tiny(tiny_folder: Path) -> Callable[[], Student]:
    """Loads a fresh copy of the tiny student, because training changes it."""
    return lambda: load_student(str(tiny_folder), device="cpu")


@pytest.fixture(scope="session")
def examples(study) -> list[Example]:
    """The expert's answers of the shared study outside the test split."""
    return [Example.of(task, *study.answers[task.task_id]) for task in study.tasks if task.split != "test"]
