"""The supply of a camera that gives nothing: switched off and on again, some times and no more.

    report = supplies.follow(deaths, level, now)

Reads and writes: nothing; the actuator gives the orders, the cycle stores the rows.
Never: switches a supply on that its level has off, or tries again before the pause that grows with
each try. After the last one it is left on, and told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from appliance.errors import ApplianceError
from appliance.model import EnergyLevel, Stamp
from appliance.model_cameras import SwitchOrder
from appliance.settings import Settings
from appliance.wording.sentence import say

DEAD_AFTER_S = 180.0
OFF_S = 20.0
PAUSES_S = (300.0, 1800.0, 7200.0, 21_600.0)  # before the second try, the third, ...
MOST_TRIES = len(PAUSES_S) + 1
WELL_AFTER_S = 600.0  # alive for so long: the tries are forgotten


class SupplyFault(ApplianceError):  # noqa: N818  (named for what it is)
    """A camera gives nothing though its supply was switched off and on."""

    def __init__(self, camera: str, text: str) -> None:
        super().__init__(text)
        self.code = f"camera-supply-{camera}"


@dataclass(frozen=True, slots=True)
class SupplyState:
    """One camera: its tries, when its supply was switched off and on, since when it is well."""

    tries: int = 0
    off_since_s: float | None = None
    tried_s: float = -1e9
    well_since_s: float | None = None


@dataclass(frozen=True, slots=True)
class SupplyReport:
    """The switches that are to be off for a moment, the rows that say why, and what is wrong."""

    off: frozenset[str] = frozenset()
    rows: tuple[SwitchOrder, ...] = ()
    faults: tuple[SupplyFault, ...] = ()


class CameraSupplies:
    """The states of all cameras that name a supply."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._states = {
            name: SupplyState() for name, camera in settings.camera.items() if camera.supply
        }

    def __bool__(self) -> bool:
        return bool(self._states)

    def follow(self, deaths: Mapping[str, float], level: EnergyLevel, now: Stamp) -> SupplyReport:
        """One cycle. `deaths`: cameras that give nothing, each with for how long, s."""
        rows: list[SwitchOrder] = []
        off, faults = set(), []
        for name in self._states:
            switch = self._settings.camera[name].supply
            row = self._follow_one(name, switch, deaths.get(name), level, now)
            rows += [row] if row else []
            state = self._states[name]
            if state.off_since_s is not None:
                off.add(switch)
            if state.tries >= MOST_TRIES and name in deaths and state.off_since_s is None:
                faults.append(SupplyFault(name, describe_failure(name, switch)))
        return SupplyReport(frozenset(off), tuple(rows), tuple(faults))

    def _follow_one(
        self, name: str, switch: str, dead_s: float | None, level: EnergyLevel, now: Stamp
    ) -> SwitchOrder | None:
        state, now_s = self._states[name], now.uptime_s
        if state.off_since_s is not None:
            if now_s - state.off_since_s < OFF_S:
                return None
            self._states[name] = replace(state, off_since_s=None, tried_s=now_s)
            return SwitchOrder(
                now,
                switch,
                runs=True,
                reason=say("on again: the supply of camera {name}", name=name),
            )
        if dead_s is None:
            self._note_well(name, now_s)
            return None
        state = self._states[name] = replace(state, well_since_s=None)
        may_run = level >= self._settings.switch[switch].runs_from
        pause_s = PAUSES_S[state.tries - 1] if 0 < state.tries < MOST_TRIES else 0.0
        is_due = dead_s >= DEAD_AFTER_S and now_s - state.tried_s >= max(pause_s, DEAD_AFTER_S)
        if not may_run or not is_due or state.tries >= MOST_TRIES:
            return None
        tries = state.tries + 1
        self._states[name] = replace(state, tries=tries, off_since_s=now_s)
        gave = say(
            "camera {name} has given nothing for {dead_min:.0f} min",
            name=name,
            dead_min=dead_s / 60,
        )
        text = say(
            "off for {off_s:g} s, try {tries} of {most_tries}: {gave}",
            off_s=OFF_S,
            tries=tries,
            most_tries=MOST_TRIES,
            gave=gave,
        )
        return SwitchOrder(now, switch, runs=False, reason=text)

    def _note_well(self, name: str, now_s: float) -> None:
        state = self._states[name]
        since_s = now_s if state.well_since_s is None else state.well_since_s
        is_well = now_s - since_s >= WELL_AFTER_S
        self._states[name] = SupplyState() if is_well else replace(state, well_since_s=since_s)


def describe_failure(camera: str, switch: str) -> str:
    """What was tried, and what to look for."""
    return say(
        "camera {camera} gives nothing though its supply, [switch.{switch}], was switched "
        "off and on {most_tries} times: check its cable, its fuse, its address and its "
        "password; it is tried again after it has given pictures for ten minutes",
        camera=camera,
        switch=switch,
        most_tries=MOST_TRIES,
    )
