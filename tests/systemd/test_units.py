"""The unit files as PID 1 reads them: correct, tight, complete, and in the order that saves energy.

Each check runs systemd's own tools on a copy of `systemd/` in a root of its own, so nothing of the
machine that runs the tests takes part.
"""

import re
import shutil
from pathlib import Path

import pytest

from appliance.process import stick_order
from appliance.settings import DEFAULT_PATH, UnitSettings
from appliance.settings_change import history, proposals
from appliance.settings_change.history import CONFIRM_S
from tests.conftest import ROOT
from tests.systemd.unit_text import (
    ALL,
    PAGE,
    SERVICES,
    SHARED,
    UNITS,
    file_of,
    keys,
    leave_out_newer_keys,
    needs,
    run,
    values,
)

WORST_EXPOSURE = 2.0
# The set-up reads devices and cameras, asks the fleet's server and makes accounts, while a
# technician is there.
IMAGE_UNITS = ROOT / "provisioning/image/files/etc/systemd/system"
SET_UP, SET_UP_EXPOSURE = "appliance-provision.service", 2.6
EXEC_START = re.compile(
    r"/opt/appliance/venv/bin/python -m (?P<module>[a-z._]+)(?: [a-z]+| %[iI])*"
    r" --settings /etc/appliance/unit\.toml"
)
BACK = "appliance-settings-back.timer"
DAILY = [unit for unit in ALL if unit.endswith(".timer") and unit != BACK]
OUTSIDE = ("sysinit", "basic", "shutdown", "multi-user", "timers", "sockets", "paths")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root directory with our units as installed, the interpreter, and what the system has."""
    top = tmp_path / "root"
    shutil.copytree(UNITS, top / "etc/systemd/system")
    leave_out_newer_keys(top / "etc/systemd/system")
    system = top / "usr/lib/systemd/system"
    system.mkdir(parents=True)
    for name in OUTSIDE:
        (system / f"{name}.target").write_text(f"[Unit]\nDescription={name}\n")
    (system / "dbus.service").write_text("[Service]\nExecStart=/opt/appliance/venv/bin/python\n")
    (system / "dbus.socket").write_text("[Socket]\nListenStream=/run/dbus/system_bus_socket\n")
    for program in (
        "opt/appliance/venv/bin/python",
        "usr/bin/systemctl",
        "usr/bin/grep",
        "bin/sh",
    ):
        path = top / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return top


def verify(root: Path, unit: str) -> str:
    """Everything that systemd has to say against a unit; empty where that is nothing."""
    done = run("systemd-analyze", "verify", "--recursive-errors=yes", f"--root={root}", unit)
    return done.stdout + done.stderr + (f"exit code {done.returncode}" if done.returncode else "")


def exposure(root: Path, service: str) -> tuple[float, bool]:
    """The score of `systemd-analyze security`, and whether it is good enough for the threshold."""
    worst = SET_UP_EXPOSURE if service == SET_UP else WORST_EXPOSURE
    words = ("security", "--offline=yes", "--no-pager", f"--threshold={worst * 10:.0f}")
    done = run("systemd-analyze", *words, f"--root={root}", service)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout + done.stderr)
    assert found, done.stderr
    return float(found[1]), done.returncode == 0


@needs("systemd-analyze")
@pytest.mark.parametrize("unit", ALL)
def test_systemd_accepts_each_unit(root: Path, unit: str) -> None:
    assert verify(root, unit) == ""


@needs("systemd-analyze")
def test_a_misspelt_setting_would_be_noticed(root: Path) -> None:
    drop_in = root / "etc/systemd/system" / SHARED / "99-wrong.conf"
    drop_in.write_text("[Service]\nNoNewPriviliges=yes\n")
    assert "NoNewPriviliges" in verify(root, "appliance-camera@demo.service")


@needs("systemd-analyze")
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_hardly_exposed_and_owes_it_to_the_drop_ins(root: Path, service: str) -> None:
    score, good = exposure(root, service)
    print(f"{service}: {score}")
    assert good
    assert score <= (SET_UP_EXPOSURE if service == SET_UP else WORST_EXPOSURE)
    shutil.rmtree(root / "etc/systemd/system" / SHARED)
    bare, good = exposure(root, service)
    assert not good
    assert bare >= 2 * score


# Which program it runs; a group that reads nothing of the others.
OWN_KEYS = {
    "appliance-checkin.service.d": {"Environment"},
    "appliance-proxy.service.d": {"Group"},
    "appliance-stick.service.d": {"Environment"},
}


def test_an_exception_opens_only_what_may_be_opened_and_says_why() -> None:
    may = keys(UNITS / SHARED / "15-closed.conf")
    may |= {"DeviceAllow", "RestrictAddressFamilies", "IPAddressAllow", "ReadWritePaths"}
    may |= {"InaccessiblePaths", "ReadOnlyPaths"}  # these close
    exceptions = [path for path in UNITS.glob("*.service.d/*.conf") if path.parent.name != SHARED]
    assert exceptions
    page = PAGE.read_text()
    for drop_in in exceptions:
        assert re.match(r"[2-9]\d-", drop_in.name), f"{drop_in} would be overruled by the shared"
        assert keys(drop_in) <= may | OWN_KEYS.get(drop_in.parent.name, set()), drop_in
        assert f"`{drop_in.relative_to(UNITS)}`" in page, drop_in


def test_only_the_check_in_writes_what_the_services_run() -> None:
    writing = [
        path.parent.name
        for path in UNITS.glob("*.service.d/*.conf")
        if any("/var/lib/ota" in paths for paths in values(path, "ReadWritePaths"))
    ]
    # The unit's key and its certificate of the fleet, which the set-up makes.
    assert sorted(writing) == ["appliance-checkin.service.d", "appliance-provision.service.d"]
    (own,) = values(UNITS / "appliance-checkin.service.d/20-committed.conf", "Environment")
    assert own == "PYTHONPATH=/var/lib/ota/pointers/app/committed"


# What changes the computer itself, and may do nothing else: oneshots that the power service orders;
# the one that starts what the settings had ended; and those that change the settings file, and take
# a stick, for the page; and the set-up, which makes what all of them use.
PRIVILEGED = {
    "appliance-switch@.service",
    "appliance-switch-off@.service",
    "appliance-switches-off.service",
    "appliance-jetson-mode@.service",
    "appliance-gpu-limit@.service",
    "appliance-settings.service",
    "appliance-certificate.service",
    "appliance-settings-apply.service",
    "appliance-stick.service",
    "appliance-provision.service",
}
CAPABILITIES = {
    "appliance-gpu-limit@.service": ["CAP_SYS_ADMIN"],
    "appliance-provision.service": ["CAP_CHOWN CAP_DAC_OVERRIDE CAP_SETGID CAP_SETUID"],
}


def test_only_oneshots_are_root_and_only_two_have_a_capability() -> None:
    rooted = {file_of(s).name for s in SERVICES if values(file_of(s), "User") == ["root"]}
    assert rooted == PRIVILEGED
    opening = {"PrivateUsers", "ProtectKernelTunables", "CapabilityBoundingSet", "ReadWritePaths"}
    for service in SERVICES:
        unit = file_of(service)
        drop_ins = list(unit.with_name(f"{unit.name}.d").glob("*.conf"))
        opened = set().union(*(keys(path) for path in drop_ins)) & opening
        if unit.name == "appliance-power.service":
            paths = [text for path in drop_ins for text in values(path, "ReadWritePaths")]
            assert all(path.endswith("/wakealarm") for text in paths for path in text.split())
            opened.discard("ReadWritePaths")
        if unit.name in ("appliance-checkin.service", "appliance-proxy.service"):
            opened.discard("ReadWritePaths")
        if unit.name not in PRIVILEGED:
            assert not opened, unit
            continue
        assert values(unit, "Type") == ["oneshot"]
        capabilities = [text for path in drop_ins for text in values(path, "CapabilityBoundingSet")]
        assert capabilities == CAPABILITIES.get(unit.name, []), unit


def test_the_set_up_without_a_person_has_the_sandbox_of_that_by_the_page() -> None:
    own = IMAGE_UNITS / "appliance-provision-site.service.d/20-provision.conf"
    assert own.read_text() == (UNITS / f"{SET_UP}.d" / own.name).read_text()


def test_however_the_set_up_ends_the_power_service_is_started_again() -> None:
    """It stops that service while it asks on its lines. PID 1 itself starts it again: SIGKILL of
    the control group takes a program of ExecStopPost= with it.
    """
    for unit in (UNITS / SET_UP, IMAGE_UNITS / "appliance-provision-site.service"):
        for end in ("OnSuccess", "OnFailure"):
            assert values(unit, end) == ["appliance-power.service"]


def test_a_switch_goes_off_by_the_same_module_also_where_it_could_not_go_on() -> None:
    unit = UNITS / "appliance-switch@.service"
    (on,), (off,) = values(unit, "ExecStart"), values(unit, "ExecStopPost")
    assert off == on.replace(" on %i ", " off %i ")
    assert values(unit, "RemainAfterExit") == ["yes"]
    assert values(unit, "ExecStop") == []
    assert "appliance-switches-off.service" in values(unit, "After")


def test_what_did_not_go_off_can_be_switched_off_again_and_going_on_ends_that() -> None:
    """It stays active once it has succeeded: power/act/load_states.py reads that."""
    unit, switch = UNITS / "appliance-switch-off@.service", UNITS / "appliance-switch@.service"
    assert values(unit, "ExecStart") == values(switch, "ExecStopPost")
    assert values(unit, "RemainAfterExit") == ["yes"]
    assert values(unit, "Conflicts") == ["appliance-switch@%i.service"]
    drop_ins = [path.with_name(f"{path.name}.d") / "20-switch.conf" for path in (unit, switch)]
    assert drop_ins[0].read_text() == drop_ins[1].read_text()


@pytest.mark.parametrize("kind", ["jetson-mode", "gpu-limit"])
def test_a_mode_can_be_set_again_after_another_one_was(kind: str) -> None:
    """A unit that stays active would not be run by a second start."""
    unit = UNITS / f"appliance-{kind}@.service"
    assert values(unit, "RemainAfterExit") == []
    assert values(unit, "Restart") == []


def test_hardening_is_nowhere_but_in_the_drop_ins() -> None:
    hardening = keys(UNITS / SHARED / "10-hardening.conf")
    hardening |= keys(UNITS / SHARED / "15-closed.conf")
    for service in SERVICES:
        assert not keys(file_of(service)) & hardening, service


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_a_module_that_exists_as_a_user_that_exists(service: str) -> None:
    (command,) = values(file_of(service), "ExecStart")
    found = EXEC_START.fullmatch(command)
    assert found, command
    module = ROOT / found["module"].replace(".", "/")
    assert module.with_suffix(".py").exists() or (module / "__main__.py").exists(), module
    (user,) = values(file_of(service), "User")
    users = (UNITS / "sysusers.d/appliance.conf").read_text()
    assert user == "root" or re.search(rf"^u\s+{user}\s", users, re.MULTILINE)


@pytest.mark.parametrize(
    "service",
    ["appliance-inference.service", "appliance-hints.service", "appliance-camera@demo.service"],
)
def test_after_a_boot_nothing_heavy_starts_before_the_power_service_says_so(service: str) -> None:
    own = file_of(service)
    assert "[Install]" not in own.read_text().splitlines()
    pulling = re.compile(r"^(?:Wants|Requires|BindsTo|Upholds|Also|Sockets|Unit)=.*", re.MULTILINE)
    for unit in UNITS.iterdir():
        if unit.is_file():
            assert own.stem not in " ".join(pulling.findall(unit.read_text())), unit
    assert values(own, "After") == ["appliance-power.service"]


def test_what_may_leave_with_nothing_to_do_is_no_notify_service() -> None:
    """PID 1 counts a notify service that ends before READY as failed, and would restart it."""
    assert values(UNITS / "appliance-inference.service", "Type") == ["exec"]
    assert values(UNITS / "appliance-inference.service", "Restart") == ["on-failure"]
    assert values(UNITS / "appliance-power.service", "Restart") == ["always"]


@needs("systemctl")
def test_one_command_enables_everything_that_starts_by_itself(root: Path) -> None:
    done = run("systemctl", f"--root={root}", "enable", "appliance.target")
    assert done.returncode == 0, done.stderr
    links = (root / "etc/systemd/system").glob("*.wants/*")
    assert [link.name for link in links] == ["appliance.target"]


@needs("systemd-analyze")
@pytest.mark.parametrize("timer", DAILY)
def test_a_timer_names_times_that_exist_and_merges_its_wake_ups(timer: str) -> None:
    times = values(UNITS / timer, "OnCalendar")
    assert times
    for time in times:
        assert run("systemd-analyze", "calendar", time).returncode == 0, time
    assert {"AccuracySec", "RandomizedDelaySec", "Persistent"} <= keys(UNITS / timer)


def test_a_change_that_nobody_confirms_is_taken_back_a_moment_after_its_time() -> None:
    (after_s,) = values(UNITS / BACK, "OnActiveSec")
    assert CONFIRM_S < float(after_s) <= CONFIRM_S + 30
    assert values(UNITS / BACK, "Unit") == ["appliance-settings-apply.service"]
    assert BACK in " ".join(values(UNITS / "appliance.target", "Wants"))


def test_the_oneshot_of_the_settings_looks_where_the_page_and_the_history_write() -> None:
    unit, data = UNITS / "appliance-settings-apply.service", UnitSettings().data_dir
    assert values(unit, "ConditionDirectoryNotEmpty") == [f"|{data / proposals.DIRECTORY}"]
    mark = DEFAULT_PATH.parent / history.DIRECTORY / history.MARK
    assert f"|{mark}" in values(unit, "ConditionPathExists")


def test_a_change_of_the_settings_that_is_killed_goes_on_though_nobody_looks_at_the_page() -> None:
    unit = UNITS / "appliance-settings-apply.service"
    assert values(unit, "Restart") == ["on-abnormal"]
    assert float(values(unit, "RestartSec")[0]) <= 5


def test_the_oneshot_of_the_stick_looks_where_the_page_writes_and_unmounts_in_any_case() -> None:
    unit, run_dir = UNITS / "appliance-stick.service", UnitSettings().run_dir
    assert str(run_dir / stick_order.ASKED) in values(unit, "ConditionPathExists")
    (directory,) = values(unit, "RuntimeDirectory")
    assert Path("/run") / directory == stick_order.find_directory(run_dir)
    assert values(unit, "RuntimeDirectoryPreserve") == ["yes"]
    (after,) = values(unit, "ExecStopPost")
    assert "systemd-umount" in after
    assert after.count(str(stick_order.find_place(run_dir))) == 2
    assert unit.name == stick_order.UNIT


def test_a_clean_shutdown_is_over_before_the_battery_minds() -> None:
    for service in SERVICES:
        (stop_s,) = values(file_of(service), "TimeoutStopSec")
        assert int(stop_s) <= 20, service
