"""Continuing prompts token by token, many at once: what they share is read once, and what has ended costs nothing more.

The model and its cache are those of ``transformers``. Beside its ``generate``, prompts about one report read the report
once, keys and values are written into room that is there instead of being copied at each step, and a finished
continuation leaves the batch. On a CPU, where every row of a batch costs, that takes about half the time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Hashable, Sequence
from functools import cache
from typing import Any

#: Tokens for which the cache gets room at a time: a copy of all of it every so many steps is next to nothing.
ROOM_TOKENS = 64


def continued(
    model: Any,
    prompts: Sequence[Sequence[int]],
    families: Sequence[Hashable],
    *,
    end: int,
    max_new_tokens: int,
    sample: bool = False,
    watch: Callable[[Sequence[int], Sequence[int]], Collection[int]] | None = None,
) -> list[list[int]]:
    """Tokens that a model adds to each prompt.

    Parameters
    ----------
    prompts : sequence of sequence of int
        Token ids, at least two each.
    families : sequence
        Prompts with an equal family may share their beginning, which is then read once.
    end : int
        Token after which a continuation is finished; it is part of it.
    sample : bool
        Whether tokens are drawn with their probabilities by torch's generator, instead of the likeliest being taken.
    watch : callable, optional
        Called after each step with the places of the prompts that go on and the token that each of them got; returns
        places whose continuation is not wanted any more. A server streams and stops with it.
    """
    import torch

    if _looks_back_over_a_window(model):
        families = range(len(prompts))  # padding behind a shared beginning would take up places of the window
    shared = _shared_lengths(prompts, families)
    with torch.no_grad():
        state = _Batch(model)
        first = list(dict.fromkeys(families))
        of_family = [list(families).index(family) for family in first]
        state.read([list(prompts[i][: shared[i]]) for i in of_family])
        state.keep(torch.tensor([first.index(family) for family in families]))
        logits = state.read([list(prompt[start:]) for prompt, start in zip(prompts, shared, strict=True)])
        said: list[list[int]] = [[] for _ in prompts]
        alive = list(range(len(prompts)))
        for left in range(max_new_tokens - 1, -1, -1):
            chosen = torch.multinomial(logits.float().softmax(-1), 1)[:, 0] if sample else logits.argmax(-1)
            tokens = chosen.tolist()
            for place, token in zip(alive, tokens, strict=True):
                said[place].append(token)
            dropped = watch(alive, tokens) if watch else ()
            going = [row for row, token in enumerate(tokens) if token != end and alive[row] not in dropped]
            if not going or not left:
                break
            if len(going) < len(alive):
                alive = [alive[row] for row in going]
                state.keep(torch.tensor(going))
            logits = state.read([[tokens[row]] for row in going])
    return said


def _shared_lengths(prompts: Sequence[Sequence[int]], families: Sequence[Hashable]) -> list[int]:
    """Tokens at the beginning of each prompt that its whole family shares; one token at least remains of each."""
    members: dict[Hashable, list[Sequence[int]]] = {}
    for prompt, family in zip(prompts, families, strict=True):
        members.setdefault(family, []).append(prompt)
    length = {
        family: min(len(os.path.commonprefix([list(prompt) for prompt in of])), min(map(len, of)) - 1)
        for family, of in members.items()
    }
    return [length[family] for family in families]


class _Batch:
    """Rows of tokens that a model has read, with their keys and values."""

    def __init__(self, model: Any) -> None:
        import torch

        self._model = model
        self._cache = _roomy_cache(model)
        self._mask = torch.zeros(0, dtype=torch.long)

    def read(self, tokens: Sequence[Sequence[int]]) -> Any:
        """Read on: some tokens a row, padded on the left; the logits after the last of them."""
        import torch

        longest = max(1, *map(len, tokens))
        ids = torch.tensor([[0] * (longest - len(row)) + list(row) for row in tokens])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in tokens])
        self._mask = torch.cat([self._mask.reshape(len(tokens), -1), mask], dim=1)
        places = (self._mask.cumsum(dim=1) - 1).clamp(min=0)[:, -longest:]
        device = self._model.device
        said = self._model(
            input_ids=ids.to(device),
            attention_mask=self._mask.to(device),
            position_ids=places.to(device),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return said.logits[:, -1]

    def keep(self, rows: Any) -> None:
        """Go on with some of the rows; a row may be named several times."""
        self._cache.batch_select_indices(rows.to(self._model.device))
        self._mask = self._mask[rows]


def _roomy_cache(model: Any) -> Any:
    """An empty cache; where layers look back over a window only, the library's own."""
    from transformers import DynamicCache

    config = model.config.get_text_config()
    if _looks_back_over_a_window(model):
        return DynamicCache(config=config)
    empty = DynamicCache()
    empty.layer_class_to_replicate = None  # all layers are here already
    empty.layers = [_roomy_layer()() for _ in range(config.num_hidden_layers)]
    return empty


def _looks_back_over_a_window(model: Any) -> bool:
    """Whether some layers do not see all of the text before."""
    kinds = getattr(model.config.get_text_config(), "layer_types", None) or []
    return any(kind != "full_attention" for kind in kinds)


@cache
def _roomy_layer() -> Any:
    """Cache layer of ``transformers`` that keeps room for tokens to come."""
    from transformers.cache_utils import DynamicLayer

    class RoomyLayer(DynamicLayer):
        """Keys and values are views on buffers that are longer than they are."""

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
                self.buffers = [_with_room(key_states, 0), _with_room(value_states, 0)]
                self.length = 0
            start, self.length = self.length, self.length + key_states.shape[-2]
            for number, new in enumerate((key_states, value_states)):
                if self.length > self.buffers[number].shape[-2]:
                    longer = _with_room(new, self.length)
                    longer[..., :start, :] = self.buffers[number][..., :start, :]
                    self.buffers[number] = longer
                self.buffers[number][..., start : self.length, :] = new
            return self._show()

        def batch_select_indices(self, indices: Any) -> None:
            self.buffers = [buffer[indices] for buffer in self.buffers]
            self._show()

        def _show(self) -> tuple[Any, Any]:
            self.keys, self.values = (buffer[..., : self.length, :] for buffer in self.buffers)
            return self.keys, self.values

    return RoomyLayer


def _with_room(like: Any, length: int) -> Any:
    """Buffer for a number of tokens and some more, else shaped as what it will hold."""
    return like.new_empty((*like.shape[:-2], length + ROOM_TOKENS, like.shape[-1]))
