"""What the unit reports of itself after each check-in, signed with its own key.

    report.json        JSON, one object
    report.json.sig    the signature over the bytes of report.json: ECDSA P-256, SHA-256, DER

Reads: rows, the journal of updates, the layers in use. Writes: these two files, through `Files`.
Never: holds a picture, an event or a password; the place of the unit only where the settings allow
it, to about a kilometre.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance import log
from appliance.model import BatteryState, EnergyBudget, Stamp
from appliance.model_updates import UpdateState
from appliance.settings import Settings
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.shorten import make_printable, shorten
from ota.checkin.idle import REPORT, find_return
from ota.checkin.week import describe_week
from ota.files import Files, replace
from ota.layers.layers import Layers, LayerState
from ota.machine.progress import Progress
from ota.manifest import LayerKind
from ota.reporting.sent import SentFile, SignedReport
from ota.reporting.unit_key import read_key

SIGNATURE = f"{REPORT}.sig"
FORMAT = 1
MOST_FAULTS, MOST_FAILED = 50, 20
LONGEST_TEXT = 500
PLACE_DIGITS = 2  # of degrees: about a kilometre


@dataclass(frozen=True, slots=True)
class Reporter:
    """`write` and `describe` take the state of the journal, and the release of the operating system
    that runs, "" where that is not known.
    """

    settings: Settings
    store: Store
    files: Files

    @property
    def directory(self) -> Path:
        return self.settings.update.dir

    def write(self, progress: Progress, system: str) -> SignedReport:
        """Write the report of now. Raises `UpdateError`, `StoreError`, `OSError`."""
        self.files.make_directory(self.directory)
        key = read_key(self.files, self.directory)
        place = SentFile(self.files, self.directory).describe_next()
        report = {**self.describe(progress, system), "key": key.sha256, **place}
        data = json.dumps(report, indent=1, sort_keys=True).encode() + b"\n"
        signature = key.sign(data)
        replace(self.files, self.directory / REPORT, data)
        replace(self.files, self.directory / SIGNATURE, signature)
        return SignedReport(data, base64.b64encode(signature).decode())

    def describe(self, progress: Progress, system: str) -> dict[str, Any]:
        """The report: what is not known is null."""
        layers = Layers(self.directory, self.files).examine()
        until = find_return(self.store)
        return {
            "format": FORMAT,
            "unit": self.settings.unit.name,
            "group": self.settings.update.group,
            **describe_time(self.store.clock.stamp(), self.store.clock.is_synchronized()),
            **describe_update(self.store.last(UpdateState), progress),
            "energy": self._describe_energy(),
            "faults": self._list_faults(),
            "expected_at": encode_time(until) if until else None,
            "place": self._describe_place(),
            "os": {"release": system, "sha256": find_system_sha256(progress)},
            **describe_layers(layers),
        }

    def _describe_energy(self) -> dict[str, Any]:
        budget, battery = self.store.latest(EnergyBudget), self.store.latest(BatteryState)
        return {
            "level": budget.level.name if budget else None,
            "charge_pct": battery.state_of_charge_pct if battery else None,
            "sigma_pct": battery.sigma_pct if battery else None,
            **describe_week(self.store),
        }

    def _describe_place(self) -> dict[str, float] | None:
        """None where the owner does not want it told."""
        site = self.settings.site
        if not self.settings.fleet.tell_place:
            return None
        return {
            "latitude_deg": round(site.latitude_deg, PLACE_DIGITS),
            "longitude_deg": round(site.longitude_deg, PLACE_DIGITS),
        }

    def _list_faults(self) -> list[dict[str, str]]:
        """The open faults: which, of what, since when; without passwords."""
        return [
            {
                "source": one.source,
                "code": one.code,
                "text": tell(one.text),
                "since": encode_time(one.stamp.utc),
            }
            for one in self.store.list_open_faults()[:MOST_FAULTS]
        ]


def describe_time(now: Stamp, confirmed: bool) -> dict[str, Any]:
    return {
        "at": encode_time(now.utc),
        "clock_confirmed": confirmed,
        "boot_id": now.boot_id,
        "uptime_s": round(now.uptime_s, 1),
    }


def describe_update(row: UpdateState | None, progress: Progress) -> dict[str, Any]:
    """What runs, what is under way and what it waits for."""
    return {
        "running_release": progress.running_release,
        "state": progress.step.value,
        "release": progress.release,
        "reason": tell(row.reason) if row else "",
        "waits_for": row.waits_for if row else "",
        "failed_releases": list_failed(progress),
    }


def tell(text: str) -> str:
    """In one line, without passwords, and not endless."""
    return shorten(make_printable(log.redact(text)), LONGEST_TEXT)


def list_failed(progress: Progress) -> list[str]:
    """The newest of them."""
    newest = list(progress.failures.values())[-MOST_FAILED:]
    return sorted({one.release for one in newest})


def describe_layers(layers: tuple[LayerState, ...]) -> dict[str, Any]:
    """The hashes of what is in use."""
    used = {(one.key.kind, one.key.name): one.current for one in layers if one.current}
    return {
        "app_sha256": used.get((LayerKind.APP, "")),
        "settings_sha256": used.get((LayerKind.SETTINGS, "")),
        "models": {name: sha for (kind, name), sha in used.items() if kind is LayerKind.MODEL},
    }


def find_system_sha256(progress: Progress) -> str | None:
    """Of the operating system's image, where an update brought it."""
    found = progress.running.facts.get("os_sha256") if progress.running else None
    return str(found) if found else None
