"""Every command that the documents show does what a reader may expect: it runs.

`unitctl` and finite modules run on a simulated unit, endless ones until their first line, targets
of make are resolved; commands that change a machine as root are only held against the repository,
and those of `fleet` are parsed: tests/ota/release/test_docs_walk.py runs them.
"""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.__main__ import main, make_parser
from appliance.clock import Clock, SystemClock
from appliance.commands.opening import LAPTOP_SETTINGS
from appliance.model_updates import UpdateStep
from appliance.proxy.names import list_names
from appliance.proxy.prepared import Unit, prepare
from appliance.sections.network import WebSettings
from appliance.settings import PATH_VARIABLE
from appliance.store.backup import make_backup
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from ota.disk import Disk
from ota.fleet.__main__ import make_fleet_parser
from ota.machine.journal import Journal
from ota.machine.progress import Record
from ota.trust.store import TrustStore
from provisioning.laptop import START
from tests.conftest import CLIP, MODEL, ROOT
from tests.scenes import alarms, filled
from tests.scenes.foreign_exports import make_export
from tests.scenes.onnx_models import make_model, write_model
from tests.stand_ins.fakes import FakeClock
from tests.whole_unit.docs_text import Command, read_commands

# The cameras of the documents: that of `make run`, and that of the examples.
SETTINGS = f"""
[unit]
data_dir = "../../data"
run_dir = "../../run"

[charger.main]
port = "/dev/appliance/charger"

[camera.demo]
source = "{CLIP}"

[camera.gate]
source = "{CLIP}"

[recipient.owner]
channels = ["mail"]

[channel.mail]
address_file = "/etc/appliance/mail.address"

[inference]
model = "{MODEL}"

[web]
tls_dir = "../../tls"

[update]
dir = "../../ota"
mirrors = ["file:///nonexistent/mirror"]
"""
EXPORTS = {"yolo11n": "yolov8", "vehicles": "yolox", "FILE": "detr"}
EVENT = "20260415T120000Z-gate-beef-1"
MEANT = {
    "FILE": LAPTOP_SETTINGS.as_posix(),
    "DATABASE": "data/unit.db",
    "BACKUP": "data/copy.db",
    "~/yolo11n.onnx": "yolo11n.onnx",
    "/mnt/updates": "stick",
    "DIRECTORY": "stick",
    "RELEASE": "2026.12.1",
    "NUMBER": "12",
    "EVENT": EVENT,
    "bench-NAME": "bench-idle",
    "bench-...": "bench-idle",
}
# What a reader would answer or wait for.
ADDED = {
    ("models", "bench"): ["--seconds", "1"],
    ("events", "erase"): ["--yes"],
    ("export",): ["--to", "{count}.tar.gz"],
}
# These ask what is connected to this machine, its clock, a power service or a server: only parsed.
ON_REAL_HARDWARE = [
    ["power", "probe"],
    ["power", "test-sleep"],
    ["cameras", "find"],
    ["energy", "fuel"],
    ["energy", "source"],
    ["fleet", "claim"],
    ["fleet", "key"],
    *(
        ["provision", word]
        for word in ("next", "site", "acceptance", "replaced", "--check", "--from")
    ),
    *(["settings", action] for action in ("set", "back", "confirm")),  # they order from PID 1
]
ENDLESS = ["provisioning.simulated"]
AS_ROOT = {
    *("journalctl", "rtcwake", "systemctl", "systemd-analyze", "systemd-cgtop"),
    *("apt", "dpkg-reconfigure", "nano"),
}
INSTALLERS = {"install", "install-image"}  # the second is also a command of the image
RUN_SETTINGS = ROOT / "provisioning/laptop.toml"  # of `make run`


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a unit with rows of yesterday and now, a plan and a new model."""
    directory = tmp_path_factory.mktemp("unit")
    settings = directory / LAPTOP_SETTINGS
    settings.parent.mkdir(parents=True)
    settings.write_text(f'{SETTINGS}[host]\nsystemctl = "{make_systemctl(directory)}"\n')
    make_update(directory)
    web = WebSettings(tls_dir=directory / "tls")
    prepare(web, Unit("unit", list_names("unit", (), ()), SystemClock().stamp().utc))
    write_model(directory, make_model(), "owls")
    for name, output in EXPORTS.items():
        make_export(directory / f"{name}.onnx", output, metadata={"license": "Apache-2.0"})
    database = directory / "data/unit.db"
    prepare_database(database)
    yesterday = FakeClock(SystemClock().stamp().utc - timedelta(hours=25))
    with opened_stores(database, yesterday) as open_as:
        filled.fill(open_as)
        open_as("camera").add(filled.camera_state(yesterday.stamp(), "gate"))
    with opened_stores(database, SystemClock()) as open_as:
        filled.fill(open_as)
        alarm, *others = alarms.make_rows(SystemClock().stamp())
        open_as("alarm").add(replace(alarm, sequence=12), *others)
        open_as("inference").add(replace(filled.event(SystemClock().stamp(), EVENT), camera="gate"))
        make_backup(open_as("power"), database.parent).rename(database.with_name("copy.db"))
    run_python("-m", "power.plan", "--settings", str(settings))
    return directory


def make_systemctl(directory: Path) -> Path:
    """A program that runs a check-in where one is ordered."""
    program = directory / "systemctl"
    words = shlex.join([sys.executable, "-m", "ota.checkin", "--settings"])
    program.write_text(f"#!/bin/sh\nexec {words} {shlex.quote(str(directory / LAPTOP_SETTINGS))}\n")
    program.chmod(0o755)
    return program


def make_update(directory: Path) -> None:
    """A stick, and an update directory in which a release has failed twice."""
    for name in ("image", "director"):
        (directory / "stick" / name / "metadata").mkdir(parents=True)
    (directory / "ota/trust").mkdir(parents=True)
    trust = TrustStore(directory / "ota", Disk())
    trust.save(trust.load())
    facts = {"failed": 2}
    record = Record(
        SystemClock().stamp(), UpdateStep.REPORT, MEANT["RELEASE"], "ab" * 32, "it failed", facts
    )
    Journal(Disk(), directory / "ota/journal.jsonl").append(record)


@contextmanager
def opened_stores(database: Path, clock: Clock) -> Iterator[Callable[[str], Store]]:
    stores: dict[str, Store] = {}
    yield lambda writer: stores.setdefault(writer, Store(database, clock, writer))
    for store in stores.values():
        store.close()


@pytest.fixture
def in_unit(unit: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(unit)
    monkeypatch.setenv(PATH_VARIABLE, str(unit / LAPTOP_SETTINGS))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr("sys.stdin", (unit / LAPTOP_SETTINGS).open())  # no terminal to answer at
    return unit


@pytest.fixture(scope="module")
def fresh_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a `make run` whose simulated day began three hours ago."""
    directory = tmp_path_factory.mktemp("fresh")
    zone = re.search(r'^timezone = "(.+)"', RUN_SETTINGS.read_text(), re.MULTILINE)
    assert zone
    still_s = time.clock_gettime(time.CLOCK_BOOTTIME) + 3600  # until then time stands at the origin
    clock = f"speed = 360\norigin_utc = {(START + timedelta(hours=3)).isoformat()}\n"
    settings = directory / LAPTOP_SETTINGS
    settings.parent.mkdir(parents=True)
    settings.write_text(
        f'[site]\ntimezone = "{zone[1]}"\n[clock]\n{clock}origin_boottime_s = {still_s}\n{SETTINGS}'
    )
    database = directory / "data/unit.db"
    prepare_database(database)
    for minutes in (1, 29, 61, 170):
        clock_then = FakeClock(START + timedelta(minutes=minutes))
        with opened_stores(database, clock_then) as open_as:
            power = open_as("power")
            now = power.clock.stamp()
            power.add(filled.reading(now), filled.battery_state(now), filled.budget(now))
            open_as("camera").add(filled.camera_state(now), filled.change(now))
    return directory


