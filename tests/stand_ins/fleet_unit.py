"""A unit as the fleet's server sees it: the unit's own sending code, without the rest of the unit.

unit = FleetUnit(directory, "field-7", post=Application(app).post)
unit.claim(token)
unit.report(running_release="2026.11")
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from ota.disk import Disk
from ota.errors import LinkError
from ota.reporting.claim import Claim, claim
from ota.reporting.entry import Place
from ota.reporting.sender import ReportSender
from ota.reporting.sent import SentFile, SignedReport
from ota.reporting.server import FleetServer
from ota.reporting.unit_key import UnitKey, read_key

Post = Callable[[str, bytes, Mapping[str, str]], tuple[int, bytes]]
ENERGY = {"level": "ECO", "charge_pct": 71.0, "sun_week_kwh": 9.4, "autonomy_days": 2.5}
BEGIN = datetime(2026, 4, 15, 8, tzinfo=UTC)


@dataclass(slots=True)
class Application:
    """An application of Flask as the network would reach it; `is_down`: the link is cut, or
    (`loses_answers`) only the way back.
    """

    app: Flask
    is_down: bool = False
    loses_answers: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, data: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self.is_down:
            raise ConnectionError("the link is down")
        given = {"Content-Type": "application/json", **headers, **self.headers}
        answer = self.app.test_client().post(f"/{path}", data=data, headers=given)
        if self.loses_answers:
            raise ConnectionError("the link broke")
        return answer.status_code, answer.get_data()


class InProcessServer(FleetServer):
    """The unit's own reading of answers, over a function in place of the network."""

    def __init__(self, post: Post) -> None:  # no pool: nothing goes over the network
        self.address = "https://fleet.example.org"
        self._post = post

    def post(self, path: str, data: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        try:
            return self.read(*self._post(path, data, headers))
        except ConnectionError as error:
            raise LinkError(str(error), "fleet-link") from error


@dataclass(slots=True)
class FleetUnit:
    """`now`: the unit's clock, UTC. `over`: the network, in place of `post`."""

    directory: Path
    name: str
    post: Post
    serial: str = ""
    group: str = "all"
    now: datetime = BEGIN
    over: FleetServer | None = None

    def __post_init__(self) -> None:
        self.serial = self.serial or f"box-{self.name}"

    @property
    def server(self) -> FleetServer:
        return self.over or InProcessServer(self.post)

    @property
    def sender(self) -> ReportSender:
        return ReportSender(self.server, SentFile(Disk(), self.directory))

    @property
    def key(self) -> UnitKey:
        self.directory.mkdir(parents=True, exist_ok=True)
        return read_key(Disk(), self.directory)

    @property
    def public_key(self) -> str:
        return self.key.format_public().decode()

    def claim(self, token: str) -> Place:
        self.directory.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC) if self.over else self.now
        return claim(self.server, Disk(), self.directory, Claim(token, self.serial), now)

    def report(self, **changes: Any) -> SignedReport:
        """Write a report and send it, as a check-in does. Raises as `ReportSender.send`."""
        self.now += timedelta(hours=1)
        sender = self.sender
        sender.send_waiting()
        report = self.sign(**changes)
        sender.send(report)
        return report

    def sign(self, **changes: Any) -> SignedReport:
        key = self.key
        place = SentFile(Disk(), self.directory).describe_next()
        tree = {**self.describe(), "key": key.sha256, **place, **changes}
        data = json.dumps(tree).encode()
        return SignedReport(data, base64.b64encode(key.sign(data)).decode())

    def describe(self) -> dict[str, Any]:
        return {
            "format": 1,
            "unit": self.name,
            "group": self.group,
            "at": self.now.isoformat(),
            "clock_confirmed": True,
            "running_release": "2026.11",
            "state": "idle",
            "release": "",
            "reason": "",
            "waits_for": "",
            "failed_releases": [],
            "energy": {
                "level": "ECO",
                "charge_pct": 71.0,
                "sun_week_kwh": 9.4,
                "autonomy_days": 2.5,
            },
            "faults": [],
            "expected_at": None,
            "place": None,
        }


def copy_unit(unit: FleetUnit, directory: Path, post: Post) -> FleetUnit:
    """A second box with the disk of the first one."""
    directory.mkdir(parents=True)
    for path in unit.directory.iterdir():
        (directory / path.name).write_bytes(path.read_bytes())
    return FleetUnit(directory, unit.name, post, unit.serial, unit.group, unit.now)
