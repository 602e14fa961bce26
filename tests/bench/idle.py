"""What all processes together cost at night, when the cameras listen and inference is unloaded.

Real processes, real Modbus line, real time (speed 1). The simulated plant and the stand-in for
PID 1 are not part of the unit and are not counted. What is written depends on how long the kernel
gathers (`vm.dirty_expire_centisecs`, shown): 30 s by default, 120 s on a unit
(systemd/sysctl.d/50-appliance.conf).
"""

import time
from datetime import UTC, datetime
from pathlib import Path

from appliance.model import EnergyLevel
from provisioning.command import claim_port
from provisioning.laptop import DAY_S, Laptop, RunRequest
from tests.bench.processes import read_usage
from tests.bench.report import OUT, Figure, publish, quick
from tests.waiting import wait_for_level

NIGHT = datetime(2026, 4, 15, 22, 0, tzinfo=UTC)


def main() -> None:
    short = quick("idle")
    settle_s, measure_s = (8, 25) if short else (30, 240)
    wish = RunRequest(DAY_S, claim_port(0), OUT / "idle", start=NIGHT, charge_pct=35)
    with Laptop(wish) as laptop:
        wait_for_level(laptop, EnergyLevel.SENTINEL)
        time.sleep(settle_s)
        pids = {name: pid for name, pid in laptop.runner.pids().items() if "appliance" in name}
        before = {name: read_usage([pid]) for name, pid in pids.items()}
        time.sleep(measure_s)
        spent = {name: read_usage([pid]) - before[name] for name, pid in pids.items()}
    cpu_pct = sum(u.cpu_s for u in spent.values()) / measure_s * 100
    figures = [
        Figure("cpu of one core", cpu_pct, "%", 2.0),
        Figure("wake-ups", sum(u.wakeups for u in spent.values()) / measure_s, "a second"),
        Figure("resident memory", sum(u.rss_mb for u in spent.values()), "MB", 250),
        Figure("memory, shared pages once", sum(u.pss_mb for u in spent.values()), "MB"),
        Figure(
            "written at this rate",
            sum(u.written_bytes for u in spent.values()) / measure_s * DAY_S / 1e6,
            "MB a day",
        ),
    ]
    gathers = int(Path("/proc/sys/vm/dirty_expire_centisecs").read_text()) / 100
    figures.append(Figure("the kernel gathers for", gathers, "s"))
    for name, u in sorted(spent.items()):
        figures.append(Figure(f"{name}: cpu", u.cpu_s / measure_s * 100, "%"))
        figures.append(Figure(f"{name}: memory", u.rss_mb, "MB"))
    publish("idle", figures, short, measured_s=measure_s, processes=sorted(pids))


if __name__ == "__main__":
    main()
