"""The computer's own state: temperature, disk, memory and power.

Reads: thermal zones, /proc/meminfo, the file system of the data directory, a Jetson's input rail;
all below roots that tests replace. Writes: nothing.
Never: passes a modelled power off as measured. RAPL (Intel's energy counters) sees the processor
only, not the computer, so it does not count as a measurement here.
"""

import os
from pathlib import Path

from appliance.clock import Clock
from appliance.errors import ApplianceError
from appliance.model import EnvironmentReading
from appliance.wording.sentence import say
from sensors.errors import DiskError, TemperatureError
from sensors.thermal import find_hottest_zone

FULL_DISK_PCT = 95.0
HOT_C = 95.0  # processors throttle from about 97 C on (Orin) to 100 C (x86)


def read_environment(
    root: Path, data_dir: Path, power: tuple[float, bool], clock: Clock
) -> EnvironmentReading:
    """One reading; `power` is `computer_power`. Raises `DiskError` where the disk is gone."""
    hottest = find_hottest_zone(root)
    free_bytes, used_pct = measure_disk(data_dir)
    return EnvironmentReading(
        stamp=clock.stamp(),
        hottest_zone=hottest[0] if hottest else None,
        hottest_temperature_c=hottest[1] if hottest else None,
        disk_free_bytes=free_bytes,
        disk_used_pct=used_pct,
        memory_available_bytes=read_available_memory_bytes(root),
        computer_power_w=power[0],
        computer_power_measured=power[1],
    )


def estimate_computer_power(
    *, board_input_w: float | None, inference_w: float | None, idle_w: float
) -> tuple[float, bool]:
    """The computer's power in W without inference, and whether it was measured.

    A board's input rail feeds inference too, which reports its own power: that is subtracted, so
    that no watt is counted twice. Without a rail it is the settings' idle power.
    """
    if board_input_w is None:
        return idle_w, False
    return max(0.0, board_input_w - (inference_w or 0.0)), True


def measure_disk(directory: Path) -> tuple[int, float]:
    """Bytes free for the appliance and per cent used, as `df` counts them."""
    try:
        found = os.statvfs(directory)
    except OSError as error:
        raise DiskError(
            say(
                "the disk of {directory} cannot be read ({strerror}): check its mount",
                directory=directory,
                strerror=error.strerror,
            )
        ) from error
    used = found.f_blocks - found.f_bfree
    usable = used + found.f_bavail
    return found.f_bavail * found.f_frsize, 100 * used / usable if usable else 100.0


def read_available_memory_bytes(root: Path) -> int | None:
    """MemAvailable of /proc/meminfo (kB there: man 5 proc), or None."""
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    kilobytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return None if kilobytes is None else int(kilobytes) * 1024


def find_warnings(reading: EnvironmentReading) -> list[ApplianceError]:
    """The warnings that a reading gives; empty when all is well."""
    found: list[ApplianceError] = []
    if reading.disk_used_pct > FULL_DISK_PCT:
        found.append(
            DiskError(
                say(
                    "the disk is {disk_used_pct:.0f} % full ({free_mb:.0f} MB free): lower "
                    "snapshots_keep_mb, or delete what does not belong to the appliance",
                    disk_used_pct=reading.disk_used_pct,
                    free_mb=reading.disk_free_bytes / 1000000.0,
                )
            )
        )
    heat_c = reading.hottest_temperature_c
    if heat_c is not None and heat_c > HOT_C:
        found.append(
            TemperatureError(
                say(
                    "{hottest_zone} is at {heat_c:.0f} C, more than {hot_c:.0f} C: clean the fan "
                    "and the vents, and shade the box",
                    hottest_zone=reading.hottest_zone,
                    heat_c=heat_c,
                    hot_c=HOT_C,
                )
            )
        )
    return found


def format_sentence(reading: EnvironmentReading) -> str:
    """The reading in one sentence: `cpu 47 C, disk 62 % used, 5.0 W (modelled)`."""
    heat_c = reading.hottest_temperature_c
    heat = (
        say("no thermometer")
        if heat_c is None
        else say("{hottest_zone} {heat_c:.0f} C", hottest_zone=reading.hottest_zone, heat_c=heat_c)
    )
    how = say("measured") if reading.computer_power_measured else say("modelled")
    return say(
        "{heat}, disk {disk_used_pct:.0f} % used, {computer_power_w:.1f} W ({how})",
        heat=heat,
        disk_used_pct=reading.disk_used_pct,
        computer_power_w=reading.computer_power_w,
        how=how,
    )
