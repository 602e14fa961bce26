"""What a push takes until the unit's check-in starts and its update begins, and what a connection
costs that waits for one: real processes, the fleet's own broker, TLS on loopback.
"""

import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ota.fleet.database.opening import open_database
from ota.push.link import KEEPALIVE_S, Link
from ota.push.secrets import make_tls_context
from tests.bench.report import ROOT
from tests.stand_ins.fleet_broker import HOST, FleetBroker
from tests.stand_ins.pushed_unit import PushedUnit
from tests.waiting import wait_until

DAY_S = 86_400
SHORT_S, PINGS = 1, 8  # packets that keep a connection, sent more often than a unit does
HEADERS = 20 + 20 + 12  # IPv4, TCP, its time stamps
TCP_INFO_BYTES, BYTES_AT, SEGMENTS_AT = 192, 120, 136  # struct tcp_info of Linux


@dataclass(frozen=True, slots=True)
class Pushed:
    """`start_s`: from the command until PID 1 is asked, `update_s`: until the release is found.
    `idle_day_bytes`: of a connection in a day, headers of TCP and IP included.
    """

    start_s: float
    update_s: float
    idle_day_bytes: float


def measure(directory: Path) -> Pushed:
    engine = open_database(f"sqlite:///{directory / 'fleet.db'}")
    with FleetBroker(directory, engine) as broker:
        unit = PushedUnit(directory, broker, "field-7")
        unit.check_in()
        unit.assign()
        with unit.running():
            unit.wait_for_link()
            began_s = time.monotonic()
            type_push(unit)
            unit.wait_for_start(1)
            start_s = time.monotonic() - began_s
            wait_until(unit.has_offer, "the update")
            update_s = time.monotonic() - began_s
        idle = measure_idle(unit)
    engine.dispose()
    return Pushed(start_s, update_s, idle)


def type_push(unit: PushedUnit) -> None:
    """`fleet push`, a process of its own."""
    place, own = unit.broker.place.directory, unit.directory
    words = ["push", unit.name, "--broker", f"{HOST}:{unit.broker.port}"]
    words += ["--ca", f"{place}/authority.pem", "--certificate", f"{place}/push.pem"]
    words += ["--key", f"{place}/push-key.pem", "--database", f"sqlite:///{own}/fleet.db"]
    command = [sys.executable, "-m", "ota.fleet", *words]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def measure_idle(unit: PushedUnit) -> float:
    """Bytes of a day in which no hint comes."""
    context = make_tls_context(unit.update_directory, None)
    address, serial = (HOST, unit.broker.port), f"box-{unit.name}"
    topics = (unit.group_topic,)
    link = Link(address, serial, topics, context, lambda *_: None, keepalive_s=SHORT_S)
    link.start()
    try:
        wait_until(lambda: not link.trouble, "the connection")
        costs = [count_one(link) for _ in range(PINGS)]
    finally:
        link.close()
    return median(costs[1:]) * DAY_S / KEEPALIVE_S


def count_one(link: Link) -> int:
    """Bytes from one answer of the broker to the next."""
    before = count_bytes(link.client.socket())
    wait_until(lambda: count_bytes(link.client.socket()) > before, "a packet")
    time.sleep(SHORT_S / 2)  # its answer, and what acknowledges that
    return count_bytes(link.client.socket()) - before


def count_bytes(connection: socket.socket) -> int:
    """Both ways since it began, as TCP has counted."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    sent, received = struct.unpack_from("QQ", info, BYTES_AT)
    out, into = struct.unpack_from("II", info, SEGMENTS_AT)
    return int(sent + received + HEADERS * (out + into))
