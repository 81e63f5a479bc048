# Everything starts here, from a bare clone with Python >= 3.11 and Node >= 20 (with npm).
# What is installed is reused: a stamp is newer than the lock it was made from.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 4173
export CAMPAIGNS_DATA_DIR ?= data

.PHONY: setup demo test lint bench scorecard docs serve clean help
.PHONY: spark-setup spark-up spark-test spark-down
.DEFAULT_GOAL := help

help:
	@echo "make demo   collect, build, publish and report on demo accounts"
	@echo "make test   every test, browser included"
	@echo "make setup  install only        make lint   SQL, Python, YAML, types"
	@echo "make serve  the built site      make clean  remove what was made"
	@echo "make docs   every model and column, as one page"
	@echo "make scorecard  what the anomaly rules find and miss on simulated accounts"
	@echo "make bench  how fast it is (BENCH=warehouse BENCH_ROWS=1000000 BENCH_REPEATS=3)"
	@echo "make spark-up, spark-test, spark-down: Apache Spark on this machine (Java 17)"

setup: .venv/ready reports/node_modules/ready

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: Python 3.11 or newer is needed; name it: make PYTHON=python3.12"; exit 1; }
	@echo "installing Python packages"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

reports/node_modules/ready: reports/package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || \
		{ echo "error: Node 20 or newer with npm is needed (nodejs.org)"; exit 1; }
	@echo "installing Node packages"
	@cd reports && npm ci --ignore-scripts --silent
	@touch $@

demo: setup
	@$(BIN)/python -m simulator.demo run google_ads facebook_ads

test: setup
	@$(BIN)/python -m pytest

# Apache Spark, for those who ask for it: docs/engines.md.
spark-setup: .venv/spark-ready

.venv/spark-ready: requirements-spark.lock .venv/ready
	@echo "installing Apache Spark (480 MB)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes \
		-r requirements-spark.lock
	@touch $@

spark-up: spark-setup
	@$(BIN)/python -m pipeline.spark up

spark-down: setup
	@$(BIN)/python -m pipeline.spark down

spark-test: setup
	@if $(BIN)/python -m pipeline.spark java; then \
		$(MAKE) --no-print-directory spark-setup && \
		CAMPAIGNS_SPARK=1 $(BIN)/python -m pytest -n 0 tests/spark; fi

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/ty check
	@$(BIN)/yamllint --strict .
	@$(BIN)/dbt parse --quiet --no-partial-parse --target memory
	@$(BIN)/dbt-bouncer run
	@$(BIN)/sqlfluff lint --disable-progress-bar models analyses tests/data

bench: setup
	@$(BIN)/python -m bench $(BENCH)

scorecard: setup
	@$(BIN)/python -m scorecard

docs: setup
	@$(BIN)/dbt docs generate --static --quiet --target-path "$(CAMPAIGNS_DATA_DIR)/dbt"
	@echo "$(CAMPAIGNS_DATA_DIR)/dbt/static_index.html"

serve:
	@echo "http://localhost:$(PORT)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory "$(CAMPAIGNS_DATA_DIR)/site" $(PORT)

clean:
	rm -rf data target logs reports/build reports/.evidence .pytest_cache .ruff_cache
