"""Ten thousand units before a real receiver: each has its key, and reports as a check-in does.

    fleet = make_reporters(engine, 10_000)
    latencies_s = report_at(fleet, port, per_s=28, seconds=60)

Reads and writes: rows of the units, made in one piece; TCP connections on loopback.
Never: waits for an answer before the next unit's time has come: a fleet does not either.
"""

import base64
import http.client
import json
import queue
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, insert

from ota.fleet.database.tables import unit as unit_table
from ota.fleet.reports.signature import find_key_sha256
from tests.stand_ins.fleet_unit import ENERGY

CONNECTIONS = 8
GROUPS = ("valley", "hills", "coast")
FAULT = {"code": "camera", "source": "camera@gate", "text": "no picture for 300 s"}


@dataclass(slots=True)
class Reporter:
    """One unit. `follows`: the hash that was acknowledged last; `number`: of the next report."""

    name: str
    group: str
    key: ec.EllipticCurvePrivateKey
    key_sha256: str
    follows: str | None = None
    number: int = 1

    def sign(self, release: str = "2026.11") -> tuple[bytes, str]:
        """Report and signature, of about the size of a real one."""
        now = datetime.now(UTC).isoformat()
        tree = {
            "format": 1,
            "unit": self.name,
            "group": self.group,
            "key": self.key_sha256,
            "number": self.number,
            "follows": self.follows,
            "at": now,
            "clock_confirmed": True,
            "running_release": release,
            "state": "gate",
            "release": "2026.12",
            "reason": "the update waits: 31 % charge, needs 40 %",
            "waits_for": "energy",
            "failed_releases": [],
            "energy": ENERGY,
            "faults": [{**FAULT, "since": now}],
            "expected_at": None,
            "place": {"latitude_deg": 45.67, "longitude_deg": 25.1},
            "app_sha256": "a" * 64,
            "settings_sha256": "b" * 64,
            "models": {"people": "c" * 64, "plates": "d" * 64},
            "os": {"release": "2026.11", "sha256": "e" * 64},
        }
        data = json.dumps(tree, indent=1).encode()
        signature = self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        return data, base64.b64encode(signature).decode()


def make_reporters(engine: Engine, count: int) -> list[Reporter]:
    """Units that are in the fleet: their rows are written in one piece."""
    found, rows = [], []
    for number in range(count):
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key()
        one = Reporter(
            f"field-{number}", GROUPS[number % len(GROUPS)], key, find_key_sha256(public)
        )
        pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        found.append(one)
        rows.append(
            {
                "name": one.name,
                "fleet_group": one.group,
                "serial": f"box-{number}",
                "key_sha256": one.key_sha256,
                "public_key": pem.decode(),
                "entered_at": datetime.now(UTC),
            }
        )
    with engine.begin() as connection:
        connection.execute(insert(unit_table), rows)
    return found


@dataclass(slots=True)
class Load:
    """Arrivals at random with a mean rate; a latency counts from when the unit wanted to send."""

    port: int
    latencies_s: list[float] = field(default_factory=list)
    refused: int = 0

    def run(self, reporters: list[Reporter], per_s: float, seconds: float) -> "Load":
        random = Random(1)
        waiting: queue.Queue[tuple[float, Reporter] | None] = queue.Queue()
        threads = [threading.Thread(target=self._work, args=(waiting,)) for _ in range(CONNECTIONS)]
        for one in threads:
            one.start()
        at_s = time.monotonic()
        ends_s, order = at_s + seconds, random.sample(reporters, len(reporters))
        for number in range(int(per_s * seconds * 2)):
            at_s += random.expovariate(per_s)
            if at_s >= ends_s:
                break
            time.sleep(max(0.0, at_s - time.monotonic()))
            waiting.put((at_s, order[number % len(order)]))
        for _ in threads:
            waiting.put(None)
        for one in threads:
            one.join()
        return self

    def _work(self, waiting: "queue.Queue[tuple[float, Reporter] | None]") -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while (job := waiting.get()) is not None:
            wanted_s, reporter = job
            data, signature = reporter.sign()
            headers = {"Content-Type": "application/json", "Report-Signature": signature}
            connection.request("POST", "/api/v1/reports", data, headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            self.latencies_s.append(time.monotonic() - wanted_s)
            if answer.status == 200:
                reporter.follows = body["sha256"]
                reporter.number += 1
            else:
                self.refused += 1
        connection.close()


def find_p95_ms(latencies_s: list[float]) -> float:
    ordered = sorted(latencies_s)
    return 1000 * ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] if ordered else 0.0
