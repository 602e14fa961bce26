"""From an event to a message: the real service, its real sending process, a real mail server.

`event_to_sent_p95_s`: from the stored event to the whole mail on the server, the service started by
the datagram as PID 1 does it; `warm_p95_s` with a service that runs. `lost`, `doubled`: over 200
`kill -9` at random, of the service alone and with its sending process. A repetition that says that
it is one, with the Message-ID of the first, is `repeated`, not doubled. `queued_days_ok`: days
without a link after which everything comes, the most important first. `bytes_per_alarm`: the whole
mail with its picture. `idle_cpu_pct`, `idle_wakeups`: of a service that waits.
"""

import os
import signal
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from appliance.model import EnergyLevel
from appliance.model_alarms import AlarmPriority, DeliveryState
from appliance.sections.alarms import AlarmSettings
from appliance.settings import Settings, UnitSettings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.bench.report import Figure, median, publish, quick
from tests.conftest import MODEL, ROOT
from tests.scenes import filled
from tests.stand_ins.alarm_process import AlarmProcess
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.mail_server import MailServer, run_mail_server
from tests.waiting import wait_until

PICTURE = MODEL.with_name("trial-picture.jpg")
SNAPSHOT = "snapshots/2026-04-15/e1.jpg"
REPEATED = "You may have this already"
IDLE_S = 30.0
DAYS = 7


def mailto(server: MailServer) -> str:
    return f"mailto://unit:secret@127.0.0.1:{server.port}?from=unit@example.org&to=ada@example.org"


def find_p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def put_picture(unit: AlarmProcess, data: bytes) -> None:
    path = unit.settings.unit.data_dir / SNAPSHOT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    with unit.open("power") as store:
        store.add(filled.budget(store.clock.stamp(), EnergyLevel.FULL))


def time_one(unit: AlarmProcess, server: MailServer, name: str, start: Callable[[], None]) -> float:
    """Seconds from the stored event to the mail."""
    before = len(server.mails)
    unit.see(name, snapshot=SNAPSHOT)
    began_s = time.monotonic()
    start()
    wait_until(lambda: len(server.mails) > before, "the mail", 60)
    return time.monotonic() - began_s


def time_warm(directory: Path, server: MailServer, count: int) -> list[float]:
    with AlarmProcess(directory, mailto(server)) as unit:
        put_picture(unit, PICTURE.read_bytes()[:20_000])
        found = []
        for number in range(count):
            found.append(time_one(unit, server, f"w{number}", lambda: None))
            time.sleep(6.0 if number % 4 == 0 else 0.5)  # with and without its sending process
        return found


def time_cold(directory: Path, server: MailServer, count: int) -> list[float]:
    """As PID 1: the service is started by the datagram, and gone before the next one."""
    unit = AlarmProcess(directory, mailto(server))
    unit.start()
    unit.kill()
    put_picture(unit, PICTURE.read_bytes()[:20_000])
    found = []
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as door:
        door.bind(str(unit.settings.alarm_socket))
        for number in range(count):

            def start() -> None:
                assert door.recv(8) == b""
                unit.start(door)

            found.append(time_one(unit, server, f"c{number}", start))
            unit.wait_for_sent(number + 1)
            assert unit.process is not None
            unit.process.kill()
            unit.process.wait()
    unit.kill()
    return found


def find_children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in text.split()]


