"""Restarts the computer into a power mode, at most once a day and only with energy.

Reads: EnergyBudget, the time of the last such restart. Writes: that time, nvpmodel's mode for the
next boot, an order to PID 1.
Never: restarts without a fresh budget at ECO or above, or before the time of it is on the disk.

The time is judged by the wall clock, since uptime ends with the restart. A wrong clock can only
make the unit wait longer: a last restart in the future counts as just now.
"""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.actuators.errors import PowerModeError
from appliance.errors import StoreError
from appliance.model import EnergyBudget, EnergyLevel
from appliance.process.host import Host
from appliance.settings import Settings
from appliance.store.durable_files import replace_file
from appliance.store.store import Store

ONCE_IN = timedelta(hours=24)
LAST = "jetson-mode-restart"  # in the data directory


def restart_into(name: str, number: int, now_in: str, status: Path, settings: Settings) -> str:
    """Have nvpmodel set the mode at the next boot, and ask PID 1 for that; returns its sentence.

    Raises `PowerModeError`, with the reason, where the board is left as it is.
    """
    stamp, now = settings.unit.data_dir / LAST, settings.make_clock().stamp().utc
    objection = find_objection(settings, read_fresh_budget(settings), read_last_restart(stamp), now)
    if objection:
        raise PowerModeError(
            f"the power mode stays {now_in}: {name} needs a restart of the computer, and "
            f"{objection}; name in [jetson] modes that need none"
        )
    try:
        replace_file(stamp, now.isoformat().encode())
        replace_file(status, f"pmode:{number:04d}".encode())
    except OSError as error:
        raise PowerModeError(
            f"the power mode stays {now_in}: {name} needs a restart, and {error.filename} "
            f"cannot be written: {error.strerror}; check its permissions and the free space"
        ) from error
    Host(settings.host.systemctl).start("reboot.target").wait()
    return f"the computer restarts into the power mode {name}, it was {now_in}"


def find_objection(
    settings: Settings, budget: EnergyBudget | None, last: datetime | None, now: datetime
) -> str:
    """The reason against a restart; empty where there is none."""
    if not settings.host.may_power_off:
        return "[host] may_power_off forbids it"
    if budget is None:
        return "there is no fresh energy budget"
    if budget.level < EnergyLevel.ECO:
        return f"the energy is at {budget.level.name}"
    if last is not None and now - last < ONCE_IN:
        return (
            f"the last one for a power mode was at {last:%Y-%m-%d %H:%M} UTC, less than a day ago"
        )
    return ""


def read_fresh_budget(settings: Settings) -> EnergyBudget | None:
    """The fresh energy budget, or None."""
    try:
        with closing(Store(settings.database, settings.make_clock())) as store:
            return store.latest(EnergyBudget)
    except StoreError:
        return None


def read_last_restart(stamp: Path) -> datetime | None:
    """The time of the last restart, or None; raises `PowerModeError` where it is unknown."""
    try:
        last = datetime.fromisoformat(stamp.read_text().strip())
        return last.astimezone(UTC)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, OverflowError) as error:
        raise PowerModeError(
            f"the time of the last restart for a power mode is unknown ({error}): "
            f"delete {stamp}, and it may be restarted again"
        ) from error
