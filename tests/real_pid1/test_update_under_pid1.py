"""A whole app update under real PID 1: its timer, polkit, sandboxes, a web server, kills.

The tests stand in the order of an update, and each goes on where the one before it has ended.
"""

import json
import re

import pytest

from tests.real_pid1 import releases as site
from tests.real_pid1 import simulated
from tests.real_pid1.conftest import (
    RESIDENT,
    SETTINGS,
    order_as,
    wait_for_all,
    wait_for_state,
    write_settings,
)
from tests.real_pid1.container import Container
from tests.real_pid1.releases import BROKEN, GOOD, Releases, list_steps

CHECK_IN = "appliance-checkin"
CURRENT = "/var/lib/ota/pointers/app/current"
COMMITTED = "/var/lib/ota/pointers/app/committed"
SYNCHRONIZED = "/run/systemd/timesync/synchronized"  # as systemd-timesyncd does it
TRIAL_S = 400.0  # real seconds in which a release is kept or taken back, on a busy computer too
LOOK_DROP_IN = "/etc/systemd/system/appliance-checkin.service.d/95-look.conf"
LOOK = """cd /var/lib/appliance
for path in /var/lib/ota/content unit.db unit.db-wal; do test -w $path || echo closed: $path; done
for path in / /etc /opt/appliance backups switches snapshots; do
    test -w $path && echo open: $path
done
ls snapshots 2>/dev/null
echo looked
"""
LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")


def find_now(unit: Container) -> str:
    """The sentence of `unitctl update status`."""
    found = json.loads(unit.ask("unitctl", "update", "status", "--json"))
    return str(found["sentence"])


def find_pid(unit: Container, service: str) -> str:
    return unit.ask("systemctl", "show", "-P", "MainPID", service)


def kill(unit: Container) -> None:
    """SIGKILL for the updater while it runs."""
    unit.run("systemctl", "kill", "--signal=KILL", CHECK_IN)
    unit.wait_for(lambda: find_result(unit) == "signal", 10, "its end")


def find_result(unit: Container) -> str:
    return unit.ask("systemctl", "show", "-P", "Result", CHECK_IN)


def as_user(user: str, *words: str) -> tuple[str, ...]:
    return ("setpriv", f"--reuid={user}", "--regid=appliance", "--clear-groups", *words)


# --- before the first release -----------------------------------------------------------------


def test_a_unit_without_a_mirror_has_its_timer_and_no_fault(unit: Container) -> None:
    assert unit.ask("systemctl", "is-active", f"{CHECK_IN}.timer") == "active"
    unit.run("systemctl", "start", CHECK_IN)
    assert find_result(unit) == "success"
    assert "this unit takes no updates" in unit.ask("journalctl", "-u", CHECK_IN)
    assert unit.ask("unitctl", "faults") == "no faults"
    assert "services" in unit.ask("unitctl", "doctor")
    assert "silent" not in unit.ask("unitctl", "doctor")


def test_a_check_in_that_is_killed_in_the_download_is_resumed_up_to_the_clock(
    unit: Container, releases: Releases
) -> None:
    releases.begin(unit)
    releases.publish(GOOD, unit)
    write_settings(unit, unit.path(SETTINGS).read_text() + site.SETTINGS)
    unit.run("systemctl", "start", "--no-block", CHECK_IN)
    unit.wait_for(lambda: "download" in list_steps(unit, GOOD), 30, "the download")
    kill(unit)
    unit.run("unitctl", "update", "check")
    assert "no time server has confirmed the clock" in find_now(unit)
    assert list_steps(unit, GOOD)[-1] == "gate"


def test_without_a_guard_the_charge_is_soon_unknown(unit: Container) -> None:
    """The next tests look at who may write what, until its last reading is too old."""
    unit.run("install", "-D", "/dev/null", SYNCHRONIZED)
    unit.run("systemctl", "stop", "appliance-power")
    wait_for_state(unit, "inactive", "appliance-power")


