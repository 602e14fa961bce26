# make run    the unit on this machine, a day in DAY (default 4min), page on http://localhost:8080;
#             CHARGER=renogy BMS=jk-pb GENERATOR=1 name its power devices (`unitctl power models` lists them);
#             CAMERAS=8 watches eight simulated RTSP cameras instead of a clip;
#             ALARMS=demo sends alarms to a mailbox on this computer, whose page shows what people get;
#             MQTT=127.0.0.1 reports to that broker, for Home Assistant (docs/mqtt.md)
# make home-assistant   that unit with two cameras beside a real Home Assistant, to click through, until Ctrl-C; as root, with
#             the packages mmdebstrap and mosquitto; PICTURE=docs/home-assistant.png takes its picture (package chromium)
# make update-demo   beside a `make run`: one release that the unit keeps, one that it takes back
# make fleet-demo   a fleet of simulated units (UNITS=200), a release that goes out in waves, one that stops by itself;
#             the fleet's page on http://localhost:8090 meanwhile, with STAY=1 until Ctrl-C
# make provision-demo   a simulated unit is set up unattended from docs/examples/site.toml; again: it goes on
# make day    one simulated day in about 45 s, headless; the last line says what came of it
# make test   lint, types, architecture, tests
# make test-browser   the page in a real Chromium (package chromium): every view, login, settings, set-up
# make test-long   the tests of minutes: failed boots, nights, each way to stop, other power devices
# make test-peers  the test beside other people's trackers
# make test-integrations   other people's programs before the API and a copy of the database: Schemathesis, Datasette, the schema
#             of Grafana; gooseBit as a DDI server; sslyze before the TLS proxy; Prometheus and testssl.sh where
#             their packages are installed
# make test-kiosk   the page on a touchscreen: cage and Chromium on a display in memory, with the packages cage, chromium,
#             grim, sway and xwayland, and (as root, with systemd-container and mmdebstrap) the unit's session; PICTURE=docs/page-kiosk.png takes its picture
# make test-home-assistant   the unit in a real Home Assistant, beside a real broker; as root, with the packages mmdebstrap
#             and mosquitto
# make test-tpm   a unit whose key is in a TPM: a software TPM in a Debian 13 of its own, before a real `fleet serve`; as root,
#             with the packages mmdebstrap and nginx-light
# make bench  everything that is measured; QUICK=1 for a short form; single ones: make bench-idle ...
#             make bench-image OTHER=DIR/image compares it with another build of the same commit
# make screenshots   the pictures of the page in docs/, beside a `make run` at its noon
# make soak   power cuts at every call of an update, 50,000 images; goes on where it stopped
# make fuzz   seven million random inputs, hours: replies of power devices, the picture socket, settings, MQTT, rows, and
#             a million of each kind that an update reads; QUICK=1 for a short draw; single ones: make fuzz-frames ...
# make wheels      what `provisioning/install --wheels build/wheels` needs on a unit without a network, for
#             UNIT_PYTHON (default 3.13, of Debian 13) and UNIT_MACHINE (default: that of this computer)
# make test-pid1   installs the unit in a Debian 13 of its own and boots it; asks the RAUC of Debian 13; as root, with the packages
#             mmdebstrap, dbus and systemd-container
# make image   the image of a unit in build/image/image: a disk, a bundle for updates, a manifest; as root, with the package
#             mmdebstrap; RELEASE=2026.11.1 names it, KIOSK=1 adds the touchscreen, VERITY=1 hash trees of the roots, DATA=tpm data encrypted to the TPM, SECURE_BOOT=1 signs what boots (SB_KEY=, SB_CERTIFICATE=), KEY= and CERTIFICATE= sign for the field
# make image-run  boots that image in a virtual machine, with a simulated charger and battery, until Ctrl-C; page on
#             https://localhost:8080 (PORT=), packages qemu-system-x86, ovmf, mtools; IMAGE= names another disk
# make test-image   looks at that image from all sides (as root, with the packages nmap and lynis), and boots it again and
#             again: no settings, power cuts, damage, updates; QUICK=1 for one boot
# make deb     build/deb/appliance_RELEASE_ARCHITECTURE.deb for `apt install` on Debian 12 and 13 and Ubuntu 24.04 (JetPack 7), with
#             the wheels of all their Pythons inside; UNIT_MACHINE=aarch64 for a Jetson; MAINTAINER='Ada Lovelace <ada@example.org>'
#             is who answers for it
# make test-deb   installs, upgrades, breaks and removes it under a real PID 1; as root. make test-deb-arm64 in an arm64 root
# make lint, make types, make architecture, make pytest    the parts of make test
# make format, make docs, make catalogues, make lock    formats the code; makes generated pages, the catalogues of the page's
#             languages, the lock files
# make compare-images A=build/image/image B=...   whether two builds of one commit made the same image
# make clean  removes .venv and build
# make help   this list

