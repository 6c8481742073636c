# The short commands of the study. The environment is made on first use, in .venv.
PROFILE ?= laptop
RUN ?=
SEEDS ?=
ONCE ?=
STUDY_SEEDS ?=
ARMS ?=
SET ?=
EXPORT ?=
LISTEN ?=
PORT ?=
AGE ?=
SEX ?=
ADVICE ?=
RATING ?=
FOLLOWED ?=
COMMENT ?=
INJURY ?=
NOTE ?=
ALL ?=
# A comment may hold quotes, so the shell takes it from its environment.
export COMMENT INJURY NOTE
FULL ?=
EXACT ?=
VENV ?= .venv

PY := $(VENV)/bin/python
READY := $(VENV)/.ready
STUDY := $(PY) -m sleepcot_utils.study
OPTIONS = --profile $(PROFILE) $(if $(RUN),--run $(RUN)) $(if $(ONCE),--arms-once '$(ONCE)') $(foreach setting,$(SET),--set $(setting))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help env study smoke sweep coach serve page feedback monitor forget where compare promote bench test lint audit types format exercises slides book book-check lab-check clean

help:
	@echo "make study                    all notebooks in order, real results; about an hour on 2 cores, set-up included"
	@echo "make study PROFILE=gpu        another profile: smoke, laptop, gpu, paper"
	@echo "make study SET='03.max_steps=50 seed=2' RUN=mine    other parameters, in a run of their own"
	@echo "make study ONCE=cot_half,cot_lora    further arms, one student each"
	@echo "make smoke                    the same in miniature; a few minutes"
	@echo "make sweep SEEDS=1,2,3        one table over arms and student seeds; students that exist are kept, failures named"
	@echo "                              ARMS=cot,answer_only; STUDY_SEEDS=4,5 also draws people and nights anew"
	@echo "make coach EXPORT=path        report and advice for the persons of an export, by the student of RUN (laptop)"
	@echo "                              AGE=40 SEX=female name the norms of one person; for training advice GOAL=run_10k"
	@echo "                              CONDITIONS=hypertension INJURY='sore knee' MINUTES=30 BUSY=Mon,Wed NOTE='...'"
	@echo "make serve [RUN=laptop LISTEN=address PORT=8000]   the student over HTTP on this machine; SLEEPCOT_API_KEY opens it to others"
	@echo "make page [RUN=laptop PORT=8501]   a page on this machine: drop an export in, read report and advice, ask, rate, delete"
	@echo "make feedback [ADVICE=id RATING=4 FOLLOWED=yes COMMENT='...']   rate that advice, or list what can be rated"
	@echo "make monitor EXPORT=path      add nights and days of a person, and print what is out of the ordinary; stays here"
	@echo "make forget [RUN=laptop]      delete that feedback; ALL=1 also deletes reports and advice of make coach"
	@echo "make where [RUN=laptop]       where notebooks, figures and the result table are"
	@echo "make compare [RUN=laptop EXACT=1]   that run beside the tracked reference run, within stated tolerances"
	@echo "make promote [RUN=laptop]     make a run the tracked reference run"
	@echo "make test | lint | types      tests; ruff and generated files; mypy"
	@echo "make bench [FULL=1]           speed beside named peers, one run; minutes (with FULL=1 much longer)"
	@echo "make audit                    known vulnerabilities of the packages; needs the network, and says so without it"
	@echo "make format                   format the code"
	@echo "make exercises                notebooks/exercises and the minutes of docs/instructors_guide.md, anew"
	@echo "make slides [RUN=reference]   slides of a run's executed notebooks, in build/slides; shown without the network"
	@echo "make book                     the study as a website in build/book, from the reference run, and its check; a few minutes"
	@echo "make book-check               every page of that in a headless Chromium, on a desktop and a phone, light and dark"
	@echo "make lab-check [NOTEBOOKS=01,02]   notebooks in a headless JupyterLab, all unless named; after make smoke, minutes"
	@echo "make env                      only the environment in $(VENV) (PYTHON=..., TORCH_PIP_ARGS=...)"
	@echo "make clean                    remove all runs but the reference run, and caches; keeps $(VENV)"

env: $(READY)

$(READY): pyproject.toml constraints.txt requirements.lock
	@PYTHON="$(PYTHON)" TORCH_PIP_ARGS="$(TORCH_PIP_ARGS)" bash tools/make_environment.sh $(VENV)
	@touch $(READY)

