# make run    the unit on this machine, a day in DAY (default 4min), page on http://localhost:8080;
#             CHARGER=renogy BMS=jk-pb name its power devices (`unitctl power models` lists them);
#             CAMERAS=8 watches eight simulated RTSP cameras instead of a clip
# make day    one simulated day in about 45 s, headless; the last line says what came of it
# make test   lint, types, architecture, tests
# make bench  everything that is measured; QUICK=1 for a short form; single ones: make bench-idle ...
# make fuzz   a million random replies against every decoder of power devices; QUICK=1 for a short draw
# make help   this list

DAY  ?= 4min
PORT ?= 8080
CHARGER ?= epever-tracer
CAMERAS ?= 1
PYTHON ?= python3
PY = .venv/bin/python
BENCHES = idle flash recovery reaction page power energy cameras
export PYTHONDONTWRITEBYTECODE ?=

.PHONY: help fuzz run day test lint types architecture pytest format docs lock bench clean $(BENCHES:%=bench-%)

help:
	@sed -n '/^# make/s/^# //p' Makefile

.venv/installed: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	PYTHONWARNINGS=ignore $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: .venv/installed
	$(PY) -m provisioning --day $(DAY) --port $(PORT) $(if $(DAYS),--days $(DAYS)) --charger $(CHARGER) --cameras $(CAMERAS) $(if $(BMS),--bms $(BMS))

day: .venv/installed
	$(PY) -m provisioning --day 38s --days 1 --port 0 --dir build/day

test: lint types architecture pytest

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv/installed
	.venv/bin/mypy

architecture: .venv/installed
	.venv/bin/lint-imports

pytest: .venv/installed
	$(PY) -m pytest

format: .venv/installed
	.venv/bin/ruff check --fix --exit-zero .
	.venv/bin/ruff format .

docs: .venv/installed
	$(PY) -m appliance.settings_page > docs/settings.md
	$(PY) -m provisioning.models_page > docs/power-devices.md

bench: $(BENCHES:%=bench-%)

$(BENCHES:%=bench-%): bench-%: .venv/installed
	$(PY) -m tests.bench.$* $(if $(QUICK),--quick)

fuzz: .venv/installed
	mkdir -p build/fuzz/corpus
	$(PY) -m tests.fuzz.corpus build/fuzz/corpus
	$(PY) -m tests.fuzz.decoders -atheris_runs=$(if $(QUICK),30000,1000000) -max_len=512 -artifact_prefix=build/fuzz/ build/fuzz/corpus

# The lock files hold every version with its hash, for all machines at once.
lock: .venv/installed
	$(PY) -m pip install --quiet uv
	.venv/bin/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --extra dev -o requirements-dev.lock pyproject.toml
	.venv/bin/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --extra systemd --extra onvif -o requirements.lock pyproject.toml

clean:
	rm -rf build .venv
