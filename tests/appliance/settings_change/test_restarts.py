"""The table of who uses which settings, held against the code of the services."""

import re
from pathlib import Path

import pytest

from appliance.process.units import PREFIX
from appliance.settings import Settings
from appliance.settings_change.keys import BY_HAND, CONFIRM, HARMLESS, list_fields
from appliance.settings_change.restarts import CAMERA_KEYS, CAMERAS, SECTIONS, TITLES
from appliance.settings_change.schema import TITLES as SECTION_TITLES
from tests.conftest import ROOT

READ = re.compile(r"\bsettings\.(?P<section>[a-z]+)\b")
# The code of each service; commands are run by people, who start them anew.
CODE = {
    "power": ["power"],
    CAMERAS: ["sensors/camera"],
    "hints": ["sensors/hints"],
    "inference": ["inference"],
    "mqtt": ["appliance/mqtt"],
    "push": ["ota/push"],
    "alarm": ["appliance/alarms"],
    "proxy": ["appliance/proxy"],
}
NOT_THE_SERVICE = ("commands", "probe", "settings_check.py", "model_store", "testing")


def list_files(service: str) -> list[Path]:
    files = [file for part in CODE[service] for file in (ROOT / part).rglob("*.py")]
    return [file for file in files if not set(file.parts) & set(NOT_THE_SERVICE)]


@pytest.mark.parametrize("service", CODE)
def test_every_section_that_a_service_reads_is_in_the_table(service: str) -> None:
    sections = set(list_fields(Settings)) - {"unit", "camera"}
    text = "".join(file.read_text() for file in list_files(service))
    read = {found["section"] for found in READ.finditer(text)} & sections
    read -= {"source"} if service == CAMERAS else set()  # a camera's own
    read -= {"switch"} if service == "alarm" else set()
    assert read or service == "hints"  # it reads cameras alone
    assert read <= SECTIONS[service], f"{service} reads {read - SECTIONS[service]}"


def test_every_resident_service_is_in_the_table() -> None:
    units = {path.stem for path in (ROOT / "systemd").glob("*.service")}
    resident = {
        unit.removeprefix(PREFIX)
        for unit in units
        if "Type=oneshot" not in (ROOT / f"systemd/{unit}.service").read_text()
    }
    resident |= {"kiosk"}  # in a folder of its own
    known = {*SECTIONS, "web"} - {CAMERAS}
    assert known == {name for name in resident if not name.startswith("camera")}
    assert set(TITLES) == known
    assert set(CAMERA_KEYS) <= known


def test_what_the_tables_name_exists() -> None:
    fields = list_fields(Settings)
    assert set(SECTION_TITLES) - set(fields) == {"zone", "line", "label"}
    assert set(fields) <= set(SECTION_TITLES)
    for section, *_ in (*BY_HAND, *CONFIRM, *HARMLESS):
        assert section in fields
    for sections in SECTIONS.values():
        assert sections <= set(fields)
