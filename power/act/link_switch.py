"""The modem's supply: off while the link asks for it, else as its level has it.

    report = link_switch.follow(level, now)
    report.off                          # for Actuator.apply
    report.rows                         # a SwitchOrder where that changed

Reads: the newest `LinkState`, in the recorder's thread. Writes: nothing; the actuator gives the
orders, the cycle stores the rows.
Never: switches it on that its level has off, or leaves it off for a row that is not fresh.
"""

from dataclasses import dataclass

from appliance.model import EnergyLevel, Stamp
from appliance.model_cameras import SwitchOrder
from appliance.model_updates import LinkState
from appliance.process.recorder import Followed, Recorder
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.store.tables import get_fresh_s
from appliance.wording.sentence import say

EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class LinkSwitchReport:
    """`off`: the modem's switch, while it is to be off; `rows`: why it went off or on."""

    off: frozenset[str] = frozenset()
    rows: tuple[SwitchOrder, ...] = ()


class LinkSwitch:
    """Of a unit whose settings name one; without it, nothing is read."""

    def __init__(self, settings: Settings, recorder: Recorder) -> None:
        own = settings.link
        self._name = own.switch if own.enabled and own.switch in settings.switch else ""
        self._settings = settings
        self._state: Followed[LinkState] | None = None
        self._was_off = False
        if self._name:
            self._state = recorder.follow("the mobile link", read_state, EVERY_S)

    def follow(self, level: EnergyLevel, now: Stamp) -> LinkSwitchReport:
        """One cycle."""
        if not self._name:
            return LinkSwitchReport()
        state = self._state.value if self._state else None
        is_off = state is not None and state.supply_off and is_fresh(state, now)
        changed, self._was_off = is_off is not self._was_off, is_off
        off = frozenset({self._name} if is_off else ())
        may_run = level >= self._settings.switch[self._name].runs_from
        if not changed or not may_run:
            return LinkSwitchReport(off)
        reason = state.reason if state is not None and is_off else say("on again: the mobile link")
        return LinkSwitchReport(
            off, (SwitchOrder(now, self._name, runs=not is_off, reason=reason),)
        )


def read_state(store: Store) -> LinkState | None:
    """The newest one of this boot that is fresh."""
    return store.latest(LinkState)


def is_fresh(state: LinkState, now: Stamp) -> bool:
    """Whether it still says how the link is to be; a database that is gone brings no newer one."""
    same_boot = state.stamp.boot_id == now.boot_id
    return same_boot and now.uptime_s - state.stamp.uptime_s <= get_fresh_s(LinkState)
