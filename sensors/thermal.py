"""The computer's thermal zones.

Reads: /sys/class/thermal below a root that tests replace. Writes: nothing.
Never: reports a zone that is switched off: those read -256 C (Jetson) or give an error.
"""

from pathlib import Path

from sensors.kernel_files import read_number, read_text

ZONES = "sys/class/thermal/thermal_zone*"
COLDEST_C = -100.0  # below: a zone that is offline


def read_thermal_zones(root: Path) -> list[tuple[str, float]]:
    """Name and temperature in C of each zone that answers."""
    zones = []
    for zone in sorted(root.glob(ZONES)):
        millidegrees = read_number(zone / "temp")
        if millidegrees is not None and millidegrees / 1000 > COLDEST_C:
            name = read_text(zone / "type").removesuffix("-thermal") or zone.name
            zones.append((name, millidegrees / 1000))
    return zones


def find_hottest_zone(root: Path) -> tuple[str, float] | None:
    """The hottest zone, or None on a computer that measures nothing."""
    return max(read_thermal_zones(root), key=lambda zone: zone[1], default=None)
