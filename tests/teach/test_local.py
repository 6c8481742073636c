from __future__ import annotations

import json
from pathlib import Path

import pytest

from sleepcot_utils.errors import ParameterError, TeacherError
from sleepcot_utils.teach.cache import ReplyCache
from sleepcot_utils.teach.client import LocalTeacher, Sampling, TeacherRequest
from sleepcot_utils.teach.exchange import prompt_hash

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2 model with random weights and a byte-level tokenizer, as `transformers` saves them."""
    import torch
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("models") / "tiny-teacher"
    # Qwen2's own normalizer and pre-tokenizer: AutoTokenizer puts them in place of any other.
    words = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    bytes_only = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(vocab=bytes_only, merges=[]))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(words), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch_state = torch.random.get_rng_state()
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(fast),
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=512,
            initializer_range=0.6,
            eos_token_id=fast.eos_token_id,
            pad_token_id=fast.pad_token_id,
        )
    )
    torch.random.set_rng_state(torch_state)
    # Settings that checkpoints bring along and that a greedy teacher must not obey.
    model.generation_config.update(do_sample=True, temperature=0.7, top_k=20, repetition_penalty=1.3)
    model.save_pretrained(folder)
    return folder


def ask(*contents: str) -> list[TeacherRequest]:
    return [
        TeacherRequest(f"task-{number}", ({"role": "user", "content": content},))
        for number, content in enumerate(contents)
    ]


def teacher(checkpoint: Path, **options) -> LocalTeacher:
    options = {"settings": Sampling(max_output_tokens=12), "report": lambda _: None, "device": "cpu", **options}
    return LocalTeacher(checkpoint, **options)


def greedy(checkpoint: Path, content: str, tokens: int) -> list[int]:
    """The most likely continuation, token by token, without `generate`, padding or batches."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()
    prompt = f"<|im_start|>user\n{content}<|im_end|>\n<|im_start|>assistant\n"
    ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    begin = len(ids)
    with torch.inference_mode():
        while len(ids) < begin + tokens and ids[-1] != tokenizer.eos_token_id or len(ids) == begin:
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    return ids[begin:]


def test_batched_answers_are_the_greedy_ones_of_each_prompt_alone(checkpoint):
    from transformers import AutoTokenizer

    contents = ("I slept 5 h.", "A much longer prompt about seven nights of poor sleep and late coffee.", "Why?")
    requests = ask(*contents)
    replies = list(teacher(checkpoint).answer(reversed(requests)))
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    assert [reply.task_id for reply in replies] == ["task-0", "task-1", "task-2"]
    for reply, request, content in zip(replies, requests, contents, strict=True):
        tokens = greedy(checkpoint, content, 12)
        ended = tokens[-1] == tokenizer.eos_token_id
        assert reply.text == tokenizer.decode(tokens, skip_special_tokens=True)
        assert reply.completion_tokens == len(tokens)
        assert (reply.finish_reason, reply.error.startswith("truncated")) == (
            ("stop", False) if ended else ("length", True)
        )
        assert reply.prompt_tokens == len(
            tokenizer(
                tokenizer.apply_chat_template(list(request.messages), tokenize=False, add_generation_prompt=True)
            )["input_ids"]
        )
        assert reply.prompt_hash == prompt_hash(request.messages)
        assert reply.model == "tiny-teacher" and reply.latency_s > 0 and not reply.cached
    assert str(checkpoint.parent) not in repr(replies)


def test_end_token_ends_the_answer(checkpoint):
    # The first token that the model writes becomes the end token: the answer is then empty, not cut off.
    first = greedy(checkpoint, "Why?", 1)[0]
    one = teacher(checkpoint)
    one._load()[0].generation_config.eos_token_id = [first]
    (reply,) = one.answer(ask("Why?"))
    assert (reply.text, reply.finish_reason, reply.error, reply.completion_tokens) == ("", "stop", "empty", 1)


def test_finished_batches_are_not_done_again(checkpoint, tmp_path, monkeypatch):
    path = tmp_path / "c.jsonl"
    contents = ("a", "b", "c", "d", "e")
    whole = [reply.text for reply in teacher(checkpoint).answer(ask(*contents))]
    replies = teacher(checkpoint, cache=ReplyCache(path), batch_size=2).answer(ask(*contents))
    for _ in range(3):
        next(replies)
    replies.close()
    again = list(teacher(checkpoint, cache=ReplyCache(path), batch_size=2).answer(ask(*contents)))
    assert [reply.cached for reply in again] == [True, True, True, True, False]
    assert [reply.text for reply in again] == whole
    # All in the cache: the model isn't even loaded.
    monkeypatch.setattr(LocalTeacher, "_load", lambda self: pytest.fail("loaded for nothing"))
    assert all(reply.cached for reply in teacher(checkpoint, cache=ReplyCache(path)).answer(ask(*contents)))


def test_other_weights_under_the_same_name_miss_the_cache(checkpoint, tmp_path):
    import shutil

    copy = tmp_path / checkpoint.name
    shutil.copytree(checkpoint, copy)
    cache = ReplyCache(tmp_path / "c.jsonl")
    (before,) = teacher(copy, cache=cache).answer(ask("a"))
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "rope_theta": 5000.0}))
    (after,) = teacher(copy, cache=cache).answer(ask("a"))
    assert not after.cached and before.settings["checkpoint"] != after.settings["checkpoint"]


def test_what_is_no_checkpoint_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(TeacherError, match="can't be loaded.*Expected") as caught:
        list(teacher(tmp_path).answer(ask("a")))
    assert str(tmp_path.parent) not in str(caught.value)


def test_tokenizer_without_chat_template_is_refused(checkpoint, tmp_path):
    import shutil

    copy = tmp_path / "base-model"
    shutil.copytree(checkpoint, copy)
    (copy / "chat_template.jinja").unlink()
    with pytest.raises(TeacherError, match="base-model: the tokenizer has no chat template"):
        list(teacher(copy).answer(ask("a")))


def test_options_that_greedy_decoding_can_not_honor_are_refused(checkpoint):
    with pytest.raises(ParameterError, match="temperature is 0.7"):
        teacher(checkpoint, settings=Sampling(temperature=0.7))
    with pytest.raises(ParameterError, match="dtype"):
        teacher(checkpoint, dtype="int8")
    with pytest.raises(ParameterError, match="task 't'.*sample 1"):
        teacher(checkpoint).answer([TeacherRequest("t", ({"role": "user", "content": "a"},), sample=1)])
