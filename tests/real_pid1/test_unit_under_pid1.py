"""The unit as `provisioning/install` leaves it on a Debian 13, under real PID 1.

One container for all: the tests stand in the order in which a technician would meet these things,
and the last ones break and restart what the first ones look at.
"""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.real_pid1 import simulated
from tests.real_pid1.conftest import (
    INSTALL,
    OWN_SETTINGS,
    RESIDENT,
    SETTINGS,
    Stages,
    install,
    is_bitten,
    order_as,
    set_charge,
    stop_process,
    wait_for_all,
    wait_for_state,
    write_settings,
)
from tests.real_pid1.container import Container

LOADS = (
    "appliance-inference",
    "appliance-hints",
    "appliance-camera@gate",
    "appliance-cameras@eco",
    "appliance-switch@modem",
)
CAMERAS = "appliance-cameras@eco"
UNIT_FILE = "/etc/systemd/system/appliance-sensors.service"
OVERRIDE = "/etc/systemd/system/appliance-web.socket.d/override.conf"
GUARD_COPY = "/var/lib/appliance/power.settings.toml"
LOOK_AT_PAGE = """import http.client
page = http.client.HTTPConnection("127.0.0.1", 8080, timeout=60)
page.request("GET", "/")
answer = page.getresponse()
print(answer.status, answer.read().decode())
"""
OLD_UNIT = "/etc/systemd/system/appliance-old.service"


# --- the installation -------------------------------------------------------------------------


def test_a_check_names_what_a_plain_system_lacks_and_changes_nothing(stages: Stages) -> None:
    done = stages.plain_check
    assert done.returncode == 1, done.stderr
    assert "package polkitd is missing" in done.stdout
    assert "user appliance-power is missing" in done.stdout
    assert "package polkitd is missing" in stages.example.stdout  # it was still


def test_with_the_settings_of_the_example_nothing_is_started(stages: Stages) -> None:
    assert stages.example.returncode == 0, stages.example.stderr
    assert "nothing is started with it" in stages.example.stdout
    assert stages.example_state == "inactive"


def test_with_settings_of_its_own_the_unit_is_started(stages: Stages) -> None:
    assert stages.own.returncode == 0, stages.own.stderr
    assert "appliance.target is not started" in stages.own.stdout


def test_a_second_run_changes_nothing_and_a_check_agrees(stages: Stages) -> None:
    for done in (stages.again, stages.last_check):
        *notes, last = done.stdout.splitlines()
        assert (done.returncode, last) == (0, "everything is as it should be; nothing was changed")
        assert all("nobody can act on the page yet" in note for note in notes)


def test_a_check_reports_what_was_altered_and_the_next_run_mends_it(unit: Container) -> None:
    program = next(unit.root.glob("opt/appliance/venv/lib/*/site-packages/power/__init__.py"))
    packaged = program.parents[1] / "flask/app.py"
    for path in (unit.path(UNIT_FILE), program, packaged):
        path.write_text(path.read_text() + "\n# altered\n")
    unit.path(SETTINGS).chmod(0o644)
    done = install(unit, "--check")
    assert done.returncode == 1
    found = "\n".join(line for line in done.stdout.splitlines() if line.startswith("differs"))
    assert f"{UNIT_FILE} differs from" in found
    assert "power/__init__.py is missing or differs from" in found
    assert "Python package flask is damaged: flask/app.py" in found
    assert f"{SETTINGS} must belong to root:appliance with mode 0640" in found
    assert len(found.splitlines()) == 4

    done = install(unit, "--wheels", "/root/release/wheels")
    assert done.returncode == 0, done.stderr
    assert install(unit, "--check").returncode == 0
    assert "# altered" not in unit.path(UNIT_FILE).read_text()


def test_a_file_of_an_older_release_goes_and_a_technicians_own_stays(unit: Container) -> None:
    listed = unit.path("/opt/appliance/installed-files")
    listed.write_text(f"{listed.read_text()}{OLD_UNIT}\n")
    for name in (OLD_UNIT, OVERRIDE):
        unit.path(name).parent.mkdir(exist_ok=True)
        unit.path(name).write_text("[Unit]\n")
    done = install(unit)
    assert done.stdout.splitlines()[0] == f"mending: {OLD_UNIT} is of an older release"
    assert not unit.path(OLD_UNIT).exists()
    assert unit.path(OVERRIDE).exists()


