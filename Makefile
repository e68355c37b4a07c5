# The words to know: make demo, make test. `make help` lists the rest.

PYTHON  ?= python3
SECONDS ?= 20
# Processes for the tests: one more than processors, since many tests wait for a line in real time.
TESTERS ?= $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')
VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/set-up
DEMO    := demo-store

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: setup demo demo-announcement bench-announce test lint bench bench-catalogue bench-evidence bench-register bench-sealing \
  bench-live bench-desk reliability soak fuzz clean help check-packages demo-desk screenshots

help:  ## What each word does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP)  ## A virtual environment in .venv with the pinned packages (PYTHON=... chooses the interpreter)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "$(PYTHON) is older than Python 3.11 or missing; name a newer one: make setup PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) can't make a virtual environment: sudo apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt setuptools
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

demo: setup  ## Replay the capture that ships with the project, and show its calls
	@rm -rf $(DEMO)
	$(BIN)/recorder replay --store $(DEMO) tests/captures/demo.pcap
	$(BIN)/recorder calls --store $(DEMO)
	@echo "The recordings are under $(DEMO)/: stereo WAV files, caller on the left, for any player."

demo-announcement: setup  ## A softphone calls, hears the notice, and the recorder says so (needs baresip)
	$(BIN)/python -m tests.recorder.announcement.demo

demo-desk: setup  ## The desk on this machine with made-up calls; accounts are printed (ARGS="--office kumamoto")
	$(BIN)/python -m recorder.demo.desk demo-desk $(ARGS)

screenshots: setup  ## A picture of each page of the desk into docs/desk (needs Chromium; ARGS=--help)
	$(BIN)/python -m tests.recorder.desk.pictures $(ARGS)

test: setup check-packages  ## All tests; those that lack a tool or a right are skipped, and the last line says so
	$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check-packages:  ## Which Debian packages the tests would like, and the command that installs them
	@$(PYTHON) tests/packages.py

lint: setup  ## Linter, strict types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

bench: setup  ## Measure packets a CPU second and memory, beside other programs (ARGS=--help)
	$(BIN)/python -m bench.run $(ARGS)

reliability: setup check-packages  ## Kills, power cuts and broken disks by the thousand, and the table of promises (ARGS=--help)
	$(BIN)/python -m tests.reliability.run $(ARGS)

bench-catalogue: setup  ## Measure a store of a million calls: search, sweep, start (1 GB of disk; ARGS=--help)
	$(BIN)/python -m bench.catalogue $(ARGS)

bench-desk: setup  ## Measure the desk's pages over a million calls (1 GB of disk; ARGS=--help)
	$(BIN)/python -m bench.desk $(ARGS)

bench-register: setup  ## Measure the register's page with a million entries (1 GB of disk; ARGS=--help)
	$(BIN)/python -m bench.register $(ARGS)

bench-sealing: setup  ## Measure what sealing costs, and wrapping 100,000 keys anew (ARGS=--help)
	$(BIN)/python -m bench.sealing $(ARGS)

bench-evidence: setup  ## Measure what the register costs, and how long 100,000 calls take to prove (ARGS=--help)
	$(BIN)/python -m bench.evidence $(ARGS)

bench-live: setup  ## Measure the recorder on a line in real time, 100 to 2,000 calls (root; 8 GB of disk; ARGS=--help)
	$(BIN)/python -m bench.live $(ARGS)

soak: setup  ## An hour at 100 calls with restarts: is every sample right, does nothing grow (root; ARGS=--help)
	$(BIN)/python -m tests.reliability.soak $(ARGS)

bench-announce: setup  ## Measure how evenly 100 announcements at once are paced (needs sipp; ARGS=--help)
	$(BIN)/python -m bench.announce $(ARGS)

fuzz: setup  ## Feed each parser with broken input for SECONDS (20) each; TARGETS=... names some, SEED=... repeats a run
	$(BIN)/python -m tests.fuzz.run --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(TARGETS)

clean:  ## Remove what these commands made, .venv included
	rm -rf $(VENV) $(DEMO) demo-desk bench/out reliability-out build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
