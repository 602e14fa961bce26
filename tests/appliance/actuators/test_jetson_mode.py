"""Power modes by name, on a program that answers as nvpmodel does."""

import json
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.actuators import mode_restart
from appliance.actuators.errors import PowerModeError
from appliance.actuators.jetson_mode import Board, read_current_mode, read_modes, set_mode
from appliance.actuators.mode_restart import find_last_restart, find_objection, read_last_restart
from appliance.clock import SystemClock
from appliance.errors import SettingsError
from appliance.model import EnergyBudget, EnergyLevel
from appliance.settings import HostSettings, Settings
from appliance.store.store import Store
from appliance.store.unit_time import record_time
from tests.conftest import OpenStore
from tests.stand_ins.fakes import START

# As on an Orin Nano: the numbers in no order, comments, and other sections that also have names.
CONF = """\
# FORMAT:
# < POWER_MODEL ID=id_num NAME=mode_name >
< PARAM TYPE=FILE NAME=CPU_ONLINE >
CORE_0 /sys/devices/system/cpu/cpu0/online

< POWER_MODEL ID=0 NAME=15W >
CPU_ONLINE CORE_0 1
< POWER_MODEL ID=1 NAME=25W >
<POWER_MODEL NAME=MAXN_SUPER ID=2>
< POWER_MODEL ID=3 NAME=7W >
< PM_CONFIG DEFAULT=1 >
"""

# The words are those of nvpmodel 1.1.x on Orin boards: users' logs of `nvpmodel -m`.
NVPMODEL = """\
#!{python} -IS
import json, sys
from pathlib import Path
board = Path({state!r})
state = json.loads(board.read_text())
state["calls"].append(sys.argv[1:])
names = {{0: "15W", 1: "25W", 2: "MAXN_SUPER", 3: "7W"}}
code = 0
if sys.argv[1:] == ["-q"]:
    print("NVPM WARN: fan mode is not set!")
    if state["mode"] is not None:
        print(f"NV Power Mode: {{names[state['mode']]}}")
        print(state["mode"])
elif sys.argv[1] == "-m":
    wanted = int(sys.argv[2])
    print("NVPM WARN: Golden image context is already created")
    if state["broken"]:
        print("NVPM ERROR: failed to set power mode!")
        code = 255
    elif state["gpu_in_use"]:
        print("NVPM ERROR: Error writing 2 to /sys/devices/gpu.0/fbp_pg_mask: 19")
        print("NVPM ERROR: optMask is 1, no request for power mode")
        code = 255
    elif 3 in (wanted, state["mode"]):
        print(f"NVPM WARN: Reboot required for changing to this power mode: {{wanted}}")
        print("NVPM WARN: DO YOU WANT TO REBOOT NOW? enter YES/yes to confirm:")
        answer = sys.stdin.readline().strip()
        if answer in ("YES", "yes"):
            state["rebooted"] = True
        elif answer != "no":
            print("NVPM ERROR: bad input!")
        print("NVPM ERROR: optMask is 1, no request for power mode")
        code = 234
    else:
        state["mode"] = wanted
board.write_text(json.dumps(state))
sys.exit(code)
"""


@dataclass
class Jetson:
    """A board whose nvpmodel is a real program; `boot()` does what nvpmodel.service does."""

    board: Board
    state_file: Path
    ordered: Path

    @property
    def state(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.state_file.read_text())
        return found

    def become(self, **changes: object) -> None:
        self.state_file.write_text(json.dumps(self.state | changes))

    def orders(self) -> list[str]:
        return self.ordered.read_text().splitlines() if self.ordered.exists() else []

    def boot(self) -> None:
        if self.board.status.exists():
            self.become(mode=int(self.board.status.read_text().removeprefix("pmode:")))


@pytest.fixture
def jetson(tmp_path: Path) -> Jetson:
    state = tmp_path / "board.json"
    start = {"mode": 1, "broken": False, "gpu_in_use": False, "rebooted": False, "calls": []}
    state.write_text(json.dumps(start))
    program = tmp_path / "nvpmodel"
    program.write_text(NVPMODEL.format(python=sys.executable, state=str(state)))
    program.chmod(0o755)
    conf = tmp_path / "nvpmodel.conf"
    conf.write_text(CONF)
    (tmp_path / "lib").mkdir()
    return Jetson(Board(program, conf, tmp_path / "lib/status"), state, tmp_path / "ordered")