COMMANDS = read_commands()
MOMENTS = [one for one in COMMANDS if one.document.name == "README.md" and "--at" in one.line]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_command_runs(
    command: Command, in_unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *words = [MEANT.get(word, word) for word in shlex.split(command.line)]
    if Path(program).name == "unitctl":
        check_unitctl(words, capsys, is_name=command.is_inline)
    elif program == "fleet":
        check_fleet(words, capsys, is_name=command.is_inline)
    elif program == "make":
        check_make(words)
    elif words[:1] == ["-m"] and program != "python3":
        check_module(words[1:])
    else:
        check_as_root(program, words)


@pytest.mark.parametrize("command", MOMENTS, ids=str)
def test_the_moments_of_the_readme_are_known_in_a_fresh_run(
    command: Command,
    fresh_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(fresh_run)
    monkeypatch.delenv(PATH_VARIABLE, raising=False)
    with pytest.raises(SystemExit) as left:
        main(shlex.split(command.line)[1:])
    shown = capsys.readouterr()
    assert left.value.code == 0, shown.err
    assert "not known" not in shown.out


def check_unitctl(words: list[str], capsys: pytest.CaptureFixture[str], *, is_name: bool) -> None:
    """`is_name`: a sentence names the command and may leave out what it needs."""
    if words[:2] in ON_REAL_HARDWARE or "--watch" in words:  # the second ends with Ctrl-C only
        with suppress(SystemExit) if is_name else nullcontext():
            make_parser().parse_args(words)
        return
    count = len(list(Path().iterdir()))
    for start, added in ADDED.items():
        if tuple(words[: len(start)]) == start:
            words = words + [word.format(count=count) for word in added]
    with pytest.raises(SystemExit) as left:
        main(words)
    output = capsys.readouterr()
    if is_name and left.value.code == 2 and re.search("needs|required", output.err):
        return
    assert left.value.code in (0, 1), output.err
    assert "unitctl:" not in output.err


def check_fleet(words: list[str], capsys: pytest.CaptureFixture[str], *, is_name: bool) -> None:
    """Only parsed; `is_name`: a sentence names the command and may leave out what it needs."""
    with suppress(SystemExit):
        make_fleet_parser().parse_args(words)
    said = capsys.readouterr().err
    assert not said or (is_name and re.search("required", said)), said


def check_make(words: list[str]) -> None:
    run("make", "-n", "-C", str(ROOT), *words)


def check_module(words: list[str]) -> None:
    """Until its first line where it would go on for ever, else to its end (benches: their help)."""
    module, *options = words
    if module.startswith("tests.bench"):
        text = run_python("-m", module, "--help")
        assert [word for word in options if word.startswith("--") and word not in text] == []
    elif module in ENDLESS:
        with subprocess.Popen(
            [sys.executable, "-m", *words], stdout=subprocess.PIPE, text=True
        ) as process:
            first = process.stdout.readline() if process.stdout else ""
            process.terminate()
        assert first
    elif module == "appliance":
        run_python("-m", module, "--help")
    else:
        run_python("-m", *words)


def run_python(*words: str) -> str:
    return run(sys.executable, *words)


def run(*words: str) -> str:
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_as_root(program: str, words: list[str]) -> None:
    """The installation has the options that are shown; no other command is new to this test."""
    if "|" in words:
        program, *words = words[words.index("|") + 1 :]
    if program == "sudo":
        program, *words = words
    if (name := Path(program).name) in INSTALLERS:
        known = run(str(ROOT / "provisioning" / name), "--help")
        assert [word for word in words if word.startswith("--") and word not in known] == []
        return
    assert Path(program).name in AS_ROOT, "say in this test what kind of command this is"


def test_the_documents_show_commands() -> None:
    programs = {os.path.basename(shlex.split(command.line)[0]) for command in COMMANDS}
    assert {"make", "unitctl", "python", "systemctl", "install"} <= programs
