"""What a technician and a mirror do for an update of the operating system.

Reads and writes: a unit over SSH, a fleet's tree. Never: decides what a unit shall do.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from provisioning.command import claim_port
from provisioning.emulator.machine import HOST
from provisioning.update_demo import mirror_server
from tests.real_boot.built import BUILD
from tests.real_boot.next_systems import NextSystems
from tests.real_boot.unit import EmulatedUnit

TRUST = "/var/lib/ota/trust"
SYNCHRONIZED = "/run/systemd/timesync/synchronized"  # as systemd-timesyncd does it
MIRROR = '\n[update]\nmirrors = ["http://{host}:{port}/"]\n'
WAIT_S = 400.0
CHECK_IN = "appliance-checkin"

needs_build = pytest.mark.skipif(
    os.geteuid() != 0 or not (BUILD / "tools").is_dir(),
    reason="needs root's rights, and what `make image` left beside the image",
)


@contextmanager
def mirror(systems: NextSystems) -> Iterator[int]:
    """Its port, on this computer."""
    port = claim_port(0)
    server = mirror_server.serve(systems.tree, port)
    yield port
    server.close()


def begin(unit: EmulatedUnit, systems: NextSystems, port: int) -> None:
    """The first boot, with settings that name the mirror, and the roots of trust."""
    settings = unit.site.settings + MIRROR.format(host=HOST, port=port)
    unit.disk.put(settings, "provision/unit.toml")
    unit.boot()
    unit.wait_for(unit.find_boot, WAIT_S, "SSH")
    for root in systems.roots_of_trust:
        unit.order(f"cat >{TRUST}/{root.name}", text=root.read_text())


def ask_mirrors(unit: EmulatedUnit) -> None:
    """As a technician does, with a clock that a time server has confirmed."""
    unit.order(f"install -D /dev/null {SYNCHRONIZED}; systemd-run -q unitctl update check")


def check_in(unit: EmulatedUnit) -> None:
    """The hourly one, now."""
    unit.order(f"install -D /dev/null {SYNCHRONIZED}; systemctl start --no-block {CHECK_IN}")


def list_steps(unit: EmulatedUnit, release: str) -> str:
    return unit.ask(f"sudo grep -F {release} /var/lib/ota/journal.jsonl | grep -o '\"step\": .*'")


def wait_for_step(unit: EmulatedUnit, release: str, step: str, seconds: float) -> None:
    unit.wait_for(lambda: f'"{step}"' in list_steps(unit, release), seconds, f"{release}: {step}")


def check_in_until(unit: EmulatedUnit, release: str, step: str, seconds: float) -> None:
    """Once in each boot: the updater may try a release again before it takes it back."""
    asked: set[str] = set()

    def has_come() -> bool:
        boot = unit.find_boot()
        if boot and boot not in asked:
            check_in(unit)
            asked.add(boot)
        elif not boot:
            unit.forget_connection()
        return f'"{step}"' in list_steps(unit, release)

    unit.wait_for(has_come, seconds, f"{release}: {step}")


def find_running(unit: EmulatedUnit) -> list[str]:
    """Its release, and its slot."""
    slot = "grep -o rauc.slot=. /proc/cmdline || sed s/^/rauc.slot=/ /run/appliance-image/slot"
    return unit.ask(f". /etc/os-release; echo $IMAGE_VERSION; {slot}").split()


def list_entries(unit: EmulatedUnit) -> list[str]:
    signed = "[ ! -d /efi/EFI/Linux ] || ls /efi/EFI/Linux"
    return unit.order(f"ls /efi/loader/entries; {signed}").split()


def wait_for_entry(unit: EmulatedUnit, end: str) -> None:
    unit.wait_for(lambda: any(one.endswith(end) for one in list_entries(unit)), WAIT_S, end)
