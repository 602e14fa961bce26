"""RAUC's custom boot loader backend: `python -m ota.slots.backend LOADER VERB [BOOTNAME [STATE]]`.

RAUC runs it as root: `get-primary`, `set-primary B`, `get-state B`, `set-state B good|bad`, and
`get-current` where the command line names no slot (it is signed and serves both). One verb is ours:
`rearm`, at each boot, gives the committed slot tries where all are used up.

Reads and writes: what the boot loader keeps: the ESP, or NVIDIA's variables.
Never: prints anything but the answer on standard output; RAUC reads it.
"""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from appliance.errors import ApplianceError
from ota.disk import Disk
from ota.errors import SlotError
from ota.slots.boot_source import find_device, mounted, read_source
from ota.slots.jetson import JetsonBoot
from ota.slots.systemd_boot import BootSource, SystemdBoot

LOADERS = ("systemd-boot", "jetson")
VERBS = ("get-primary", "set-primary", "get-state", "set-state", "rearm", "get-current")


class Boot(Protocol):
    """What RAUC asks a boot loader."""

    def get_primary(self) -> str: ...
    def get_state(self, slot: str) -> bool: ...
    def set_primary(self, slot: str) -> None: ...
    def set_state(self, slot: str, *, good: bool) -> None: ...


def main() -> None:
    """Exit codes: 0 done; 1 it could not be, and standard error says why; 2 usage."""
    arguments = parse_arguments()
    try:
        with ExitStack() as mounts:
            answer = run(arguments, mounts)
    except (ApplianceError, OSError) as error:
        print(f"boot loader backend: {error}", file=sys.stderr)
        sys.exit(1)
    if answer:
        print(answer)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ota.slots.backend", description=__doc__)
    parser.add_argument("loader", choices=LOADERS)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("slot", nargs="?", default="", metavar="BOOTNAME")
    parser.add_argument("state", nargs="?", choices=("good", "bad"))
    parser.add_argument("--esp", type=Path, default=Path("/efi"), help="where the ESP is mounted")
    parser.add_argument("--state-file", type=Path, default=Path("/var/lib/rauc/boot.json"))
    parser.add_argument("--system-conf", type=Path, default=Path("/etc/rauc/system.conf"))
    parser.add_argument("--variables", type=Path, default=Path("/sys/firmware/efi/efivars"))
    parser.add_argument("--booted", type=Path, default=Path("/run/appliance-image/slot"))
    parser.add_argument("--mounted", type=Path, help="slots are mounted there, by boot name")
    arguments = parser.parse_args()
    if arguments.verb in VERBS[1:4] and not arguments.slot:
        parser.error(f"{arguments.verb} needs a BOOTNAME")
    if arguments.verb == "set-state" and not arguments.state:
        parser.error("set-state needs good or bad")
    return arguments


def run(arguments: argparse.Namespace, mounts: ExitStack) -> str:
    """Do it; returns what RAUC reads."""
    boot: Boot = JetsonBoot(arguments.variables)
    if arguments.loader == "systemd-boot":
        boot = make_systemd_boot(arguments, mounts)
    match arguments.verb:
        case "get-current":
            return read_booted(arguments.booted)
        case "get-primary":
            return boot.get_primary()
        case "get-state":
            return "good" if boot.get_state(arguments.slot) else "bad"
        case "set-primary":
            boot.set_primary(arguments.slot)
        case "set-state":
            boot.set_state(arguments.slot, good=arguments.state == "good")
        case "rearm" if isinstance(boot, SystemdBoot):
            return boot.rearm()
    return ""


def read_booted(path: Path) -> str:
    """The slot that the initial RAM disk has opened by its root hash; raises `SlotError`."""
    try:
        return path.read_text().strip()[:32]
    except OSError as error:
        message = f"{path} does not say which slot runs: restart, the initial RAM disk writes it"
        raise SlotError(message, "booted-slot") from error


def make_systemd_boot(arguments: argparse.Namespace, mounts: ExitStack) -> SystemdBoot:
    def read(slot: str) -> BootSource:
        device = find_device(arguments.system_conf, slot)
        if arguments.mounted is not None:
            return read_source(arguments.mounted / slot, device)
        return read_source(mounts.enter_context(mounted(device)), device)

    return SystemdBoot(arguments.esp, arguments.state_file, Disk(), read)


if __name__ == "__main__":
    main()