def kill_at_random(directory: Path, server: MailServer, kills: int) -> dict[str, float]:
    """What arrives, of one event for each kill."""
    random = Random(7)
    before = len(server.mails)
    with AlarmProcess(directory, mailto(server)) as unit:
        for number in range(kills):
            unit.see(f"k{number}")
            time.sleep(random.uniform(0.0, 1.2))
            assert unit.process is not None
            children = find_children(unit.process.pid) if random.random() < 0.5 else []
            unit.process.send_signal(signal.SIGKILL)
            for child in children:
                kill(child)
            unit.kill()
            unit.start()
        unit.wait_for_sent(kills, 300)
        deliveries = unit.read_deliveries()
    mails = server.mails[before:]
    came = Counter(mail["X-Alarm-Delivery"] for mail in mails)
    told = sum(REPEATED in str(mail.get_body(("plain",)).get_content()) for mail in mails)  # type: ignore[union-attr]
    copies = sum(came.values()) - len(came)
    ids = {(mail["X-Alarm-Delivery"], mail["Message-ID"]) for mail in mails}
    unlike = len(ids) - len(came)  # copies with another Message-ID
    sent = sum(one.state is DeliveryState.SENT for one in deliveries)
    return {
        "lost": kills - len(came),
        "doubled": max(copies - told, unlike),
        "repeated": copies,
        "not_known_as_sent": kills - sent,
    }


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def queue_for_days(directory: Path) -> float:
    """Days without a link; 0 where something is missing, or came in the wrong order."""
    settings = replace(Settings(), unit=UnitSettings("test", directory / "data", directory / "run"))
    settings.unit.data_dir.mkdir(parents=True)
    prepare_database(settings.database)
    clock = FakeClock()
    rules = {
        name: AlarmSettings(to=("owner",), labels=(name,), priority=priority, bundle_s=0.0)
        for name, priority in (("dog", AlarmPriority.NORMAL), ("person", AlarmPriority.URGENT))
    }
    unit = AlarmUnit(
        settings, clock, lambda name=None: Store(settings.database, clock, name), alarm=rules
    )
    unit.mail.says = "no route to host"
    for hour in range(DAYS * 24):
        for label in rules:
            unit.see(f"{label}{hour}", label=label)
        unit.run()
        clock.advance(3600)
    unit.mail.says = "sent"
    recipient = replace(unit.settings.recipient["owner"], messages_a_day=1000)
    unit.settings = replace(unit.settings, recipient={"owner": recipient})
    unit.restart()
    unit.run()
    got = [request.title.rpartition(": ")[2] for request in unit.mail.got]
    ages = [request.body.splitlines()[1] for request in unit.mail.got[: DAYS * 24]]
    wanted = ["person at demo"] * DAYS * 24 + ["dog at demo"] * DAYS * 24
    in_order = len(set(ages)) == len(ages)
    return float(DAYS) if got == wanted and in_order else 0.0


def watch_idle(directory: Path, server: MailServer, seconds: float) -> dict[str, float]:
    """Processor time and wake-ups of a service that has sent something and waits."""
    with AlarmProcess(directory, mailto(server)) as unit:
        unit.see("e1")
        unit.wait_for_sent(1)
        time.sleep(8.0)  # its sending process leaves
        assert unit.process is not None
        before, woken = read_use(unit.process.pid)
        time.sleep(seconds)
        after, woken_after = read_use(unit.process.pid)
        rss_kb = read_status(unit.process.pid)["VmRSS"]
    return {
        "idle_cpu_pct": 100 * (after - before) / seconds,
        "idle_wakeups": woken_after - woken,
        "memory_mb": rss_kb / 1024,
    }


def read_use(pid: int) -> tuple[float, int]:
    """Seconds of processor time, and how often all its threads slept."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    tasks = [int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()]
    woken = sum(read_status(task)["voluntary_ctxt_switches"] for task in tasks)
    return ticks / os.sysconf("SC_CLK_TCK"), woken


def read_status(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pairs = (line.split() for line in lines)
    return {
        words[0].removesuffix(":"): int(words[1])
        for words in pairs
        if len(words) > 1 and words[1].isdigit()
    }


def measure(directory: Path, short: bool) -> dict[str, Any]:
    """All figures by name."""
    with run_mail_server() as server:
        cold = time_cold(directory / "cold", server, 3 if short else 20)
        warm = time_warm(directory / "warm", server, 4 if short else 24)
        sizes = [len(mail.as_bytes()) for mail in server.mails]
        killed = kill_at_random(directory / "kills", server, 8 if short else 200)
        idle = watch_idle(directory / "idle", server, 10.0 if short else IDLE_S)
    days = queue_for_days(directory / "queue")
    figures = {
        "event_to_sent_p95_s": find_p95(cold),
        "event_to_sent_median_s": median(cold),
        "warm_p95_s": find_p95(warm),
        "load_average": os.getloadavg()[1],
    }
    return {**figures, **killed, "queued_days_ok": days, "bytes_per_alarm": max(sizes), **idle}


TARGETS = {
    "event_to_sent_p95_s": ("s", 2.0),
    "event_to_sent_median_s": ("s", None),
    "warm_p95_s": ("s", 2.0),
    "load_average": ("", None),
    "lost": ("", 0.0),
    "doubled": ("", 0.0),
    "repeated": ("", None),
    "not_known_as_sent": ("", 0.0),
    "queued_days_ok": ("d", 7.0),
    "bytes_per_alarm": ("bytes", 40_000.0),
    "idle_cpu_pct": ("%", 0.1),
    "idle_wakeups": ("", 0.0),
    "memory_mb": ("MB", None),
}


def main() -> None:
    short = quick("alarms")
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as directory:
        found = measure(Path(directory), short)
    figures = [
        Figure(name, float(found[name]), unit, target, at_least=name == "queued_days_ok")
        for name, (unit, target) in TARGETS.items()
    ]
    publish("alarms", figures, short, also={name: found[name] for name in TARGETS})


if __name__ == "__main__":
    main()
