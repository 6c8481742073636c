"""The parameters of every notebook: name, plain type, default, range and help, in one place.

A model's defaults are the `smoke` profile, and a notebook's parameters cell shows the same values. Types are ``int``,
``float``, ``str`` and ``bool`` only: Papermill injects no others faithfully from its command line, and
``papermill --help-notebook`` lists them all. A list is therefore one text with commas, such as ``"1,2"``.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from sleepcot_utils.allowed import Listed, ListedOrNothing, Matches, OneOf
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import RUN_NAME, reference_data

#: Arms that notebook 03 can train. An arm is added here and in the recipes of the `distill` room.
#: Each is described in ``distill.arms``; a test holds both lists together.
ARMS = (
    "answer_only",
    "cot",
    "answer_only_equal_tokens",
    "step_by_step",
    "cot_long",
    "cot_mix",
    "cot_unfiltered",
    "cot_samples",
    "cot_half",
    "cot_quarter",
    "answer_only_half",
    "answer_only_quarter",
    "cot_recommend_only",
    "cot_follow_up_only",
    "cot_knowledge_only",
    "cot_full",
    "cot_lora",
    "cot_dora",
    "cot_from_scratch",
    "cot_with_guide",
    "on_policy",
)
PROFILE_NAMES = ("smoke", "laptop", "gpu", "paper")
WINDOWS_NIGHTS = (7, 14, 30)
#: Teachers that need no entry in ``data/teachers/teachers.yaml``; of these, all but the expert need a model's name.
TEACHERS = ("expert", "openai", "local")
SYNTHESIZERS = ("none", "openai", "local")
TEACHERS_FILE = "data/teachers/teachers.yaml"
ADAPTERS = ("lora", "dora", "qlora", "full")
OPTIMIZERS = ("adamw", "muon")
ENGINES = ("transformers", "vllm")
DEVICES = ("auto", "cpu", "cuda")
#: Smaller students that notebook 06 can make beside the whole one; `deploy.variants` describes each.
VARIANTS = (
    "int8",
    "int4",
    "pruned_30",
    "pruned_50",
    "pruned_70",
    "layer_out",
    "two_layers_out",
    "onnx",
    "onnx_int8",
    "healed",
    "random_50",
    "shuffled",
)
#: Seeds must fit the 32-bit seeds of the libraries underneath (``numpy.random.SeedSequence`` takes any, Trainer does not).
LARGEST_SEED = 2**32 - 1


def _arm(item: str) -> str:
    return OneOf(ARMS)(item)


def _seed(item: str) -> int:
    if not (item.isascii() and item.isdecimal() and int(item) <= LARGEST_SEED):
        raise ValueError(f"{item!r} is not a seed")
    return int(item)


def _clients(text: str) -> int:
    """A number of people who ask at once; beyond the largest, one machine has too few connections to try."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 1024):
        raise ValueError(f"{text!r} is no number from 1 to 1024")
    return int(text)


def _listed_or(built_in: tuple[str, ...], role: str) -> Matches:
    """Validator of a teacher's name: built in, or listed for a role; other fields are checked when it is asked."""

    def accepts(name: str) -> bool:
        listed = yaml.safe_load(reference_data("teachers", "teachers.yaml").read_text(encoding="utf-8"))
        return name in built_in or role in listed.get(name, {}).get("roles", ())

    return Matches(f"one of {', '.join(built_in)}, or a name with the role {role} in {TEACHERS_FILE}", accepts)


RunName = Annotated[
    str, AfterValidator(Matches("1 to 64 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit",
                                lambda text: RUN_NAME.fullmatch(text) is not None))
]  # fmt: skip
NonEmpty = Annotated[str, AfterValidator(Matches("a text that is not empty", lambda text: bool(text.strip())))]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Arm = Annotated[str, AfterValidator(OneOf(ARMS))]
#: As `ArmList`, and empty for none.
NoOrSomeArms = Annotated[
    str,
    AfterValidator(ListedOrNothing(f"arms among {', '.join(ARMS)}, with commas between them, or nothing", _arm)),
]
ArmList = Annotated[str, AfterValidator(Listed(f"arms among {', '.join(ARMS)}, with commas between them", _arm))]
VariantList = Annotated[
    str, AfterValidator(Listed(f"variants among {', '.join(VARIANTS)}, with commas between them", OneOf(VARIANTS)))
]
SeedList = Annotated[str, AfterValidator(Listed('a text of whole numbers with commas, such as "1,2"', _seed))]
ClientList = Annotated[str, AfterValidator(Listed('whole numbers from 1 to 1024 with commas, such as "1,8"', _clients))]


