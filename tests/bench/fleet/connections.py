"""Ten thousand units at the fleet's broker, which is restarted while they report.

    back = measure(directory, address, reporters, port)

Each unit has its own certificate and connection (MQTT 5 over TLS, by hand on asyncio: ten thousand
clients of paho would be ten thousand threads), and comes back as `appliance-push` does: at a moment
of its own within `RETRY_S`.

Reads and writes: a real mosquitto, files of its own.
Never: tells how a broker of another kind would fare.
"""

import asyncio
import ssl
import struct
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine

from ota.fleet.claims.authority import Authority, format_certificate, format_key
from ota.push.hint import find_unit_topic
from ota.push.link import RETRY_S
from tests.bench.fleet.load import Load, Reporter, find_p95_ms
from tests.stand_ins.fleet_broker import HOST, FleetBroker

AT_ONCE = 64  # handshakes, while all connect the first time
KEEPALIVE_S = 1200
MOST_S = 600.0
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CONNECT, CONNACK, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x82, 0x90


@dataclass(frozen=True, slots=True)
class Back:
    """`first_s`: until all were connected the first time; `back_s`: after the restart.

    `peak_per_s`: most of them in one second then; `meanwhile_p95_ms`: of a report in that time;
    `broker_mb`: the broker's memory.
    """

    first_s: float
    back_s: float
    peak_per_s: int
    meanwhile_p95_ms: float
    broker_mb: float


@dataclass(slots=True)
class Crowd:
    """`here`: how many are connected and subscribed; `arrivals`: by the second."""

    port: int
    contexts: list[tuple[str, ssl.SSLContext]]
    here: int = 0
    arrivals: Counter[int] = field(default_factory=Counter)
    random: Random = field(default_factory=lambda: Random(1))

    async def run(self, stop: asyncio.Event) -> None:
        gate = asyncio.Semaphore(AT_ONCE)
        tasks = [asyncio.create_task(self._stay(*one, gate)) for one in self.contexts]
        await stop.wait()
        for one in tasks:
            one.cancel()

    async def _stay(self, serial: str, context: ssl.SSLContext, gate: asyncio.Semaphore) -> None:
        async with gate:
            link = await self._enter(serial, context)
        while True:
            await self._listen(link[0])
            await asyncio.sleep(self.random.uniform(1.0, RETRY_S))
            link = await self._enter(serial, context)

    async def _enter(self, serial: str, context: ssl.SSLContext) -> Streams:
        """Again and again, as a unit does. Both are to be kept: without its writer it is closed."""
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection(HOST, self.port, ssl=context)
                writer.write(make_connect(serial) + make_subscribe(find_unit_topic(serial)))
                await read_packet(reader, CONNACK)
                await read_packet(reader, SUBACK)
                self.here += 1
                self.arrivals[int(time.monotonic())] += 1
                return reader, writer
            await asyncio.sleep(self.random.uniform(1.0, RETRY_S))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while await reader.read(4096):
                pass
        self.here -= 1


def make_connect(serial: str) -> bytes:
    name = serial.encode()
    body = struct.pack(">H4sBBHB", 4, b"MQTT", 5, 0x02, KEEPALIVE_S, 0)
    return pack(CONNECT, body + struct.pack(">H", len(name)) + name)


def make_subscribe(topic: str) -> bytes:
    name = topic.encode()
    return pack(SUBSCRIBE, struct.pack(">HBH", 1, 0, len(name)) + name + b"\x01")


def pack(kind: int, body: bytes) -> bytes:
    assert len(body) < 128
    return bytes((kind, len(body))) + body


async def read_packet(reader: asyncio.StreamReader, kind: int) -> None:
    """Raises `OSError` where another one comes, or one that refuses."""
    head = await reader.readexactly(2)
    body = await reader.readexactly(head[1])
    if head[0] != kind or (kind == CONNACK and body[1]):
        raise OSError(f"the broker answers {head.hex()}{body.hex()}")


def make_contexts(
    directory: Path, authority: Authority, reporters: list[Reporter]
) -> list[tuple[str, ssl.SSLContext]]:
    """One certificate each; the key is the same, which costs the broker nothing less."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    found = []
    for number, _ in enumerate(reporters):
        serial = f"box-{number}"
        path = directory / "one.pem"
        made = authority.issue(serial, key.public_key(), now)
        path.write_bytes(format_certificate(made).encode() + format_key(key))
        context = ssl.create_default_context(cafile=str(directory / "ca/ca.pem"))
        context.load_cert_chain(path)
        found.append((serial, context))
    return found


def measure(directory: Path, engine: Engine, reporters: list[Reporter], port: int) -> Back:
    """`port`: of the receiver that they report to meanwhile."""
    directory.mkdir(parents=True)
    with FleetBroker(directory, engine) as broker:
        crowd = Crowd(broker.port, make_contexts(directory, broker.authority, reporters))
        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        began_s = time.monotonic()
        thread = threading.Thread(target=loop.run_until_complete, args=(crowd.run(stop),))
        thread.start()
        wait_for(crowd, len(reporters))
        first_s = time.monotonic() - began_s
        load = Load(port)
        reports = threading.Thread(target=load.run, args=(reporters, 28.0, RETRY_S))
        crowd.arrivals.clear()
        reports.start()
        broker.stop()
        broker.start()
        began_s = time.monotonic()
        time.sleep(1.0)
        wait_for(crowd, len(reporters))
        back_s = time.monotonic() - began_s
        reports.join()
        assert broker.process is not None
        status = Path(f"/proc/{broker.process.pid}/status").read_text()
        loop.call_soon_threadsafe(stop.set)
        thread.join()
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line)
    peak = max(crowd.arrivals.values(), default=0)
    return Back(first_s, back_s, peak, find_p95_ms(load.latencies_s), peak_kb / 1024)


def wait_for(crowd: Crowd, count: int) -> None:
    ends_s = time.monotonic() + MOST_S
    while crowd.here < count:
        if time.monotonic() > ends_s:
            raise TimeoutError(f"{crowd.here} of {count} units are at the broker")
        time.sleep(0.1)
