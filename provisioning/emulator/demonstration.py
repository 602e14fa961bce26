"""`make image-run`: the image as it was built, in a virtual machine, until Ctrl-C.

Reads: the image. Writes: a directory, made anew; what it does, line by line.
Never: changes the image, or keeps anything of an earlier run.
"""

import argparse
import shutil
import signal
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.parsing.arguments import PATH
from provisioning.command import claim_port
from provisioning.emulator.guest_disk import GuestDisk
from provisioning.emulator.machine import Hardware, Machine
from provisioning.emulator.programs import EMULATED, check_programs, choose_accelerator
from provisioning.emulator.site import Site
from provisioning.image.tools import ImageError
from provisioning.runner import ROOT

UNCHECKED = ssl._create_unverified_context()  # noqa: S323, SLF001  (whatever it says)
BUILT = ROOT / "build/image/image/unit.raw"
PAGE_S, BETWEEN_LOOKS_S = 900.0, 1.0
SLOW = "this computer offers no virtualization (KVM): its processor is emulated, minutes go by"
BUTTON = "shutting down; once more Ctrl-C cuts its power"
WAYS_IN = """the page: https://localhost:{page} (your browser will ask about its certificate)
a shell:  ssh -F {ssh} unit
          (sudo needs no password; `unitctl doctor` looks at everything)
the end:  Ctrl-C"""


def main() -> None:
    asked = parse_arguments()
    signal.signal(signal.SIGTERM, raise_interrupt)
    try:
        check_programs()
        show(prepare(asked))
    except ApplianceError as error:
        sys.exit(f"image-run: {error}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m provisioning.emulator",
        description="Boots the image of a unit in a virtual machine; charger and battery are "
        "simulated beside it.",
    )
    parser.add_argument("--image", type=PATH, default=BUILT, help="a disk (default: make image's)")
    parser.add_argument("--dir", type=PATH, default=ROOT / "build/image-run", help="made anew")
    parser.add_argument("--port", type=int, default=8080, help="of the page (default: 8080)")
    parser.add_argument("--without-settings", action="store_true", help="as a new unit comes")
    return parser.parse_args()


def prepare(asked: argparse.Namespace) -> tuple[Machine, Site]:
    """A machine with a copy of the image, on which the technician's files lie."""
    image = Path(asked.image)
    if not image.is_file():
        raise ImageError(f"{image} does not exist: build it with `make image`")
    page = claim_port(asked.port)
    directory = Path(asked.dir)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    site = Site(directory, charger_port=claim_port(0), bms_port=claim_port(0))
    disk = GuestDisk.copy(image, directory / "disk.raw")
    disk.put(site.make_key(), "provision/authorized_keys")
    if not asked.without_settings:
        disk.put(site.settings, "provision/unit.toml")
    return Machine(disk, Hardware(page_port=page, ssh_port=claim_port(0))), site


def show(made: tuple[Machine, Site]) -> None:
    """Until the machine ends, or somebody ends it."""
    machine, site = made
    with site.simulated():
        try:
            machine.start()
            wait_for_page(machine)
            tell_ways_in(machine, site)
            machine.wait_for_end(float("inf"))
            if why := machine.explain_end():
                raise ImageError(f"{why}; {machine.directory}/qemu.log may say more")
            print("the unit has switched itself off")
        except KeyboardInterrupt:
            stop(machine)
        finally:
            machine.cut_power()


def wait_for_page(machine: Machine) -> None:
    if choose_accelerator() == EMULATED:
        print(SLOW, flush=True)
    began = time.monotonic()
    while not answers(machine.hardware.page_port):
        machine.go_on()
        if not machine.running:
            raise ImageError(f"the machine has ended; its console: {machine.directory}/serial.log")
        if time.monotonic() - began > PAGE_S:
            raise ImageError(f"no page; the machine's console: {machine.directory}/serial.log")
        time.sleep(BETWEEN_LOOKS_S)
    print(f"the page answers after {time.monotonic() - began:.0f} s")


def answers(port: int) -> bool:
    """Whether the page does, whatever it says."""
    address = f"https://127.0.0.1:{port}/"
    try:
        urllib.request.urlopen(address, timeout=10, context=UNCHECKED).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def tell_ways_in(machine: Machine, site: Site) -> None:
    page, ssh_port = machine.hardware.page_port, machine.hardware.ssh_port
    print(WAYS_IN.format(page=page, ssh=site.write_ssh_settings(ssh_port)), flush=True)


def stop(machine: Machine) -> None:
    print(BUTTON, flush=True)
    try:
        machine.shut_down()
    except KeyboardInterrupt:
        print("its power is cut", flush=True)


def raise_interrupt(*_: object) -> None:
    raise KeyboardInterrupt
