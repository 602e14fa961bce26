"""All checks of one poll: each device by itself, then the devices against each other.

Reads and writes: nothing; it keeps what the checks remember from poll to poll.
Never: passes on a value that a check has rejected, or rejects one without a fault or a mark.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from appliance.errors import BusError
from appliance.model import BatteryReading, PowerReading
from power.reading.combine import Charger
from power.reading.current_sign import CurrentSigns
from power.reading.pack_faults import PackFaults
from power.reading.plausibility import PlausibilityFilter


@dataclass(frozen=True, slots=True)
class CheckedPoll:
    """What is left of the devices' readings, and what is wrong with them."""

    chargers: Mapping[str, Charger]
    batteries: Mapping[str, BatteryReading | None]
    faults: tuple[BusError, ...] = ()


@dataclass
class DeviceChecks:
    """The checks of all devices, by their names in the settings."""

    plausibility: PlausibilityFilter = field(default_factory=PlausibilityFilter)
    signs: CurrentSigns = field(default_factory=CurrentSigns)
    packs: PackFaults = field(default_factory=PackFaults)

    def note_load(self, power_w: float, now_s: float) -> None:
        """What the loads that are ordered on now draw at least."""
        self.plausibility.freezes.note_load(power_w, now_s)

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
        self.signs.observe(
            {
                name: one
                for name, one in chargers.items()
                if one.reading and f"charger {name}" not in frozen
            },
            {name: one for name, one in batteries.items() if one and f"bms {name}" not in frozen},
        )
        faults = (*frozen.values(), *self.signs.list_faults(), *self._compare(sound, now_s))
        return replace(sound, faults=faults)

    def _compare(self, sound: CheckedPoll, now_s: float) -> Iterator[BusError]:
        """What the sound readings show to be wrong."""
        known = {name: one for name, one in sound.batteries.items() if one}
        yield from self.packs.follow(known, now_s)
        yield from self.plausibility.find_disagreements(
            [name_charger(name, one.reading) for name, one in sound.chargers.items()],
            [name_battery(name, one) for name, one in known.items()],
        )

    def _filter_charger(self, name: str, charger: Charger) -> Charger:
        sound = self.plausibility.filter_charger(
            name,
            charger.reading,
            measures_loads=charger.measures_loads,
            rejected=self.signs.rejected_fields(f"charger {name}", "battery_current_a"),
        )
        return replace(charger, reading=sound)

    def _filter_battery(self, name: str, reading: BatteryReading | None) -> BatteryReading | None:
        rejected = self.signs.rejected_fields(f"bms {name}", "current_a", "state_of_charge_pct")
        return self.plausibility.filter_battery(name, reading, rejected=rejected)


def name_charger(name: str, reading: PowerReading | None) -> PowerReading | None:
    """The reading named by its place in the settings: a unit may have two of one model."""
    return replace(reading, device=f"charger {name}") if reading else None


def name_battery(name: str, reading: BatteryReading | None) -> BatteryReading | None:
    """The same for a battery."""
    return replace(reading, device=f"bms {name}") if reading else None
