"""Which unit runs at which level, and the actuator that orders it from PID 1.

Reads and writes: orders to PID 1 (appliance/process/host.py), nothing else.
Never: orders twice what is already ordered, and never lets one refused order hold up the next.

The shed order: the first is stopped first and started last.

    what                                     unit                            runs from
    GPU hosts, the last named first          appliance-switch@NAME           its own level, if the
                                                                             power pays (hosts)
    analytics                                appliance-inference             ECO
    cameras' own alarms, if any              appliance-hints                 as their cameras
    cameras, extra ones first                appliance-camera@NAME           its own level
    frame rate                               (inside inference and cameras, by the budget)
    supplies, link, display, the last        appliance-switch@NAME           its own level
    named first
    the computer                             (sleep and power-off)

Switched supplies stand below the cameras: what feeds a camera goes off after it and on before it.

Beside these, power modes and limits are set for a level, not started and stopped. They go down
before anything else does, and up after everything else has. At HIBERNATE and OFF they are left:
nothing runs that they could limit, and a mode may take a restart, for which there is no energy.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from appliance.errors import HostError
from appliance.model import EnergyLevel
from appliance.settings import Settings
from power.act.gpu_hosts import Hosts, choose

INFERENCE = "appliance-inference"
HINTS = "appliance-hints"
PLAIN = re.compile(r"[A-Za-z0-9:_.]")  # what systemd leaves in an escaped name


class HostOrders(Protocol):
    """What the actuator needs of appliance.process.host.Host."""

    def start(self, unit: str) -> None:
        """Ask PID 1 to start `unit`."""

    def stop(self, unit: str) -> None:
        """Ask PID 1 to stop `unit`."""

    def power_off(self) -> None:
        """Ask PID 1 for a clean shutdown."""


@dataclass(frozen=True, slots=True)
class Load:
    """One unit and the least level that it needs; `host` names the GPU host that it switches."""

    unit: str
    lowest: EnergyLevel
    host: str | None = None


def list_loads(settings: Settings) -> tuple[Load, ...]:
    """All loads of this site in shed order (see the top of this file)."""
    switches = [
        Load(f"appliance-switch@{name}", switch.runs_from, name if switch.is_host else None)
        for name, switch in reversed(list(settings.switch.items()))
    ]
    cameras = [
        Load(f"appliance-camera@{name}", camera.runs_from)
        for name, camera in settings.camera.items()
    ]
    return (
        *(load for load in switches if load.host is not None),
        Load(INFERENCE, EnergyLevel.ECO),
        *list_hints(settings),
        *sorted(cameras, key=lambda load: -load.lowest),
        *(load for load in switches if load.host is None),
    )


def list_hints(settings: Settings) -> tuple[Load, ...]:
    """The service that receives the cameras' own alarms, where a camera has any."""
    levels = [camera.runs_from for camera in settings.camera.values() if camera.onvif]
    return (Load(HINTS, min(levels)),) if levels else ()


def list_modes(settings: Settings, level: EnergyLevel) -> tuple[str, ...]:
    """The units that set power mode and limit for `level`; none where the settings name none."""
    if level < EnergyLevel.SENTINEL:
        return ()
    full = level == EnergyLevel.FULL
    limit_w = settings.gpu.full_limit_w if full else settings.gpu.eco_limit_w
    mode = settings.jetson.full_mode if full else settings.jetson.eco_mode
    found = []
    if limit_w:
        found.append(f"appliance-gpu-limit@{limit_w:.10g}")
    if mode:
        found.append(f"appliance-jetson-mode@{escape(mode)}")
    return tuple(found)


def escape(text: str) -> str:
    """`text` as an instance name, the way systemd-escape writes it (man systemd.unit)."""
    return "".join(
        "-" if char == "/" else char if is_plain(char, first=not at) else escape_char(char)
        for at, char in enumerate(text)
    )


def is_plain(char: str, *, first: bool) -> bool:
    """Whether systemd leaves `char` in a name as it is."""
    return PLAIN.fullmatch(char) is not None and not (first and char == ".")


def escape_char(char: str) -> str:
    """`char` as the bytes of its UTF-8 form, in hexadecimal."""
    return "".join(f"\\x{byte:02x}" for byte in char.encode())


class Actuator:
    """Turns a level into start and stop orders, and remembers what it has ordered.

    actuator = Actuator(host, settings)
    refusals = actuator.apply(EnergyLevel.ECO, power_off=False)
    """

    def __init__(self, host: HostOrders, settings: Settings) -> None:
        self._host = host
        self._settings = settings
        self._loads = list_loads(settings)
        self._hosts: Hosts | None = None
        self._ordered: dict[str, bool] = {}
        self._modes: set[str] = set()
        self._powering_off = False

    def apply(
        self,
        level: EnergyLevel,
        *,
        power_off: bool,
        power_w: float | None = None,
        now_s: float = 0.0,
    ) -> list[HostError]:
        """Order what changed; returns the refusals, which the next call tries again.

        `power_w`: what the loads may draw together, `now_s`: uptime; both are for GPU hosts alone.
        """
        self._hosts = choose(self._hosts, self._settings, level, power_w, now_s)
        refusals = [] if level == EnergyLevel.FULL else self._set_modes(level)
        for load in self._loads:
            if not self._may_run(load, level):
                refusals += self._order(load.unit, run=False)
        for load in reversed(self._loads):
            if self._may_run(load, level):
                refusals += self._order(load.unit, run=True)
        if level == EnergyLevel.FULL:
            refusals += self._set_modes(level)
        return refusals + self._power_off(wanted=power_off)

    def forget_orders(self) -> None:
        """Order everything anew: loads leave on their own when no budget reaches them."""
        self._ordered.clear()
        self._modes.clear()

    def _may_run(self, load: Load, level: EnergyLevel) -> bool:
        if load.host is not None and self._hosts is not None:
            return self._hosts[load.host].on
        return level >= load.lowest

    def _set_modes(self, level: EnergyLevel) -> list[HostError]:
        """Order the modes of this level that were not the last ones ordered."""
        refusals = []
        wanted = list_modes(self._settings, level)
        for unit in wanted:
            if unit not in self._modes:
                refusals += self._start_mode(unit)
        return refusals

    def _start_mode(self, unit: str) -> list[HostError]:
        same_kind = unit.partition("@")[0]
        self._modes = {other for other in self._modes if other.partition("@")[0] != same_kind}
        try:
            self._host.start(unit)
        except HostError as error:
            return [error]
        self._modes.add(unit)
        return []

    def _order(self, unit: str, *, run: bool) -> list[HostError]:
        if self._ordered.get(unit) is run:
            return []
        try:
            (self._host.start if run else self._host.stop)(unit)
        except HostError as error:
            self._ordered.pop(unit, None)
            return [error]
        self._ordered[unit] = run
        return []

    def _power_off(self, *, wanted: bool) -> list[HostError]:
        if not wanted or not self._settings.host.may_power_off:
            self._powering_off = False
            return []
        if self._powering_off:
            return []
        try:
            self._host.power_off()
        except HostError as error:
            return [error]
        self._powering_off = True
        return []