DAY  ?= 4min
PORT ?= 8080
CHARGER ?= epever-tracer
CAMERAS ?= 1
PYTHON ?= python3
UNIT_PYTHON ?= 3.13
UNIT_MACHINE ?= $(shell uname -m)
RELEASE ?= 0
PY = .venv/bin/python
PIP = $(PY) -m pip install --quiet --disable-pip-version-check
INSTALL = $(PIP) --require-hashes
# A run ends with the make that started it, also where that is killed (util-linux).
BOUND = $(if $(shell command -v setpriv),setpriv --pdeathsig TERM)
# Tests wait more than they work: three for each core.
WORKERS ?= $(shell expr 3 \* `nproc`)
WITH_PEERS = energy cameras
BENCHES = alarms fleet home idle flash recovery reaction guard-faults page power readings estimator panels plan energy cameras scale updates image provisioning
export PYTHONDONTWRITEBYTECODE ?=

# Targets of tests/fuzz/__main__.py, each with its number of executions: long, and with QUICK=1.
FUZZ = decoders/650000/20000 frames/250000/10000 settings/50000/2000 mqtt/50000/2000 rows/250000/10000 \
       releases/1000000/5000 packs/1000000/5000 updates/1000000/10000 entries/1000000/5000 \
       trust/1000000/1000 layers/1000000/500
FUZZ_TARGETS = $(foreach one,$(FUZZ),fuzz-$(firstword $(subst /, ,$(one))))

.PHONY: help fuzz $(FUZZ_TARGETS) run screenshots home-assistant update-demo fleet-demo provision-demo soak day test test-browser test-long test-peers test-exporters test-integrations test-kiosk test-home-assistant test-pid1 test-tpm image compare-images image-run test-image wheels deb test-deb test-deb-arm64 lint types architecture pytest format docs catalogues lock bench clean $(BENCHES:%=bench-%)

help:
	@sed -n '/^#/!q; s/^# //p' Makefile

