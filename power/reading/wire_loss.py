"""The wires between a charge controller and the battery, where a BMS or shunt measures the voltage
there too: the voltage that is lost on the way, over the current.

Reads and writes: nothing; it keeps some minutes of differences.
Never: takes two meters that differ at rest for a wire, or values of two moments.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from appliance.errors import BusError
from appliance.model import BatteryReading
from appliance.wording.sentence import say
from power.reading.combine import TOGETHER_S, Charger
from power.reading.plausibility import is_connected

# Victron Energy, Wiring Unlimited, section 2.4: no more than 2.5 % of the voltage is lost in wires.
MOST_LOSS, ENDS_BELOW = 0.025, 0.02
# Without any voltages at rest, what two usual meters may differ by themselves.
METER_SHARE = 0.01
LARGE_A, REST_A = 5.0, 1.0
KEPT, FEWEST = 120, 30  # polls


class WireLoss(BusError):  # noqa: N818  (named for what it is)
    """Too much voltage is lost between a controller and the battery."""

    code = "wires"


@dataclass(frozen=True, slots=True)
class Difference:
    """A controller's voltage less the battery's own, and the current between them (A, + in)."""

    volts: float
    amps: float
    battery_v: float


@dataclass
class WireState:
    """The last differences of one controller at rest and with a large current."""

    at_rest: deque[Difference] = field(default_factory=lambda: deque(maxlen=KEPT))
    loaded: deque[Difference] = field(default_factory=lambda: deque(maxlen=KEPT))
    fault: WireLoss | None = None

    def follow(self, title: str, found: Difference) -> None:
        """Take in one poll."""
        if abs(found.amps) <= REST_A:
            self.at_rest.append(found)
        elif abs(found.amps) >= LARGE_A:
            self.loaded.append(found)
            self._judge(title)

    def _judge(self, title: str) -> None:
        if len(self.loaded) < FEWEST:
            return
        offset_v, allowed = 0.0, METER_SHARE
        if len(self.at_rest) >= FEWEST:
            offset_v, allowed = median(one.volts for one in self.at_rest), 0.0
        ohm = median((one.volts - offset_v) / one.amps for one in self.loaded)
        amps = median(abs(one.amps) for one in self.loaded)
        battery_v = median(one.battery_v for one in self.loaded)
        share = ohm * amps / battery_v
        if self.fault is not None and share < ENDS_BELOW:
            self.fault = None
        elif self.fault is None and share > MOST_LOSS + allowed:
            self.fault = make_fault(title, ohm=ohm, amps=amps, battery_v=battery_v)


@dataclass
class WireLosses:
    """The wires of each charge controller, by its name."""

    _wires: dict[str, WireState] = field(default_factory=dict)

    def follow(
        self, chargers: Mapping[str, Charger], packs: Mapping[str, BatteryReading]
    ) -> list[WireLoss]:
        """One fault for each controller whose wires lose too much."""
        for name, charger in chargers.items():
            found = find_difference(charger, packs)
            if found is not None:
                self._wires.setdefault(name, WireState()).follow(f"charger {name}", found)
        return [one.fault for one in self._wires.values() if one.fault]


def find_difference(charger: Charger, packs: Mapping[str, BatteryReading]) -> Difference | None:
    """What was measured now at both ends; None where that is not so."""
    reading = charger.reading
    if reading is None or reading.battery_voltage_v is None or reading.battery_current_a is None:
        return None
    volts = [
        pack.voltage_v
        for pack in packs.values()
        if pack.voltage_v is not None
        and is_connected(pack)
        and abs(pack.stamp.uptime_s - reading.stamp.uptime_s) <= TOGETHER_S
        and pack.ages_s.get("voltage_v", 0.0) <= TOGETHER_S
    ]
    ages_s = [reading.ages_s.get(name, 0.0) for name in ("battery_voltage_v", "battery_current_a")]
    if not volts or max(ages_s) > TOGETHER_S:
        return None
    battery_v = median(volts)
    return Difference(reading.battery_voltage_v - battery_v, reading.battery_current_a, battery_v)


def make_fault(title: str, *, ohm: float, amps: float, battery_v: float) -> WireLoss:
    """The fault in words; its figures stay while it lasts."""
    error = WireLoss(
        say(
            "{title}: at {amps:.0f} A {lost_v:.2f} V are lost between it and the battery, "
            "{share:.1%} of the voltage ({milliohm:.0f} mohm); at most 2.5 % is advised. It "
            "charges the battery less than it believes. Tighten its terminals, look at the fuse "
            "and the crimps, and use thicker or shorter wires",
            title=title,
            amps=amps,
            lost_v=ohm * amps,
            share=ohm * amps / battery_v,
            milliohm=ohm * 1000,
        )
    )
    error.code = f"wires-{title.replace(' ', '-')}"
    return error