@pytest.fixture
def unit(settings: Settings, jetson: Jetson, tmp_path: Path) -> Settings:
    """Settings whose systemctl writes down what it is asked for."""
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >> {jetson.ordered}\n')
    systemctl.chmod(0o755)
    return replace(settings, host=HostSettings(systemctl=str(systemctl)))


@pytest.fixture
def store(settings: Settings, open_store: OpenStore) -> Store:
    """The power service's, on the kernel's clock: the program has no other."""
    open_store("power").close()
    return Store(settings.database, SystemClock(), "power")


def grant(store: Store, level: EnergyLevel = EnergyLevel.ECO, age_s: float = 0.0) -> None:
    now = store.clock.stamp()
    stamp = replace(now, uptime_s=now.uptime_s - age_s)
    store.add(EnergyBudget(stamp, level, 12.0, now.utc + timedelta(minutes=3), 50.0, "test"))


def test_modes_are_known_by_name_whatever_their_numbers(jetson: Jetson) -> None:
    assert read_modes(jetson.board) == {"15W": 0, "25W": 1, "MAXN_SUPER": 2, "7W": 3}


def test_the_present_mode_is_read_past_nvpmodels_warnings(jetson: Jetson) -> None:
    assert read_current_mode(jetson.board) == "25W"
    jetson.become(mode=None)
    assert read_current_mode(jetson.board) == "unknown"


def test_a_mode_is_set_by_its_number_on_this_board(jetson: Jetson, unit: Settings) -> None:
    message = set_mode("15W", unit, jetson.board)
    assert message == "the power mode is 15W, it was 25W"
    assert jetson.state["mode"] == 0
    assert ["-m", "0"] in jetson.state["calls"]  # type: ignore[operator]
    assert jetson.orders() == []


def test_a_mode_that_holds_is_not_set_again(jetson: Jetson, unit: Settings) -> None:
    assert set_mode("25W", unit, jetson.board) == "the power mode is 25W already"
    assert jetson.state["calls"] == [["-q"]]


def test_maxn_is_only_chosen_by_its_whole_name(jetson: Jetson, unit: Settings) -> None:
    for name in ("MAXN", "maxn_super", "MAX", "2", "mode_name"):
        with pytest.raises(SettingsError, match=r"no power mode .* 15W, 25W, MAXN_SUPER, 7W"):
            set_mode(name, unit, jetson.board)
    assert jetson.state["mode"] == 1
    assert set_mode("MAXN_SUPER", unit, jetson.board) == "the power mode is MAXN_SUPER, it was 25W"


def test_a_mode_that_fails_is_reported_in_nvpmodels_last_words(
    jetson: Jetson, unit: Settings
) -> None:
    jetson.become(broken=True)
    message = r"stays 25W: nvpmodel did not take 15W \(NVPM ERROR: failed to set power mode!\)"
    with pytest.raises(PowerModeError, match=message):
        set_mode("15W", unit, jetson.board)
    assert jetson.orders() == []


def test_a_computer_that_is_no_jetson_says_so(
    jetson: Jetson, unit: Settings, tmp_path: Path
) -> None:
    other = replace(jetson.board, conf=tmp_path / "missing")
    with pytest.raises(PowerModeError, match=r"leave \[jetson\] out"):
        set_mode("15W", unit, other)
    other = replace(jetson.board, nvpmodel=tmp_path / "missing")
    with pytest.raises(PowerModeError, match="did not run"):
        set_mode("15W", unit, other)
    jetson.board.conf.write_text("< PM_CONFIG DEFAULT=1 >\n")
    with pytest.raises(PowerModeError, match="names no power mode"):
        set_mode("15W", unit, jetson.board)


# --- modes that need a restart ------------------------------------------------------------------


def test_a_mode_that_needs_a_restart_is_there_after_a_clean_one(
    jetson: Jetson, unit: Settings, store: Store
) -> None:
    grant(store)
    message = set_mode("7W", unit, jetson.board)
    assert message == "the computer restarts into the power mode 7W, it was 25W"
    assert jetson.orders() == ["--no-block start reboot.target"]
    assert jetson.state["rebooted"] is False, "nvpmodel was told yes"
    jetson.boot()
    assert set_mode("7W", unit, jetson.board) == "the power mode is 7W already"


def test_a_gpu_in_use_that_keeps_its_mode_is_a_restart_as_well(
    jetson: Jetson, unit: Settings, store: Store
) -> None:
    grant(store)
    jetson.become(gpu_in_use=True)
    assert set_mode("15W", unit, jetson.board).startswith("the computer restarts into")
    assert jetson.board.status.read_text() == "pmode:0000"