def test_settings_are_never_overwritten(unit: Container) -> None:
    other = "/srv/other.toml"
    unit.path(other).write_text("# other\n")
    done = install(unit, "--settings", other)
    assert f"{SETTINGS} is kept as it is; {other} was not used" in done.stdout
    assert unit.path(SETTINGS).read_text() == unit.path(OWN_SETTINGS).read_text()


def test_an_interrupted_installation_is_completed_by_the_next(unit: Container) -> None:
    """As if the power had failed after a file was renewed: PID 1 has not read it yet."""
    unit.run("touch", "/run/appliance-install-changed")
    assert "changed files are not in use yet" in install(unit, "--check").stdout
    before = unit.ask("systemctl", "show", "-P", "MainPID", "appliance-sensors")
    assert install(unit).returncode == 0
    wait_for_all(unit)
    assert unit.ask("systemctl", "show", "-P", "MainPID", "appliance-sensors") != before
    assert install(unit, "--check").returncode == 0


@pytest.mark.parametrize(("words", "text"), [(("--wheels", "/none"), "/none does not exist")])
def test_wrong_arguments_are_refused(unit: Container, words: tuple[str, ...], text: str) -> None:
    done = install(unit, *words)
    assert (done.returncode, text in done.stderr) == (2, True)


def test_who_is_not_root_is_refused(unit: Container) -> None:
    release = Path(INSTALL).parents[1]
    unit.run("cp", "-r", f"{release}/provisioning", f"{release}/appliance", "/srv/")
    done = unit.run("setpriv", "--reuid=nobody", "/srv/provisioning/install", check=False)
    assert (done.returncode, "must be run as root" in done.stderr) == (2, True)


# --- the services -----------------------------------------------------------------------------


@pytest.mark.parametrize("service", RESIDENT)
def test_a_service_runs_in_its_sandbox_as_its_own_user(unit: Container, service: str) -> None:
    wait_for_all(unit)
    shown = unit.ask("systemctl", "show", "-P", "MainPID", service)
    user = unit.ask("stat", "-c", "%U:%G", f"/proc/{shown}")
    assert user == f"{RESIDENT[service]}:appliance"
    assert unit.ask("systemctl", "show", "-P", "ProtectSystem", service) == "strict"
    assert unit.ask("systemctl", "show", "-P", "NRestarts", service) == "0"


def test_no_unit_has_failed_and_no_fault_is_open(unit: Container) -> None:
    assert unit.ask("systemctl", "list-units", "--failed", "--plain", "--no-legend") == ""
    assert unit.ask("unitctl", "faults") == "no faults"


def read_scores() -> dict[str, float]:
    """The scores of docs/units.md by unit."""
    rows = re.findall(
        r"^\| (`appliance-.*`) \| (\d\.\d) \|$", (ROOT / "docs/units.md").read_text(), re.MULTILINE
    )
    return {name: float(score) for names, score in rows for name in re.findall(r"`(.*?)`", names)}


def test_no_service_is_more_exposed_than_stated(unit: Container) -> None:
    scores = read_scores()
    assert len(scores) > 10
    for name, stated in scores.items():
        shown = unit.ask("systemd-analyze", "security", "--no-pager", name.replace("@", "@gate"))
        found = re.search(r"exposure level for \S+: ([0-9.]+)", shown)
        assert found, shown
        assert float(found[1]) <= stated, name


def test_one_of_two_cameras_that_crashes_is_started_again_alone(unit: Container) -> None:
    before = read_processes(unit)
    parent = unit.ask("systemctl", "show", "-P", "MainPID", CAMERAS)
    assert len(before) == 3
    assert parent in before
    victim = max(before - {parent}, key=int)
    unit.run("python3", "-c", f"import os, signal; os.kill({victim}, signal.SIGSEGV)")
    unit.wait_for(lambda: len(read_processes(unit) - before) == 1, 60, "the camera once more")
    assert read_processes(unit) & before == before - {victim}
    assert unit.ask("systemctl", "is-active", CAMERAS) == "active"


