"""A change of the settings by the page under a real PID 1: sandbox, polkit, root's oneshot."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.real_pid1.conftest import SETTINGS, order_as, wait_for_all, write_settings
from tests.real_pid1.container import Container

ONESHOT = "appliance-settings-apply.service"
BACK = "appliance-settings-back.timer"
HISTORY = "/etc/appliance/settings-history"
PROPOSALS = "/var/lib/appliance/settings-change"
PIN = "481516"
SET_PIN = f"""
from appliance import settings_file
from appliance.access.accounts import set_pin
from appliance.access.database import AccessFile
from appliance.access.passwords import hash_secret
from appliance.clock import SystemClock
settings = settings_file.load_settings()
set_pin(AccessFile(settings.access_file, SystemClock()), hash_secret("{PIN}"))
"""
# As a browser at the touchscreen: the PIN, the token, a change, and what became of it.
CHANGE = """
import http.cookiejar, json, sys, time, urllib.error, urllib.parse, urllib.request
page = "http://127.0.0.1:8080"
changes = json.loads(sys.argv[1])
opener = urllib.request.build_opener(
    urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
)
def get(path):
    return json.load(opener.open(page + path, timeout=60))
def post(path, body, token):
    headers = {"Content-Type": "application/json", "X-CSRF-Token": token, "Origin": page}
    request = urllib.request.Request(page + path, json.dumps(body).encode(), headers)
    try:
        return json.load(opener.open(request, timeout=60))
    except urllib.error.HTTPError as error:
        print(json.dumps({"refused": json.load(error)}))
        sys.exit()
login = urllib.parse.urlencode({"pin": PIN}).encode()
opener.open(urllib.request.Request(page + "/pin", login, {"Origin": page}), timeout=60)
token = get("/api/person")["csrf_token"]
base = get("/api/settings")["version"]
wanted = {"base": base, "changes": changes, "why": "test"}
name = post("/api/settings/apply", wanted, token)["proposal"]
for _ in range(120):
    time.sleep(0.5)
    try:
        found = get("/api/settings/result/" + name)
    except OSError:
        continue
    if found["state"] == "answered":
        print(json.dumps(found["result"]))
        break
