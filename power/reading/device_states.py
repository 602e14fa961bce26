"""How each device answers and what it measured last, as rows for people.

    states = list_states(devices, chargers, packs, now)

Reads and writes: nothing; pure.
Never: keeps a figure of an earlier poll: one that did not answer has none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import Enum

from appliance.errors import BusError
from appliance.model import BatteryReading, PowerReading, Quality, Stamp
from appliance.model_set_points import SERIAL_NUMBER, DeviceState

Reading = PowerReading | BatteryReading | None
NO_FIGURES = ("stamp", "device", "quality", "ages_s", "cell_voltages_v")


@dataclass
class PollCount:
    """How many polls of a device failed, and why the last of them did."""

    polls: int = 0
    failed: int = 0
    last_error: str = ""
    last_error_s: float | None = None

    def count(self, now_s: float, error: BusError | None) -> None:
        """One poll at uptime `now_s`, with why it failed."""
        self.polls += 1
        if error is not None:
            self.failed += 1
            self.last_error, self.last_error_s = str(error), now_s

    def find_error_at(self, now: Stamp) -> datetime | None:
        """When the last one failed, by the wall clock of now."""
        if self.last_error_s is None:
            return None
        return now.utc - timedelta(seconds=max(0.0, now.uptime_s - self.last_error_s))


def make_state(
    device: str,
    model: str,
    polled: PollCount,
    reading: Reading,
    now: Stamp,
    *,
    error: BusError | None,
    waits: bool,
    serial_number: str | None = None,
) -> DeviceState:
    """The row of one device. `serial_number`: of who answers."""
    figures, words = split_values(reading)
    if serial_number is not None and error is None:
        words[SERIAL_NUMBER] = serial_number
    return DeviceState(
        now,
        device,
        model,
        polled.polls,
        polled.failed,
        waits,
        str(error) if error else "",
        polled.last_error,
        polled.find_error_at(now),
        reading.stamp.utc if reading else None,
        figures,
        words,
        dict(reading.quality) if reading else {},
        dict(reading.ages_s) if reading else {},
    )


def split_values(reading: Reading) -> tuple[dict[str, float], dict[str, str]]:
    """The known figures, and what is known in words: yes and no, stages, alarms."""
    figures: dict[str, float] = {}
    words: dict[str, str] = {}
    for name, value in list_values(reading):
        if isinstance(value, bool):
            words[name] = "yes" if value else "no"
        elif isinstance(value, Enum):
            words[name] = str(value.value)
        elif isinstance(value, str):
            words[name] = value
        elif isinstance(value, (int, float)):
            figures[name] = float(value)
    return figures, words


def list_values(reading: Reading) -> Iterable[tuple[str, object]]:
    """The fields that a person reads, known and of quality OK."""
    if reading is None:
        return
    bad: Mapping[str, Quality] = reading.quality
    for one in fields(reading):
        if one.name not in NO_FIGURES and one.name not in bad:
            yield one.name, getattr(reading, one.name)
