"""One reading of the whole unit from those of its charge controllers and batteries.

Reads and writes: nothing; pure.
Never: adds what is known to what is not: one missing part makes a sum unknown.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from appliance.model import BatteryReading, ChargeStage, PowerReading, Quality, Stamp
from power.protocol.conversions import Entry, Said, said
from power.protocol.profile import Profile
from power.protocol.register import ABSENT, UNREAD, Decoded, either

# The stage of several controllers together is that of the one which still has most to do.
BUSIEST_FIRST = (
    ChargeStage.FAULT,
    ChargeStage.BULK,
    ChargeStage.ABSORPTION,
    ChargeStage.EQUALIZE,
    ChargeStage.FLOAT,
    ChargeStage.OFF,
)
DEAD_BAND_A = 3.0  # of one BMS: JBD up to 0.5 A, large Daly boards more than 2 A
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Charger:
    """A charge controller of the unit and what it said this time; None: nothing."""

    profile: Profile
    loads_on_battery: bool
    reading: PowerReading | None

    @property
    def sees_the_loads(self) -> bool:
        """Whether its battery current is the battery's: the loads hang on its output."""
        return getattr(self.profile, "has_load_output", False) and not self.loads_on_battery


def combine(
    stamp: Stamp, chargers: Sequence[Charger], batteries: Sequence[BatteryReading | None]
) -> PowerReading | None:
    """The whole as one reading; None where nobody said anything.

    The battery's own voltage, current and temperature count before a controller's. Its current is
    unknown where loads are wired to the battery and nothing measures there.
    """
    readings = [charger.reading for charger in chargers]
    heard = [one for one in (*readings, *batteries) if one is not None]
    if not heard:
        return None
    from_chargers = [part(reading, "battery_current_a") for reading in readings]
    out_a = total(from_chargers)
    voltage_v = either(
        lowest([part(pack, "voltage_v") for pack in batteries]),
        lowest([part(reading, "battery_voltage_v") for reading in readings]),
    )
    seen_a = out_a if all(charger.sees_the_loads for charger in chargers) else ABSENT
    packs_a = outside_dead_band(
        total([part(pack, "current_a") for pack in batteries]), seen_a, batteries
    )
    fields: dict[str, Entry] = {
        "pv_power_w": total([part(reading, "pv_power_w") for reading in readings]),
        "pv_voltage_v": highest([part(reading, "pv_voltage_v") for reading in readings]),
        "battery_voltage_v": voltage_v,
        "battery_current_a": either(packs_a, seen_a),
        "battery_temperature_c": either(
            lowest([part(pack, "lowest_temperature_c") for pack in batteries]),
            lowest([part(reading, "battery_temperature_c") for reading in readings]),
        ),
        "load_power_w": load_power_w(chargers, batteries, voltage_v, out_a, packs_a),
        "charge_stage": busiest_stage(readings),
        "yield_today_wh": total([part(reading, "yield_today_wh") for reading in readings]),
        "lowest_cell_voltage_v": lowest(
            [part(pack, "lowest_cell_voltage_v") for pack in batteries]
        ),
        "charge_allowed": any_allowed([part(pack, "charge_allowed") for pack in batteries]),
    }
    return PowerReading(
        stamp=min((one.stamp for one in heard), key=lambda one: one.uptime_s, default=stamp),
        device=" + ".join(one.device for one in heard),
        **said(fields),
    )


def part(reading: Any, name: str) -> Decoded:
    """One field of a device's reading; STALE where the device said nothing this time."""
    if reading is None:
        return UNREAD
    quality = reading.quality.get(name, Quality.OK)
    value = getattr(reading, name)
    if value is None and quality is Quality.OK:
        return ABSENT
    return Decoded(value, quality, reading.ages_s.get(name, 0.0))


def total(parts: Sequence[Decoded]) -> Decoded:
    """The sum; unknown with the first part that is."""
    return joined(parts, sum)


def lowest(parts: Sequence[Decoded]) -> Decoded:
    """The least of those that are known; parallel batteries need not all have every sensor."""
    return joined(known_or_all(parts), min)


