"""A report's document from what a unit is: settings, record, rows, software, pictures.

    report = gather(unit, key, checks, photographs)

Reads: the settings, the record, the newest update row, the installed packages. Writes: nothing.
Never: takes a password or a token along: facts of such names are left out, the rest is redacted.
"""

import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib import metadata
from typing import Any

from appliance import log
from appliance.checks import open_reader
from appliance.errors import ApplianceError
from appliance.model_updates import UpdateState
from appliance.process.unit_identity import read_identity
from appliance.settings import Settings
from appliance.wording.sentence import say
from provisioning.commissioning.findings import Figure, Finding, Verdict
from provisioning.commissioning.record import Done
from provisioning.commissioning.report.document import Photograph, Report, StepEntry
from provisioning.commissioning.report.signing import Key
from provisioning.commissioning.report.words import STATUSES, STEPS
from provisioning.commissioning.unit import Unit

DISTRIBUTION = "neural-energy-appliance"
SECRET = ("pin", "password", "token", "secret", "code", "passphrase")
OWN = "acceptance"  # the step that writes the report
SETTLED = ("done", "skipped")
MOST_STEPS, MOST_FACTS = 60, 40
LICENCE = "License :: "
SHOWN_LICENCE = 60  # characters


def gather(
    unit: Unit, key: Key, checks: Iterable[Finding], photographs: Iterable[Photograph]
) -> Report:
    """The document of now. Raises `SettingsError`, `OSError`."""
    settings, found = unit.settings(), tuple(checks)
    done = unit.record.load()
    return Report(
        unit=settings.unit.name,
        identity=find_identity(settings),
        key_sha256=key.sha256,
        made_at=unit.clock.stamp().utc,
        clock_confirmed=unit.clock.is_synchronized(),
        who=unit.who,
        settings_sha256=hashlib.sha256(unit.settings_path.read_bytes()).hexdigest(),
        licences=list_licences(),
        site=tuple(list_site(settings)),
        devices=tuple(list_devices(settings)),
        versions=find_versions(unit, settings),
        steps=tuple(make_entry(name, one) for name, one in list(done.items())[:MOST_STEPS]),
        checks=found,
        photographs=tuple(photographs),
        left_open=tuple(list_open(done, found)),
    )


def find_identity(settings: Settings) -> str:
    """The unit as other programs know it; nothing where the machine has no identity."""
    with suppress(ApplianceError):
        return read_identity(settings)
    return ""


def list_site(settings: Settings) -> Iterator[Figure]:
    """Where it stands, its panels and its battery."""
    site, panels, battery = settings.site, settings.panels, settings.battery
    yield Figure(say("Latitude"), site.latitude_deg, "deg")
    yield Figure(say("Longitude"), site.longitude_deg, "deg")
    yield Figure(say("Height above sea level"), site.altitude_m, "m")
    yield Figure(say("Time zone"), site.timezone)
    yield Figure(say("Nominal power of the panels"), panels.peak_w, "W")
    yield Figure(say("Tilt of the panels"), panels.tilt_deg, "deg")
    yield Figure(say("Azimuth of the panels"), panels.get_azimuth_deg(site), "deg")
    yield Figure(say("Chemistry of the battery"), battery.chemistry.value)
    yield Figure(say("Rated energy of the battery"), battery.capacity_wh, "Wh")
    yield Figure(say("Nominal voltage of the battery"), battery.nominal_voltage_v, "V")


def list_devices(settings: Settings) -> Iterator[Figure]:
    """What is connected; a camera without its address, which may hold a password."""
    for name, charger in settings.charger.items():
        title = say("Charge controller {name}", name=name)
        yield Figure(title, log.redact(f"{charger.model}, {charger.port}"))
    for name, bms in settings.bms.items():
        yield Figure(say("Battery {name}", name=name), log.redact(f"{bms.model}, {bms.port}"))
    for name, camera in settings.camera.items():
        yield Figure(say("Camera {name}", name=name), camera.runs_from.name)
    for name, switch in settings.switch.items():
        title = say("Switched load {name}", name=name)
        yield Figure(title, f"{switch.kind.value}, {switch.runs_from.name}")


def find_versions(unit: Unit, settings: Settings) -> Mapping[str, str]:
    """Of the software, as far as each is known."""
    found = {"Linux": platform.release(), "Python": platform.python_version()}
    with suppress(OSError):
        found["OS"] = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    with suppress(metadata.PackageNotFoundError):
        found["appliance"] = metadata.version(DISTRIBUTION)
    with open_reader(settings, unit.clock) as store:
        row = store.last(UpdateState) if store else None
    if row is not None and row.running_release:
        found["release"] = row.running_release
    return found


def list_licences() -> str:
    """Each installed package with its version and licence, a line each."""
    lines = set()
    for one in metadata.distributions():
        facts: Any = one.metadata
        named = [text for text in facts.get_all("Classifier") or () if text.startswith(LICENCE)]
        words = [text.removeprefix(LICENCE).removeprefix("OSI Approved :: ") for text in named]
        licence = facts.get("License-Expression") or facts.get("License") or ", ".join(words)
        first = str(licence).strip().partition("\n")[0][:SHOWN_LICENCE] or "see the package"
        lines.add(f"{facts.get('Name')} {one.version}: {first}\n")
    return "".join(sorted(lines, key=str.lower))


def make_entry(name: str, done: Done) -> StepEntry:
    """A step as it stands in the record."""
    facts = {key: tell(value) for key, value in list(done.facts.items())[:MOST_FACTS]}
    shown = {key: text for key, text in facts.items() if name != OWN and not is_secret(key)}
    return StepEntry(name, done.status, done.reason, done.at, done.who, done.warnings, shown)


def is_secret(key: str) -> bool:
    """Whether a fact of that name may be one that opens something."""
    return any(word in key.lower().split("_") for word in SECRET)


def tell(value: Any) -> str:
    """A fact in one line, without passwords."""
    return log.redact(f"{value:g}" if isinstance(value, float) else str(value))


def list_open(done: Mapping[str, Done], checks: Iterable[Finding]) -> Iterator[str]:
    """What is still to do: steps that are not done, checks that failed or were not possible."""
    for name, title in STEPS.items():
        status = done[name].status if name in done else "to_do"
        if name != OWN and status not in SETTLED:
            yield say("{step}: {status}", step=title, status=STATUSES.get(status, status))
    for one in checks:
        if one.verdict in (Verdict.FAILED, Verdict.NOT_POSSIBLE):
            yield say("{step}: {status}", step=one.title, status=one.reason)
