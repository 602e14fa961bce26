"""How long the devices of the settings take to be asked, as far as their models tell.

Reads and writes: nothing; pure. An answer takes the bytes of request and reply at the line's speed,
the silence that the device needs, and what a device takes to begin (`TURNAROUND_S`).
Never: opens a port. What a device really takes is seen by power/reading/side_by_side.py alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.process.settings_checks import SettingsFinding
from appliance.settings import Settings
from power.protocol.profile import Block
from power.reading.named_devices import NamedDevice, list_devices

TURNAROUND_S = 0.05
BITS = 10  # of a byte on a serial line
OVERHEAD_BYTES = 13  # request, and the reply's address, length and check sum
FRAME_BYTES = 120  # of a protocol with frames of its own


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """One device: the seconds of its own answers in a poll, and of all devices of its line."""

    device: NamedDevice
    answer_s: float
    round_s: float
    beside: int  # others on its line


def estimate_times(settings: Settings) -> list[DeviceTime]:
    """All devices of the settings whose model is known."""
    known = [one for one in list_devices(settings) if not isinstance(one, SettingsFinding)]
    return [estimate_time(one, known) for one in known]


def estimate_time(device: NamedDevice, known: Sequence[NamedDevice]) -> DeviceTime:
    line = [one for one in known if one.place == device.place]
    round_s = sum(estimate_answer_s(one) for one in line)
    return DeviceTime(device, estimate_answer_s(device), round_s, len(line) - 1)


def estimate_answer_s(device: NamedDevice) -> float:
    """All answers of one poll of the device."""
    profile, baud = device.profile, device.form.baud
    return sum(
        count_bytes(block) * BITS / baud + profile.gap_s + TURNAROUND_S for block in profile.live
    )


def count_bytes(block: Block) -> int:
    """Of one request and its reply."""
    return 2 * block.count + OVERHEAD_BYTES if block.count else FRAME_BYTES
