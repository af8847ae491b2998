# Every target sets up what it needs: system packages, Python environment, the locked packages. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup run test check coverage soak contention fuzz bench screenshots format lock install-desktop clean

BIN := .venv/bin
SETUP := scripts/setup.sh scripts/find-python.sh scripts/system-packages.sh pyproject.toml
# What mypy reads, as far as it is there.
TYPED := $(wildcard main.py) $(patsubst %/__init__.py,%,$(wildcard reviewer/__init__.py benchmarks/__init__.py tests/__init__.py)) \
	$(if $(wildcard plugins/*/*.py),plugins)
# pytest ends with 5 where a folder holds no test yet.
NO_TESTS_YET = || [ $$? -eq 5 ]

help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || grep -E '^[a-z-]+:.*##' Makefile

.venv/.runtime: requirements.txt $(SETUP)
	scripts/setup.sh runtime

.venv/.dev: requirements-dev.txt requirements.txt $(SETUP)
	scripts/setup.sh dev

setup: .venv/.dev ## Everything for running, testing and checking

run: .venv/.runtime ## The workstation with demo data; without a display: pictures of it in out/tour
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
		exec $(BIN)/python main.py --demo; \
	else \
		echo "There is no display here (DISPLAY and WAYLAND_DISPLAY are empty), so the program is shown in pictures."; \
		QT_QPA_PLATFORM=offscreen $(BIN)/reviewer tour --out out/tour && \
		echo "The pictures are in $$PWD/out/tour."; \
	fi

test: export QT_QPA_PLATFORM := offscreen
test: .venv/.dev ## All tests; those of tests/unit with Qt out of reach
	$(BIN)/python -m pytest -p tests.without_qt -p no:pytest-qt tests/unit $(NO_TESTS_YET)
	$(BIN)/python -m pytest -m "not soak" --ignore=tests/unit tests $(NO_TESTS_YET)

check: .venv/.dev ## Style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(TYPED)
	$(BIN)/lint-imports --no-logo

coverage: export QT_QPA_PLATFORM := offscreen
coverage: .venv/.dev ## Every branch of the outbox, lease and decision code, on both sides
	$(BIN)/python -m tests.covered

soak: SEEDS ?= 200
soak: .venv/.dev ## A disk that fails at each write; every change of an audit pack; a kill at every crash point, SEEDS times each (200)
	$(BIN)/python -m pytest tests/faults/test_disk.py
	$(BIN)/python -m tests.tamper
	$(BIN)/python -m tests.crash.soak --seeds $(SEEDS)

contention: CLAIMS ?= 10000
contention: DECISIONS ?= 1000000
contention: .venv/.dev ## Many reviewers at one hub, and at two hubs on PostgreSQL: nothing decided twice
	$(BIN)/python -m tests.contention --claims $(CLAIMS) --decisions $(DECISIONS)

fuzz: EXAMPLES ?= 1000
fuzz: FUZZ_SECONDS ?= 120
fuzz: .venv/.dev ## Damaged pictures at the decoder for FUZZ_SECONDS (120); made-up requests at the hub, EXAMPLES a call (1000)
	@mkdir -p out/fuzz
	@if $(BIN)/python -c "import atheris" 2>/dev/null; then \
		$(BIN)/python -m tests.fuzz -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=out/fuzz/ -verbosity=0; \
	else \
		echo "No atheris for this Python or system: the decoder is not fuzzed here."; \
	fi
	HUB_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest --timeout 0 tests/contract/test_hub_schemathesis.py

bench: .venv/.dev ## Measure every budget against its floor and its peers
	$(BIN)/python -m benchmarks

screenshots: .venv/.runtime ## Draw the pictures of docs/screenshots again
	$(BIN)/reviewer tour --screenshots docs/screenshots

format: .venv/.dev ## Mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Resolve the dependencies of pyproject.toml into requirements*.txt (UPGRADE=1: newest)
	scripts/lock.sh

install-desktop: .venv/.runtime ## Put the program into this user's application menu
	scripts/install-desktop-entry.sh

clean: ## Remove what was built or written, but not .venv
	rm -rf out build dist htmlcov .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./.venv -prune -o -path ./.git -prune -o -name __pycache__ -type d -print0 | xargs -0 -r rm -rf
