"""What the level, heaters and sources have switched, as rows: which switch, when and why.

    record.follow(actuator.list_ordered(), budget, sources.rows, cameras.rows)
    record.rows, record.states

Reads and writes: nothing; it keeps what was ordered last.
Never: tells what events and cameras switch: power/act/camera_switches.py does.
"""

from collections.abc import Mapping, Sequence

from appliance.model import EnergyBudget, Stamp
from appliance.model_cameras import SwitchOrder
from appliance.model_set_points import DeviceState
from appliance.model_sources import SourceState
from appliance.sections.loads import RunsWhen
from appliance.settings import Settings
from power.act.load_states import SWITCH

BY_OTHERS = (RunsWhen.EVENT, RunsWhen.ALARM)


class SwitchRecord:
    """The switches of the settings, as they were ordered."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last: dict[str, bool] | None = None
        self.rows: tuple[SwitchOrder, ...] = ()
        self.states: tuple[DeviceState, ...] = ()

    def follow(
        self,
        ordered: Mapping[str, bool],
        budget: EnergyBudget,
        sources: Sequence[SourceState] = (),
        told: Sequence[SwitchOrder] = (),
    ) -> None:
        """One cycle: `rows` are what is `told` of it already, and one for each other switch that
        was switched; `states` how all were ordered. `ordered`: by unit; `sources`: with their own
        reasons. The first call only learns how they stand.
        """
        self.states = self.list_states(ordered, budget.stamp)
        now = self._select(ordered)
        before, self._last = self._last, {**(self._last or {}), **now}
        known = {one.switch for one in told}
        switches = {name: one.switch for name, one in self._settings.source.items()}
        reasons = {switches.get(one.source, ""): one.reason for one in sources}
        rows = (
            SwitchOrder(budget.stamp, name, runs, reasons.get(name) or budget.reason)
            for name, runs in now.items()
            if before and before.get(name, not runs) is not runs and name not in known
        )
        self.rows = (*told, *rows)

    def list_states(self, ordered: Mapping[str, bool], now: Stamp) -> tuple[DeviceState, ...]:
        """How each switch was ordered, as rows beside those of the other devices."""
        found = {unit.removeprefix(SWITCH): runs for unit, runs in ordered.items()}
        return tuple(
            DeviceState(
                now,
                f"switch {name}",
                one.kind.value,
                polls=0,
                failed_polls=0,
                measured_at=now.utc,
                words={"ordered": "on" if found[name] else "off"},
            )
            for name, one in self._settings.switch.items()
            if name in found
        )

    def _select(self, ordered: Mapping[str, bool]) -> dict[str, bool]:
        """Those that neither events nor alarms switch."""
        found = {unit.removeprefix(SWITCH): runs for unit, runs in ordered.items()}
        return {
            name: found[name]
            for name, one in self._settings.switch.items()
            if name in found and one.runs_when not in BY_OTHERS
        }