# --- who may what (the guard is stopped: `container`, since `unit` waits for all) -----------------


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (("restart", "appliance-sensors.service"), True),
        (("try-restart", "appliance-hints.service"), True),
        (("stop", "appliance-sensors.service"), False),
        (("start", "appliance-plan.service"), False),
        (("restart", "appliance-switch@modem.service"), False),
        (("restart", "lighttpd.service"), False),
        (("kill", "appliance-sensors.service"), False),
        (("mask", "appliance-power.service"), False),
        (("daemon-reload",), False),
        (("poweroff",), False),
    ],
)
def test_the_updater_may_restart_services_and_order_nothing_else(
    container: Container, words: tuple[str, ...], *, allowed: bool
) -> None:
    done = order_as(container, CHECK_IN, *words)
    assert (done.returncode == 0) is allowed, done.stderr
    assert allowed or re.search("denied|authentication required", done.stderr.lower())


def test_logind_would_restart_the_computer_for_the_updater_alone(container: Container) -> None:
    """It is only asked whether it would."""
    answers = {
        (user, what): container.ask(*as_user(user, "busctl", "call", *LOGIND, what))
        for user in (CHECK_IN, "appliance-power", "appliance-sensors")
        for what in ("CanReboot", "CanPowerOff")
    }
    yes = {key for key, answer in answers.items() if answer == 's "yes"'}
    assert yes == {(CHECK_IN, "CanReboot"), ("appliance-power", "CanPowerOff")}, answers


def test_no_other_service_can_write_what_the_services_run(container: Container) -> None:
    """Neither by the modes of the files nor in its sandbox, where not even root could."""
    others = sorted({*RESIDENT.values(), "appliance-web", "appliance-backup", "appliance-plan"})
    for user in others:
        find = ("find", "/var/lib/ota", "!", "-type", "l", "-writable")
        assert container.ask(*as_user(user, *find)) == "", user
    for service in set(RESIDENT) - {"appliance-power"}:
        inside = ("nsenter", f"--target={find_pid(container, service)}", "--mount")
        done = container.run(*inside, "touch", "/var/lib/ota/x", check=False)
        assert "Read-only file system" in done.stderr, service


def test_the_updater_writes_its_directory_and_the_database_and_sees_no_pictures(
    container: Container,
) -> None:
    """As PID 1 would start it, with another program, which prints what is otherwise."""
    container.path("/srv/look.sh").write_text(LOOK)
    container.run("install", "-d", "-o", CHECK_IN, "-g", "appliance", "/var/lib/appliance/backups")
    run = "[Service]\nExecStart=\nExecStart=/bin/sh /srv/look.sh\n"
    container.path(LOOK_DROP_IN).write_text(run)
    container.run("systemctl", "daemon-reload")
    container.run("systemctl", "start", CHECK_IN)
    container.path(LOOK_DROP_IN).unlink()
    container.run("systemctl", "daemon-reload")
    assert container.ask("journalctl", "-q", "-u", CHECK_IN, "-o", "cat", "-t", "sh") == "looked"


def test_a_technician_without_roots_rights_is_told_what_to_do(container: Container) -> None:
    container.run("useradd", "--groups", "appliance", "technician", check=False)
    seen = ("setpriv", "--reuid=technician", "--regid=technician", "--init-groups", "unitctl")
    assert container.run(*seen, "update", "status", check=False).returncode == 0
    for order in ("check", "hold"):
        done = container.run(*seen, "update", order, check=False)
        assert (done.returncode, "run it as root" in done.stderr) == (1, True), done.stderr


def test_a_hold_of_root_is_obeyed(container: Container) -> None:
    container.run("unitctl", "update", "hold", "--reason", "cables")
    container.run("systemctl", "start", CHECK_IN)
    assert find_now(container) == "updates are held: by root: cables"


