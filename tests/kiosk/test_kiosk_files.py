"""The unit files of the touchscreen, as far as a computer without a screen can tell."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.actuators.kiosk_wanted import find_objection
from appliance.process.touchscreen import BUILT_IN
from appliance.sections.kiosk import KioskSettings
from appliance.sections.loads import SwitchSettings
from appliance.settings import Settings
from tests.conftest import ROOT
from tests.systemd.unit_text import UNITS, keys, leave_out_newer_keys, needs, run, values

KIOSK = "appliance-kiosk.service"
IMAGE = ROOT / "provisioning/image/sets/kiosk/files"
WORST = 4.2  # what is left is what the browser's own sandbox is made of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As installed beside the unit's own, whose shared drop-ins it replaces by name."""
    top = tmp_path / "root"
    system = top / "etc/systemd/system"
    shutil.copytree(UNITS, system, ignore=shutil.ignore_patterns("kiosk"))
    shutil.copytree(UNITS / "kiosk", system, dirs_exist_ok=True)
    leave_out_newer_keys(system)
    programs = (
        "usr/bin/env",
        "usr/bin/loginctl",
        "usr/bin/chvt",
        "opt/appliance/venv/bin/python",
        "usr/bin/systemctl",
    )
    for program in (*programs, "usr/bin/grep", "bin/sh"):
        (top / program).parent.mkdir(parents=True, exist_ok=True)
        (top / program).write_text("#!/bin/sh\n")
        (top / program).chmod(0o755)
    for name in ("sysinit", "basic", "shutdown", "multi-user", "timers", "sockets", "paths"):
        unit = top / f"usr/lib/systemd/system/{name}.target"
        unit.parent.mkdir(parents=True, exist_ok=True)
        unit.write_text(f"[Unit]\nDescription={name}\n")
    return top


@needs("systemd-analyze")
def test_systemd_accepts_it_and_it_is_as_closed_as_a_browser_can_be(root: Path) -> None:
    words = ("security", "--offline=yes", "--no-pager", f"--root={root}", KIOSK)
    done = run("systemd-analyze", *words)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout + done.stderr)
    assert found, done.stderr
    print(found[0])
    assert float(found[1]) <= WORST
    verified = run("systemd-analyze", "verify", "--recursive-errors=no", f"--root={root}", KIOSK)
    assert "appliance-kiosk" not in verified.stderr, verified.stderr


def test_each_shared_drop_in_is_replaced_by_one_of_its_name() -> None:
    shared = {path.name for path in (UNITS / "appliance-.service.d").glob("*.conf")}
    own = {path.name for path in (UNITS / "kiosk" / f"{KIOSK}.d").glob("*.conf")}
    assert own == shared


@pytest.fixture
def displays(tmp_path: Path) -> Path:
    status = tmp_path / "drm/card0-HDMI-A-1/status"
    status.parent.mkdir(parents=True)
    status.write_text("connected\n")
    return tmp_path / "drm"


WANTED = Settings(kiosk=KioskSettings(enabled=True))
SCREEN = replace(WANTED, switch={"screen": SwitchSettings()})


def test_it_is_shown_where_it_is_wanted_and_a_display_is_there(displays: Path) -> None:
    assert find_objection(WANTED, displays, lambda _: False) == ""
    assert "enabled" in find_objection(Settings(), displays, lambda _: True)


def test_a_touchscreen_that_was_built_in_is_shown_without_settings(
    displays: Path, tmp_path: Path
) -> None:
    built_in = tmp_path / "touchscreen"
    assert "enabled" in find_objection(Settings(), displays, lambda _: True, built_in)
    built_in.touch()
    assert find_objection(Settings(), displays, lambda _: True, built_in) == ""
    assert (IMAGE / BUILT_IN.relative_to("/")).exists()


def test_an_image_has_the_same_unit_with_another_browser() -> None:
    own = {str(path.relative_to(IMAGE)) for path in IMAGE.rglob("*") if not path.is_dir()}
    (drop_in,) = (one for one in own if "kiosk.service.d" in one)
    assert keys(IMAGE / drop_in) == {"ConditionPathExists", "Environment"}
    passwd = (IMAGE.parents[2] / "accounts/passwd").read_text()
    found = re.search(r"^appliance-kiosk:x:(\d+):", passwd, re.MULTILINE)
    assert found
    system = "etc/systemd/system"
    assert own == {
        drop_in,
        f"{system}/user-{found[1]}.slice.d/50-kiosk.conf",
        f"{system}/user@{found[1]}.service",
        str(BUILT_IN.relative_to("/")),
    }


def test_what_a_boot_starts_passes_over_a_unit_without_the_programs() -> None:
    """Without a start of Python: the conditions come before `ExecCondition=`."""
    assert KIOSK in " ".join(values(UNITS / "appliance.target", "Wants")).split()
    unit = UNITS / "kiosk" / KIOSK
    assert {"/usr/bin/cage", "/usr/bin/chromium"} <= {*values(unit, "ConditionPathExists")}
    assert "[Install]" not in unit.read_text()


def test_without_a_display_no_browser_runs(displays: Path) -> None:
    (displays / "card0-HDMI-A-1/status").write_text("disconnected\n")
    assert find_objection(WANTED, displays, lambda _: True) == "no display is connected"
    assert find_objection(WANTED, displays / "none", lambda _: True) == "no display is connected"


def test_where_the_screen_is_a_load_it_is_shown_while_that_is_on(displays: Path) -> None:
    assert find_objection(SCREEN, displays, lambda _: True) == ""
    assert "[switch.screen] is off" in find_objection(SCREEN, displays, lambda _: False)
