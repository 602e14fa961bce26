"""An idle unit in systemd-nspawn: the image's own services at SENTINEL, as a night has it.

Reads: /proc of this computer. Writes: a directory, which is removed at the end.
The CPU of a virtual machine without virtualization measures the emulator; this does not.
"""

import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.bench.processes import Usage, read_usage
from tests.real_image.booted import ImageContainer
from tests.real_pid1 import simulated

SENTINEL_PCT = 35
# Of the tests' settings: polls as on a unit, no camera that reports a motion a second, no broker.
QUIETER = {r"poll_every_s = 1\b": "poll_every_s = 10", r"\n(onvif|host) = .*": ""}
LEVEL_S = 180
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Night:
    """Sums over the processes of the unit; `worst_security` over its services."""

    wakeups_per_s: float
    pss_mb: float
    cpu_pct: float
    written_mb_a_day: float
    all_pss_mb: float
    worst_security: float
    services: dict[str, float]


def measure_night(root: Path, *, settle_s: float, measure_s: float) -> Night:
    with tempfile.TemporaryDirectory(prefix="bench-image-") as directory:
        container = ImageContainer(root, Path(directory))
        container.prepare()
        with container.booted():
            begin(container)
            time.sleep(settle_s)
            return measure(container, measure_s)


def begin(container: ImageContainer) -> None:
    """At SENTINEL: cameras listen, inference is unloaded."""
    container.simulate_site(SENTINEL_PCT)
    text = simulated.format_settings(SENTINEL_PCT)
    for pattern, quieter in QUIETER.items():
        text = re.sub(pattern, quieter, text)
    container.give_settings(text)

    def is_night() -> bool:
        return container.ask("unitctl", "status").find("SENTINEL") >= 0

    container.wait_for(is_night, LEVEL_S, "SENTINEL")
    container.wait_for(
        lambda: ours(container, "appliance-camera@gate.service"), LEVEL_S, "the camera"
    )


def measure(container: ImageContainer, measure_s: float) -> Night:
    before = {pid: read_usage([pid]) for pid in ours(container)}
    time.sleep(measure_s)
    stayed = before.keys() & set(ours(container))  # not a program that ran once
    spent: Usage = read_usage(stayed) - add(before[pid] for pid in stayed)
    scores = read_scores(container)
    return Night(
        wakeups_per_s=spent.wakeups / measure_s,
        pss_mb=spent.pss_mb,
        cpu_pct=spent.cpu_s / measure_s * 100,
        written_mb_a_day=spent.written_bytes / measure_s * DAY_S / 1e6,
        all_pss_mb=read_usage(container.list_pids("/")).pss_mb,
        worst_security=max(scores.values()),
        services=scores,
    )


def add(each: Iterable[Usage]) -> Usage:
    rows = [astuple(one) for one in each]
    return Usage(*(sum(column) for column in zip(*rows, strict=True)))


def ours(container: ImageContainer, service: str = "") -> list[int]:
    """Processes of our services, as this computer numbers them."""
    return container.list_pids(f"appliance.slice/{service}")


def read_scores(container: ImageContainer) -> dict[str, float]:
    """What systemd-analyze says of each service of ours."""
    names = container.ask("ls", "/etc/systemd/system").split()
    services = [one for one in names if re.fullmatch(r"(appliance|image)-.*\.service", one)]
    found = {}
    for name in services:
        unit = name.replace("@.", "@gate.")
        shown = container.ask("systemd-analyze", "security", "--no-pager", unit)
        score = re.search(r"exposure level for \S+: ([0-9.]+)", shown)
        assert score, shown
        found[name] = float(score[1])
    return found
