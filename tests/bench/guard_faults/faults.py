"""The faults: what each of them does to a unit before its power process starts.

Reads and writes: the directory of that unit. Each function takes a `Site`.
Never: does anything outside of that directory.
"""

import os
import socket
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from appliance.clock import boottime_s
from tests.bench.guard_faults.line_faults import (
    add_battery_on,
    add_silent_battery,
    add_slow_packs,
    lose_every_twelfth_answer,
    silence_after_the_fall,
)
from tests.bench.guard_faults.site import Fault, Site

TABLES = ("power_reading", "battery_state", "energy_budget", "energy_policy", "energy_plan_step")
NUMBERS = {
    "power_reading": "battery_voltage_v",
    "battery_state": "state_of_charge_pct",
    "energy_budget": "power_w",
    "energy_policy": "uptime_s",
    "energy_plan_step": "pv_power_w",
}
ENUMS = {
    "power_reading": "charge_stage",
    "energy_budget": "level",
    "energy_plan_step": "level",
}
HOLD_FILE = """\
import fcntl, sys, time
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(3600)
"""
HOLD = """\
import fcntl, os, signal, sqlite3, sys, time
path, how = sys.argv[1:]
if how == "flock":
    lock = open(path + ".lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
else:
    db = sqlite3.connect(path, isolation_level=None)
    if how == "EXCLUSIVE":
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("BEGIN " + ("EXCLUSIVE" if how == "EXCLUSIVE" else "IMMEDIATE"))
    db.execute("CREATE TABLE held (x)")
print("held", flush=True)
if how == "SIGSTOP":
    os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(3600)
"""


def no_fault(_: Site) -> None:
    """As it should be."""


def run_sql(*statements: str) -> Fault:
    def spoil(site: Site) -> None:
        with closing(sqlite3.connect(site.database)) as db:
            for statement in statements:
                db.execute(statement)
            db.commit()

    return spoil


def hold(how: str) -> Fault:
    return lambda site: site.help_with(HOLD, str(site.database), how)


def take_away(site: Site) -> None:
    for path in site.data.glob("unit.db*"):
        path.unlink()


def leave_only_wal(site: Site) -> None:
    """The database is gone beside its log, as after a copy that went wrong."""
    with closing(sqlite3.connect(site.database)) as db:
        db.execute("CREATE TABLE more (x)")
        log = (site.data / "unit.db-wal").read_bytes()
    take_away(site)
    (site.data / "unit.db-wal").write_bytes(log)


def put_text(site: Site) -> None:
    take_away(site)
    site.database.write_text("this is no database\n" * 1000)


def put_pipe(name: str) -> Fault:
    def spoil(site: Site) -> None:
        (site.data / name).unlink(missing_ok=True)
        os.mkfifo(site.data / name)

    return spoil


def hold_the_services_lock(site: Site) -> None:
    """A program with the words of the power service holds its lock."""
    site.help_with(HOLD_FILE, str(site.here / "run/power.lock"), "-m", "power")


def exchange_beside_log(site: Site) -> None:
    """Zeros in place of the database, beside the log of a killed unit."""
    leave_only_wal(site)
    site.database.write_bytes(bytes(40_960))


def put_directory(site: Site) -> None:
    take_away(site)
    site.database.mkdir()


def remove_directory(site: Site) -> None:
    """A file stands where the data directory should be."""
    for path in site.data.iterdir():
        path.unlink()
    site.data.rmdir()
    site.data.write_text("")


def make_read_only(site: Site) -> None:
    site.mount("--bind", str(site.data))
    site.mount("-o", "remount,ro,bind")


def fill_disk(site: Site) -> None:
    """A small disk without a free page; where nothing can be mounted, no file may grow."""
    kept = {path.name: path.read_bytes() for path in site.data.iterdir()}
    size = sum(map(len, kept.values())) + 65536
    site.mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs")
    for name, content in kept.items():
        (site.data / name).write_bytes(content)
    with (site.data / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"\0" * 1024)
        except OSError:
            return


def limit(what: str) -> Fault:
    def spoil(site: Site) -> None:
        site.wrapper = ("prlimit", what)

    return spoil


def bind_unread(site: Site, path: Path) -> None:
    """A datagram socket that nobody reads."""
    unread = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    unread.bind(str(path))
    site.closers.append(unread.close)


def fill(path: Path) -> None:
    """Leave no room for one more datagram."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other, suppress(BlockingIOError):
        other.settimeout(0.0)
        while True:
            other.sendto(b"MESSAGE=another service", str(path))


def stop_journal(*, at_start: bool) -> Fault:
    """The journal's socket has room for some lines and is not read; from the start, or from the
    fall on, it has none.
    """

    def spoil(site: Site) -> None:
        place = site.here / "journal"
        place.mkdir()
        bind_unread(site, place / "socket")
        mount = "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal"
        bind = f"mount --bind {place} /run/systemd/journal"
        site.wrapper = ("unshare", "-m", "sh", "-c", f'{mount} && {bind} && exec "$@"', "sh")
        if at_start:
            fill(place / "socket")
        else:
            site.when_fallen.append(lambda: fill(place / "socket"))

    return spoil


def hang_from_the_fall(*names: str) -> Fault:
    """Whoever opens one of these files when the battery has fallen waits for ever."""

    def spoil(site: Site) -> None:
        def block() -> None:
            for name in names:
                (site.here / name).unlink(missing_ok=True)
                os.mkfifo(site.here / name)

        site.when_fallen.append(block)

    return spoil


def fill_stderr(site: Site) -> None:
    """Standard error is a pipe that nobody reads, and full."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"\n" * 4096)
    os.set_blocking(writing, True)
    site.stderr = writing
    site.closers += [lambda: os.close(reading), lambda: os.close(writing)]


