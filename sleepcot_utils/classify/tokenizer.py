"""WordPiece tokenizer of the small encoder: BERT's own pre-tokenization, with every digit a token of its own.

``AutoTokenizer`` rebuilds BERT's pre-tokenization from the vocabulary alone, whatever else is saved. So digits are kept
apart by the vocabulary: it holds no piece of several digits, and "105" can only become "1", "##0", "##5".
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import BertTokenizer

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
VOCABULARY = 512
LONGEST_TEXT = 256


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> BertTokenizer:
    """Train the tokenizer on texts; all text is lower-cased.

    Parameters
    ----------
    vocabulary : int
        Largest number of tokens; few texts give fewer.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import BertTokenizer

    learner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learner.normalizer = normalizers.BertNormalizer(lowercase=True)
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Digits(individual_digits=True)]
    )
    # Every digit and letter inside of a word too, so that no word of a note and no number is unknown.
    inside = [f"##{sign}" for sign in string.digits + string.ascii_lowercase]
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary - len(inside),
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=list(string.digits + string.ascii_lowercase + string.punctuation),
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    pieces = sorted(learner.get_vocab(), key=learner.get_vocab().__getitem__)
    pieces += [piece for piece in inside if piece not in set(pieces)]
    return BertTokenizer(vocab={piece: place for place, piece in enumerate(pieces)}, do_lower_case=True)