def test_the_gate_waits_for_a_charge_that_is_known(container: Container) -> None:
    """The guard was stopped by a test before; its last reading counts for a minute."""

    def is_old() -> bool:
        return not json.loads(container.ask("unitctl", "status", "--json"))["battery"]["fresh"]

    container.wait_for(is_old, 90, "a charge that is too old")
    container.run("unitctl", "update", "hold", "--off")
    container.run("systemctl", "start", CHECK_IN)
    assert "the charge of the battery is not known" in find_now(container)
    container.run("systemctl", "start", "appliance-power")


# --- a good release, and a bad one ------------------------------------------------------------


def test_a_good_release_is_kept_though_its_updater_was_killed_in_the_trial(unit: Container) -> None:
    unit.run("systemctl", "start", "--no-block", CHECK_IN)
    unit.wait_for(lambda: "health" in list_steps(unit, GOOD), 60, "the trial")
    kill(unit)
    wait_for_state(unit, "active", *simulated.RUNNING)
    assert unit.path(CURRENT).is_symlink()
    assert not unit.path(COMMITTED).is_symlink()
    for service in RESIDENT:
        assert find_module(unit, service).startswith("/var/lib/ota/content/"), service
    # Nobody starts it: PID 1 does.
    ends = {"commit", "rollback"}
    unit.wait_for(lambda: ends & {*list_steps(unit, GOOD)}, TRIAL_S, "the end of the trial")
    assert "rollback" not in list_steps(unit, GOOD), find_now(unit)
    wait_for_state(unit, "inactive", CHECK_IN)
    assert list_steps(unit, GOOD)[-1] in ("commit", "report", "idle")
    assert find_sequence(unit) == 7
    assert unit.path(COMMITTED).readlink() == unit.path(CURRENT).readlink()
    assert unit.ask("unitctl", "faults") == "no faults"


def find_module(unit: Container, service: str) -> str:
    """From where a program with the environment of that service's process takes its code."""
    environment = f"/proc/{find_pid(unit, service)}/environ"
    ask = "import os, sensors; print(os.path.realpath(sensors.__file__))"
    run = f'xargs -0 -a {environment} sh -c \'env -i "$@" {simulated.PYTHON} -c "{ask}"\' sh'
    return unit.ask("sh", "-c", run)


def find_sequence(unit: Container) -> int:
    """What the ratchet does not go below: the same in both of its copies."""
    copies = [unit.path(f"/var/lib/ota/trust/ratchet.{turn}").read_text() for turn in (0, 1)]
    found = {json.loads(text.partition("\n")[2])["sequence"] for text in copies}
    assert len(found) == 1
    return int(found.pop())


def test_a_broken_release_is_taken_back_by_itself(unit: Container, releases: Releases) -> None:
    kept = unit.path(COMMITTED).readlink()
    releases.publish(BROKEN, unit)
    unit.run("unitctl", "update", "check", check=False)
    assert "rollback" in list_steps(unit, BROKEN)
    assert "this release is broken on purpose" in unit.ask("journalctl", "-u", "appliance-sensors")
    assert "appliance-sensors.service does not report" in find_now(unit)
    wait_for_all(unit)
    assert unit.path(CURRENT).readlink() == unit.path(COMMITTED).readlink() == kept
    assert find_module(unit, "appliance-sensors").startswith("/var/lib/ota/content/")
    assert find_sequence(unit) == 7


def test_the_check_in_of_the_unit_file_runs_from_what_was_committed(unit: Container) -> None:
    """Without the shorter trial."""
    unit.path(site.DROP_IN).unlink()
    unit.run("systemctl", "daemon-reload")
    unit.run("unitctl", "update", "hold")
    unit.run("unitctl", "update", "check", check=False)
    shown = unit.ask("systemctl", "show", "-P", "Environment", CHECK_IN)
    assert f"PYTHONPATH={COMMITTED} " in f"{shown} "
    assert find_result(unit) == "success"
    assert "updates are held" in find_now(unit)