def fill_notify(site: Site) -> None:
    """PID 1 does not read what it is told."""
    path = site.here / "notify"
    bind_unread(site, path)
    fill(path)
    site.environment["NOTIFY_SOCKET"] = str(path)


def let_systemctl(then: str) -> Fault:
    def spoil(site: Site) -> None:
        site.then = then

    return spoil


def hide_systemctl(site: Site) -> None:
    """It is missing until the battery falls: nothing could be ordered before."""
    site.systemctl_missing = True
    site.when_fallen.append(site.write_systemctl)


def hang_with_many_cameras(site: Site) -> None:
    site.cameras = 12
    site.then = "exec sleep 600"


def shift_clock(year: int) -> Fault:
    def spoil(site: Site) -> None:
        site.add = (
            f"[clock]\nspeed = 1.0\norigin_utc = {year}-06-01T00:00:00Z\n"
            f"origin_boottime_s = {boottime_s() - 100:.3f}\n"
        )

    return spoil


def write_files(**texts: str) -> Fault:
    def spoil(site: Site) -> None:
        for name, text in texts.items():
            (site.data / f"{name}.json").write_text(text)

    return spoil


def list_row_faults() -> dict[str, Fault]:
    """Each table that the power service reads, damaged in each way."""
    found: dict[str, Fault] = {}
    for table in TABLES:
        found[f"{table}: bad time"] = run_sql(f"UPDATE {table} SET at = 'yesterday'")
        number = NUMBERS[table]
        found[f"{table}: text in a number"] = run_sql(f"UPDATE {table} SET {number} = 'much'")
        if table in ENUMS:
            found[f"{table}: unknown word"] = run_sql(f"UPDATE {table} SET {ENUMS[table]} = 'X'")
        found[f"{table}: missing column"] = run_sql(f"ALTER TABLE {table} DROP COLUMN {number}")
        found[f"{table}: extra column"] = run_sql(f"ALTER TABLE {table} ADD COLUMN extra TEXT")
        found[f"{table}: missing"] = run_sql(f"ALTER TABLE {table} RENAME TO {table}_gone")
    return found


FAULTS: dict[str, Fault] = {
    "none": no_fault,
    "lock of the preparation held": hold("flock"),
    "BEGIN IMMEDIATE held": hold("IMMEDIATE"),
    "BEGIN EXCLUSIVE held": hold("EXCLUSIVE"),
    "a writer stopped in its transaction": hold("SIGSTOP"),
    "systemctl hangs, 12 cameras": hang_with_many_cameras,
    "systemctl hangs": let_systemctl("exec sleep 600"),
    "systemctl refuses": let_systemctl("echo 'Access denied' >&2; exit 4"),
    "systemctl is missing": hide_systemctl,
    "the plan is garbage": run_sql("UPDATE energy_policy SET worth = x'00ff00ff', facts = '[1]'"),
    "the plan is zeros": run_sql("UPDATE energy_policy SET worth = zeroblob(length(worth))"),
    "a plan of 400 MB": run_sql("UPDATE energy_policy SET worth = zeroblob(400000000)"),
    "a state of 400 MB": run_sql("UPDATE battery_state SET method = zeroblob(400000000)"),
    "no database": take_away,
    "no database beside its log": leave_only_wal,
    "zeros beside the log of the database": exchange_beside_log,
    "a program holds the lock of the service": hold_the_services_lock,
    "text in place of the database": put_text,
    "a pipe in place of the database": put_pipe("unit.db"),
    "a pipe in place of the lock": put_pipe("unit.db.lock"),
    "a directory in place of the database": put_directory,
    "no data directory": remove_directory,
    "data directory read-only": make_read_only,
    "disk full": fill_disk,
    "no file may grow": limit("--fsize=2048"),
    "few file descriptors": limit("--nofile=14"),
    "a refusal of 60,000 characters": let_systemctl(
        "head -c 60000 /dev/zero | tr '\\0' '?' >&2; exit 4"
    ),
    "the journal does not read": stop_journal(at_start=True),
    "the journal reads no more": stop_journal(at_start=False),
    "standard error does not read": fill_stderr,
    "PID 1 does not read": fill_notify,
    "boot record hangs from the fall on": hang_from_the_fall("data/boots.json.part"),
    "boot record and alarm hang from the fall on": hang_from_the_fall(
        "data/boots.json.part", "rtc/wakealarm"
    ),
    "boots.json damaged": write_files(boots='{"boot_id": 7, "began": "never"'),
    "boots.json of another kind": write_files(boots="[1, 2]", forecast="{}"),
    "a pipe in place of boots.json": put_pipe("boots.json"),
    "forecast.json damaged": write_files(forecast="\x00{"),
    "a pipe in place of forecast.json": put_pipe("forecast.json"),
    "a BMS that takes connections and is silent": add_silent_battery,
    "a BMS's port at which nobody is": add_battery_on("terminal"),
    "a pipe in place of a BMS's port": add_battery_on("pipe"),
    "8 packs on one line, 0.65 s an answer": add_slow_packs,
    "each twelfth answer of the controller is lost": lose_every_twelfth_answer,
    "the controller goes down with the battery": silence_after_the_fall,
    "wall clock 11 years ahead": shift_clock(2037),
    "wall clock in 1999": shift_clock(1999),
    **list_row_faults(),
}
QUICK = (
    "none",
    "lock of the preparation held",
    "a writer stopped in its transaction",
    "systemctl hangs, 12 cameras",
    "a pipe in place of the database",
    "disk full",
    "the journal does not read",
    "battery_state: text in a number",
    "energy_policy: missing column",
)
