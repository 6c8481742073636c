"""Memory of a training: what it will take, what there is, and into how many pieces its rows have to be split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sleepcot_utils.distill.packing import Row, row_loss, row_tensors, split_row
from sleepcot_utils.errors import TrainingError

MIB = 2**20
#: Bytes of a trained parameter beside its own: gradient and the two moments of AdamW, each in float32.
BYTES_A_TRAINED_PARAMETER = 12
#: What is kept for the backward pass is measured; buffers of the moment come on top. A choice, on the safe side.
MARGIN = 1.3
#: Files in which a container states how much memory it may use and uses: control groups version 2, then version 1.
LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def saved_bytes(model: Any, row: Row) -> int:
    """Bytes that a forward pass over a row keeps for the backward pass, weights left out."""
    import torch

    weights = {parameter.data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if tensor.data_ptr() not in weights and storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    tensors = {name: value.to(model.device) for name, value in row_tensors(row).items()}
    model.train()
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = row_loss(model, tensors)  # named, so that what it keeps lives until all of it is counted
    del loss
    return sum(kept.values())


def needed_bytes(model: Any, rows: Sequence[Row], pieces: int = 1) -> int:
    """Bytes that a training takes beside the weights: gradients, optimizer, and the longest row's activations.

    Activations are measured on the shortest row and grow with the tokens of a row.

    Parameters
    ----------
    pieces : int
        Pieces into which each row is split.
    """
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    short = min(rows, key=lambda row: len(row.input_ids))
    longest = max(len(piece.input_ids) for row in rows for piece in split_row(row, pieces))
    activations = saved_bytes(model, short) * longest / len(short.input_ids)
    return round(trained * BYTES_A_TRAINED_PARAMETER + MARGIN * activations)


def available_bytes(device: str) -> int:
    """Free bytes of the GPU, or of this machine within the limit of its container."""
    if device == "cuda":
        import torch

        return torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
    import psutil

    free = psutil.virtual_memory().available
    for limit, used in LIMITS:
        try:
            free = min(free, int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # no such file here, or "max", which sets no limit
            continue
    return free


def pieces_that_fit(model: Any, rows: Sequence[Row], available: int, say: Callable[[str], None] = print) -> int:
    """Pieces into which rows are split, so that the estimate fits; halved step by step, and said.

    Raises
    ------
    TrainingError
        If it does not fit even with one conversation at a time.
    """
    most = max(len(set(zip(row.trees, row.branches, strict=True))) for row in rows)
    pieces = 1
    while (needed := needed_bytes(model, rows, pieces)) > available:
        if pieces >= most:
            raise too_little_memory(f"about {needed / MIB:,.0f} MiB are needed, {available / MIB:,.0f} MiB are free")
        pieces *= 2
        say(
            f"About {needed / MIB:,.0f} MiB are needed and {available / MIB:,.0f} MiB are free: each row is split into "
            f"{pieces} pieces. Results stay the same, speed falls."
        )
    return pieces


def too_little_memory(found: str) -> TrainingError:
    """The error of a training that does not fit, however its rows are split."""
    return TrainingError(
        f"memory is too little for one conversation at a time: {found}",
        where="training",
        expected="adapter=lora instead of full, a lower lora_rank, recompute_activations, or a smaller student",
    )


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an error means that memory ran out, on a GPU or not."""
    import torch

    no_room_on_cpu = "can't allocate memory" in str(problem) or "not enough memory" in str(problem)
    return isinstance(problem, MemoryError | torch.OutOfMemoryError) or no_room_on_cpu