def test_the_computer_restarts_at_most_once_a_day(
    jetson: Jetson, unit: Settings, store: Store
) -> None:
    grant(store)
    set_mode("7W", unit, jetson.board)
    jetson.boot()
    with pytest.raises(PowerModeError, match=r"stays 7W: 25W needs a restart.*less than a day"):
        set_mode("25W", unit, jetson.board)
    assert len(jetson.orders()) == 1
    assert jetson.board.status.read_text() == "pmode:0003"
    record_time(store)
    with store.housekeeping() as execute:  # the unit has been up for 25 hours since then
        execute("UPDATE boot SET starts_s = starts_s + 90000", ())
        execute("UPDATE unit_time SET unit_s = unit_s + 90000", ())
    set_mode("25W", unit, jetson.board)
    assert len(jetson.orders()) == 2


def test_a_mode_that_is_not_there_after_the_restart_is_not_tried_for_ever(
    jetson: Jetson, unit: Settings, store: Store
) -> None:
    grant(store)
    set_mode("7W", unit, jetson.board)  # and the boot does not take it
    for _ in range(3):
        with pytest.raises(PowerModeError, match="stays 25W"):
            set_mode("7W", unit, jetson.board)
    assert len(jetson.orders()) == 1


def test_without_a_fresh_budget_nothing_restarts(
    jetson: Jetson, unit: Settings, store: Store
) -> None:
    with pytest.raises(PowerModeError, match="no fresh energy budget"):
        set_mode("7W", unit, jetson.board)
    grant(store, age_s=200.0)
    with pytest.raises(PowerModeError, match="no fresh energy budget"):
        set_mode("7W", unit, jetson.board)
    store.path.unlink()
    with pytest.raises(PowerModeError, match="no fresh energy budget"):
        set_mode("7W", unit, jetson.board)
    assert jetson.orders() == []
    assert not jetson.board.status.exists()


def test_where_the_time_cannot_be_kept_nothing_restarts(
    jetson: Jetson, unit: Settings, store: Store
) -> None:
    grant(store)
    (unit.unit.data_dir / f"{mode_restart.LAST}.part").mkdir()
    with pytest.raises(PowerModeError, match=r"jetson-mode-restarted-s.part cannot be written"):
        set_mode("7W", unit, jetson.board)
    assert jetson.orders() == []


def test_a_time_that_nobody_understands_holds_the_restart_back(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert read_last_restart(stamp) is None
    for text in ("", "yesterday", "-5", "nan", "inf", "2026-04-15T02:00:00+00:00"):
        stamp.write_text(text)
        with pytest.raises(PowerModeError, match=f"delete {stamp}"):
            read_last_restart(stamp)
    stamp.write_text("7200\n")
    assert read_last_restart(stamp) == 7200.0


def test_a_last_restart_that_is_yet_to_come_counts_as_just_now_and_blocks_for_a_day_only(
    tmp_path: Path,
) -> None:
    stamp = tmp_path / "stamp"
    stamp.write_text("9e9")  # the database and with it the unit's time was lost
    assert find_last_restart(stamp, 100.0) == 100.0
    assert find_last_restart(stamp, 100.0 + 25 * 3600) == 100.0


@pytest.mark.parametrize(
    ("level", "hours_ago", "may_power_off", "objection"),
    [
        (EnergyLevel.FULL, None, True, ""),
        (EnergyLevel.ECO, 24.0, True, ""),
        (EnergyLevel.ECO, 23.9, True, "less than a day"),
        (EnergyLevel.SENTINEL, None, True, "the energy is at SENTINEL"),
        (EnergyLevel.FULL, None, False, "may_power_off forbids it"),
        (None, None, True, "no fresh energy budget"),
    ],
)
def test_what_speaks_against_a_restart(
    level: EnergyLevel | None, hours_ago: float | None, may_power_off: bool, objection: str
) -> None:
    settings = replace(Settings(), host=HostSettings(may_power_off=may_power_off))
    stamp = SystemClock().stamp()
    budget = None if level is None else EnergyBudget(stamp, level, 9.0, START, 1.0, "test")
    last_s = None if hours_ago is None else 1e6 - 3600 * hours_ago
    found = find_objection(settings, budget, last_s, 1e6)
    assert (objection in found) if objection else found == ""
