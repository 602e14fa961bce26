"""What udev, polkit, tmpfiles and the journal are given: sound, and in step with the code."""

import json
import re
import shutil
import stat
from pathlib import Path

import pytest

from appliance.settings import Settings
from tests.conftest import ROOT
from tests.systemd.unit_text import PAGE, SERVICES, UNITS, file_of, needs, needs_root, run, values


@needs("systemd-sysusers", "systemd-tmpfiles")
@needs_root
def test_users_and_directories_are_made_as_the_services_need_them(tmp_path: Path) -> None:
    for kind in ("sysusers.d", "tmpfiles.d"):
        shutil.copytree(UNITS / kind, tmp_path / "usr/lib" / kind)
    settings = tmp_path / "etc/appliance/unit.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("")
    made = run("systemd-sysusers", f"--root={tmp_path}")
    assert made.returncode == 0, made.stderr
    groups = [line.split(":") for line in (tmp_path / "etc/group").read_text().splitlines()]
    gids = {name: gid for name, _, gid, _ in groups}
    members = {name: set(users.split(",")) for name, _, _, users in groups}
    users = [line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()]
    needed = {values(file_of(s), "User")[0] for s in SERVICES} - {"root"} | {"appliance-kiosk"}
    assert {user[0] for user in users} - {"root"} == needed
    own = {user[0]: user[3] for user in users if user[0] != "root"}
    for apart in ("appliance-proxy", "appliance-kiosk"):
        assert own.pop(apart) == gids[apart]
    assert set(own.values()) == {gids["appliance"]}, "appliance is not the first group"
    assert members["dialout"] == {"appliance-power"}
    assert "appliance-camera" in members["video"]
    assert "appliance-inference" in members["render"]

    made = run("systemd-tmpfiles", f"--root={tmp_path}", "--create")
    assert made.returncode == 0, made.stderr
    expected = {"var/lib/appliance": 0o2770, "run/appliance": 0o2770}
    expected |= {"etc/appliance": 0o750, "etc/appliance/unit.toml": 0o640, "var/lib/ota": 0o755}
    expected |= {"var/lib/ota/trust": 0o755, "var/lib/appliance/settings-change": 0o750}
    expected |= {"var/lib/appliance-proxy": 0o2755, "run/appliance-proxy": 0o770}
    proxys = ("var/lib/appliance-proxy", "run/appliance-proxy")
    uids = {user[0]: int(user[2]) for user in users}
    owners = dict.fromkeys(("var/lib/ota", "var/lib/ota/trust"), uids["appliance-checkin"])
    owners["var/lib/appliance/settings-change"] = uids["appliance-web"]
    for path, mode in expected.items():
        found = (tmp_path / path).stat()
        assert stat.S_IMODE(found.st_mode) == mode, path
        owner = owners.get(path, 0)
        group = "appliance-proxy" if path in proxys else "appliance"
        assert (found.st_uid, found.st_gid) == (owner, int(gids[group])), path


ASK = """
const vm = require("vm"), fs = require("fs");
const [rules, user, id, unit, verb] = process.argv.slice(1);
const heard = [];
const polkit = {Result: {YES: "yes", NO: "no", NOT_HANDLED: null}, addRule: f => heard.push(f)};
vm.runInNewContext(fs.readFileSync(rules, "utf8"), {polkit: polkit});
const action = {id: id, lookup: key => ({unit: unit, verb: verb})[key]};
console.log(JSON.stringify(heard.map(rule => rule(action, {user: user}))[0]));
"""
MANAGE = "org.freedesktop.systemd1.manage-units"
POWER_OFF = "org.freedesktop.login1.power-off"
SUSPEND = "org.freedesktop.login1.suspend"
CAMERA = "appliance-camera@front.service"


