# The two commands of the README, `make demo` and `make test`; all they need is Python 3.11, pip and a C compiler.
# `make` says what else there is.

PYTHON ?= python3
BIN := .venv/bin
STATE := .venv/.state
MODELS := smollm2-135m-instruct spacy-en-md rampart
DEMO := .cache/demo/tickets.jsonl
# pip may be told where the CPU build of torch lies; uv has to be told again.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export UV_EXTRA_INDEX_URL ?= $(PIP_EXTRA_INDEX_URL)
export VIRTUAL_ENV := $(CURDIR)/.venv
# Where this is set, each run compiles all modules and tests anew, and so does each process that a test starts.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-all test-fast lint lock audit install models screenshots clean

help:
	@echo 'make demo       the whole job on demo data; prints where the report is'
	@echo 'make test       all tests            make test-fast  those without models, on all cores'
	@echo 'make test-all   with those that take many minutes or a large download'
	@echo 'make lint       format, lint, types  make install    the environment alone'
	@echo 'make models     the small models     make clean      removes the environment and the demo data'
	@echo 'make lock       pins anew, after pyproject.toml changed      make audit  publicly known faults of what is pinned'
	@echo 'make screenshots  every page of the console, light and dark, into .cache/screenshots'

$(STATE)/installed: requirements.lock pyproject.toml deploy/overrides.txt
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed, this is " + sys.version'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --override deploy/overrides.txt -r requirements.lock
	$(BIN)/uv pip install --quiet --no-deps -e .
	@mkdir -p $(STATE) && touch $@

install: $(STATE)/installed

models: $(STATE)/installed
	@$(BIN)/stillhouse models fetch $(MODELS)

$(DEMO): $(STATE)/installed appliance/demo_data/*.py
	@mkdir -p $(@D)
	@$(BIN)/stillhouse demo-data --n 2000 --seed 7 -o $@

demo: models $(DEMO)
	@$(BIN)/stillhouse run deploy/usecases/demo.toml

# The rest measure, train and serve, one at a time.
test: models test-fast
	$(BIN)/python -m pytest -m '(slow or vllm or browser) and not long'

test-all: test
	$(BIN)/python -m pytest -m long

test-fast: $(STATE)/installed
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist worksteal -m 'not slow and not vllm and not browser and not long'

lint: $(STATE)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy appliance distill privacy ui

# The CUDA part keeps to the versions of the CPU part, but for two that are other builds there; wheels of this machine are none of its.
lock: $(STATE)/installed
	$(BIN)/uv pip compile pyproject.toml --extra compute-cpu --extra dev --override deploy/overrides.txt \
	    --python-version 3.11 --generate-hashes --no-header --quiet -o requirements.lock
	grep -oE '^[a-z0-9._-]+==[^ +]+' requirements.lock | grep -vE '^(triton|apache-tvm-ffi)=' > $(STATE)/shared.txt
	env -u UV_FIND_LINKS -u UV_EXTRA_INDEX_URL $(BIN)/uv pip compile pyproject.toml --extra compute-cuda \
	    --constraint $(STATE)/shared.txt --python-version 3.11 --python-platform x86_64-manylinux_2_31 --only-binary :all: \
	    --generate-hashes --no-header --quiet -o deploy/compute-cuda.lock
	sed -i '/# *-c /d' deploy/compute-cuda.lock

audit: $(STATE)/installed
	@mkdir -p .cache
	$(BIN)/python deploy/bundle.py audit --compute cpu -o .cache/audited.json

# HOME_WITH_RUNS=DIR: a home with finished runs, which is only read.
screenshots: models
	$(BIN)/python -m tests.ui.screenshots $(if $(HOME_WITH_RUNS),--home $(HOME_WITH_RUNS))

clean:
	rm -rf .venv .cache
