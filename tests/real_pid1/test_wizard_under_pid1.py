"""The set-up of a new unit by the page under a real PID 1: polkit, sandbox, root's oneshot.

Last of the directory: it makes a new unit of the one that the others use, and puts all back.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.real_pid1 import simulated
from tests.real_pid1.conftest import (
    SETTINGS,
    order_as,
    wait_for_all,
    wait_for_state,
    write_settings,
)
from tests.real_pid1.container import Container

ONESHOT, POWER = "appliance-provision.service", "appliance-power.service"
PYTHON = "/opt/appliance/venv/bin/python"
DATA = "/var/lib/appliance"
KEPT = "/var/lib/kept-by-the-wizard"
STOPPED = ("appliance.target", "appliance.slice")  # power and page are no part of the target
CHARGER = "/dev/appliance/charger"
NEW = """
[unit]
name = "new"

[host]
may_power_off = false
sleep = "stay"

[camera.gate]
source = "/srv/clip.mp4"
"""
# Nothing answers there: the step asks on all ports.
SILENT = """
[charger.second]
model = "epever-tracer"
port = "/dev/ttyS7"
"""
SITE = {
    "name": "Hut 12",
    "latitude_deg": 44.43,
    "longitude_deg": 26.1,
    "panels_peak_w": 240,
    "tilt_deg": 35,
    "azimuth_deg": 180,
    "chemistry": "lfp",
    "nominal_voltage_v": 12.8,
    "capacity_wh": 2560,
}
ACCESS = {"pin": "481516", "account": "ada", "password": "correct horse 12"}
ALARMS = {"recipient": "owner", "address": simulated.ADDRESS, "allow_local": True}
KEY = "/var/lib/ota/unit-key.pem"
# As a browser at the touchscreen: the code, then an order, and what stands on the page after it.
ORDER = """
import http.cookiejar, json, sys, time, urllib.error, urllib.parse, urllib.request
page = "http://127.0.0.1:8080"
how, secret, step, answers = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
opener = urllib.request.build_opener(
    urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
)
def again(ask):
    for _ in range(300):  # the page begins anew with each change of a new unit's settings
        try:
            return ask()
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
        except OSError:
            pass
        time.sleep(0.3)
    sys.exit("the page does not answer")
def get(path):
    return again(lambda: json.load(opener.open(page + path, timeout=60)))
def post(path, body, headers):
    request = urllib.request.Request(page + path, body, {"Origin": page, **headers})
    return again(lambda: opener.open(request, timeout=60).read())
login = urllib.parse.urlencode({how: secret}).encode()
post({"code": "/setup", "pin": "/pin"}[how], login, {})
token = get("/api/person")["csrf_token"]
body = json.dumps({"step": step, "answers": answers}).encode()
wanted = json.loads(post("/api/commissioning/order", body, {"X-CSRF-Token": token}))["order"]
if "--wait" not in sys.argv:
    sys.exit()
for _ in range(900):
    time.sleep(0.3)
    found = get("/api/commissioning")
    if found["order"] == wanted and not found["busy"] and not found["waits"]:
        print(json.dumps(found))
        sys.exit()
sys.exit("no answer: " + json.dumps(found))
"""


@pytest.fixture(scope="module")
def new(container: Container, stages: object) -> Iterator[Container]:
    """As an image that was just written to its disk: a name, and nobody's PIN."""
    wait_for_all(container)
    before = container.path(SETTINGS).read_text()
    container.run("systemctl", "stop", *STOPPED)
    container.run("mv", DATA, KEPT)
    container.run("sh", "-c", f"if [ -e {KEY} ]; then mv {KEY} {KEPT}/; fi")
    container.run("systemd-tmpfiles", "--create")
    write_settings(container, NEW)
    container.run("systemctl", "start", "appliance.target")
    yield container
    container.run("systemctl", "stop", *STOPPED)
    container.run("rm", "-rf", DATA, "/etc/appliance/settings-history", KEY, f"{KEY[:-4]}.pub.pem")
    container.run(
        "sh", "-c", f"if [ -e {KEPT}/unit-key.pem ]; then mv {KEPT}/unit-key.pem {KEY}; fi"
    )
    container.run("mv", KEPT, DATA)
    write_settings(container, before)
    container.run("systemctl", "start", "appliance.target")
    wait_for_all(container)


@pytest.fixture(scope="module")
def code(new: Container) -> str:
    """As the installation shows it to who stands before the unit."""
    new.run("unitctl", "access", "code")
    return new.path(f"{DATA}/access/setup-code").read_text().strip()


