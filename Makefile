# Needs Python 3.11 or newer and make, nothing else: `make demo` is the place to start.
PYTHON ?= python3
VENV ?= .venv
PY = $(VENV)/bin/python
EXAMPLE ?= examples/linear_regression.grad

.PHONY: demo native test lint format bench bench-peers stress fuzz docs record screenshots clean

# `.demo`, `.test` and `.dev` in the venv say what is installed there; pyproject.toml says what that should be.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "gradsh needs Python 3.11 or newer; say which one: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(PY) pyproject.toml
	$(PY) -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: $(PY) pyproject.toml
	$(PY) -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.demo

$(VENV)/.dev: $(PY) pyproject.toml
	$(PY) -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.test $(VENV)/.demo

demo: $(VENV)/.demo
	$(VENV)/bin/gradsh -c 'let x = tensor(5.0, grad); z = log(x**3); backward z; x.grad'
	$(VENV)/bin/gradsh $(EXAMPLE)

# The kernels in C, beside their source, after they were changed; installing compiles them too, where there is a compiler.
native: $(VENV)/.test
	$(PY) hatch_build.py

# On all cores; `make test ARGS=tests/test_ops.py`, and plain `.venv/bin/python -m pytest …` runs in one process.
test: $(VENV)/.test
	$(PY) -m pytest --numprocesses=auto --dist=worksteal $(ARGS)

lint: $(VENV)/.dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

format: $(VENV)/.dev
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

bench: $(VENV)/.demo
	$(PY) -m benchmarks $(ARGS)

# PyTorch, JAX and autograd into the same venv, so that `make bench` can compare with them.
bench-peers: $(VENV)/.demo
	$(PY) -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt

# What takes too long for every run of the tests: 500 training programs killed while they write their checkpoint; 1,000
# kills of saves, 1,000 of writes to the cache and the history; every operation on files of a save failing in every way;
# the tests with plans wherever one can be made, and with none;
# 100,000 prompts, then half an hour of mixed work, in one session whose memory must stay flat (Linux); all programs of this
# repository and 100,000 random loops with plans and without, of which all must come to the same.
SOAK ?= 100000 30
stress: $(VENV)/.test
	GRADSH_KILLS=500 $(PY) -m pytest tests/test_data.py -k kill $(ARGS)
	$(PY) -m tests.fuzz --inputs "kills=400 saves=6000"
	$(PY) -m tests.soak $(SOAK)
	$(PY) -m tests.plans
	$(PY) -m pytest --numprocesses=auto --dist=worksteal --plans=forced $(ARGS)
	$(PY) -m pytest --numprocesses=auto --dist=worksteal --plans=off $(ARGS)

# An hour of the fuzzers, split over them; `make fuzz ARGS="--seconds 100 --seed 7"`, `make fuzz ARGS=--help`.
fuzz: $(VENV)/.test
	$(PY) -m tests.fuzz --seconds 3600 $(ARGS)

# The reference in docs/, from the registries, and the outputs in the pages beside it; read the difference.
docs: $(VENV)/.test
	$(PY) -m tests.record.docs

# Writes anew tests/errors/*.out, tests/lints/*.out, tests/looking/*.out, tests/plots/*.txt, examples/*.out, the outputs in README.md and the fast paths, the screens of the prompt; read the difference.
record: $(VENV)/.test
	$(PY) -m tests.record.errors
	$(PY) -m tests.record.lints
	$(PY) -m tests.record.looking
	$(PY) -m tests.record.plans
	$(PY) -m tests.record.examples
	$(PY) -m tests.record.readme
	$(PY) -m tests.record.fast_paths
	$(PY) -m tests.record.plots
	$(PY) -m tests.record.screens

# The pictures of the README, from a real terminal; look at them.
screenshots: $(VENV)/.test
	$(PY) -m tests.record.screenshots

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