@needs("node")
@pytest.mark.parametrize(
    ("user", "action", "unit", "verb", "answer"),
    [
        ("appliance-power", MANAGE, "appliance-inference.service", "start", "yes"),
        ("appliance-power", MANAGE, CAMERA, "stop", "yes"),
        ("appliance-power", MANAGE, "appliance-hints.service", "start", "yes"),
        ("appliance-power", MANAGE, "poweroff.target", "start", "yes"),
        ("appliance-power", MANAGE, "appliance-switch@gpu-1.service", "start", "yes"),
        ("appliance-power", MANAGE, "appliance-switch@gpu-1.service", "stop", "yes"),
        ("appliance-power", MANAGE, "appliance-switch@gpu-1.service", "restart", "no"),
        ("appliance-power", MANAGE, "appliance-switch@.service", "start", "no"),
        ("appliance-power", MANAGE, "appliance-switch@-off.service", "start", "no"),
        ("appliance-power", MANAGE, "appliance-switches-off.service", "start", "no"),
        ("appliance-power", MANAGE, "appliance-switch-off@gpu-1.service", "start", "yes"),
        ("appliance-power", MANAGE, "appliance-switch-off@gpu-1.service", "restart", "yes"),
        ("appliance-power", MANAGE, "appliance-switch-off@gpu-1.service", "stop", "no"),
        ("appliance-web", MANAGE, "appliance-switch-off@gpu-1.service", "start", "no"),
        ("appliance-power", MANAGE, "appliance-jetson-mode@MODE_30W.service", "start", "yes"),
        ("appliance-power", MANAGE, r"appliance-jetson-mode@A\x20B.service", "start", "yes"),
        ("appliance-power", MANAGE, "appliance-jetson-mode@MODE_30W.service", "stop", "no"),
        ("appliance-power", MANAGE, "appliance-jetson-mode@a b.service", "start", "no"),
        ("appliance-power", MANAGE, "appliance-gpu-limit@112.5.service", "start", "yes"),
        ("appliance-power", MANAGE, "appliance-gpu-limit@112.5.service", "stop", "no"),
        ("appliance-power", MANAGE, "appliance-gpu-limit@all.service", "start", "no"),
        ("appliance-web", MANAGE, "appliance-switch@gpu-1.service", "stop", "no"),
        ("appliance-power", POWER_OFF, "", "", "yes"),
        ("appliance-power", SUSPEND, "", "", "yes"),
        ("appliance-power", f"{SUSPEND}-multiple-sessions", "", "", "yes"),
        ("appliance-power", f"{SUSPEND}-ignore-inhibit", "", "", "yes"),
        ("appliance-power", MANAGE, "suspend.target", "start", "yes"),
        ("appliance-power", MANAGE, "appliance-checkin.service", "start", "yes"),
        ("appliance-power", MANAGE, "appliance-checkin.service", "stop", "no"),
        ("appliance-power", "org.freedesktop.login1.hibernate", "", "", "no"),
        ("appliance-web", SUSPEND, "", "", "no"),
        ("appliance-power", f"{POWER_OFF}-ignore-inhibit", "", "", "yes"),
        ("appliance-power", MANAGE, "appliance-inference.service", "restart", "no"),
        ("appliance-power", MANAGE, "ssh.service", "stop", "no"),
        ("appliance-power", MANAGE, "appliance-camera@a.service/../ssh.service", "stop", "no"),
        ("appliance-power", "org.freedesktop.login1.reboot", "", "", "no"),
        ("appliance-web", MANAGE, CAMERA, "stop", "no"),
        ("appliance-web", POWER_OFF, "", "", "no"),
        ("appliance-web", MANAGE, "appliance-settings-apply.service", "start", "yes"),
        ("appliance-web", MANAGE, "appliance-settings-apply.service", "stop", "no"),
        ("appliance-web", MANAGE, "appliance-settings-apply.service", "restart", "no"),
        ("appliance-web", MANAGE, "appliance-settings.service", "start", "no"),
        ("appliance-web", MANAGE, "appliance-checkin.service", "start", "yes"),
        ("appliance-web", MANAGE, "appliance-checkin.service", "stop", "no"),
        ("appliance-web", MANAGE, "appliance-checkin.service", "restart", "no"),
        ("appliance-web", MANAGE, "appliance-stick.service", "start", "yes"),
        ("appliance-web", MANAGE, "appliance-stick.service", "stop", "no"),
        ("appliance-web", MANAGE, "appliance-provision.service", "start", "yes"),
        ("appliance-web", MANAGE, "appliance-provision.service", "stop", "no"),
        ("appliance-web", MANAGE, "appliance-provisionx.service", "start", "no"),
        ("appliance-checkin", MANAGE, "appliance-stick.service", "start", "no"),
        ("appliance-mqtt", MANAGE, "appliance-settings-apply.service", "start", "no"),
        ("appliance-checkin", MANAGE, "appliance-power.service", "restart", "yes"),
        ("appliance-checkin", MANAGE, "appliance-sensors.service", "restart", "yes"),
        ("appliance-checkin", MANAGE, "appliance-inference.service", "try-restart", "yes"),
        ("appliance-checkin", MANAGE, CAMERA, "try-restart", "yes"),
        ("appliance-checkin", MANAGE, "appliance-alarm.service", "try-restart", "yes"),
        ("appliance-alarm", MANAGE, "appliance-switch@siren.service", "start", "no"),
        ("appliance-alarm", "org.freedesktop.ModemManager1.Messaging", "", "", "yes"),
        ("appliance-alarm", "org.freedesktop.ModemManager1.Location", "", "", "no"),
        ("appliance-alarm", "org.freedesktop.ModemManager1.Device.Control", "", "", "no"),
        ("appliance-web", "org.freedesktop.ModemManager1.Messaging", "", "", "no"),
        ("appliance-sensors", "org.freedesktop.ModemManager1.Device.Control", "", "", "yes"),
        ("appliance-sensors", "org.freedesktop.NetworkManager.network-control", "", "", "yes"),
        ("appliance-sensors", "org.freedesktop.NetworkManager.enable-disable-wwan", "", "", "yes"),
        (
            "appliance-sensors",
            "org.freedesktop.NetworkManager.settings.modify.system",
            "",
            "",
            "no",
        ),
        ("appliance-sensors", "org.freedesktop.ModemManager1.Messaging", "", "", "no"),
        ("appliance-sensors", MANAGE, "appliance-switch@modem.service", "stop", "no"),
        ("appliance-checkin", MANAGE, "appliance-push.service", "try-restart", "yes"),
        ("appliance-push", MANAGE, "appliance-checkin.service", "start", "yes"),
        ("appliance-push", MANAGE, "appliance-checkin.service", "stop", "no"),
        ("appliance-push", MANAGE, "appliance-power.service", "start", "no"),
        ("appliance-push", "org.freedesktop.login1.reboot", "", "", "no"),
        ("appliance-checkin", MANAGE, "appliance-power.service", "stop", "no"),
        ("appliance-checkin", MANAGE, "appliance-power.service", "start", "no"),
        ("appliance-checkin", MANAGE, "appliance-settings.service", "restart", "no"),
        ("appliance-checkin", MANAGE, "appliance-switch@gpu-1.service", "restart", "no"),
        ("appliance-checkin", MANAGE, "appliance-camera@a.service/../ssh.service", "restart", "no"),
        ("appliance-checkin", MANAGE, "ssh.service", "restart", "no"),
        ("appliance-checkin", MANAGE, "reboot.target", "start", "yes"),
        ("appliance-checkin", MANAGE, "poweroff.target", "start", "no"),
        ("appliance-checkin", "org.freedesktop.login1.reboot", "", "", "yes"),
        ("appliance-checkin", "org.freedesktop.login1.reboot-ignore-inhibit", "", "", "yes"),
        ("appliance-checkin", POWER_OFF, "", "", "no"),
        ("appliance-checkin", SUSPEND, "", "", "no"),
        ("appliance-power", MANAGE, "reboot.target", "start", "no"),
        ("technician", MANAGE, CAMERA, "stop", None),
    ],
)
def test_only_power_and_updater_may_order_each_its_loads_or_restarts(
    user: str, action: str, unit: str, verb: str, answer: str | None
) -> None:
    rules = UNITS / "polkit/50-appliance.rules"
    done = run("node", "-e", ASK, rules, user, action, unit, verb)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == answer


