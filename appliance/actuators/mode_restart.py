"""Restarts the computer into a power mode, at most once a day and only with energy.

Reads: EnergyBudget, the unit's own time, that of the last such restart. Writes: the latter,
nvpmodel's mode for the next boot, an order to PID 1.
Never: restarts without a fresh budget at ECO or above, before the time of it is on the disk, or
more often because the wall clock is ahead: a day is one of the unit's own time, which goes on by
uptime over all boots (appliance/store/unit_time.py).
"""

import sys
from contextlib import closing, suppress
from pathlib import Path

from appliance.actuators.errors import PowerModeError
from appliance.errors import StoreError
from appliance.model import EnergyBudget, EnergyLevel
from appliance.parsing.small_file import read_small_file
from appliance.process.host import Host
from appliance.settings import Settings
from appliance.store.durable_files import replace_file
from appliance.store.store import Store
from appliance.store.unit_time import read_time
from appliance.strict_json import require_number
from appliance.wording.sentence import say

ONCE_IN_S = 24 * 3600.0
MOST_BYTES = 100
LAST = "jetson-mode-restarted-s"  # in the data directory


def restart_into(name: str, number: int, now_in: str, status: Path, settings: Settings) -> str:
    """Have nvpmodel set the mode at the next boot, and ask PID 1 for that; returns its sentence.

    Raises `PowerModeError`, with the reason, where the board is left as it is.
    """
    stamp, (budget, now_s) = settings.unit.data_dir / LAST, read_budget_and_time(settings)
    objection = find_objection(settings, budget, find_last_restart(stamp, now_s), now_s)
    if objection:
        raise PowerModeError(
            say(
                "the power mode stays {now_in}: {name} needs a restart of the computer, and "
                "{objection}; name in [jetson] modes that need none",
                now_in=now_in,
                name=name,
                objection=objection,
            )
        )
    try:
        replace_file(stamp, f"{now_s:.0f}".encode())
        replace_file(status, f"pmode:{number:04d}".encode())
    except OSError as error:
        raise PowerModeError(
            say(
                "the power mode stays {now_in}: {name} needs a restart, and {filename} cannot "
                "be written: {cause}; check its permissions and the free space",
                now_in=now_in,
                name=name,
                filename=error.filename,
                cause=error.strerror,
            )
        ) from error
    Host(settings.host.systemctl).start("reboot.target").wait()
    return say(
        "the computer restarts into the power mode {name}, it was {now_in}",
        name=name,
        now_in=now_in,
    )


def find_objection(
    settings: Settings, budget: EnergyBudget | None, last_s: float | None, now_s: float
) -> str:
    """The reason against a restart; empty where there is none."""
    if not settings.host.may_power_off:
        return say("[host] may_power_off forbids it")
    if budget is None:
        return say("there is no fresh energy budget")
    if budget.level < EnergyLevel.ECO:
        return say("the energy is at {level}", level=budget.level.name)
    if last_s is not None and now_s - last_s < ONCE_IN_S:
        return say(
            "the last one for a power mode was {ago_h:.1f} h ago by the unit's own time, "
            "less than a day",
            ago_h=(now_s - last_s) / 3600,
        )
    return ""


def read_budget_and_time(settings: Settings) -> tuple[EnergyBudget | None, float]:
    """The fresh energy budget, or None, and the unit's own time in s."""
    try:
        with closing(Store(settings.database, settings.make_clock())) as store:
            return store.latest(EnergyBudget), read_time(store).unit_s
    except StoreError:
        return None, 0.0


def find_last_restart(stamp: Path, now_s: float) -> float | None:
    """The last restart in the unit's own time, or None. Raises `PowerModeError`.

    One that is yet to come is of a database that was lost: then it counts as just now.
    """
    last_s = read_last_restart(stamp)
    if last_s is None or last_s <= now_s:
        return last_s
    with suppress(OSError):
        replace_file(stamp, f"{now_s:.0f}".encode())
    return now_s


def read_last_restart(stamp: Path) -> float | None:
    """The noted time, or None where there is none; raises `PowerModeError`."""
    try:
        return require_number(
            float(read_small_file(stamp, MOST_BYTES)), "it", 0, sys.float_info.max
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise PowerModeError(
            say(
                "the time of the last restart for a power mode is unknown ({error}): delete "
                "{stamp}, and it may be restarted again",
                error=error,
                stamp=stamp,
            )
        ) from error
