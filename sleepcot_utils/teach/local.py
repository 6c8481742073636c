"""An open chat model as a teacher, in this process: nothing leaves the machine."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sleepcot_utils.errors import ParameterError, TeacherError
from sleepcot_utils.teach.cache import ReplyCache, StoredResponse
from sleepcot_utils.teach.completion import read_completion
from sleepcot_utils.teach.exchange import (
    Sampling,
    TeacherReply,
    TeacherRequest,
    content_hash,
    in_order,
    prompt_hash,
)

DTYPES = ("float32", "bfloat16", "float16")


class LocalTeacher:
    """A causal language model with a chat template, answering greedily in batches.

    Parameters
    ----------
    model : str or pathlib.Path
        Folder of a checkpoint, or its hub id.
    settings : Sampling, optional
        Only ``max_output_tokens`` counts; the temperature must be 0 or None, since decoding is greedy.
    cache : ReplyCache, optional
        Keeps finished batches, so that a run that was killed goes on where it was.
    prompt_version : str
        Version or hash of the prompt templates.
    batch_size : int
        Prompts at a time, padded on the left to the longest.
    device : str, optional
        Such as ``cuda`` or ``cpu``; the first GPU if there is one by default.
    dtype : str
        ``float32``, ``bfloat16`` or ``float16``. Not taken from the checkpoint, so that the result does not depend on
        how it was stored.
    report : callable
        Takes sentences for the user.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        settings: Sampling | None = None,
        cache: ReplyCache | None = None,
        prompt_version: str = "",
        batch_size: int = 8,
        device: str | None = None,
        dtype: str = "float32",
        report: Callable[[str], None] = print,
    ) -> None:
        self._source = str(model)
        self.model = Path(model).name if Path(model).is_dir() else str(model)
        self.settings = settings or Sampling()
        self.cache = cache
        self.prompt_version = prompt_version
        self._batch_size = batch_size
        self._device = device
        self._dtype = dtype
        self._report = report
        self._loaded: tuple[Any, Any] | None = None
        self._print: str | None = None
        where = "local teacher"
        if batch_size < 1:
            raise ParameterError(f"batch_size is {batch_size}", where=where, expected="1 or more")
        if dtype not in DTYPES:
            raise ParameterError(f"dtype is {dtype!r}", where=where, expected=" or ".join(DTYPES))
        if self.settings.temperature:
            raise ParameterError(
                f"temperature is {self.settings.temperature}, but a local teacher decodes greedily",
                where=where,
                expected="0",
            )

    def __repr__(self) -> str:
        return f"LocalTeacher(model={self.model!r})"

    def answer(self, requests: Iterable[TeacherRequest]) -> Iterator[TeacherReply]:
        """Yield a reply for each request, sorted by task id and sample.

        Raises
        ------
        TeacherError
            If the checkpoint can't be loaded or has no chat template.
        ParameterError
            If a request asks for a second sample, which would equal the first.
        """
        ordered = in_order(requests)
        for request in ordered:
            if request.sample:
                raise ParameterError(
                    f"sample {request.sample} is asked for, but greedy decoding has one sample",
                    where=f"task {request.task_id!r}",
                    expected="sample 0",
                )
        return self._replies(ordered)

    def _replies(self, requests: list[TeacherRequest]) -> Iterator[TeacherReply]:
        for start in range(0, len(requests), self._batch_size):
            batch = requests[start : start + self._batch_size]
            records = [self._record(request) for request in batch]
            keys = [content_hash(record) for record in records]
            held = [self._held(key) for key in keys]
            missing = [position for position, stored in enumerate(held) if stored is None]
            fresh = self._bodies([batch[position].messages for position in missing])
            # The whole batch is stored before the first of it is handed out: whoever stops there loses nothing.
            for position, (body, latency_s) in zip(missing, fresh, strict=True):
                held[position] = StoredResponse(body, latency_s)
                if self.cache is not None:
                    self.cache.add_response(keys[position], records[position], body, latency_s=latency_s)
            for position, (request, stored) in enumerate(zip(batch, held, strict=True)):
                assert stored is not None
                yield self._reply(request, stored, cached=position not in missing)

    def _held(self, key: str) -> StoredResponse | None:
        stored = () if self.cache is None else self.cache.responses(key)
        return stored[0] if stored else None

    def _record(self, request: TeacherRequest) -> dict[str, Any]:
        return {
            "endpoint": "local",
            "model": self.model,
            "checkpoint": self._fingerprint(),
            "messages": [dict(message) for message in request.messages],
            "settings": {"max_tokens": self.settings.max_output_tokens, "decoding": "greedy", "dtype": self._dtype},
            "sample": request.sample,
            "prompt_version": request.prompt_version or self.prompt_version,
        }

    def _fingerprint(self) -> str:
        """Which weights these are: the hash of a folder's files, or the hub's commit."""
        if self._print is None:
            folder = Path(self._source)
            if folder.is_dir():
                digest = hashlib.sha256()
                for path in sorted(path for path in folder.iterdir() if path.is_file()):
                    with path.open("rb") as file:
                        digest.update(f"{path.name}:{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
                self._print = digest.hexdigest()
            else:
                self._print = str(getattr(self._load()[0].config, "_commit_hash", None) or "")
        return self._print

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
            from transformers.utils import logging

            logging.disable_progress_bar()
            device = self._device or ("cuda" if torch.cuda.is_available() else "cpu")
            self._report(f"Loading {self.model} as a teacher on {device}.")
            try:
                tokenizer = AutoTokenizer.from_pretrained(self._source, padding_side="left")
                model: Any = AutoModelForCausalLM.from_pretrained(self._source, dtype=getattr(torch, self._dtype))
            except (OSError, ValueError, KeyError) as problem:
                raise TeacherError(
                    f"the checkpoint can't be loaded ({str(problem).splitlines()[0].replace(self._source, self.model)})",
                    where=f"local teacher {self.model}",
                    expected="a folder with config.json, a tokenizer and weights, or the id of a model on the hub",
                ) from problem
            if not tokenizer.chat_template:
                raise TeacherError(
                    "the tokenizer has no chat template",
                    where=f"local teacher {self.model}",
                    expected="a chat or instruct model",
                )
            ends = model.generation_config.eos_token_id
            ends = tokenizer.eos_token_id if ends is None else ends
            if tokenizer.pad_token_id is None:
                tokenizer.pad_token_id = ends[0] if isinstance(ends, list) else ends
            # Checkpoints bring sampling defaults and a repetition penalty of their own, which `generate` would mix in.
            model.generation_config = GenerationConfig(
                do_sample=False,
                max_new_tokens=self.settings.max_output_tokens,
                eos_token_id=ends,
                pad_token_id=tokenizer.pad_token_id,
            )
            model.to(device)
            model.eval()
            self._loaded = model, tokenizer
        return self._loaded

    def _bodies(self, prompts: Sequence[Sequence[Any]]) -> list[tuple[str, float]]:
        """Answer records in the form of a chat completion, each with its share of the batch's seconds."""
        if not prompts:
            return []
        import torch

        model, tokenizer = self._load()
        texts = [
            tokenizer.apply_chat_template(list(prompt), tokenize=False, add_generation_prompt=True)
            for prompt in prompts
        ]
        # The template has written all special tokens already.
        inputs = tokenizer(texts, padding=True, add_special_tokens=False, return_tensors="pt").to(model.device)
        begin = time.perf_counter()
        with torch.inference_mode():
            whole = model.generate(**inputs)
        share_s = (time.perf_counter() - begin) / len(prompts)
        ends = model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends])
        bodies = []
        for mask, row in zip(inputs["attention_mask"], whole[:, inputs["input_ids"].shape[1] :].tolist(), strict=True):
            end = next((place for place, token in enumerate(row) if token in ends), None)
            written = row if end is None else row[:end]
            text = tokenizer.decode(written, skip_special_tokens=True)
            body = {
                "choices": [
                    {
                        "message": {"role": "assistant", "content": text},
                        "finish_reason": "length" if end is None else "stop",
                    }
                ],
                "usage": {
                    "prompt_tokens": int(mask.sum()),
                    "completion_tokens": len(written) + (end is not None),
                },
            }
            bodies.append((json.dumps(body, ensure_ascii=False), share_s))
        return bodies

    def _reply(self, request: TeacherRequest, stored: StoredResponse, *, cached: bool) -> TeacherReply:
        completion = read_completion(stored.body)
        return TeacherReply(
            task_id=request.task_id,
            text=completion.text,
            reasoning="",
            finish_reason=completion.finish_reason,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            latency_s=round(stored.latency_s, 3),
            prompt_hash=prompt_hash(request.messages),
            model=self.model,
            settings={
                **self._record(request)["settings"],
                "endpoint": "local",
                "checkpoint": self._fingerprint(),
                "prompt_version": request.prompt_version or self.prompt_version,
            },
            cached=cached,
            error=completion.error,
        )