def test_every_jump_of_the_udev_rules_lands() -> None:
    rules = (UNITS / "udev/60-appliance.rules").read_text()
    jumps = set(re.findall(r'GOTO="(\w+)"', rules))
    assert jumps == set(re.findall(r'^LABEL="(\w+)"', rules, re.MULTILINE))


@needs("udevadm")
def test_udev_accepts_its_rules() -> None:
    if "verify" not in run("udevadm", "--help").stdout:
        pytest.skip("udevadm verify came with systemd 254")
    done = run("udevadm", "verify", UNITS / "udev/60-appliance.rules")
    assert done.returncode == 0, done.stdout + done.stderr


@needs("journalctl")
def test_the_journal_explains_the_ten_events_of_a_technician(tmp_path: Path) -> None:
    shutil.copytree(UNITS / "catalog", tmp_path / "usr/lib/systemd/catalog")
    done = run("journalctl", f"--root={tmp_path}", "--update-catalog")
    assert done.returncode == 0, done.stderr
    listed = run("journalctl", f"--root={tmp_path}", "--list-catalog").stdout.splitlines()
    ids = {line.partition(" ")[0] for line in listed}
    assert len(ids) == 10
    assert ids == set(re.findall(r"\b[0-9a-f]{32}\b", PAGE.read_text()))