class StudyParameters(BaseModel):
    """Parameters that every notebook takes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    run: RunName = Field("smoke", description="name of the run; a folder name")
    profile: Annotated[str, AfterValidator(OneOf(PROFILE_NAMES))] = Field(
        "smoke", description="profile that set the sizes: smoke, laptop, gpu or paper"
    )
    seed: Seed = Field(1, description="seed of everything that is drawn at random")


class PretrainParameters(StudyParameters):
    """Parameters of ``00_pretrain_embedded_student``."""

    minutes: float = Field(0.15, gt=0.0, le=100_000.0, allow_inf_nan=False, description="training time, by the clock")
    go_on: bool = Field(False, description="go on from the shipped base instead of from random weights")
    layers: int = Field(
        6, ge=1, le=96, description="layers; more than the shipped base has make a larger sibling of it"
    )
    practice_persons: int = Field(
        60, ge=20, le=1_000_000, description="simulated persons whose reports are practiced on"
    )
    exam_items: int = Field(2, ge=1, le=1_000, description="exercises of each skill in the last exam")


class SimulateParameters(StudyParameters):
    """Parameters of ``01_simulate_wearable_nights``."""

    persons: int = Field(48, ge=12, le=20_000, description="simulated persons")
    nights: int = Field(28, ge=14, le=365, description="nights simulated for each person")
    window_nights: Annotated[int, AfterValidator(OneOf(WINDOWS_NIGHTS))] = Field(
        14, description="nights that one report summarizes: 7, 14 or 30"
    )
    synthesizer: Annotated[str, AfterValidator(_listed_or(SYNTHESIZERS, "synthesizer"))] = Field(
        "none",
        description="who imagines nights too: none, local (open model) or a listed teacher",
    )
    synthesizer_model: str = Field(
        "",
        description="model of a synthesizer that is not listed: name, hub id or folder",
    )
    imagined_persons: int = Field(20, ge=2, le=5_000, description="persons that the synthesizer is asked to imagine")
    allow_remote: bool = Field(False, description="consent to ask a synthesizer on another machine")
    max_requests: int = Field(
        200, ge=1, le=10_000_000, description="most requests that a remote synthesizer may be sent"
    )

    @model_validator(mode="after")
    def _synthesizer_is_named(self) -> SimulateParameters:
        if self.synthesizer in ("openai", "local") and not self.synthesizer_model.strip():
            raise ValueError(f"synthesizer_model is empty, but the synthesizer {self.synthesizer!r} needs a model name")
        return self

    @model_validator(mode="after")
    def _window_fits(self) -> SimulateParameters:
        if self.window_nights > self.nights:
            raise ValueError(f"window_nights is {self.window_nights}, but only {self.nights} nights are simulated")
        return self


class TeachParameters(StudyParameters):
    """Parameters of ``02_prompt_the_teacher``."""

    teacher: Annotated[str, AfterValidator(_listed_or(TEACHERS, "instructor"))] = Field(
        "expert", description="who answers: expert (rules), local (open model), openai or a listed teacher"
    )
    teacher_model: str = Field("", description="model of a teacher that is not listed: name, hub id or folder")
    wording: Annotated[str, AfterValidator(OneOf(("plain", "varied")))] = Field(
        "plain", description="words of the expert: plain (the same each time) or varied"
    )
    rationales_per_task: int = Field(
        1, ge=1, le=16, description="rationales that are asked for each training task; those that pass are kept"
    )
    planted_error_rate: float = Field(
        0.1, ge=0.0, le=0.5, allow_inf_nan=False, description="share of the expert's answers that get a planted error"
    )
    difficulty: Annotated[str, AfterValidator(OneOf(("easy", "mixed", "hard")))] = Field(
        "mixed", description="easy, mixed or hard: which questions are asked, and how much a report gives away"
    )
    questions_per_report: int = Field(4, ge=1, le=21, description="follow-up questions asked about each report")
    knowledge_tier: Annotated[str, AfterValidator(OneOf(("core", "all")))] = Field(
        "core", description="knowledge cards that are asked about: core (72 that a small student has time for) or all"
    )
    guide_persons: int = Field(
        24, ge=0, le=20_000, description="training persons who also ask for training advice; 0 for no such tasks"
    )
    validation_persons: int = Field(6, ge=2, le=5_000, description="persons held out for early stopping")
    test_persons: int = Field(10, ge=2, le=5_000, description="persons held out for the comparison")
    flagged_test_persons: int = Field(
        2, ge=0, le=5_000, description="of these, persons with a red flag who are drawn first; the others by chance"
    )
    compare_prompts_on: int = Field(
        4, ge=0, le=1000, description="tasks on which ways to prompt a language model are compared; 0 for none"
    )
    prompt_model: NonEmpty = Field(
        "embedded", description="model that is prompted for that comparison: embedded, a folder or a hub id"
    )
    allow_remote: bool = Field(False, description="consent to send masked prompts to a teacher on another machine")
    max_requests: int = Field(2000, ge=1, le=10_000_000, description="most requests that a remote teacher may be sent")
    max_cost: float = Field(
        0.0, ge=0.0, allow_inf_nan=False, description="most money that a remote teacher may cost; 0 sets no limit"
    )

    @model_validator(mode="after")
    def _model_is_named(self) -> TeachParameters:
        if self.teacher in ("openai", "local") and not self.teacher_model.strip():
            raise ValueError(f"teacher_model is empty, but the teacher {self.teacher!r} needs a model name")
        return self


class DistillParameters(StudyParameters):
    """Parameters of ``03_distill_the_student``, which runs once per arm and student seed."""

    arm: Arm = Field(
        "cot", description="what the student learns from: answer_only, cot (rationale, then answer) or another arm"
    )
    student_seed: Seed = Field(1, description="seed of this student's training")
    student: NonEmpty = Field("embedded", description="base model: embedded, a hub id, or a folder")
    adapter: Annotated[str, AfterValidator(OneOf(ADAPTERS))] = Field(
        "lora", description="lora (small adapter), dora, qlora (4-bit weights, GPU only) or full (all weights)"
    )
    lora_rank: int = Field(32, ge=1, le=1024, description="rank of the adapter")
    lora_targets: NonEmpty = Field(
        "all-linear", description="layers with an adapter: all-linear, or names with commas, such as q_proj,v_proj"
    )
    recompute_activations: bool = Field(False, description="compute activations twice to save memory")
    token_teacher: str = Field(
        "", description="larger model with the same tokenizer that the arm on_policy learns from: folder or hub id"
    )
    on_policy_share: float = Field(
        0.5,
        gt=0.0,
        le=1.0,
        allow_inf_nan=False,
        description="share of the steps on the student's own words (on_policy)",
    )
    divergence: float = Field(
        0.5, ge=0.0, le=1.0, allow_inf_nan=False,
        description="what on_policy lowers: 0 forward KL, 1 reverse KL, between them generalized Jensen-Shannon",
    )  # fmt: skip
    max_steps: int = Field(16, ge=1, le=1_000_000, description="optimizer steps at most")
    batch_size: int = Field(
        2, ge=1, le=4096, description="rows per optimizer step; a row holds all questions about one report"
    )
    optimizer: Annotated[str, AfterValidator(OneOf(OPTIMIZERS))] = Field(
        "adamw", description="what moves all weights: adamw, or muon, which needs fewer steps; an adapter takes adamw"
    )
    learning_rate: float = Field(
        0.004, gt=0.0, le=1.0, allow_inf_nan=False, description="peak learning rate where all weights are trained"
    )
    adapter_learning_rate: float = Field(
        0.004, gt=0.0, le=1.0, allow_inf_nan=False, description="peak learning rate of an adapter"
    )
    eval_every_steps: int = Field(8, ge=1, le=1_000_000, description="steps between validation losses")
    patience: int = Field(5, ge=1, le=1000, description="validations without progress before training stops")
    knowledge_repeats: int = Field(
        2, ge=1, le=100, description="times each knowledge question stands in the training set"
    )
    max_new_tokens: int = Field(96, ge=1, le=4096, description="longest answer, in tokens")
    device: Annotated[str, AfterValidator(OneOf(DEVICES))] = Field("auto", description="auto, cpu or cuda")
    engine: Annotated[str, AfterValidator(OneOf(ENGINES))] = Field(
        "transformers", description="what generates answers: transformers, or vllm where it is installed"
    )


class CompareParameters(StudyParameters):
    """Parameters of ``04_compare_student_and_baselines``."""

    arms: ArmList = Field("answer_only,cot", description="arms to compare, with commas")
    student_seeds: SeedList = Field("1,2", description="student seeds to compare, with commas")
    arms_once: NoOrSomeArms = Field("", description="further arms, trained with the first of these seeds alone")
    student: NonEmpty = Field("embedded", description="base model, asked without any training")
    max_new_tokens: int = Field(96, ge=1, le=4096, description="longest answer of the base model, in tokens")
    device: Annotated[str, AfterValidator(OneOf(DEVICES))] = Field("auto", description="auto, cpu or cuda")
    margin: float = Field(0.1, gt=0.0, lt=1.0, allow_inf_nan=False, description="non-inferiority margin on a score")
    resamples: int = Field(2000, ge=100, le=1_000_000, description="bootstrap and permutation resamples")
    shots: int = Field(2, ge=1, le=64, description="training examples in each few-shot prompt of the base model")
    probed_tasks: int = Field(
        12, ge=2, le=10_000, description="held-out tasks on which the faithfulness of a student is measured"
    )
    rated_tasks: int = Field(6, ge=1, le=1_000, description="held-out tasks of which answers go to human raters")
    judge: str = Field(
        "", description="model that judges answers, a name of data/teachers/teachers.yaml; empty for none"
    )
    allow_remote: bool = Field(False, description="consent to send answers to a judge on another machine")


class CoachParameters(StudyParameters):
    """Parameters of ``08_coach_your_own_nights``."""

    export: str = Field("", description="folder or file of a wearable export; empty is an error at run time")
    arm: Arm = Field("cot", description="arm of the student that answers")
    student_seed: Seed = Field(1, description="seed of the student that answers")
    max_persons: int = Field(40, ge=1, le=10_000, description="persons of the export to coach, in order of id")
    window_nights: Annotated[int, AfterValidator(OneOf(WINDOWS_NIGHTS))] = Field(
        14, description="nights that one report summarizes: 7, 14 or 30"
    )
    max_new_tokens: int = Field(400, ge=1, le=4096, description="longest answer, in tokens")
    age_y: int = Field(0, ge=0, le=120, description="age in years of the one person of the export; 0 if not given")
    sex: Annotated[str, AfterValidator(OneOf(("", "female", "male")))] = Field(
        "", description="female or male, for the norms of the one person of the export; empty if not given"
    )
    goal: str = Field("", description="goal of training of the one person, such as run_10k; empty if not given")
    conditions: str = Field("", description="what the one person lives with, such as hypertension, with commas")
    injury: str = Field("", description="what hurts the one person, in a few words; empty for nothing")
    day_minutes: int = Field(0, ge=0, le=240, description="most minutes of training a day; 0 for no limit")
    busy_days: str = Field("", description="days without time for training, such as Mon,Wed")
    note: str = Field("", description="what else the one person says about training; data, no instruction")


class PersonalizeParameters(StudyParameters):
    """Parameters of ``05_personalize_from_feedback``."""

    arm: Arm = Field("cot", description="arm of the student that reads profiles and is tuned")
    student_seed: Seed = Field(1, description="seed of that student")
    persons: int = Field(12, ge=4, le=5_000, description="simulated persons who get advice and answer to it, at most")
    rounds: int = Field(3, ge=2, le=12, description="rounds of advice, each followed by a window of nights")
    window_nights: Annotated[int, AfterValidator(OneOf(WINDOWS_NIGHTS))] = Field(
        14, description="nights of a round, which its report summarizes: 7, 14 or 30"
    )
    clusters: int = Field(2, ge=1, le=50, description="clusters of persons with an adapter each")
    tuning_steps: int = Field(6, ge=0, le=10_000, description="optimizer steps of each adapter; 0 leaves tuning out")
    tuning_rate: float = Field(
        0.002, gt=0.0, le=1.0, allow_inf_nan=False, description="learning rate of the adapters; large models want less"
    )
    general_persons: int = Field(4, ge=2, le=5_000, description="held-out persons whose tasks measure forgetting")
    max_new_tokens: int = Field(96, ge=1, le=4096, description="longest answer to such a task, in tokens")
    resamples: int = Field(300, ge=200, le=100_000, description="bootstrap resamples of persons")


class DeployParameters(StudyParameters):
    """Parameters of ``06_deploy_the_student``."""

    arm: Arm = Field("cot", description="arm of the student that is made smaller")
    student_seed: Seed = Field(1, description="seed of that student")
    variants: VariantList = Field(
        "int8,int4,pruned_50,shuffled", description="what is made of it beside the whole student, with commas"
    )
    most_tasks: int = Field(9, ge=6, le=100_000, description="held-out tasks that each variant answers, at most")
    max_new_tokens: int = Field(48, ge=1, le=4096, description="longest answer, in tokens")
    healing_steps: int = Field(2, ge=1, le=100_000, description="optimizer steps after pruning")
    healing_batch_size: int = Field(2, ge=1, le=4096, description="rows of the training set per such step")
    knowledge_repeats: int = Field(
        2, ge=1, le=100, description="times each knowledge question stands among these rows, as in notebook 03"
    )
    healing_rate: float = Field(
        0.001, gt=0.0, le=1.0, allow_inf_nan=False, description="peak learning rate of the healing"
    )
    timed_tokens: int = Field(8, ge=2, le=4096, description="tokens written when speed and memory are measured")
    clients: ClientList = Field("1,4", description="numbers of people who ask the served student at once, with commas")
    served_answers: int = Field(8, ge=2, le=100_000, description="answers that are timed for each of these, at least")
    longest_wait_s: float = Field(
        10.0, gt=0.0, le=3600.0, allow_inf_nan=False, description="longest wait for 99 of 100 answers, in seconds"
    )
    busiest_per_s: float = Field(
        20.0, gt=0.0, le=1_000_000.0, allow_inf_nan=False, description="questions a second at the busiest time"
    )
    margin: float = Field(
        0.1,
        gt=0.0,
        lt=1.0,
        allow_inf_nan=False,
        description="how much lower a study score may be and count as no worse",
    )
    resamples: int = Field(300, ge=200, le=100_000, description="bootstrap resamples of persons")


class RestOrExerciseParameters(StudyParameters):
    """Parameters of ``07_rest_or_exercise``."""

    encoder: NonEmpty = Field(
        "embedded", description="BERT that reads the texts: embedded, a folder, or a hub id such as bert-base-cased"
    )
    days_per_person: int = Field(6, ge=1, le=365, description="days of each person that are used, drawn at random")
    train_days: int = Field(160, ge=16, le=1_000_000, description="days to train on at most")
    steps: int = Field(12, ge=2, le=1_000_000, description="optimizer steps of a main training")
    history_steps: int = Field(12, ge=2, le=1_000_000, description="optimizer steps under the rule with history")
    learning_rate: float = Field(0.001, gt=0.0, le=1.0, allow_inf_nan=False, description="peak learning rate")
    ablation_days: int = Field(64, ge=16, le=1_000_000, description="days that the ablations train on")
    ablation_steps: int = Field(4, ge=2, le=1_000_000, description="optimizer steps of each ablation")
    encoder_seeds: SeedList = Field("1,2", description="seeds of the main training and of the ensemble, with commas")
    resamples: int = Field(300, ge=100, le=100_000, description="bootstrap resamples of persons")


class MonitorParameters(StudyParameters):
    """Parameters of ``09_monitor_and_guide``."""

    monitored_persons: int = Field(48, ge=12, le=5_000, description="persons of the run that are watched")
    monitored_nights: int = Field(90, ge=70, le=365, description="nights for which each of them is watched")
    arms: ArmList = Field(
        "answer_only,cot",
        description="arms of the run, with commas; cot and cot_with_guide are compared where both are there",
    )
    student_seeds: SeedList = Field("1,2", description="student seeds of the run, with commas")
    arms_once: NoOrSomeArms = Field("", description="further arms, trained with the first of these seeds alone")
    resamples: int = Field(2000, ge=100, le=1_000_000, description="bootstrap resamples of the comparison of arms")


#: Notebook stem to its parameters. A notebook that is not listed here can't be run by the study.
NOTEBOOK_PARAMETERS: dict[str, type[StudyParameters]] = {
    "00_pretrain_embedded_student": PretrainParameters,
    "01_simulate_wearable_nights": SimulateParameters,
    "02_prompt_the_teacher": TeachParameters,
    "03_distill_the_student": DistillParameters,
    "04_compare_student_and_baselines": CompareParameters,
    "05_personalize_from_feedback": PersonalizeParameters,
    "06_deploy_the_student": DeployParameters,
    "07_rest_or_exercise": RestOrExerciseParameters,
    "08_coach_your_own_nights": CoachParameters,
    "09_monitor_and_guide": MonitorParameters,
}


def parameters_model(notebook: str) -> type[StudyParameters]:
    """Parameters model of a notebook.

    Raises
    ------
    ParameterError
        If the study has no notebook of this name.
    """
    if notebook not in NOTEBOOK_PARAMETERS:
        raise ParameterError(
            f"there is no notebook named {notebook!r}{_suggestion(notebook, NOTEBOOK_PARAMETERS)}",
            where="notebook",
            expected=f"one of {', '.join(NOTEBOOK_PARAMETERS)}",
        )
    return NOTEBOOK_PARAMETERS[notebook]


def validate_parameters(notebook: str, values: Mapping[str, Any], *, where: str = "") -> StudyParameters:
    """Check parameter values of a notebook; what is not given takes its default.

    Parameters
    ----------
    notebook : str
        Stem of the notebook's file name.
    values : mapping
        Parameter name to value, of the exact type: ``"12"`` is no integer and ``True`` is no number.
    where : str, optional
        Where the values come from, for the message; the notebook by default.

    Returns
    -------
    StudyParameters
        The complete, frozen parameters.

    Raises
    ------
    ParameterError
        For the first parameter that is unknown, ill-typed or out of range.
    """
    model = parameters_model(notebook)
    place = where or notebook
    for name in values:
        if name not in model.model_fields:
            raise ParameterError(
                f"unknown parameter {name!r}{_suggestion(str(name), model.model_fields)}",
                where=place,
                expected=f"one of {', '.join(model.model_fields)}",
            )
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise ParameterError(str(first["ctx"]["error"]), where=place) from None
        name = str(first["loc"][0])
        value = first["input"]
        raise ParameterError(
            f"parameter {name} can't be {value!r} ({type(value).__name__})",
            where=place,
            expected=allowed_values(notebook, name),
        ) from None


def allowed_values(notebook: str, name: str) -> str:
    """What a parameter may be, in words, such as ``an integer from 12 to 20000``."""
    field = parameters_model(notebook).model_fields[name]
    for item in field.metadata:
        validator = getattr(item, "func", None)
        if isinstance(validator, OneOf | Listed | Matches):
            return validator.expected
    noun = {int: "an integer", float: "a number", bool: "True or False", str: "a text"}[plain_type(notebook, name)]
    bounds = []
    for attribute, word in (("ge", "from"), ("gt", "above"), ("le", "to"), ("lt", "below")):
        for item in field.metadata:
            limit = getattr(item, attribute, None)
            if limit is not None:
                bounds.append(f"{word} {limit}")
    return " ".join([noun, *bounds])


def plain_type(notebook: str, name: str) -> type:
    """Plain type of a parameter: int, float, str or bool."""
    annotation = parameters_model(notebook).model_fields[name].annotation
    kinds: tuple[type, ...] = (int, float, str, bool)
    if annotation not in kinds:
        raise TypeError(f"{notebook}: {name} has a type that Papermill can't show")
    return kinds[kinds.index(annotation)]


def _suggestion(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""