def read_processes(unit: Container) -> set[str]:
    """The ids, in the container, of the processes of two cameras and of their parent."""
    group = unit.ask("systemctl", "show", "-P", "ControlGroup", CAMERAS)
    found = set(unit.ask("cat", f"/sys/fs/cgroup{group}/cgroup.procs").split())
    return found - {"0"}  # one that has just ended has no id any more


def test_the_first_visitor_starts_the_page_which_has_no_network(unit: Container) -> None:
    assert unit.ask("systemctl", "is-active", "appliance-web.socket") == "active"
    assert get(unit, "/").startswith("<!doctype html>")
    assert unit.ask("systemctl", "is-active", "appliance-web") == "active"
    pid = unit.ask("systemctl", "show", "-P", "MainPID", "appliance-web")
    interfaces = unit.run("nsenter", f"--target={pid}", "--net", "cat", "/proc/net/dev").stdout
    assert re.findall(r"^\s*(\w+):", interfaces, re.MULTILINE) == ["lo"]
    document = json.loads(get(unit, "/api/status"))
    assert document["unit"]["name"] == "container"


def get(unit: Container, path: str) -> str:
    fetch = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:8080{path}').read().decode())"
    return unit.run("python3", "-c", fetch).stdout


def test_the_hints_service_receives_alarms_in_its_read_only_sandbox(unit: Container) -> None:
    def receives() -> bool:
        shown = unit.ask("systemctl", "show", "-P", "StatusText", "appliance-hints")
        return shown == "receives the alarms of gate"

    unit.wait_for(receives, 30, "the alarms")
    unit.wait_for(lambda: count_rows(unit, "camera_hint") > 2, 30, "hints")


def test_the_mqtt_service_reports_to_the_broker_from_its_sandbox(unit: Container) -> None:
    def reports() -> bool:
        shown = unit.ask("systemctl", "show", "-P", "StatusText", "appliance-mqtt")
        return shown.startswith("reports to 127.0.0.1")

    unit.wait_for(reports, 60, "the connection")


def test_an_event_starts_the_alarm_service_and_its_message_comes_from_the_sandbox(
    unit: Container,
) -> None:
    """Without an address first: what cannot be sent waits, and says why."""
    address, received = simulated.ADDRESS_FILE, str(simulated.ALARMS)
    unit.wait_for(
        lambda: address in unit.ask("unitctl", "alarms", "list"), 90, "an alarm that waits"
    )
    unit.path(address).write_text(simulated.ADDRESS)
    unit.run("chgrp", "appliance", address)
    unit.run("chmod", "640", address)
    unit.run("unitctl", "alarms", "test", "owner")
    unit.wait_for(
        lambda: "this is a test" in unit.ask("cat", received).lower(), 90, "the test message"
    )
    unit.run("systemctl", "start", "appliance-alarm-hourly")


def count_rows(unit: Container, table: str) -> int:
    count = (
        "import sqlite3; database = sqlite3.connect('/var/lib/appliance/unit.db'); "
        f"print(database.execute('select count(*) from {table}').fetchone()[0])"
    )
    return int(unit.run("python3", "-c", count).stdout)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("appliance-web", ("stop", "appliance-camera@gate.service")),
        ("appliance-web", ("stop", "appliance-checkin.service")),
        ("appliance-power", ("stop", "appliance-sensors.service")),
        ("appliance-power", ("restart", "appliance-inference.service")),
        ("appliance-power", ("reboot",)),
    ],
)
def test_an_order_that_nobody_may_give_is_refused(
    unit: Container, user: str, words: tuple[str, ...]
) -> None:
    done = order_as(unit, user, *words)
    assert done.returncode != 0
    assert re.search("denied|authentication required", done.stderr.lower()), done.stderr
    wait_for_all(unit)


def test_the_page_may_have_a_check_in_started(unit: Container) -> None:
    done = order_as(unit, "appliance-web", "--no-block", "start", "appliance-checkin.service")
    assert done.returncode == 0, done.stderr


def test_a_second_copy_of_a_service_is_refused(unit: Container) -> None:
    as_user = ("setpriv", "--reuid=appliance-sensors", "--regid=appliance", "--clear-groups")
    copy = (simulated.PYTHON, "-m", "sensors", "--settings", SETTINGS)
    done = unit.run(*as_user, *copy, check=False)
    assert done.returncode == 3, done.stderr
    assert unit.ask("systemctl", "show", "-P", "MainPID", "appliance-sensors") in done.stderr


