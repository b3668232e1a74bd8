# The few commands of this project. Nothing has to be installed first but Python >= 3.11.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check benchmark format lock screenshots clean

run: $(VENV)/run  ## Everything at once: a Redis, the sample newsroom (or ARTICLES=file), a trained model, the site
	@$(BIN)/recommender up --port $(PORT) $(if $(ARTICLES),--articles "$(ARTICLES)")

test: $(VENV)/dev check  ## The checks and the whole test suite
	$(BIN)/pytest --cov --cov-report=term

check: $(VENV)/dev  ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmark: $(VENV)/dev  ## The night on ARTICLES="FILE ..." at several sizes, beside scikit-learn and sparse_dot_topn
	$(BIN)/python -m tests.benchmarks.night $(ARTICLES) $(if $(SIZES),--sizes $(SIZES))

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## Resolve the dependencies anew; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header -q --upgrade pyproject.toml --group build -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header -q --upgrade pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

screenshots: $(VENV)/dev  ## Take the pictures of the documentation again; needs Chromium
	$(BIN)/python docs/take_screenshots.py

clean:
	rm -rf $(VENV) data .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/run: requirements.lock pyproject.toml
	$(call install,requirements.lock)

$(VENV)/dev: requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $(VENV)/run

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; choose one with: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
endef
