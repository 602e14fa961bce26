"""The process list, read from the unit files in systemd/: there is no second list.

Reads: systemd/*.service and *.timer as text. Writes: nothing.
Never: runs anything, and never interprets more of a unit file than the keys named here.
"""

import re
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from appliance.errors import SettingsError

UNITS_DIR = Path(__file__).parent.parent / "systemd"
UNIT_PYTHON = "/opt/appliance/venv/bin/python"
UNIT_SETTINGS = "/etc/appliance/unit.toml"
DAILY = re.compile(r"\*-\*-\* (\d\d|\*):(\d\d)(?::(\d\d))?")  # the hour * is each hour


@dataclass(frozen=True, slots=True)
class Process:
    """One service of the unit. `arguments` follow the interpreter; `%i` stands for an instance."""

    name: str
    arguments: tuple[str, ...]
    restart: str
    oneshot: bool

    @property
    def template(self) -> bool:
        """Whether this is started for each camera, or each level that several run from."""
        return self.name.endswith("@")

    def command(self, python: str, settings: Path, instance: str = "") -> list[str]:
        """The command line on this machine, with its interpreter and its settings file."""
        here = {UNIT_SETTINGS: str(settings), "%i": instance}
        return [python, *(here.get(word, word) for word in self.arguments)]


@dataclass(frozen=True, slots=True)
class Timer:
    """A oneshot that PID 1 starts at times of the day (UTC), and once after boot if asked."""

    process: Process
    times: tuple[time, ...]
    at_boot: bool


@dataclass(frozen=True, slots=True)
class Delay:
    """A timer by its whole name, what it starts, and how many seconds after its own start."""

    name: str
    unit: str
    after_s: float


def read_processes(directory: Path = UNITS_DIR) -> list[Process]:
    """Every service, in the order of the file names."""
    return [read_process(path) for path in sorted(directory.glob("*.service"))]


def read_process(path: Path) -> Process:
    """One service; raises `SettingsError` where its command is not in the agreed form."""
    keys = read_keys(path)
    words = keys.get("ExecStart", [""])[-1].split()
    if words[:1] != [UNIT_PYTHON]:
        raise SettingsError(f"{path}: ExecStart must begin with {UNIT_PYTHON}")
    return Process(
        name=path.stem,
        arguments=tuple(words[1:]),
        restart=keys.get("Restart", ["no"])[-1],
        oneshot=keys.get("Type", ["simple"])[-1] == "oneshot",
    )


def read_timers(directory: Path = UNITS_DIR) -> list[Timer]:
    """Every timer of times of the day, with the oneshot of the same name."""
    timers = []
    for path in sorted(directory.glob("*.timer")):
        keys = read_keys(path)
        if "OnCalendar" not in keys:  # read_delays
            continue
        texts = keys.get("OnCalendar", [])
        times = tuple(at for text in texts for at in parse_daily(text, path))
        process = read_process(path.with_suffix(".service"))
        timers.append(Timer(process, times, at_boot="OnBootSec" in keys))
    return timers


def read_delays(directory: Path = UNITS_DIR) -> list[Delay]:
    """Every timer that elapses once, some seconds after it was started."""
    found = []
    for path in sorted(directory.glob("*.timer")):
        keys = read_keys(path)
        if "OnActiveSec" in keys:
            found.append(Delay(path.name, keys["Unit"][-1], float(keys["OnActiveSec"][-1])))
    return found


def read_boot_list(directory: Path = UNITS_DIR) -> list[str]:
    """What `appliance.target` wants at a boot, of the resident services, in its order; one behind a
    socket by its own name.
    """
    wanted = " ".join(read_keys(directory / "appliance.target").get("Wants", [])).split()
    names = [Path(unit).stem for unit in wanted if unit.endswith((".service", ".socket"))]
    resident = {process.name for process in read_processes(directory) if not process.oneshot}
    return [name for name in names if name in resident]


def parse_daily(text: str, path: Path) -> list[time]:
    """The times of a daily or hourly `OnCalendar=`; the unit's timers use no other form."""
    found = DAILY.fullmatch(text)
    if found is None:
        raise SettingsError(
            f"{path}: only daily and hourly times (*-*-* HH:MM:SS, *:MM:SS) are known, not {text!r}"
        )
    hour, minute, second = found.groups()
    hours = range(24) if hour == "*" else [int(hour)]
    return [time(one, int(minute), int(second or 0)) for one in hours]


def read_keys(path: Path) -> dict[str, list[str]]:
    """All `Key=value` lines of a unit file, a repeated key as a list."""
    keys: dict[str, list[str]] = {}
    for line in path.read_text().replace("\\\n", " ").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";", "[")):
            keys.setdefault(key.strip(), []).append(value.strip())
    return keys