def test_every_fault_code_has_its_row_on_the_page() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    page = "\n".join(line.split("|")[1] for line in rows)
    for wing in ("appliance", "power", "sensors", "inference", "ota", "provisioning"):
        for source in (ROOT / wing).rglob("*.py"):
            for code in re.findall(r'^    code = "([a-z-]+)"', source.read_text(), re.MULTILINE):
                reported = re.search(rf"`{code}(-[a-z]+)*(-NAME)?`", page)
                assert reported, f"{code} of {source.name} is missing in docs/units.md"


def test_every_service_has_its_row_in_the_process_table() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    for service in SERVICES:
        (user,) = values(file_of(service), "User")
        unit = file_of(service).name
        assert any(f"`{unit}`" in row and f"`{user}`" in row for row in rows), unit


def test_no_python_file_is_among_the_unit_files() -> None:
    """`systemd/__init__.py` would hide systemd's own library of that name."""
    assert not list(UNITS.rglob("*.py"))


def test_the_code_sends_exactly_the_messages_that_the_catalogue_explains() -> None:
    catalogue = (UNITS / "catalog/appliance.catalog").read_text()
    explained = set(re.findall(r"^-- ([0-9a-f]{32})$", catalogue, re.MULTILINE))
    packages = ("appliance", "power", "sensors", "inference", "ota")
    code = "".join(path.read_text() for name in packages for path in Path(name).rglob("*.py"))
    sent = set(re.findall(r'"([0-9a-f]{32})"', code))
    assert sent == explained


def test_the_clock_that_wakes_the_computer_is_given_to_the_group_and_named_to_the_sandbox() -> None:
    rules = (UNITS / "udev/60-appliance.rules").read_text()
    (rule,) = [line for line in rules.splitlines() if line.startswith('SUBSYSTEM=="rtc"')]
    assert rule.count("$sys$devpath/wakealarm") == 2
    (paths,) = values(UNITS / "appliance-power.service.d/30-wake.conf", "ReadWritePaths")
    assert f"-{Settings().host.rtc}/wakealarm" in paths.split()
