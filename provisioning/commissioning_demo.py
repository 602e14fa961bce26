"""`make provision-demo`: a simulated unit is set up unattended, from docs/examples/site.toml.

    python -m provisioning.commissioning_demo --dir build/provision-demo

The unit is that of `make run`: its real processes beside a simulated plant. It begins as an
installed unit does, with the settings of an example whose charge controller is not there. Run
again, it goes on with what the run before has set up, and nothing is changed.

Reads: site.toml. Writes: its directory; a line for each step, JSON as the last line.
Never: reaches out of this computer.
"""

import argparse
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from appliance.errors import ApplianceError, SettingsError
from appliance.parsing.arguments import PATH
from appliance.parsing.toml_text import parse_toml
from appliance.settings_change.trees import get
from power.probe.questions import USUAL_TIMEOUTS
from provisioning.board import MAILBOX
from provisioning.command import STOP_SIGNALS, stop_once
from provisioning.commissioning import unattended
from provisioning.commissioning.engine import Engine
from provisioning.commissioning.site_file import read_site
from provisioning.commissioning.step import Step
from provisioning.commissioning.steps import STEPS
from provisioning.commissioning.steps.power_devices import PowerDevicesStep, find_states
from provisioning.commissioning.steps.power_search import search_with_probe
from provisioning.commissioning.unit import DIRECTORY, Unit
from provisioning.free_ports import find_free_port, is_listening
from provisioning.laptop import START, Laptop, RunRequest
from provisioning.run_directory import claim_directory
from provisioning.runner import ROOT, UPDATES

SITE = ROOT / "docs/examples/site.toml"
DAY_S = 21_600.0  # real seconds of a simulated day: a minute of the services is 15 s
BEGIN = START + timedelta(hours=5)  # in daylight
NEXT_RUN = timedelta(days=1)
SILENT_IN_S = 30.0
# As an installed unit is: the figures of an example, and a charge controller elsewhere.
NEW: dict[tuple[str, ...], Any] = {
    ("charger", "main", "port"): "/dev/appliance/charger",
    ("battery", "capacity_wh"): 2560.0,
}
# What commissioning has written, and a run that goes on begins with.
KEPT = (
    *("unit", "site", "charger", "bms", "panels", "battery", "camera"),
    *("alarms", "alarm", "recipient", "channel"),
)
ADDRESS = "mailto://127.0.0.1:{port}?from=unit@demo.example&to=owner@demo.example&mode=insecure\n"


def main(arguments: list[str] | None = None) -> int:
    """0: all is done, 1: a step is not."""
    parser = argparse.ArgumentParser("provision-demo", description=__doc__.splitlines()[0])
    where = ROOT / "build/provision-demo"
    parser.add_argument("--dir", type=PATH, default=where, help="run directory")
    parser.add_argument("--site", type=PATH, default=SITE, help="file of answers")
    options = parser.parse_args(arguments)
    for number in STOP_SIGNALS:
        signal.signal(number, stop_once)
    try:
        with claim_directory(options.dir):
            return run(options.dir.absolute(), options.site)
    except KeyboardInterrupt:
        print("stopped", flush=True)
        return 1
    except ApplianceError as error:
        print(f"provision-demo: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1


def run(directory: Path, site: Path) -> int:
    """A new unit, or the one of the run before."""
    before = directory / "unit.toml"
    old = parse_toml(before.read_bytes())[1] if before.exists() else None
    begin = BEGIN if old is None else find_begin(old)
    request = RunRequest(DAY_S, find_free_port(), directory, start=begin, charge_pct=60.0)
    with Laptop(request) as laptop, run_mailbox(directory) as smtp_port:
        unit = Unit(laptop.settings.path, laptop.settings.make_clock(), "demo")
        changes = NEW if old is None else go_on(unit, old)
        unit.change_settings(changes, why="as the unit comes to its site")
        if old is None:
            wait_for_silence(unit)
        answers = write_answers(directory, site, smtp_port)
        steps = tuple(fit(step, directory) for step in STEPS)
        with Engine(unit, steps, read_site(answers, steps), print_now) as engine:
            return unattended.run(engine, print_now)


def wait_for_silence(unit: Unit) -> None:
    """Until the power service has noticed that its charge controller is elsewhere."""
    clock = unit.clock
    ends_s = clock.media_s() + SILENT_IN_S
    while find_states(unit) and clock.media_s() < ends_s:
        clock.wait_media(0.2, Event())


def find_begin(old: dict[str, Any]) -> Any:
    """A day after the beginning of the run before: time goes forward."""
    origin = get(old, ("clock", "origin_utc"))
    return BEGIN if origin is None else origin + NEXT_RUN


def fit(step: Step, directory: Path) -> Step:
    """The serial ports of a laptop are no ports of the simulated unit; and who waits for a
    demonstration need not wait for ids that nobody has.
    """
    if not isinstance(step, PowerDevicesStep):
        return step
    timeouts = replace(USUAL_TIMEOUTS, bus_scan_s=5.0)
    return replace(
        step,
        list_ports=lambda: [str(directory / "charger")],
        search=partial(search_with_probe, timeouts=timeouts),
    )


def go_on(unit: Unit, old: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    """What the run before has set up: its logins, its key, its addresses, and its settings."""
    directory = unit.settings_path.parent
    previous = directory.with_name(f"{directory.name}.previous")
    for name in (f"data/{DIRECTORY}", "data/access", UPDATES):
        shutil.copytree(previous / name, directory / name, dirs_exist_ok=True)
    for file in previous.glob("*.address"):
        shutil.copy2(file, directory)
    tables: dict[tuple[str, ...], Any] = {(one,): old[one] for one in KEPT if one in old}
    tables["unit",] = {**old["unit"], **read_run(unit.settings_path)}
    return tables


def read_run(path: Path) -> dict[str, Any]:
    """The directories of this run."""
    unit = parse_toml(path.read_bytes())[1]["unit"]
    return {key: unit[key] for key in ("data_dir", "run_dir")}


def write_answers(directory: Path, site: Path, smtp_port: int) -> Path:
    """site.toml with the secrets that it names, beside it."""
    answers = directory / "answers"
    answers.mkdir(exist_ok=True)
    kept = directory.with_name(f"{directory.name}.previous") / "answers"
    secret = {
        "pin": f"{secrets.randbelow(800_000) + 100_000}7\n",
        "password": f"{secrets.token_urlsafe(12)}\n",
        "owner.address": ADDRESS.format(port=smtp_port),
    }
    for name, text in secret.items():
        path = answers / name
        path.touch(mode=0o600)
        path.write_text((kept / name).read_text() if (kept / name).exists() else text)
    shutil.copy(site, answers / "site.toml")
    return answers / "site.toml"


@contextmanager
def run_mailbox(directory: Path) -> Iterator[int]:
    """A mail server on this computer; its port."""
    smtp_port, page_port = find_port(directory), find_free_port()
    words = ["--smtp", str(smtp_port), "--page", str(page_port), "--dir", str(directory / MAILBOX)]
    command = [sys.executable, "-m", "provisioning.mailbox", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            yield smtp_port
        finally:
            process.terminate()


def find_port(directory: Path) -> int:
    """That of the run before where it is free: the address of the owner has it."""
    file = directory.with_name(f"{directory.name}.previous") / "answers/owner.address"
    if file.exists():
        port = int(file.read_text().partition("127.0.0.1:")[2].partition("?")[0])
        if not is_listening("127.0.0.1", port):
            return port
    return find_free_port()


def print_now(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
