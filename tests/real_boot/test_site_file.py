"""A new unit is set up without a person: from the first boot to a signed acceptance report.

Charger and battery hang on USB serial adapters of the machine, and are found by asking. A camera of
this computer sends RTSP, where it has the programs for one. No modem, no server for updates and no
sun that a lamp could be measured by: these checks end as left open, each with its reason.
"""

import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path

import pytest

from tests.real_boot import answers
from tests.real_boot.built import IMAGE
from tests.real_boot.unit import UNCHECKED, EmulatedUnit
from tests.stand_ins.rtsp import WHY_NOT, Cameras, serving

SETTLE_S = 300.0
CODE = re.compile(r"Set-up code, at /setup of the page: (\S+)")
DAMAGED = {"site.toml": '[site]\nname = "Hut 12\n', **answers.SECRETS}
REPORTS = "/var/lib/appliance/commissioning/reports"


@contextmanager
def open_camera() -> Iterator[Cameras | None]:
    """None where this computer cannot have one."""
    if WHY_NOT:
        yield None
        return
    with serving(f"{answers.CAMERA}={answers.VIDEO}") as cameras:
        yield cameras


@pytest.fixture(scope="module")
def camera() -> Iterator[Cameras | None]:
    with open_camera() as cameras:
        yield cameras


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedUnit]:
    """A new unit whose power devices hang on serial lines, switched off."""
    made = EmulatedUnit(IMAGE, tmp_path_factory.mktemp("site") / "m", serial=True)
    with made.site.simulated():
        yield made
    made.remove()


class KeepsPlace(urllib.request.HTTPRedirectHandler):
    """Whoever sets a cookie and leads on is looked at himself."""

    def redirect_request(self, *_: object) -> None:
        return None


def press_begin(unit: EmulatedUnit, code: str) -> tuple[int, str]:
    """Status and cookie, as from a phone that types the code."""
    page = f"https://127.0.0.1:{unit.machine.hardware.page_port}"
    data = urllib.parse.urlencode({"code": code, "next": "/commissioning"}).encode()
    opener = urllib.request.build_opener(
        KeepsPlace(), urllib.request.HTTPSHandler(context=UNCHECKED)
    )
    request = urllib.request.Request(f"{page}/setup", data, {"Origin": page})
    try:
        answer: HTTPResponse | urllib.error.HTTPError = opener.open(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    return int(answer.status or 0), answer.headers.get("Set-Cookie", "").partition(";")[0]


def look_as(unit: EmulatedUnit, cookie: str, path: str) -> str:
    page = f"https://127.0.0.1:{unit.machine.hardware.page_port}"
    request = urllib.request.Request(f"{page}{path}", headers={"Cookie": cookie})
    context: ssl.SSLContext = UNCHECKED
    with urllib.request.urlopen(request, timeout=60, context=context) as answer:
        return str(answer.read().decode())


def test_a_damaged_file_of_answers_is_named_and_the_set_up_by_code_goes_on(
    unit: EmulatedUnit,
) -> None:
    answers.put(unit, DAMAGED)
    unit.boot()
    unit.wait_for(unit.find_boot, SETTLE_S, "SSH with the key from the ESP")
    walk = answers.wait_for_result(unit)
    assert walk.exit_status == 2
    assert "provision/site.toml is not valid TOML" in walk.text
    assert unit.order("ls /efi/provision").split() == [
        *("SITE-RESULT.txt", "password", "pin", "site.toml")
    ]
    assert "Set this new unit up" in unit.look()[1]


def test_the_code_on_the_console_lets_a_phone_in_over_https(unit: EmulatedUnit) -> None:
    unit.wait_for(lambda: CODE.search(unit.machine.console), SETTLE_S, "the code on the console")
    code = CODE.findall(unit.machine.console)[-1]
    assert press_begin(unit, "WRONG-WRONG")[0] == 401
    status, cookie = press_begin(unit, code)
    assert status == 303
    assert "site" in look_as(unit, cookie, "/commissioning")
    unit.shut_down()


@pytest.mark.quick
def test_a_unit_with_a_file_of_answers_walks_to_its_report(
    unit: EmulatedUnit, camera: Cameras | None
) -> None:
    earlier = unit.disk.read(f"provision/{answers.RESULT}") if not unit.is_new else ""
    answers.put(unit, answers.list_files(camera))
    unit.boot()
    unit.wait_for(unit.find_boot, SETTLE_S, "SSH with the key from the ESP")
    walk = answers.wait_for_result(unit, earlier)
    assert walk.exit_status == 0, walk.text
    assert walk.last["steps"] == 10
    assert Path(str(walk.last["report"])).is_relative_to(REPORTS)
    assert "836105" not in walk.text


@pytest.mark.quick
def test_answers_and_secrets_are_gone_from_the_boot_partition(unit: EmulatedUnit) -> None:
    assert unit.order("ls /efi/provision") == answers.RESULT


@pytest.mark.quick
def test_the_report_is_whole_as_it_was_signed(unit: EmulatedUnit) -> None:
    assert unit.run("sudo unitctl provision report").returncode == 0


@pytest.mark.quick
def test_a_second_run_with_the_same_file_changes_nothing(
    unit: EmulatedUnit, camera: Cameras | None
) -> None:
    earlier = unit.order(f"cat /efi/provision/{answers.RESULT}")
    answers.put_running(unit, answers.list_files(camera))
    unit.order(f"systemctl start {answers.SERVICE}")
    walk = answers.wait_for_result(unit, earlier)
    assert (walk.exit_status, walk.last["changed"]) == (0, 0), walk.text
    assert unit.order("ls /efi/provision") == answers.RESULT
