"""Labels: only what the assistant says is learned, whatever the chat template."""

from __future__ import annotations

import pytest

from sleepcot_utils.distill.encoding import IGNORED, Encoded, encode_conversation, pad_batch, render
from sleepcot_utils.errors import InputError

TALK = [
    {"role": "system", "content": "You are a sleep coach."},
    {"role": "user", "content": "time asleep: 372 min\nAm I tired?"},
    {"role": "assistant", "content": "Reasoning:\n372 under 420\nAnswer:\nYes."},
    {"role": "user", "content": "Why?"},
    {"role": "assistant", "content": "Answer:\nToo little sleep."},
]
#: As Qwen2.5 does it: a default system prompt is put in where the conversation brings none.
DEFAULT_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}<|im_start|>system\n{{ messages[0]['content'] }}<|im_end|>\n"
    "{% else %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "{% for message in messages %}{% if message['role'] != 'system' %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
#: As reasoning models do it: the reasoning of all turns but the last is cut out.
FORGETFUL = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['role'] == 'assistant' and not loop.last %}{{ message['content'].split('Answer:')[-1] }}"
    "{% else %}{{ message['content'] }}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def tokenizer(tiny_folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_folder)


@pytest.fixture
def with_template(tiny_folder):
    from transformers import AutoTokenizer

    def build(template: str):
        own = AutoTokenizer.from_pretrained(tiny_folder)
        own.chat_template = template
        return own

    return build


def learned(tokenizer, encoded: Encoded) -> str:
    return tokenizer.decode([label for label in encoded.labels if label != IGNORED])


def test_only_the_assistant_and_its_end_are_learned(tokenizer) -> None:
    encoded = encode_conversation(tokenizer, TALK, 1000)
    end = tokenizer.eos_token
    assert learned(tokenizer, encoded) == f"{TALK[2]['content']}{end}{TALK[4]['content']}{end}"
    assert len(encoded.labels) == len(encoded.input_ids)
    assert all(label in (IGNORED, token) for label, token in zip(encoded.labels, encoded.input_ids, strict=True))


@pytest.mark.parametrize("length", [3, 5])
def test_turn_by_turn_is_the_same_as_at_once(tokenizer, length: int) -> None:
    at_once = tokenizer(render(tokenizer, TALK[:length], add_generation_prompt=False), add_special_tokens=False)
    assert encode_conversation(tokenizer, TALK[:length], 1000).input_ids == at_once["input_ids"]


@pytest.mark.parametrize("start", [0, 1], ids=["own system prompt", "default system prompt"])
def test_a_template_with_a_default_system_prompt(with_template, start: int) -> None:
    tokenizer = with_template(DEFAULT_SYSTEM)
    talk = TALK[start:]
    encoded = encode_conversation(tokenizer, talk, 1000)
    assert encoded.input_ids == tokenizer(render(tokenizer, talk, add_generation_prompt=False))["input_ids"]
    assert tokenizer.decode(encoded.input_ids).count("<|im_start|>system") == 1
    assert ("helpful" in tokenizer.decode(encoded.input_ids)) == (start == 1)
    assert "helpful" not in learned(tokenizer, encoded)
    assert learned(tokenizer, encoded).count(tokenizer.eos_token) == 2


def test_a_template_that_rewrites_earlier_turns_is_refused(with_template) -> None:
    tokenizer = with_template(FORGETFUL)
    assert learned(tokenizer, encode_conversation(tokenizer, TALK[:3], 1000)).startswith("Reasoning:")
    with pytest.raises(InputError, match="changes earlier turns.*ChatML"):
        encode_conversation(tokenizer, TALK, 1000)


def test_too_long_is_refused_and_never_cut(tokenizer) -> None:
    length = len(encode_conversation(tokenizer, TALK, 1000).input_ids)
    assert len(encode_conversation(tokenizer, TALK, length).input_ids) == length
    with pytest.raises(InputError, match=f"{length} tokens.*at most {length - 1}"):
        encode_conversation(tokenizer, TALK, length - 1)


def test_padding_counts_for_nothing(tiny, tokenizer) -> None:
    """The loss of a padded batch is the mean over its learned tokens, as if each stood alone."""
    import torch

    short, long = (encode_conversation(tokenizer, talk, 1000) for talk in (TALK[:3], TALK))
    batch = pad_batch([short, long], tokenizer.pad_token_id)
    shape = (2, len(long.input_ids))
    assert {name: tuple(tensor.shape) for name, tensor in batch.items()} == dict.fromkeys(batch, shape)
    added = slice(len(short.input_ids), None)
    assert batch["attention_mask"][0, added].sum() == 0 and batch["attention_mask"].sum() == len(
        short.input_ids + long.input_ids
    )
    assert (batch["labels"][0, added] == IGNORED).all()
    model = tiny().model.eval()
    with torch.no_grad():
        together = float(model(**batch).loss)
        alone = [float(model(**pad_batch([one], tokenizer.pad_token_id)).loss) for one in (short, long)]
    weights = [sum(label != IGNORED for label in one.labels) for one in (short, long)]
    mean = sum(loss * weight for loss, weight in zip(alone, weights, strict=True)) / sum(weights)
    assert abs(alone[0] - alone[1]) > 1e-3, "two equal losses would show nothing"
    assert together == pytest.approx(mean, abs=1e-4)