def test_a_service_that_hangs_is_restarted_by_the_watchdog(unit: Container) -> None:
    """With 5 s instead of the unit's 120."""
    unit.run("mkdir", "-p", "/run/systemd/system/appliance-power.service.d")
    short = "/run/systemd/system/appliance-power.service.d/90-test.conf"
    unit.run("sh", "-c", f"printf '[Service]\nWatchdogSec=5\n' > {short}")
    unit.run("systemctl", "daemon-reload")
    unit.run("systemctl", "restart", "appliance-power")
    pid = stop_process(unit, "appliance-power")
    unit.wait_for(lambda: is_bitten(unit, "appliance-power", pid), 60, "the watchdog")
    unit.run("rm", short)
    unit.run("systemctl", "daemon-reload")


def test_broken_settings_stop_a_service_until_they_are_mended_and_never_the_guard(
    unit: Container,
) -> None:
    good = unit.path(SETTINGS).read_text()
    write_settings(unit, "[unit]\nnmae = 'wrong'\n")
    unit.run("systemctl", "restart", "--no-block", "appliance-sensors", "appliance-power")
    wait_for_state(unit, "failed", "appliance-sensors")
    assert unit.ask("systemctl", "show", "-P", "ExecMainStatus", "appliance-sensors") == "2"
    wait_for_state(unit, "active", "appliance-power", seconds=60)
    assert unit.ask("systemctl", "is-active", "appliance-sensors") == "failed"

    write_settings(unit, good)
    wait_for_state(unit, "active", "appliance-sensors", "appliance-power")


def test_without_settings_nothing_fails_and_all_starts_once_they_are_there(
    unit: Container,
) -> None:
    """Not even the copy is there with which the guard would go on."""
    good = unit.path(SETTINGS).read_text()
    unit.run("systemctl", "stop", "appliance.target")
    unit.run("rm", SETTINGS, GUARD_COPY)
    unit.run("systemctl", "start", "appliance.target")
    wait_for_state(unit, "inactive", "appliance-sensors", "appliance-mqtt")
    assert unit.ask("systemctl", "--failed", "--plain", "--no-legend") == ""
    said = unit.run(simulated.PYTHON, "-c", LOOK_AT_PAGE, check=False).stdout
    assert said.startswith("503")
    assert "This unit has no settings yet" in said

    write_settings(unit, good)
    wait_for_all(unit)


def test_an_empty_battery_has_the_loads_stopped_through_polkit_and_a_stubborn_one_again(
    unit: Container,
) -> None:
    """The relay is away while its load is ordered off, and comes back with the load on."""
    relay = unit.path(simulated.RELAY)
    relay.rename(f"{relay}.away")
    set_charge(unit, simulated.EMPTY_PCT)
    restart_with_that_charge(unit)
    wait_for_state(unit, "inactive", *LOADS[:-1], seconds=180)
    wait_for_state(unit, "failed", LOADS[-1])
    Path(f"{relay}.away").rename(relay)
    assert relay.read_text() == "1"
    unit.wait_for(lambda: relay.read_text() == "0", 120, "the load to be off")
    wait_for_state(unit, "active", "appliance-switch-off@modem")

    set_charge(unit, simulated.FULL_PCT)
    restart_with_that_charge(unit)
    wait_for_state(unit, "active", *simulated.RUNNING, seconds=180)
    assert relay.read_text() == "1"


def restart_with_that_charge(unit: Container) -> None:
    """Guard and battery: a charge that jumps under a guard that runs is doubted for an hour."""
    unit.run("systemctl", "restart", "simulated-devices")
    unit.run("systemctl", "restart", "appliance-power")


def test_after_a_reboot_all_is_active_again_and_switches_were_off_first(unit: Container) -> None:
    unit.reboot()
    wait_for_all(unit)
    journal = unit.ask("journalctl", "--boot", "--output=cat", "-u", "appliance-switch*")
    lines = [line for line in journal.splitlines() if line.startswith("modem is")]
    assert [line.partition(":")[0] for line in lines] == ["modem is off", "modem is on"]
    assert install(unit, "--check").returncode == 0
