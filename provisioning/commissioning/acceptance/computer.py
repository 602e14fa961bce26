"""Checks of the computer: watchdog armed, storage healthy, clock trusted.

Reads: PID 1's settings, /sys, the file system, the clock. Writes: nothing.
Never: opens /dev/watchdog: that would arm it, or reset the computer.
"""

from collections.abc import Iterator
from datetime import UTC

from appliance.checks import run_check
from appliance.parsing.small_file import read_word
from appliance.store.trusted_time import FIRST_TIME
from appliance.wording.sentence import say
from provisioning.commissioning.acceptance.limits import DISK_WEAR
from provisioning.commissioning.acceptance.scene import Scene
from provisioning.commissioning.findings import Figure, Finding, Verdict

WATCHDOG, STORAGE, CLOCK = (
    say("The watchdog is armed"),
    say("The storage is healthy"),
    say("The clock is trusted"),
)
OFF = ("", "0", "infinity")
STATES, DEVICES = "sys/class/watchdog/watchdog*/state", "dev/watchdog*"
LIFE = "sys/block/mmcblk*/device/life_time"
ERRORS = "sys/fs/ext4/*/errors_count"
PCT_PER_STEP = 10.0  # of an eMMC's estimate of its wear
PARTS = ("disk", "database")


def check_watchdog(scene: Scene) -> Finding:
    """Whether PID 1 serves a watchdog of the hardware, which restarts a computer that hangs."""
    asked = scene.show("RuntimeWatchdogUSec").get("RuntimeWatchdogUSec", "")
    states = {path.parent.name: read_word(path) or "" for path in scene.list_files(STATES)}
    devices = [path.name for path in scene.list_files(DEVICES)]
    figures = (
        Figure(say("Time of the watchdog"), asked or None),
        Figure(say("Watchdogs"), ", ".join(f"{n} {one}" for n, one in states.items()) or None),
    )
    verdict, reason = judge_watchdog(asked, states, devices)
    return Finding("watchdog", WATCHDOG, verdict, reason, figures)


def judge_watchdog(asked: str, states: dict[str, str], devices: list[str]) -> tuple[Verdict, str]:
    """A state that the kernel does not tell counts as PID 1 has it."""
    if not devices and not states:
        return Verdict.NOT_POSSIBLE, say("this computer has no watchdog")
    if asked in OFF:
        return Verdict.FAILED, say(
            "PID 1 serves no watchdog, so a computer that hangs stays so: set "
            "RuntimeWatchdogSec=30s in /etc/systemd/system.conf.d, then restart it"
        )
    if states and "active" not in states.values():
        return Verdict.FAILED, say("PID 1 should serve a watchdog, and none is active: restart it")
    return Verdict.PASSED, say("PID 1 serves it each {time}", time=asked)


def check_storage(scene: Scene) -> Finding:
    """Free space, the database, errors that the file system has counted, wear of the flash."""
    found = [run_check(part, scene.settings, scene.store, scene.unit.clock) for part in PARTS]
    wrong = [f"{one.text}; {one.advice}" for one in found if one.ok is False]
    figures = tuple(list_storage(scene, [(one.name, one.text) for one in found]))
    errors = sum(int(one.value or 0) for one in figures if one.unit == "errors")
    wear_pct = max((float(one.value or 0) for one in figures if one.unit == "%"), default=0.0)
    if errors:
        wrong.append(say("the file system has counted {errors} errors: replace it", errors=errors))
    if wear_pct > DISK_WEAR.value:
        wrong.append(say("{percent:.0f} % of its writes are used up: replace it", percent=wear_pct))
    verdict = Verdict.FAILED if wrong else Verdict.PASSED
    reason = wrong[0] if wrong else say("it has free space, no errors, and a whole database")
    return Finding("storage", STORAGE, verdict, reason, figures)


def list_storage(scene: Scene, found: list[tuple[str, str]]) -> Iterator[Figure]:
    """As far as this computer's storage tells."""
    names = {"disk": say("Space"), "database": say("Database")}
    for name, text in found:
        yield Figure(names.get(name, name), text)
    for path in scene.list_files(ERRORS):
        word = read_word(path) or ""
        if word.isdecimal():
            title = say("Errors of {disk}", disk=path.parent.name)
            yield Figure(title, int(word), "errors")
    for path in scene.list_files(LIFE):
        steps = [int(word, 16) for word in (read_word(path) or "").split() if word[:2] == "0x"]
        if steps:
            title = say("Wear of {disk}", disk=path.parent.parent.name)
            yield Figure(title, PCT_PER_STEP * max(steps), "%")


def check_clock(scene: Scene) -> Finding:
    """Whether a time server has confirmed it."""
    clock = scene.unit.clock
    now = clock.stamp().utc.astimezone(UTC)
    figures = (Figure(say("Time"), f"{now:%Y-%m-%d %H:%M:%S} UTC"),)
    if now < FIRST_TIME:
        verdict, reason = (
            Verdict.FAILED,
            say(
                "it shows {year}, which cannot be: connect the unit to a network, or set the clock "
                "with `timedatectl set-time`, and look at the battery of the clock",
                year=now.year,
            ),
        )
    elif clock.is_synchronized():
        verdict, reason = Verdict.PASSED, say("a time server has confirmed it")
    else:
        verdict, reason = (
            Verdict.NOTED,
            say("no time server has confirmed it since the start: compare it with a watch"),
        )
    return Finding("clock", CLOCK, verdict, reason, figures)