def highest(parts: Sequence[Decoded]) -> Decoded:
    """The greatest of those that are known."""
    return joined(known_or_all(parts), max)


def known_or_all(parts: Sequence[Decoded]) -> Sequence[Decoded]:
    return [one for one in parts if one.value is not None] or parts


def joined(parts: Sequence[Decoded], join: Callable[[Iterable[float]], float]) -> Decoded:
    """`join` of the values; with the first unknown part, what is wrong with it."""
    unknown = next((one for one in parts if one.value is None), None)
    if unknown or not parts:
        return unknown or ABSENT
    values = [one.value for one in parts if one.value is not None]
    return Decoded(join(values), Quality.OK, max(one.age_s for one in parts))


def outside_dead_band(
    packs_a: Decoded, seen_a: Decoded, batteries: Sequence[BatteryReading | None]
) -> Decoded:
    """The packs' current; where they say exactly 0, a small one that the controllers measure. A
    night's load of some watts is within a BMS's dead band, and it empties the battery in days.
    Into packs of which one has cut the charge, nothing flows that they do not say.
    """
    band_a = DEAD_BAND_A * len(batteries)
    cut = any(pack is not None and pack.charge_allowed is False for pack in batteries)
    small = seen_a.value is not None and -band_a <= seen_a.value <= (0.0 if cut else band_a)
    return seen_a if packs_a.value == 0 and small else packs_a


def load_power_w(
    chargers: Sequence[Charger],
    batteries: Sequence[BatteryReading | None],
    voltage_v: Decoded,
    out_a: Decoded,
    packs_a: Decoded,
) -> Decoded:
    """What all loads draw: the controllers' load outputs, and what leaves between them and the
    batteries where these measure their own current.
    """
    outputs = [part(charger.reading, "load_power_w") for charger in chargers]
    if not batteries or packs_a.value is None:
        return total(outputs)
    # What has no load output draws nothing there; elsewhere an unknown output is not 0.
    for charger, output in zip(chargers, outputs, strict=True):
        absent = output.quality is Quality.ABSENT and not charger.sees_the_loads
        if output.value is None and not absent:
            return output
    if out_a.value is None or voltage_v.value is None:
        return out_a if out_a.value is None else voltage_v
    between_w = (out_a.value - packs_a.value) * voltage_v.value
    at_outputs_w = sum(one.value or 0.0 for one in outputs)
    age_s = max(one.age_s for one in (out_a, packs_a, voltage_v, *outputs))
    return Decoded(max(0.0, round(between_w + at_outputs_w, 3)), Quality.OK, age_s)


def busiest_stage(readings: Sequence[PowerReading | None]) -> Said:
    """The stage of all controllers together. That all are in float, or off, only all can say."""
    stages = [reading.charge_stage for reading in readings if reading is not None]
    found = next((stage for stage in BUSIEST_FIRST if stage in stages), None)
    if found in (ChargeStage.FLOAT, ChargeStage.OFF) and None in readings:
        return Said(None, Quality.STALE)
    if found is not None:
        return Said(found, Quality.OK)
    return Said(None, part(readings[0], "charge_stage").quality if readings else Quality.ABSENT)


def any_allowed(parts: Sequence[Decoded]) -> Said:
    """Whether any of the batteries takes charge; unknown where none of them says so and one does
    not answer.
    """
    if any(one.value for one in parts):
        return Said(True, Quality.OK)
    unknown = next((one for one in parts if one.value is None), ABSENT if not parts else None)
    return Said(None, unknown.quality) if unknown else Said(False, Quality.OK)


def said_pct(batteries: Sequence[BatteryReading]) -> float | None:
    """What the BMSs say of the charge themselves, weighed by capacity; None unless all say it."""
    said = [(one.state_of_charge_pct, one.full_ah or 1.0) for one in batteries]
    if not said or any(charge_pct is None for charge_pct, _ in said):
        return None
    total_ah = sum(ah for _, ah in said)
    return sum((charge_pct or 0.0) * ah for charge_pct, ah in said) / total_ah
