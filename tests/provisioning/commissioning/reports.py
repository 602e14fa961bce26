"""Acceptance reports to be written: a usual one, and what is needed for its signature."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.wording.sentence import say
from provisioning.commissioning.findings import Figure, Finding, Verdict
from provisioning.commissioning.report.document import Photograph, Report, StepEntry
from provisioning.commissioning.report.photographs import make_photograph


class TestKey:
    """A key as a unit's."""

    __test__ = False

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data, ec.ECDSA(hashes.SHA256()))

    def _format(self, encoding: serialization.Encoding) -> bytes:
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._private.public_key().public_bytes(encoding, kind)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self._format(serialization.Encoding.DER)).hexdigest()

    def format_public(self) -> bytes:
        return self._format(serialization.Encoding.PEM)


KEY = TestKey()
AT = datetime(2026, 12, 1, 3, 15, tzinfo=UTC)


def make_jpeg(width: int, height: int) -> bytes:
    """A picture as a camera gives it, with some detail in it."""
    line = np.linspace(0, 255, width, dtype=np.uint8)
    picture = np.repeat(line[None, :], height, axis=0)
    return cv2.imencode(".jpg", cv2.merge([picture, picture[:, ::-1], picture]))[1].tobytes()


def make_report(**changed: Any) -> Report:
    """The report of a unit with one camera, where all is well but the update server."""
    values: dict[str, Any] = {
        "unit": "Refugiul Țiglăria",
        "identity": "a41f0c53d2be4c1f",
        "key_sha256": KEY.sha256,
        "made_at": AT,
        "clock_confirmed": True,
        "who": "Ștefan Întâi",
        "settings_sha256": "1" * 64,
        "licences": "flask 3.1: BSD\n",
        "site": (Figure(say("Latitude"), 46.5, "deg"),),
        "devices": (Figure(say("Charger"), "epever-tracer at /dev/ttyUSB0"),),
        "versions": {"appliance": "1.2.3"},
        "steps": (
            StepEntry("site", "done", say("the site is known"), "2026-12-01T03:00:00Z", "Ștefan"),
        ),
        "checks": (
            Finding(
                "battery",
                say("The battery answers"),
                Verdict.PASSED,
                say("the battery has {volts:.2f} V", volts=13.21),
                (Figure(say("Voltage of the battery"), 13.21, "V", 2.0),),
            ),
            Finding("server", "Update server", Verdict.FAILED, "it did not answer"),
        ),
        "photographs": (make_photograph("poartă", make_jpeg(640, 360), say("seen just now")),),
        "left_open": ("look at the update server",),
    }
    return Report(**values | changed)


def make_cameras(count: int, width: int, height: int) -> tuple[Photograph, ...]:
    """The same picture of each."""
    data = make_jpeg(width, height)
    return tuple(make_photograph(f"camera {n}", data, "seen just now") for n in range(count))