study: $(READY)
	@$(STUDY) run $(OPTIONS)

smoke: $(READY)
	@$(STUDY) run --profile smoke $(if $(RUN),--run $(RUN)) $(foreach setting,$(SET),--set $(setting))

sweep: $(READY)
	@$(STUDY) sweep $(OPTIONS) --seeds '$(SEEDS)' $(if $(STUDY_SEEDS),--study-seeds '$(STUDY_SEEDS)') $(if $(ARMS),--arms '$(ARMS)')

coach: $(READY)
	@$(STUDY) coach --export '$(EXPORT)' --run $(or $(RUN),laptop) $(if $(AGE),--age $(AGE)) $(if $(SEX),--sex $(SEX)) \
	  $(if $(GOAL),--goal '$(GOAL)') $(if $(CONDITIONS),--conditions '$(CONDITIONS)') $(if $(INJURY),--injury "$$INJURY") \
	  $(if $(MINUTES),--day-minutes '$(MINUTES)') $(if $(BUSY),--busy-days '$(BUSY)') $(if $(NOTE),--note "$$NOTE")

serve: $(READY)
	@$(PY) -m sleepcot_utils.serve --run $(or $(RUN),laptop) $(if $(LISTEN),--host $(LISTEN)) $(if $(PORT),--port $(PORT))

page: $(READY)
	@$(PY) -m sleepcot_utils.page --run $(or $(RUN),laptop) $(if $(LISTEN),--host $(LISTEN)) $(if $(PORT),--port $(PORT))

feedback: $(READY)
	@$(STUDY) feedback --run $(or $(RUN),laptop) $(if $(ADVICE),--advice '$(ADVICE)' --rating '$(RATING)' --followed '$(FOLLOWED)' --comment "$$COMMENT")

monitor: $(READY)
	@$(PY) -m sleepcot_utils.monitor --export '$(EXPORT)'

forget: $(READY)
	@$(STUDY) forget --run $(or $(RUN),laptop) $(if $(ALL),--all)

where: $(READY)
	@$(STUDY) where --run $(or $(RUN),$(PROFILE))

compare: $(READY)
	@$(STUDY) compare --run $(or $(RUN),laptop) $(if $(EXACT),--exact)

promote: $(READY)
	@$(STUDY) promote --run $(or $(RUN),laptop)
	@$(PY) tools/readme_table.py

test: $(READY)
	@$(PY) -m pytest

bench: $(VENV)/.bench
	@for script in tests/benchmarks/bench_*.py; do $(PY) "$$script" $(if $(FULL),--full) || exit 1; done

$(VENV)/.bench: $(READY) tests/benchmarks/requirements.txt
	@$(PY) -m pip install --disable-pip-version-check -q -c constraints.txt -r tests/benchmarks/requirements.txt
	@touch $@

lint: $(READY)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) tools/environment_yml.py --check
	@$(PY) tools/lock.py --check
	@$(PY) tools/licenses.py --check
	@$(PY) tools/masking_table.py --check
	@$(PY) tools/readme_table.py --check
	@$(PY) tools/course_minutes.py --check
	@$(PY) tools/exercises.py --check
	@$(PY) tools/ways_in.py --check

audit: $(READY)
	@$(PY) -m pip install --disable-pip-version-check -q pip-audit
	@$(PY) tools/audit.py

types: $(READY)
	@$(PY) -m mypy

format: $(READY)
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

exercises: $(READY)
	@$(PY) tools/course_minutes.py
	@$(PY) tools/exercises.py

slides: $(READY)
	@$(PY) tools/slides.py $(or $(RUN),reference)

book: $(READY)
	@$(PY) -m book.build
	@$(PY) -m book.check

book-check: book
	@SLEEPCOT_BOOK=build/book $(PY) -m pytest -q tests/browser/test_book.py

lab-check: $(READY)
	@SLEEPCOT_LAB_NOTEBOOKS='$(or $(NOTEBOOKS),all)' $(PY) -m pytest -q tests/browser/test_lab.py

clean:
	@rm -rf data/runs .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
	@find papermill_runs figures -mindepth 1 -maxdepth 1 -type d ! -name reference -exec rm -rf {} + 2>/dev/null || true
	@find sleepcot_utils tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Removed all runs but the reference run, and caches."