""".replace('{"pin": PIN}', f'{{"pin": "{PIN}"}}')
PYTHON = "/opt/appliance/venv/bin/python"


@pytest.fixture
def page(unit: Container) -> Iterator[Container]:
    """The unit with a PIN; afterwards the settings are as before."""
    before = unit.path(SETTINGS).read_text()
    as_page = ("setpriv", "--reuid=appliance-web", "--regid=appliance", "--clear-groups")
    unit.run(*as_page, PYTHON, "-c", SET_PIN)
    yield unit
    write_settings(unit, before)
    unit.run("rm", "-rf", HISTORY)
    unit.run("systemctl", "restart", "appliance.target")
    wait_for_all(unit)


def change(unit: Container, **changes: Any) -> dict[str, Any]:
    """What the page says of a change."""
    wanted = {name.replace("__", "."): value for name, value in changes.items()}
    done = unit.run(PYTHON, "-c", CHANGE, json.dumps(wanted))
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def read_pid(unit: Container, service: str) -> str:
    return unit.ask("systemctl", "show", "-P", "MainPID", service)


def test_a_change_of_the_page_is_put_in_force_and_only_what_uses_it_is_restarted(
    page: Container,
) -> None:
    before = page.path(SETTINGS).read_text()
    pids = {name: read_pid(page, f"appliance-{name}") for name in ("mqtt", "sensors", "power")}
    found = change(page, mqtt__topic="barn")
    assert found["ok"], found
    after = page.path(SETTINGS).read_text()
    assert after == before.replace("port = 1883\n", 'port = 1883\ntopic = "barn"\n')
    assert page.ask("stat", "-c", "%a %U:%G", SETTINGS) == "640 root:appliance"
    assert page.ask("stat", "-c", "%a %U:%G", HISTORY) == "750 root:appliance"
    kept = f"{HISTORY}/000001.toml"
    assert page.ask("stat", "-c", "%a %U:%G", kept) == "640 root:appliance"
    assert page.path(kept).read_text() == before
    page.wait_for(lambda: read_pid(page, "appliance-mqtt") not in (pids["mqtt"], "0"), 30, "MQTT")
    assert read_pid(page, "appliance-sensors") == pids["sensors"]
    assert read_pid(page, "appliance-power") == pids["power"]
    assert page.ask("systemctl", "is-failed", ONESHOT) == "inactive"
    said = page.ask("unitctl", "settings", "history")
    assert "touchscreen: mqtt.topic (test)" in said
    assert page.ask("sh", "-c", f"ls {PROPOSALS}") == ""


def test_what_root_runs_cannot_be_changed_by_the_page(page: Container) -> None:
    before = page.path(SETTINGS).read_text()
    found = change(page, host__systemctl="/tmp/mine")
    assert found["refused"]["kind"] == "by-hand"
    assert page.path(SETTINGS).read_text() == before


def test_a_change_that_nobody_confirms_is_taken_back_by_a_timer(page: Container) -> None:
    before = page.path(SETTINGS).read_text()
    assert change(page, web__hosts=["barn.example"])["ok"]
    assert "barn.example" in page.path(SETTINGS).read_text()
    assert page.ask("systemctl", "show", "-P", "SubState", BACK) == "waiting"
    # As if its five minutes were over.
    (entry,) = page.root.glob(f"{HISTORY[1:]}/*.json")
    old = re.sub(r'"uptime_s": [0-9.]+', '"uptime_s": 1.0', entry.read_text())
    entry.write_text(old.replace('"boot_id": "', '"boot_id": "x'))
    page.run("systemctl", "start", ONESHOT)
    assert page.path(SETTINGS).read_text() == before
    assert "taken back: not confirmed" in page.ask("unitctl", "settings", "history")
    assert not page.path(f"{HISTORY}/waiting").exists()


@pytest.mark.parametrize(
    ("user", "verb", "unit_name", "is_allowed"),
    [
        ("appliance-web", "start", ONESHOT, True),
        ("appliance-web", "restart", ONESHOT, False),
        ("appliance-web", "stop", BACK, False),
        ("appliance-web", "start", "appliance-settings.service", False),
        ("appliance-camera", "start", ONESHOT, False),
    ],
)
def test_the_page_may_start_the_oneshot_and_nobody_may_more(
    unit: Container, user: str, verb: str, unit_name: str, is_allowed: bool
) -> None:
    done = order_as(unit, user, verb, unit_name)
    assert (done.returncode == 0) is is_allowed, done.stderr


def test_another_service_cannot_propose_also_where_it_puts_a_directory_in_the_place(
    page: Container,
) -> None:
    """The data directory is the group's: any service may rename what lies in it."""
    before = page.path(SETTINGS).read_text()
    as_camera = ("setpriv", "--reuid=appliance-camera", "--regid=appliance", "--clear-groups")
    touched = page.run(*as_camera, "touch", f"{PROPOSALS}/{'0' * 32}.json", check=False)
    assert touched.returncode != 0
    write = (
        "from pathlib import Path; from appliance.clock import SystemClock; "
        "from appliance.settings_change.proposals import make_proposal, write_proposal; "
        "from appliance.settings_change.describe import find_version; "
        f"data = Path({SETTINGS!r}).read_bytes(); "
        "proposal = make_proposal(SystemClock(), 'x', text='# mine', base=find_version(data)); "
        f"write_proposal(Path({PROPOSALS!r}), proposal)"
    )
    page.run(*as_camera, "mv", PROPOSALS, f"{PROPOSALS}.away")
    page.run(*as_camera, PYTHON, "-c", write)
    page.run("systemctl", "start", ONESHOT)
    assert page.path(SETTINGS).read_text() == before
    assert not page.path(f"{HISTORY}/results").exists() or not list(
        page.path(f"{HISTORY}/results").iterdir()
    )
    page.run("rm", "-r", PROPOSALS)
    page.run("mv", f"{PROPOSALS}.away", PROPOSALS)
