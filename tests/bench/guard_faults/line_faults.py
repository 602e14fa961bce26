"""Faults of the lines: silent, slow and bad ones, and ports at which nobody is.

Reads and writes: the directory of a unit, and sockets and pseudo-terminals of its own.
Never: does anything outside of that.
"""

import itertools
import os
import pty
import socket
import time
from contextlib import ExitStack

from provisioning.simulated.devices.daly import SimulatedDaly
from provisioning.simulated.lines.byte_device import RtuDevices
from tests.bench.guard_faults.site import FALLEN, Fault, Site, make_plant, serve_line

SEEN_AFTER_S = 2.5  # by then a poll has measured the fallen battery


def add_silent_battery(site: Site) -> None:
    """A BMS behind TCP that takes the connection and never answers."""
    silent = socket.create_server(("127.0.0.1", 0))
    site.closers.append(silent.close)
    port = silent.getsockname()[1]
    site.add = f'[bms.pack]\nmodel = "jbd"\nport = "tcp://127.0.0.1:{port}"\n'


def add_battery_on(kind: str) -> Fault:
    """A BMS whose port is a terminal at which nobody is, or no terminal."""

    def spoil(site: Site) -> None:
        path = site.here / "port"
        if kind == "pipe":
            os.mkfifo(path)
        else:
            ours, theirs = pty.openpty()
            path.symlink_to(os.ttyname(theirs))
            site.closers += [lambda: os.close(ours), lambda: os.close(theirs)]
        site.add = f'[bms.pack]\nmodel = "jbd"\nport = "{path}"\n'

    return spoil


class SlowDevices(RtuDevices):
    """Modbus devices that take their time."""

    def respond(self, request: bytes) -> bytes | None:
        time.sleep(0.65)
        return super().respond(request)


def add_slow_packs(site: Site) -> None:
    """Eight packs on one line, each with two answers a poll, so that one sweep takes 10 s."""
    plant = make_plant()
    ids = range(0x81, 0x89)
    line = ExitStack()
    site.closers.append(line.close)
    port = line.enter_context(
        serve_line(SlowDevices([SimulatedDaly(plant, (), one, 1 / 8) for one in ids]))
    )
    site.when_fallen.append(lambda: setattr(plant, "values", FALLEN))
    site.add = "".join(
        f'[bms.pack{one}]\nmodel = "daly"\nport = "{port}"\ndevice_id = {one}\n' for one in ids
    )


def lose_every_twelfth_answer(site: Site) -> None:
    """A bad line: a poll takes five answers."""
    count = itertools.count(1)
    site.disturb = lambda reply: None if next(count) % 12 == 0 else reply


def silence_after_the_fall(site: Site) -> None:
    """The charge controller goes down with the battery, when it has been measured once."""
    fell_s: list[float] = []
    site.when_fallen.append(lambda: fell_s.append(time.monotonic()))
    site.disturb = lambda reply: (
        None if fell_s and time.monotonic() - fell_s[0] > SEEN_AFTER_S else reply
    )
