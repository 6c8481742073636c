"""The variants of a student that are priced: what each one is, and how it is made."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from pathlib import Path

from sleepcot_utils.deploy import artifacts, pruning
from sleepcot_utils.deploy.export import export_onnx, quantize_onnx
from sleepcot_utils.deploy.healing import Healed, Lesson, heal
from sleepcot_utils.deploy.runners import onnx_is_possible
from sleepcot_utils.distill.student import Student
from sleepcot_utils.errors import ParameterError

WHOLE = "whole"


@dataclass(frozen=True)
class Variant:
    """How one variant is made from the student.

    Attributes
    ----------
    says : str
        What it is, for tables.
    form : str
        How its weights are saved.
    pruned : float
        Share of the weights of the linear layers that is set to zero.
    at_random : bool
        Whether these are drawn, and not the smallest.
    layers_out : int
        Layers that are left out: those without which the loss on held-out rows rises least.
    healed : bool
        Whether a short training follows.
    shuffled : bool
        Whether the weights of each linear layer are put in random order.
    control : bool
        Whether it is there to be compared with, and not to be deployed.
    """

    says: str
    form: str = artifacts.WHOLE
    pruned: float = 0.0
    at_random: bool = False
    layers_out: int = 0
    healed: bool = False
    shuffled: bool = False
    control: bool = False


#: In the order in which they are made and drawn. `config.VARIANTS` names the same ones.
VARIANTS = {
    WHOLE: Variant("as trained, 32 bits a weight"),
    "int8": Variant("8 bits a weight in linear layers, rounded as it runs (torch)", artifacts.INT8),
    "int4": Variant("4 bits a weight in groups of 32 that share a scale, whole again once loaded", artifacts.INT4),
    "pruned_30": Variant("30 % smallest weights zero, healed", artifacts.SPARSE, pruned=0.3, healed=True),
    "pruned_50": Variant("50 % smallest weights zero, healed", artifacts.SPARSE, pruned=0.5, healed=True),
    "pruned_70": Variant("70 % smallest weights zero, healed", artifacts.SPARSE, pruned=0.7, healed=True),
    "layer_out": Variant("without its least needed layer, healed", layers_out=1, healed=True),
    "two_layers_out": Variant("without its two least needed layers, healed", layers_out=2, healed=True),
    "onnx": Variant("ONNX file, 32 bits a weight (ONNX Runtime)", artifacts.ONNX),
    "onnx_int8": Variant("ONNX file, 8 bits a weight (ONNX Runtime)", artifacts.ONNX),
    "healed": Variant("nothing pruned, trained on as the healed ones are", healed=True, control=True),
    "random_50": Variant(
        "50 % of the weights, drawn, zero, healed", artifacts.SPARSE, pruned=0.5, at_random=True, healed=True,
        control=True,
    ),
    "shuffled": Variant("weights of each layer in random order", shuffled=True, control=True),
}  # fmt: skip


@dataclass(frozen=True)
class Healing:
    """Sizes of the short training after pruning."""

    steps: int
    batch_size: int
    rate: float
    seed: int


@dataclass(frozen=True)
class Made:
    """A variant that was made.

    Attributes
    ----------
    zeros : float
        Share of zeros among the weights of its linear layers; null where nobody counted.
    layers : int
        Layers that it has.
    healed : Healed or None
        What its healing did, if it had one.
    seconds : float
        What making it took.
    """

    name: str
    folder: Path
    zeros: float
    layers: int
    healed: Healed | None
    seconds: float


def chosen_variants(names: list[str]) -> list[str]:
    """The variants to make, in the order of the table: the whole student, and the graph that a smaller one is made from.

    Those of ONNX are left out where it is not installed.
    """
    possible = onnx_is_possible()
    wanted = {WHOLE, *names} | ({"onnx"} if "onnx_int8" in names else set())
    return [name for name, rule in VARIANTS.items() if name in wanted and (possible or rule.form != artifacts.ONNX)]


def make_variant(name: str, student: Student, folder: Path, lesson: Lesson, healing: Healing, work: Path) -> Made:
    """Make one variant from the student, which stays as it is, and save it.

    Parameters
    ----------
    folder : pathlib.Path
        Where the variants lie, each in a folder of its name.
    lesson : Lesson
        What is learned in healing, and on whose held-out rows layers are chosen.
    work : pathlib.Path
        Folder of checkpoints.

    Raises
    ------
    ParameterError
        If nobody knows the variant.
    """
    if name not in VARIANTS:
        raise ParameterError(
            f"there is no variant {name!r}", where="variants", expected=f"some of {', '.join(VARIANTS)}"
        )
    rule, own, began = VARIANTS[name], folder / name, time.perf_counter()
    model = copy.deepcopy(student.model).eval()
    healed = None
    if rule.form == artifacts.ONNX:
        _save_graph(name, model, folder)
    else:
        _alter(model, rule, lesson, healing.seed)
        if rule.healed:
            one = Student(name, model, student.tokenizer)
            healed = heal(one, lesson, work / name, **vars(healing))
            pruning.make_permanent(model)
        artifacts.save_variant(model, own, rule.form)
    zeros, layers = pruning.zero_share(model), model.config.num_hidden_layers
    return Made(name, own, zeros, layers, healed, time.perf_counter() - began)


def _alter(model: object, rule: Variant, lesson: Lesson, seed: int) -> None:
    """Prune or shuffle; layers are left out one by one, each time the one that is needed least then."""
    if rule.pruned:
        pruning.prune_weights(model, rule.pruned, at_random=rule.at_random, seed=seed)
    for _ in range(rule.layers_out):
        losses = pruning.losses_without_layers(model, lesson.held_out)
        pruning.drop_layers(model, [losses.index(min(losses))])
    if rule.shuffled:
        pruning.shuffle_weights(model, seed)


def _save_graph(name: str, model: object, folder: Path) -> None:
    """The graph of the whole student, or a smaller one made from that graph, which was saved before."""
    whole, own = folder / "onnx", folder / name
    own.mkdir(parents=True, exist_ok=True)
    if name == "onnx":
        export_onnx(model, own / artifacts.GRAPH_FILE)
    else:
        quantize_onnx(whole / artifacts.GRAPH_FILE, own / artifacts.GRAPH_FILE)
    artifacts.mark_format(own, artifacts.ONNX)