def order(
    unit: Container, login: tuple[str, str], step: str, answers: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What the page shows once it is done; the step itself is under its name."""
    words = (*login, step, json.dumps(answers or {}), "--wait")
    done = unit.run(PYTHON, "-c", ORDER, *words)
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {one["name"]: one for one in found["steps"]}


def assert_done(unit: Container, login: tuple[str, str], step: str, **answers: Any) -> None:
    found = order(unit, login, step, answers)
    assert found[step]["status"] == "done", (found["said"], found[step])
    assert unit.ask("systemctl", "show", "-P", "Result", ONESHOT) == "success"


@pytest.fixture(scope="module")
def login(new: Container, code: str) -> tuple[str, str]:
    """A unit of which all but the last steps are done, by the code and then by the new PIN."""
    by_code = ("code", code)
    found = order(new, by_code, "")
    assert not found["trouble"], found
    assert found["identity"]["status"] != "done", found
    assert_done(new, by_code, "identity")
    clock = order(new, by_code, "clock")  # a container has no time service
    assert clock["clock"]["status"] == "done" or "time service" in clock["said"], clock
    assert_done(new, by_code, "power_devices", ports=[CHARGER])
    assert_done(new, by_code, "site", **SITE)
    assert_done(new, by_code, "access", **ACCESS)
    by_pin = ("pin", ACCESS["pin"])
    assert_done(new, by_pin, "alarms", **ALARMS)
    return by_pin


def test_a_new_unit_is_set_up_by_the_page_alone(new: Container, login: tuple[str, str]) -> None:
    text = new.path(SETTINGS).read_text()
    assert 'name = "Hut 12"' in text
    assert "epever" in text
    assert new.ask("stat", "-c", "%a %U:%G", SETTINGS) == "640 root:appliance"
    wait_for_state(new, "active", POWER)
    status = json.loads(new.ask("unitctl", "status", "--json"))
    assert status, status


def test_what_is_kept_of_it_is_roots_and_holds_no_secret(
    new: Container, login: tuple[str, str]
) -> None:
    directory = f"{DATA}/commissioning"
    assert new.ask("stat", "-c", "%U", f"{directory}/record.json") == "root"
    assert new.ask("stat", "-c", "%a %U", KEY) == "600 appliance-checkin"
    for secret in (ACCESS["pin"], ACCESS["password"]):
        found = new.run("grep", "-rl", secret, directory, SETTINGS, "/run/appliance", check=False)
        assert found.stdout == ""
        assert secret not in new.ask("journalctl", "--no-pager", "-o", "cat")


def test_the_acceptance_test_looks_at_pictures_and_signs_its_report_in_the_sandbox(
    new: Container, login: tuple[str, str]
) -> None:
    found = order(new, login, "acceptance")
    assert found["acceptance"]["status"] == "done", (found["said"], found["acceptance"])
    facts = found["acceptance"]["facts"]
    verdicts = {one["name"]: (one["verdict"], one["reason"]) for one in facts["checks"]}
    for name in ("sun", "battery", "camera gate", "inference", "storage", "alarms"):
        assert verdicts[name][0] == "passed", verdicts
    assert new.ask("systemctl", "show", "-P", "Result", ONESHOT) == "success"
    done = new.run("unitctl", "provision", "report", "--verify", facts["report"], check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_oneshot_that_is_killed_in_its_search_leaves_a_unit_with_its_guard(
    new: Container, login: tuple[str, str]
) -> None:
    before = new.path(SETTINGS).read_text()
    write_settings(new, before + SILENT)
    wait_for_state(new, "active", POWER)
    new.run(PYTHON, "-c", ORDER, *login, "power_devices", json.dumps({"ports": [CHARGER]}))
    new.wait_for(lambda: new.ask("systemctl", "is-active", POWER) == "inactive", 90, "the search")
    new.run("systemctl", "kill", "--signal=KILL", ONESHOT)
    wait_for_state(new, "active", POWER)
    assert new.path(SETTINGS).read_text() == before + SILENT
    write_settings(new, before)


def test_only_the_page_may_have_a_step_done(new: Container, login: tuple[str, str]) -> None:
    for user in ("appliance-mqtt", "appliance-camera", "appliance-power"):
        assert order_as(new, user, "start", ONESHOT).returncode != 0, user
    assert order_as(new, "appliance-web", "stop", ONESHOT).returncode != 0
