# The order of the study: one rule a notebook; arms and student seeds are wildcards.
#
# `make study` calls this file with the plan that it has checked. By hand, and for a cluster:
#
#   snakemake --cores 2 --config profile=laptop
#   snakemake --executor slurm --jobs 8 --config profile=gpu run=qwen      (with the plugin of that executor)
#
# A notebook is an `ancient` input: its time does not matter, what it runs does. `params.code` is a hash of its code cells
# and of the modules that they import, without comments and docstrings, and `params.shipped` of the data files that
# it reads. So prose retrains nothing and a change of code, data or parameters reruns what depends on it.

import os
import sys

sys.path.insert(0, workflow.basedir)

from sleepcot_utils.paths import output_root, reference_data
from sleepcot_utils.study.dag import declared_outputs, job_params, outputs_of_study, upstream_outputs, upstream_records
from sleepcot_utils.study.plan import plan_from_config
from sleepcot_utils.study.stages import notebook_file, stage_of

PLAN = plan_from_config(config)
#: What executes a notebook, with the interpreter that runs Snakemake; `SLEEPCOT_EXECUTE` replaces it in tests.
EXECUTE = os.environ.get("SLEEPCOT_EXECUTE") or f"{sys.executable} -m sleepcot_utils.study notebook"

PRETRAIN = "00_pretrain_embedded_student"
SIMULATE = "01_simulate_wearable_nights"
TEACH = "02_prompt_the_teacher"
DISTILL = "03_distill_the_student"
COMPARE = "04_compare_student_and_baselines"
CLASSIFY = "07_rest_or_exercise"
MONITOR = "09_monitor_and_guide"
PERSONALIZE = "05_personalize_from_feedback"
DEPLOY = "06_deploy_the_student"


def local(path):
    """Relative to the working folder where possible: a clone that moves has nothing to run again."""
    return str(path.relative_to(output_root()) if path.is_relative_to(output_root()) else path)


def shipped(notebook):
    folders = (reference_data(name) for name in stage_of(notebook).shipped)
    return [local(folder) for folder in folders if folder.exists()]


def outputs(notebook, **student):
    files, folders = declared_outputs(PLAN.run, notebook, **student)
    return [*files, *(directory(folder) for folder in folders)]


workdir: str(output_root())


wildcard_constraints:
    arm=r"[a-z_]+",
    student_seed=r"\d+",


rule study:
    input:
        outputs_of_study(PLAN),
    default_target: True


rule pretrain:
    input:
        notebook=ancient(local(notebook_file(PRETRAIN))),
        shipped=ancient(shipped(PRETRAIN)),
    output:
        outputs(PRETRAIN),
    params:
        **job_params(PLAN, PRETRAIN),
    threads: stage_of(PRETRAIN).threads
    shell:
        "{EXECUTE} " + PRETRAIN + " --parameters {params.parameters:q}"


rule simulate:
    input:
        notebook=ancient(local(notebook_file(SIMULATE))),
        shipped=ancient(shipped(SIMULATE)),
    output:
        outputs(SIMULATE),
    params:
        **job_params(PLAN, SIMULATE),
    threads: stage_of(SIMULATE).threads
    shell:
        "{EXECUTE} " + SIMULATE + " --parameters {params.parameters:q}"


rule teach:
    input:
        upstream_outputs(PLAN, TEACH),
        records=ancient(upstream_records(PLAN, TEACH)),
        notebook=ancient(local(notebook_file(TEACH))),
        shipped=ancient(shipped(TEACH)),
    output:
        outputs(TEACH),
    params:
        **job_params(PLAN, TEACH),
    threads: stage_of(TEACH).threads
    resources:
        api=1,
    shell:
        "{EXECUTE} " + TEACH + " --parameters {params.parameters:q}"


rule distill:
    input:
        upstream_outputs(PLAN, DISTILL),
        records=ancient(upstream_records(PLAN, DISTILL)),
        notebook=ancient(local(notebook_file(DISTILL))),
        shipped=ancient(shipped(DISTILL)),
    output:
        outputs(DISTILL, arm="{arm}", student_seed="{student_seed}"),
    params:
        **job_params(PLAN, DISTILL),
    threads: stage_of(DISTILL).threads
    resources:
        gpu=1 if PLAN.profile.gpus else 0,
    shell:
        "{EXECUTE} " + DISTILL + " --parameters {params.parameters:q}"


rule compare:
    input:
        upstream_outputs(PLAN, COMPARE),
        records=ancient(upstream_records(PLAN, COMPARE)),
        notebook=ancient(local(notebook_file(COMPARE))),
        shipped=ancient(shipped(COMPARE)),
    output:
        outputs(COMPARE),
    params:
        **job_params(PLAN, COMPARE),
    threads: stage_of(COMPARE).threads
    resources:
        gpu=1 if PLAN.profile.gpus else 0,
    shell:
        "{EXECUTE} " + COMPARE + " --parameters {params.parameters:q}"


rule personalize:
    input:
        upstream_outputs(PLAN, PERSONALIZE),
        records=ancient(upstream_records(PLAN, PERSONALIZE)),
        notebook=ancient(local(notebook_file(PERSONALIZE))),
        shipped=ancient(shipped(PERSONALIZE)),
    output:
        outputs(PERSONALIZE),
    params:
        **job_params(PLAN, PERSONALIZE),
    threads: stage_of(PERSONALIZE).threads
    resources:
        gpu=1 if PLAN.profile.gpus else 0,
    shell:
        "{EXECUTE} " + PERSONALIZE + " --parameters {params.parameters:q}"


rule deploy:
    input:
        upstream_outputs(PLAN, DEPLOY),
        records=ancient(upstream_records(PLAN, DEPLOY)),
        notebook=ancient(local(notebook_file(DEPLOY))),
        shipped=ancient(shipped(DEPLOY)),
    output:
        outputs(DEPLOY),
    params:
        **job_params(PLAN, DEPLOY),
    threads: stage_of(DEPLOY).threads
    shell:
        "{EXECUTE} " + DEPLOY + " --parameters {params.parameters:q}"


rule classify:
    input:
        upstream_outputs(PLAN, CLASSIFY),
        records=ancient(upstream_records(PLAN, CLASSIFY)),
        notebook=ancient(local(notebook_file(CLASSIFY))),
        shipped=ancient(shipped(CLASSIFY)),
    output:
        outputs(CLASSIFY),
    params:
        **job_params(PLAN, CLASSIFY),
    threads: stage_of(CLASSIFY).threads
    shell:
        "{EXECUTE} " + CLASSIFY + " --parameters {params.parameters:q}"


rule monitor:
    input:
        upstream_outputs(PLAN, MONITOR),
        records=ancient(upstream_records(PLAN, MONITOR)),
        notebook=ancient(local(notebook_file(MONITOR))),
        shipped=ancient(shipped(MONITOR)),
    output:
        outputs(MONITOR),
    params:
        **job_params(PLAN, MONITOR),
    threads: stage_of(MONITOR).threads
    shell:
        "{EXECUTE} " + MONITOR + " --parameters {params.parameters:q}"
