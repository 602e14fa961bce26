"""A file of answers on the boot partition of a virtual machine, and what became of it.

Reads: the disk while the machine is off; the unit by SSH while it runs. Writes: `provision/`.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.real_boot.unit import EmulatedUnit
from tests.stand_ins.rtsp import Cameras

SERVICE = "appliance-provision-site"
RESULT = "SITE-RESULT.txt"
WALK_S = 1800.0
FROM_INSIDE = "10.0.2.2"  # this computer, as the machine sees it: a private address, as a camera's
CAMERA = "yard"
VIDEO = Path(__file__).parents[2] / "sensors/media/pedestrians.mp4"
SITE = """
[site]
name = "Hut 12"
latitude_deg = 44.43
longitude_deg = 26.10
timezone = "Europe/Bucharest"
panels_peak_w = 240
tilt_deg = 35
azimuth_deg = 180
chemistry = "lfp"
nominal_voltage_v = 12.8
capacity_ah = 30

[access]
pin_file = "pin"
account = "ada"
password_file = "password"

[[alarms]]
recipient = "nobody"
"""
SECRETS = {"pin": "836105\r\n", "password": "three words here\n"}
WITH_CAMERA = """
[[camera]]
name = "{name}"
source = "rtsp://{host}:{port}/{name}"
"""
NO_CAMERA = "\n[camera]\nnone = true\n"


@dataclass(frozen=True, slots=True)
class Walk:
    """What SITE-RESULT.txt says. `last`: its line of JSON; empty where nothing was applied."""

    text: str
    last: dict[str, object]
    exit_status: int


def make_site(cameras: Cameras | None) -> str:
    """The answers; with the camera of this computer where it can have one."""
    if cameras is None:
        return SITE + NO_CAMERA
    return SITE + WITH_CAMERA.format(name=CAMERA, host=FROM_INSIDE, port=cameras.port)


def list_files(cameras: Cameras | None) -> dict[str, str]:
    """All that a technician puts into `provision/`."""
    return {"site.toml": make_site(cameras), **SECRETS}


def put(unit: EmulatedUnit, files: dict[str, str]) -> None:
    """On the boot partition, while the machine is off."""
    for name, text in files.items():
        unit.disk.put(text, f"provision/{name}")


def put_running(unit: EmulatedUnit, files: dict[str, str]) -> None:
    """The same, while it runs."""
    for name, text in files.items():
        unit.order(f"cat >/efi/provision/{name}", text=text)


def read_walk(text: str) -> Walk:
    *lines, status = text.strip().splitlines()
    last = next((one for one in reversed(lines) if one.startswith("{")), "{}")
    return Walk(text, json.loads(last), int(status.removeprefix("exit status: ")))


def wait_for_result(unit: EmulatedUnit, earlier: str = "") -> Walk:
    """Another one than `earlier`."""
    found = earlier

    def look() -> bool:
        nonlocal found
        found = unit.ask(f"sudo cat /efi/provision/{RESULT}")
        return found not in ("", earlier.strip()) and "exit status: " in found

    unit.wait_for(look, WALK_S, "the result of the set-up")
    return read_walk(found)
