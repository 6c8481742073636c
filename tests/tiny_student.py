"""A checkpoint with random weights: two layers, 32 wide, its tokenizer trained on this study's words."""

from __future__ import annotations

from pathlib import Path

from sleepcot_utils.distill.tokenizer import save_tokenizer, train_tokenizer, vocabulary_texts
from sleepcot_utils.knowledge import load_cards

VOCABULARY = 700


def save_tiny_student(folder: Path) -> Path:
    """Write it; its weights are wide enough that greedy answers differ between prompts."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

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
