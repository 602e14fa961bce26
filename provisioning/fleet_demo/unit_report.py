"""The report of a simulated unit: what the updater says is real, the energy is made up.

    report = sign_report(files, directory, Told(site, clock, progress, wait))

Reads: the unit's directory. Writes: its key, where there is none.
Never: sends anything.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.model_updates import UpdateState
from appliance.store.rows import encode_time
from ota.checkin.report import FORMAT, describe_layers, describe_time, describe_update
from ota.files import Files
from ota.layers.layers import Layers
from ota.machine.progress import Progress
from ota.machine.result import Wait
from ota.reporting.sent import SentFile, SignedReport
from ota.reporting.unit_key import read_key
from provisioning.fleet_demo.demo_clock import DemoClock
from provisioning.fleet_demo.surroundings import Site

DAY_PCT = 30  # of its battery that a unit uses in a day without sun
LEAST_KWH, MORE_KWH = 2, 12  # of sun in a week


@dataclass(frozen=True, slots=True)
class Told:
    """`wait`: what came of the check-in; `until`: when a unit that goes to sleep will be back."""

    site: Site
    clock: DemoClock
    progress: Progress
    wait: Wait
    until: datetime | None


def sign_report(files: Files, directory: Path, told: Told) -> SignedReport:
    key = read_key(files, directory)
    report = {
        "format": FORMAT,
        "unit": told.site.name,
        "group": told.site.group,
        "key": key.sha256,
        **SentFile(files, directory).describe_next(),
        **describe_time(told.clock.stamp(), confirmed=True),
        **describe_update(make_state(told), told.progress),
        "energy": describe_energy(told),
        "faults": list_faults(told),
        "expected_at": encode_time(told.until) if told.until else None,
        "place": {
            "latitude_deg": told.site.latitude_deg,
            "longitude_deg": told.site.longitude_deg,
        },
        "os": {"release": "", "sha256": None},
        **describe_layers(Layers(directory, files).examine()),
    }
    data = json.dumps(report).encode()
    return SignedReport(data, base64.b64encode(key.sign(data)).decode())


def make_state(told: Told) -> UpdateState:
    progress = told.progress
    return UpdateState(
        told.clock.stamp(),
        progress.step,
        progress.release,
        progress.running_release,
        told.wait.reason,
        told.wait.waits_for,
    )


def describe_energy(told: Told) -> dict[str, Any]:
    charge_pct = told.site.find_charge_pct(told.clock.now)
    return {
        "level": told.site.find_level(told.clock.now).name,
        "charge_pct": round(charge_pct, 1),
        "sigma_pct": 3.0,
        "sun_week_kwh": round(LEAST_KWH + MORE_KWH * told.site.sunny, 1),
        "autonomy_days": round(charge_pct / DAY_PCT, 1),
    }


def list_faults(told: Told) -> list[dict[str, str]]:
    """What the unit's page would show: a release that failed needs somebody."""
    if told.wait.waits_for != "operator":
        return []
    since = encode_time(told.clock.now)
    return [{"code": "update", "source": "checkin", "text": told.wait.reason, "since": since}]
