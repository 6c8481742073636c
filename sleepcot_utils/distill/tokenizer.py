"""The embedded student's tokenizer: byte-level BPE with Qwen2's own pre-tokenization, so that every loader agrees.

``AutoTokenizer`` puts Qwen2's pre-tokenizer in place of whatever is saved beside a Qwen2 configuration. Training with
exactly that pre-tokenizer (one digit a token, NFC) makes the ids before saving and after loading the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sleepcot_utils.knowledge import Card
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.paths import reference_data
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.follow_up import follow_ups

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VOCABULARY = 3584
END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
#: Pre-tokenization of Qwen2 (transformers, models/qwen2/tokenization_qwen2.py).
QWEN2_SPLIT = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
FILLED_IN = re.compile(r"\{\w*\}")
#: ChatML as Qwen2.5 uses it, without its default system prompt and tools.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def vocabulary_texts(cards: Iterable[Card]) -> Iterator[str]:
    """Words that students have to write: knowledge statements, driver and verdict phrases, labels; no test question."""
    for card in cards:
        yield from (card.statement, card.why, *card.phrasings.train)
    for driver in drivers().values():
        yield from (driver.action, *driver.names)
    for kind in follow_ups().values():
        yield from kind["train"]
        for phrases in kind["verdicts"].values():
            yield from phrases
    for norm in fact_norms().values():
        yield norm.label
    wording = yaml.safe_load(reference_data("wording", "expert.en.yaml").read_text(encoding="utf-8"))
    for text in _strings(wording):
        yield FILLED_IN.sub("", text)


def _strings(node: Any) -> Iterator[str]:
    """Every text in a nested structure; keys of mappings are names of the program, not words."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from _strings(part)


def report_phrases() -> list[str]:
    """Phrases of several words that all reports repeat; each becomes one token.

    Qwen2's pre-tokenization ends a token at each space, so these are added to the vocabulary beside its merges. A report
    takes about a third fewer tokens, and a label is found by one token.
    """
    labels = [norm.label for norm in fact_norms().values() if " " in norm.label]
    return [*labels, *words_of_reports()]


def words_of_reports() -> list[str]:
    """Recurring phrases of the report's template."""
    return yaml.safe_load(reference_data("embedded_student", "practice.yaml").read_text(encoding="utf-8"))["phrases"]


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> PreTrainedTokenizerFast:
    """Train the tokenizer on texts.

    Parameters
    ----------
    vocabulary : int
        Largest number of tokens; small corpora give fewer.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    phrases = report_phrases()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(phrases),
        special_tokens=[END_OF_TEXT, TURN_START, TURN_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    # Whole words only: "time in bed" is not the beginning of "time in bedrooms".
    added = [AddedToken(p, single_word=p[0].isalpha() and p[-1].isalpha(), normalized=False) for p in phrases]
    tokenizer.add_tokens(added)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=TURN_END, pad_token=END_OF_TEXT, clean_up_tokenization_spaces=False
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Save beside a model, declared as Qwen2's, which is what ``AutoTokenizer`` makes of it anyway."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
