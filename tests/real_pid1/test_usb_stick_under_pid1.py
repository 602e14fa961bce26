"""An update from a USB stick by the page's button under a real PID 1: polkit, sandbox, mount.

After the tests of updates, whose releases it goes on from; also alone.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real_pid1.conftest import order_as, wait_for_all, wait_for_state
from tests.real_pid1.container import Container
from tests.real_pid1.plugged import LoopStick
from tests.real_pid1.releases import DROP_IN, Releases, list_steps
from tests.real_pid1.test_settings_under_pid1 import PIN, PYTHON, SET_PIN
from tests.real_pid1.test_update_under_pid1 import TRIAL_S, find_sequence

ONESHOT, CHECK_IN = "appliance-stick.service", "appliance-checkin.service"
PLACE = "/run/appliance-stick/mount"
RELEASE = "from-a-stick"
MOUNTED = ("sh", "-c", f"grep ' {PLACE} ' /proc/self/mountinfo")
# As a browser at the touchscreen: the PIN, the button, and what the card says in the end.
PRESS = f"""
import http.cookiejar, json, sys, time, urllib.error, urllib.parse, urllib.request
page = "http://127.0.0.1:8080"
opener = urllib.request.build_opener(
    urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
)
def get(path):
    return json.load(opener.open(page + path, timeout=60))
login = urllib.parse.urlencode({{"pin": "{PIN}"}}).encode()
opener.open(urllib.request.Request(page + "/pin", login, {{"Origin": page}}), timeout=60)
headers = {{"X-CSRF-Token": get("/api/person")["csrf_token"], "Origin": page}}
before = get("/api/updates")["stick"]
try:
    opener.open(urllib.request.Request(page + "/api/updates/stick", b"{{}}", headers), timeout=60)
except urllib.error.HTTPError as error:
    print(json.dumps({{"refused": json.load(error)["reason"]}}))
    sys.exit()
if "--wait" not in sys.argv:
    print("{{}}")
    sys.exit()
for _ in range(900):
    time.sleep(0.5)
    try:
        found = get("/api/updates")["stick"]
    except OSError:  # a release restarts the page, too
        continue
    if found and not found["is_under_way"] and (not before or found["at"] != before["at"]):
        print(json.dumps(found))
        break
"""

LOOK = """
import json, urllib.request
found = json.load(urllib.request.urlopen("http://127.0.0.1:8080/api/updates", timeout=60))
print(found["stick"]["is_under_way"])
"""


@pytest.fixture(scope="module")
def page(container: Container, stages: object, releases: Releases) -> Iterator[Container]:
    """The unit with the roots of trust, a PIN and a short trial."""
    wait_for_all(container)
    as_page = ("setpriv", "--reuid=appliance-web", "--regid=appliance", "--clear-groups")
    container.run(*as_page, PYTHON, "-c", SET_PIN)
    releases.begin(container)
    container.run("unitctl", "update", "hold", "--off")
    yield container
    container.path(DROP_IN).unlink()
    container.run("systemctl", "daemon-reload")


@pytest.fixture
def stick(loop: LoopStick | None, page: Container) -> Iterator[LoopStick]:
    """Plugged in, with nothing on it yet."""
    if loop is None:
        pytest.skip("needs a loop device")
    loop.plug(page)
    yield loop
    loop.pull_out(page)


@pytest.fixture(scope="module")
def tree(releases: Releases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `fleet usb` writes, with a release that the unit has not seen."""
    releases.built.result()
    releases.fleet.build(RELEASE, sequence=9)
    releases.fleet.publish(RELEASE, "container")
    top = tmp_path_factory.mktemp("stick")
    releases.fleet.write_stick(top / "updates")
    return top


def press(unit: Container, *words: str) -> dict[str, Any]:
    """What the card says."""
    done = unit.run(PYTHON, "-c", PRESS, *words)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def is_under_way(unit: Container) -> bool:
    return unit.ask(PYTHON, "-c", LOOK) == "True"


def is_mounted(unit: Container) -> bool:
    return unit.run(*MOUNTED, check=False).returncode == 0


def test_without_a_stick_the_card_asks_for_one(page: Container, stick: LoopStick) -> None:
    stick.pull_out(page)
    found = press(page, "--wait")
    stick.plug(page)
    assert (found["ok"], "no USB stick is plugged in" in found["text"]) == (False, True), found
    wait_for_state(page, "inactive", ONESHOT)
    assert page.ask("systemctl", "show", "-P", "Result", ONESHOT) == "success"


def test_the_page_may_start_the_oneshot_and_only_start_it(page: Container) -> None:
    assert order_as(page, "appliance-web", "start", ONESHOT).returncode == 0
    for user, verb in (("appliance-web", "stop"), ("appliance-mqtt", "start")):
        done = order_as(page, user, verb, ONESHOT)
        assert done.returncode != 0, (user, verb)


def test_a_hold_holds_a_stick_as_well(page: Container, stick: LoopStick, tree: Path) -> None:
    stick.write(tree)
    page.run("unitctl", "update", "hold", "--reason", "cables")
    found = press(page, "--wait")
    page.run("unitctl", "update", "hold", "--off")
    assert found["ok"], found
    assert "updates are held: by root: cables" in found["result"]
    assert found["from_stick"]
    assert not is_mounted(page)
    assert list_steps(page, RELEASE) == []


def test_a_oneshot_that_is_killed_leaves_nothing_mounted(page: Container, stick: LoopStick) -> None:
    """While it waits: the check-in is held up by another program in its place."""
    run = "[Service]\nExecStart=\nExecStart=/bin/sleep 300\n"
    drop_in = page.path("/etc/systemd/system/appliance-checkin.service.d/95-wait.conf")
    drop_in.write_text(run)
    page.run("systemctl", "daemon-reload")
    try:
        assert press(page) == {}
        wait_for_state(page, "activating", CHECK_IN)  # it was mounted once before, to look
        options = page.run(*MOUNTED).stdout.split()[5].split(",")
        assert {"ro", "nosuid", "nodev", "noexec"} <= set(options)
        assert "ordered already" in press(page)["refused"]
        pid = page.ask("systemctl", "show", "-P", "MainPID", ONESHOT)
        status = page.ask("cat", f"/proc/{pid}/status")
        assert re.search(r"^CapBnd:\s*0+$", status, re.MULTILINE), status
        page.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", ONESHOT)
        page.wait_for(lambda: not is_mounted(page), 60, "its end")
    finally:
        drop_in.unlink()
        page.run("systemctl", "daemon-reload")
        page.run("systemctl", "stop", CHECK_IN)


def test_a_press_installs_what_is_on_the_stick_and_takes_the_stick_off(
    page: Container, stick: LoopStick, tree: Path
) -> None:
    page.wait_for(lambda: not is_under_way(page), 90, "the page to give up the killed one")
    stick.write(tree)
    found = press(page, "--wait")
    assert found["ok"], found
    page.wait_for(lambda: {"commit", "rollback"} & {*list_steps(page, RELEASE)}, TRIAL_S, "the end")
    assert "rollback" not in list_steps(page, RELEASE), found
    assert "commit" in list_steps(page, RELEASE)
    assert find_sequence(page) == 9
    assert not is_mounted(page)
    assert found["from_stick"], found
    assert "updates: from a USB stick" in page.ask("unitctl", "access", "acts", "--json")
