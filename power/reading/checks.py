"""All checks of one poll: each device by itself, then the devices against each other.

Reads and writes: nothing; it keeps what the checks remember from poll to poll.
Never: passes on a value that a check has rejected, or rejects one without a fault or a mark.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from appliance.errors import ApplianceError, BusError
from appliance.model import BatteryReading, PowerReading
from power.protocol.register import Decoded
from power.reading.combine import TOGETHER_S, Charger
from power.reading.connected import KnownPacks
from power.reading.current_sign import CurrentSigns
from power.reading.disagreements import Disagreement, compare_voltages, find_odd_voltages
from power.reading.pack_faults import PackFaults
from power.reading.plausibility import PlausibilityFilter, is_connected, mark_implausible
from power.reading.temperatures import TemperatureFaults, find_false_temperatures
from power.reading.wire_loss import WireLosses

APART_FOR_S = 60.0  # longer than a sweep over a slow line


@dataclass(frozen=True, slots=True)
class CheckedPoll:
    """What is left of the devices' readings, and what is wrong with them. `meters_differ_a`: by how
    much two meters of the battery's current differ in the mean of a day; None: there is one only.
    `discharge_share`: of the packs' capacity, where power/reading/connected.py has to remember it.
    `lost`: packs that are silent for so long that they are counted on no more.
    """

    chargers: Mapping[str, Charger]
    batteries: Mapping[str, BatteryReading | None]
    faults: tuple[ApplianceError, ...] = ()
    meters_differ_a: float | None = None
    discharge_share: Decoded | None = None
    lost: frozenset[str] = frozenset()


@dataclass
class DeviceChecks:
    """The checks of all devices, by their names in the settings."""

    plausibility: PlausibilityFilter = field(default_factory=PlausibilityFilter)
    signs: CurrentSigns = field(default_factory=CurrentSigns)
    known_packs: KnownPacks = field(default_factory=KnownPacks)
    packs: PackFaults = field(default_factory=PackFaults)
    temperatures: TemperatureFaults = field(default_factory=TemperatureFaults)
    wires: WireLosses = field(default_factory=WireLosses)
    _apart_since_s: dict[str, float] = field(default_factory=dict)
    _has_source: bool = False

    def note_load(self, power_w: float, now_s: float) -> None:
        """What the loads that are ordered on now draw at least."""
        self.plausibility.freezes.note_load(power_w, now_s)

    def note_source(self, *, runs: bool) -> None:
        """A source beside the sun may charge the battery: what the panels give says nothing now."""
        self._has_source = runs

    def check(
        self,
        chargers: Mapping[str, Charger],
        batteries: Mapping[str, BatteryReading | None],
        now_s: float,
    ) -> CheckedPoll:
        """One poll: the readings without what cannot be, and the faults."""
        sound = CheckedPoll(
            {name: self._filter_charger(name, one) for name, one in chargers.items()},
            {name: self._filter_battery(name, one) for name, one in batteries.items()},
        )
        frozen = self.plausibility.freezes.faults
        if not self._has_source:
            self.signs.observe(
                {
                    name: one
                    for name, one in chargers.items()
                    if one.reading and f"charger {name}" not in frozen
                },
                {
                    name: one
                    for name, one in batteries.items()
                    if one and f"bms {name}" not in frozen
                },
            )
        disagreements, odd = self._compare_voltages(sound, now_s)
        faults = (*self._list_own_faults(sound, now_s), *disagreements)
        differ_a = self.signs.find_difference_a()
        left = reject_voltages(sound, odd)
        left = self._leave_out_lost(left, now_s)
        return replace(left, faults=faults, meters_differ_a=differ_a)

    def _leave_out_lost(self, left: CheckedPoll, now_s: float) -> CheckedPoll:
        """What can be discharged, and which silent packs are counted on no more: none, where the
        controllers measure the current of the whole battery.
        """
        packs, chargers = left.batteries, left.chargers.values()
        share = self.known_packs.find_share(packs, now_s)
        lost = self.known_packs.find_lost(packs, now_s)
        if not lost or (chargers and all(one.measures_loads for one in chargers)):
            return replace(left, discharge_share=share)
        share = self.known_packs.compute_share_without(lost, packs)
        return replace(left, discharge_share=share, lost=lost)

    def _list_own_faults(self, sound: CheckedPoll, now_s: float) -> list[BusError]:
        """The faults of single devices."""
        frozen = self.plausibility.freezes.faults
        packs = {name: one for name, one in sound.batteries.items() if one}
        answered: dict[str, PowerReading | BatteryReading] = {
            f"charger {name}": one.reading for name, one in sound.chargers.items() if one.reading
        }
        answered |= {f"bms {name}": one for name, one in packs.items()}
        not_frozen = {title: one for title, one in answered.items() if title not in frozen}
        return [
            *frozen.values(),
            *self.plausibility.charge_faults.values(),
            *self.signs.list_faults(),
            *self.signs.list_other_scales(),
            *self.signs.list_hidden_flows(),
            *self.temperatures.follow(not_frozen, now_s),
            *self.packs.follow(packs, now_s),
            *self.wires.follow(sound.chargers, packs),
        ]

    def _compare_voltages(
        self, sound: CheckedPoll, now_s: float
    ) -> tuple[list[Disagreement], frozenset[str]]:
        """Which voltages contradict each other, and the devices whose voltage is not used.

        Beside older ones, of devices on a slow line, a difference must last: the battery may just
        have fallen. A voltage of now is rejected only by others of now.
        """
        volts = list_voltages(sound)
        recent = list_voltages(sound, since_s=now_s - TOGETHER_S)
        found = {one.code: one for one in compare_voltages(volts)}
        self._apart_since_s = {code: self._apart_since_s.get(code, now_s) for code in found}
        lasting = [
            one
            for code, one in found.items()
            if len(recent) == len(volts) or now_s - self._apart_since_s[code] >= APART_FOR_S
        ]
        older = find_odd_voltages(volts) - set(recent) if lasting else frozenset()
        return lasting, older | find_odd_voltages(recent)

    def _filter_charger(self, name: str, charger: Charger) -> Charger:
        rejected = self.signs.find_rejected_fields(f"charger {name}", current="battery_current_a")
        sound = self.plausibility.filter_charger(
            name,
            charger.reading,
            measures_loads=charger.measures_loads,
            rejected=(*rejected, *find_false_temperatures(charger.reading)),
        )
        return replace(charger, reading=sound)

    def _filter_battery(self, name: str, reading: BatteryReading | None) -> BatteryReading | None:
        rejected = self.signs.find_rejected_fields(
            f"bms {name}", current="current_a", charge="state_of_charge_pct"
        )
        rejected = (*rejected, *find_false_temperatures(reading))
        return self.plausibility.filter_battery(name, reading, rejected=rejected)


def list_voltages(sound: CheckedPoll, since_s: float = -math.inf) -> dict[str, float]:
    """The voltages of the battery, by device, as measured since then. A pack that has disconnected
    (cold, full, empty) measures its cells, not what the others are connected to.
    """
    found = {
        f"charger {name}": one.reading.battery_voltage_v
        for name, one in sound.chargers.items()
        if one.reading and one.reading.stamp.uptime_s >= since_s
    } | {
        f"bms {name}": one.voltage_v
        for name, one in sound.batteries.items()
        if one and is_connected(one) and one.stamp.uptime_s >= since_s
    }
    return {title: volts for title, volts in found.items() if volts is not None}


def reject_voltages(sound: CheckedPoll, odd: frozenset[str]) -> CheckedPoll:
    """The readings without the voltage of the odd ones out."""
    if not odd:
        return sound
    chargers = {
        name: replace(one, reading=mark_implausible(one.reading, ("battery_voltage_v",)))
        if one.reading and f"charger {name}" in odd
        else one
        for name, one in sound.chargers.items()
    }
    batteries = {
        name: mark_implausible(one, ("voltage_v",)) if one and f"bms {name}" in odd else one
        for name, one in sound.batteries.items()
    }
    return CheckedPoll(chargers, batteries)