# Two steps: what a unit has (and what stands in for PID 1), then what the tests need besides.
.venv/installed: requirements.lock requirements/laptop.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(INSTALL) -r requirements.lock -r requirements/laptop.lock
	PYTHONWARNINGS=ignore $(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/installed-test: requirements/test.lock .venv/installed
	$(INSTALL) -r requirements/test.lock
	@touch $@

# Apart, since these bring heavy things and a second cv2: other people's trackers, pictures; a fuzzer.
build/peers/installed build/fuzz/installed build/sbom/installed build/integrations/installed build/goosebit/installed build/sslyze/installed: build/%/installed: requirements/%.lock .venv/installed-test
	$(INSTALL) --upgrade --target build/$* -r requirements/$*.lock
	@touch $@

# Without what it asks for: its second cv2 would take the place of ours.
build/ipycam/installed: requirements/ipycam.lock .venv/installed-test
	$(INSTALL) --no-deps --upgrade --target build/ipycam -r requirements/ipycam.lock
	@touch $@

SITE = --day $(DAY) --charger $(CHARGER) $(if $(BMS),--bms $(BMS)) $(if $(GENERATOR),--generator)
run: .venv/installed
	$(BOUND) $(PY) -m provisioning $(SITE) --port $(PORT) $(if $(DAYS),--days $(DAYS)) --cameras $(CAMERAS) $(if $(ALARMS),--alarms $(ALARMS)) $(if $(MQTT),--mqtt $(MQTT))

# The page's pictures in docs/, beside a `make run` that is at noon.
screenshots: .venv/installed-test
	$(PY) -m tests.bench.page.screenshots --port $(PORT)

# Beside a `make run`, in another terminal.
update-demo: .venv/installed
	$(BOUND) $(PY) -m provisioning.update_demo

fleet-demo: .venv/installed
	$(BOUND) $(PY) -m provisioning.fleet_demo $(if $(UNITS),--units $(UNITS)) $(if $(STAY),--stay)

provision-demo: .venv/installed
	$(BOUND) $(PY) -m provisioning.commissioning_demo

soak: .venv/installed-test
	$(PY) -m tests.bench.updates.soak

day: .venv/installed
	$(BOUND) $(PY) -m provisioning --day 38s --days 1 --port 0 --dir build/day

# Types are checked while the tests wait.
test: lint architecture
	@$(MAKE) --no-print-directory -j2 types pytest

lint: .venv/installed-test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv/installed-test
	.venv/bin/mypy

architecture: .venv/installed-test
	.venv/bin/lint-imports

# A worker that crashes ends the run: one that is started again may wait for ever.
# With bytecode kept: a third of the workers' time at the start, and of each process they start.
PYTEST = env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX="$(CURDIR)/build/bytecode" $(PY) -m pytest -n $(WORKERS) --max-worker-restart 0
pytest: .venv/installed-test
	$(PYTEST) -m "not long and not browser" --dist loadfile --no-loadscope-reorder

# No more browsers at once than cores: each is several busy processes, and a page waits for it.
test-browser: WORKERS = $(shell nproc)
test-browser: .venv/installed-test
	$(PYTEST) -m "browser and not long" --dist loadfile --no-loadscope-reorder

# One by one to the workers: each runs whole units of its own in time that goes by a thousand times
# faster, so a computer that is busy is hours late: no more of them at once than it has cores.
test-long: WORKERS = $(shell nproc)
test-long: .venv/installed-test
	$(PYTEST) -m long --dist load --durations=8

test-peers: build/peers/installed
	PYTHONPATH=build/peers $(PY) -m pytest tests/bench/cameras/test_tracker_quality.py

test-integrations: build/integrations/installed build/goosebit/installed build/sslyze/installed build/ipycam/installed
	$(PY) -m pytest -rs tests/integrations

# Apart: it needs compositors and a browser.
test-kiosk: .venv/installed-test wheels
	$(PY) -m pytest -rs --durations=4 tests/kiosk

# Apart: it needs Ultralytics, yolov5, yolox and transformers in an environment of their own.
EXPORTERS ?= build/exporters/bin/python
test-exporters: .venv/installed-test
	PYTHONPATH=$(CURDIR) $(EXPORTERS) tests/exporters/make_exports.py build/exports inference/models/trial-picture.jpg
	$(EXPORTERS) tests/exporters/run_pretrained.py build/exports/pretrained inference/models/trial-picture.jpg
	EXPORTS=$(CURDIR)/build/exports $(PY) -m pytest -rs tests/exporters

# Apart: Home Assistant wants Python 3.13, and its own versions of everything: a Debian 13 of its own.
build/home-assistant/installed: requirements/home-assistant.lock tests/home_assistant/environment.py .venv/installed-test
	$(PY) -m tests.home_assistant.environment build/home-assistant
	@touch $@

home-assistant: build/home-assistant/installed
	$(BOUND) $(PY) -m tests.home_assistant.$(if $(PICTURE),picture $(PICTURE),show $(SITE))

test-home-assistant: build/home-assistant/installed
	$(PY) -m pytest -rs --durations=8 tests/home_assistant

# Apart: Debian 12 cannot show a certificate whose key is in a TPM; a Debian 13 of its own.
build/real-tpm/installed: tests/real_tpm/environment.py .venv/installed-test
	$(PY) -m tests.real_tpm.environment build/real-tpm
	@touch $@

test-tpm: build/real-tpm/installed
	$(PY) -m pytest -rs --durations=4 tests/real_tpm

# Apart: it needs root, a network for the packages of Debian, and minutes.
test-pid1: .venv/installed-test wheels
	$(PY) -m pytest -rs --durations=8 tests/real_pid1 tests/real_rauc

# The disk and the bundle; the second time the tools are there already.
image: .venv/installed wheels build/sbom/installed
	$(PY) -m provisioning.image build/image --sbom build/sbom --wheels build/wheels --release $(RELEASE) $(if $(KIOSK),--kiosk) $(if $(VERITY),--verity) $(if $(filter tpm,$(DATA)),--tpm) $(if $(SECURE_BOOT),--secure-boot) $(if $(SB_KEY),--sb-key '$(SB_KEY)' --sb-certificate '$(SB_CERTIFICATE)') $(if $(MIRROR),--mirror $(MIRROR)) $(if $(KEY),--key '$(KEY)' --certificate '$(CERTIFICATE)')

# make waits for the end of the machine: Ctrl-C is for it.
image-run: .venv/installed
	$(BOUND) $(PY) -m provisioning.emulator --port $(PORT) $(if $(IMAGE),--image $(IMAGE))

test-image: .venv/installed-test
	IMAGE=$(IMAGE) $(PY) -m pytest -rs --durations=8 $(if $(QUICK),-m quick) tests/real_image tests/real_boot

compare-images: .venv/installed
	$(PY) -m provisioning.image.compare $(A) $(B)

wheels: .venv/installed
	$(PY) -m provisioning.installation.wheels --python $(UNIT_PYTHON) --machine $(UNIT_MACHINE) build/wheels

DEB_WHEELS = build/deb/wheels-$(UNIT_MACHINE)
deb: .venv/installed
	for python in 3.11 3.12 3.13; do $(PY) -m provisioning.installation.wheels --python $$python --machine $(UNIT_MACHINE) $(DEB_WHEELS) || exit 1; done
	$(PY) -m provisioning.debian_package build/deb --wheels $(DEB_WHEELS) --machine $(UNIT_MACHINE) --release $(RELEASE) $(if $(MAINTAINER),--maintainer '$(MAINTAINER)')

test-deb: .venv/installed-test deb
	$(PY) -m pytest -rs --durations=8 tests/real_deb/test_deb_under_pid1.py

# Emulated (packages qemu-user-static, binfmt-support, arch-test): a quarter of an hour.
test-deb-arm64: .venv/installed-test
	$(MAKE) --no-print-directory deb UNIT_MACHINE=aarch64
	$(PY) -m pytest -rs --durations=8 tests/real_deb/test_deb_on_arm64.py

format: .venv/installed-test
	.venv/bin/ruff check --fix --exit-zero .
	.venv/bin/ruff format .

docs: .venv/installed-test
	$(PY) -m appliance.settings_page > docs/settings.md
	$(PY) -m appliance.web.openapi > appliance/openapi.json.part && mv appliance/openapi.json.part appliance/openapi.json
	$(PY) -m ota.fleet.operator.openapi > ota/fleet/operator/openapi.json.part && mv ota/fleet/operator/openapi.json.part ota/fleet/operator/openapi.json
	$(PY) -m provisioning.models_page > docs/power-devices.md
	$(PY) -m appliance.chemistry.page > docs/batteries.md
	$(PY) -m tests.whole_unit.architecture_picture > docs/architecture.svg

catalogues: .venv/installed-test
	$(PY) -m tests.whole_unit.catalogues

# Without those that need an image (`make image`), or a Home Assistant and root's rights.
bench: $(filter-out bench-image bench-home,$(BENCHES:%=bench-%))

$(BENCHES:%=bench-%): bench-%: .venv/installed-test
	$(if $(filter $*,$(WITH_PEERS)),PYTHONPATH=build/peers )$(PY) -m tests.bench.$(subst -,_,$*) $(if $(QUICK),--quick)$(if $(filter image,$*),$(if $(OTHER), --other $(OTHER)))

$(WITH_PEERS:%=bench-%): build/peers/installed

bench-home: build/home-assistant/installed

fuzz: $(FUZZ_TARGETS)

$(FUZZ_TARGETS): fuzz-%: build/fuzz/installed
	$(PY) -m tests.fuzz.corpus build/fuzz/corpus
	PYTHONPATH=build/fuzz $(PY) -m tests.fuzz $* -atheris_runs=$(word $(if $(QUICK),3,2),$(subst /, ,$(filter $*/%,$(FUZZ)))) -max_len=1024 -artifact_prefix=build/fuzz/ build/fuzz/corpus/$*

# The lock files hold every version with its hash, for all machines at once.
LOCK = .venv/bin/uv pip compile -q --universal --generate-hashes --no-header --no-annotate
lock: .venv/installed-test
	$(PIP) uv
	$(LOCK) --extra onvif -o requirements.lock pyproject.toml
	$(LOCK) --group laptop -o requirements/laptop.lock
	echo "setuptools>=77" | $(LOCK) -c requirements/laptop.lock -o requirements/build.lock -
	$(LOCK) --extra dev -c requirements.lock -o requirements/test.lock pyproject.toml
	$(LOCK) --group peers -o requirements/peers.lock
	$(LOCK) --group fuzz -o requirements/fuzz.lock
	$(LOCK) --group sbom -o requirements/sbom.lock
	$(LOCK) --group integrations -o requirements/integrations.lock
	$(LOCK) --group goosebit -o requirements/goosebit.lock
	$(LOCK) --group sslyze -o requirements/sslyze.lock
	$(LOCK) --no-deps --group ipycam -o requirements/ipycam.lock
	$(subst --universal,--python-version 3.13.5 --python-platform x86_64-manylinux_2_28,$(LOCK)) --group home-assistant -o requirements/home-assistant.lock

clean:
	rm -rf build .venv
