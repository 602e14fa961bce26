"""One reading of the whole unit from those of its charge controllers and batteries.

Reads and writes: nothing; pure.
Never: adds what is known to what is not: one missing part makes a sum unknown.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from appliance.model import BatteryReading, ChargeStage, PowerReading, Quality, Stamp
from power.protocol.conversions import FieldValue, StatusValue, collect_fields
from power.protocol.profile import Profile
from power.protocol.register import ABSENT, IMPLAUSIBLE, UNREAD, Decoded, prefer_known
from power.reading.connected import compute_discharge_share, select_connected
from power.reading.freeze_evidence import DEAD_BAND_A
from power.reading.set_points import combine_set_points

# The stage of several controllers together is that of the one that is least far in its charge.
BUSIEST_FIRST = (
    ChargeStage.FAULT,
    ChargeStage.BULK,
    ChargeStage.ABSORPTION,
    ChargeStage.EQUALIZE,
    ChargeStage.FLOAT,
    ChargeStage.OFF,
)
NEGATIVE_LOAD_W, NEGATIVE_LOAD_SHARE = 10.0, 0.1  # by the errors of the two currents
TOGETHER_S = 1.0  # readings no older than this count as those of one moment
NO_VALUES = {"stamp", "device", "quality", "ages_s"}
R = TypeVar("R", PowerReading | None, BatteryReading | None)


@dataclass(frozen=True, slots=True)
class Charger:
    """A charge controller of the unit and its reading of this poll; None: it did not answer."""

    profile: Profile
    loads_on_battery: bool
    reading: PowerReading | None

    @property
    def measures_loads(self) -> bool:
        """Whether its battery current is the battery's: the loads are wired to its output."""
        return getattr(self.profile, "has_load_output", False) and not self.loads_on_battery


def combine(
    chargers: Sequence[Charger],
    batteries: Sequence[BatteryReading | None],
    age_s: Callable[[Stamp], float | None],
    *,
    discharge_share: Decoded | None = None,
    is_part: bool = False,
) -> PowerReading | None:
    """The whole unit as one reading; None where no device answered.

    Its stamp is that of the readings of now; values of a device on a slow line, whose turn is yet
    to come (power/reading/side_by_side.py), have their ages. `age_s`: the clock's.

    The batteries' own voltage, current and temperature come before a controller's. Its current is
    unknown where loads are wired to the battery and nothing measures there. Voltage and cells are
    those of the batteries that can be discharged (power/reading/connected.py). `discharge_share`:
    what is known of that from earlier polls. `is_part`: these are not all batteries, so what flows
    between them and the controllers is no load's.
    """
    readings = [charger.reading for charger in chargers]
    answered = [one for one in (*readings, *batteries) if one is not None]
    if not answered:
        return None
    stamp = choose_stamp([one.stamp for one in answered], age_s)
    chargers = [replace(one, reading=add_age(one.reading, stamp)) for one in chargers]
    readings = [charger.reading for charger in chargers]
    batteries = [add_age(one, stamp) for one in batteries]
    fields = combine_currents(chargers, batteries) | combine_measurements(readings, batteries)
    if discharge_share is not None:
        fields["discharge_share"] = discharge_share
    if is_part:
        fields["load_power_w"] = UNREAD
    return PowerReading(
        stamp=stamp,
        device=" + ".join(one.device for one in answered),
        **collect_fields(fields),
        **combine_set_points(readings),
    )


def choose_stamp(stamps: Sequence[Stamp], age_s: Callable[[Stamp], float | None]) -> Stamp:
    """The oldest of those of now; where none is, the newest."""
    recent = [one for one in stamps if (age_s(one) or 0.0) <= TOGETHER_S]
    by_time = lambda one: one.uptime_s  # noqa: E731
    return min(recent, key=by_time) if recent else max(stamps, key=by_time)


def add_age(reading: R, stamp: Stamp) -> R:
    """`reading` with the ages that its values have at `stamp`."""
    older_s = stamp.uptime_s - reading.stamp.uptime_s if reading is not None else 0.0
    if reading is None or older_s <= 0:
        return reading
    names = {one.name for one in fields(reading)} - NO_VALUES
    return replace(
        reading, ages_s={name: reading.ages_s.get(name, 0.0) + older_s for name in names}
    )


def combine_currents(
    chargers: Sequence[Charger], batteries: Sequence[BatteryReading | None]
) -> dict[str, FieldValue]:
    """The battery's voltage and current, and the load: they depend on each other."""
    readings = [charger.reading for charger in chargers]
    out_a = add_up(get_fields(readings, "battery_current_a"))
    voltage_v = find_voltage(
        get_fields(select_connected(batteries), "voltage_v"),
        get_fields(readings, "battery_voltage_v"),
    )
    controllers_a = out_a if all(charger.measures_loads for charger in chargers) else ABSENT
    packs_a = correct_dead_band(
        add_up(get_fields(batteries, "current_a")), controllers_a, batteries
    )
    return {
        "battery_voltage_v": voltage_v,
        "battery_current_a": prefer_known(packs_a, controllers_a),
        "load_power_w": compute_load_power_w(
            chargers, batteries, voltage_v=voltage_v, out_a=out_a, packs_a=packs_a
        ),
    }


def combine_measurements(
    readings: Sequence[PowerReading | None], batteries: Sequence[BatteryReading | None]
) -> dict[str, FieldValue]:
    """The fields of the unit that depend on one field of each device."""
    return {
        "pv_power_w": add_up(get_fields(readings, "pv_power_w")),
        "pv_voltage_v": find_highest_known(get_fields(readings, "pv_voltage_v")),
        "battery_temperature_c": prefer_known(
            find_lowest_known(get_fields(batteries, "lowest_temperature_c")),
            find_lowest_known(get_fields(readings, "battery_temperature_c")),
        ),
        "charge_stage": combine_stages(readings),
        "yield_today_wh": add_up(get_fields(readings, "yield_today_wh")),
        "lowest_cell_voltage_v": find_lowest_known(
            get_fields(select_connected(batteries), "lowest_cell_voltage_v")
        ),
        "charge_allowed": combine_charge_allowed(get_fields(batteries, "charge_allowed")),
        "discharge_share": compute_discharge_share(batteries),
    }


def get_fields(readings: Sequence[Any], name: str) -> list[Decoded]:
    """One field of each device's reading."""
    return [get_field(reading, name) for reading in readings]


def get_field(reading: Any, name: str) -> Decoded:
    """One field of a device's reading; STALE where the device did not answer this time."""
    if reading is None:
        return UNREAD
    quality = reading.quality.get(name, Quality.OK)
    value = getattr(reading, name)
    if value is None and quality is Quality.OK:
        return ABSENT
    return Decoded(value, quality, reading.ages_s.get(name, 0.0))


def add_up(parts: Sequence[Decoded]) -> Decoded:
    """The sum; unknown where one part is, with that part's quality."""
    return reduce_known(parts, sum)


def find_voltage(packs: Sequence[Decoded], controllers: Sequence[Decoded]) -> Decoded:
    """The battery's voltage: all measure the same one, so that what was measured just now counts
    before what is older, and then the packs before the controllers.
    """
    return next(
        (
            find_lowest_known(parts)
            for parts in (select_recent(packs), select_recent(controllers))
            if parts
        ),
        prefer_known(find_lowest_known(packs), find_lowest_known(controllers)),
    )


def find_lowest_known(parts: Sequence[Decoded]) -> Decoded:
    """The least of those that are known, with its own age; parallel batteries need not all have
    every sensor.
    """
    return min(select_known(parts), key=lambda one: (one.value, one.age_s), default=unknown(parts))


def find_highest_known(parts: Sequence[Decoded]) -> Decoded:
    """The greatest of those that are known."""
    return max(select_known(parts), key=lambda one: (one.value, -one.age_s), default=unknown(parts))


def select_known(parts: Sequence[Decoded]) -> list[Decoded]:
    return [one for one in parts if one.value is not None]


def select_recent(parts: Sequence[Decoded]) -> list[Decoded]:
    """Those that are known and were measured together with the newest."""
    return [one for one in select_known(parts) if one.age_s <= TOGETHER_S]


def unknown(parts: Sequence[Decoded]) -> Decoded:
    """What is known where no part is: nothing, with the quality of the first that there is."""
    return next((one for one in parts if one.quality is not Quality.ABSENT), ABSENT)


def reduce_known(parts: Sequence[Decoded], join: Callable[[Iterable[float]], float]) -> Decoded:
    """`join` of the values; where one part is unknown, that part with its quality."""
    unknown = next((one for one in parts if one.value is None), None)
    if unknown or not parts:
        return unknown or ABSENT
    values = [one.value for one in parts if one.value is not None]
    return Decoded(join(values), Quality.OK, max(one.age_s for one in parts))


def correct_dead_band(
    packs_a: Decoded, controllers_a: Decoded, batteries: Sequence[BatteryReading | None]
) -> Decoded:
    """The packs' current; where they report exactly 0, a small one that the controllers measure. A
    night's load of some watts is within a BMS's dead band, and it empties the battery in days.
    Into packs of which one has opened its charge MOSFET, no current flows but what they report.
    """
    band_a = DEAD_BAND_A * len(batteries)
    is_refused = any(pack is not None and pack.charge_allowed is False for pack in batteries)
    small = controllers_a.value is not None and -band_a <= controllers_a.value <= (
        0.0 if is_refused else band_a
    )
    return controllers_a if packs_a.value == 0 and small else packs_a


def compute_load_power_w(
    chargers: Sequence[Charger],
    batteries: Sequence[BatteryReading | None],
    *,
    voltage_v: Decoded,
    out_a: Decoded,
    packs_a: Decoded,
) -> Decoded:
    """What all loads draw: the controllers' load outputs, and the current between controllers and
    batteries where the batteries measure their own.
    """
    outputs = get_fields([charger.reading for charger in chargers], "load_power_w")
    if not batteries or packs_a.value is None:
        hidden = any(charger.loads_on_battery for charger in chargers)
        return packs_a if hidden else add_up(outputs)
    # What has no load output draws nothing there; elsewhere an unknown output is not 0.
    for charger, output in zip(chargers, outputs, strict=True):
        absent = output.quality is Quality.ABSENT and not charger.measures_loads
        if output.value is None and not absent:
            return output
    if out_a.value is None or voltage_v.value is None:
        return out_a if out_a.value is None else voltage_v
    between_w = (out_a.value - packs_a.value) * voltage_v.value
    at_outputs_w = sum(one.value or 0.0 for one in outputs)
    age_s = max(one.age_s for one in (out_a, packs_a, voltage_v, *outputs))
    load_w = between_w + at_outputs_w
    through_w = (abs(out_a.value) + abs(packs_a.value)) * voltage_v.value
    if load_w < -(NEGATIVE_LOAD_W + NEGATIVE_LOAD_SHARE * through_w):
        return IMPLAUSIBLE  # one of the currents is wrong: no load gives power
    return Decoded(max(0.0, round(load_w, 3)), Quality.OK, age_s)


def combine_stages(readings: Sequence[PowerReading | None]) -> StatusValue:
    """The stage of all controllers together. FLOAT and OFF only if all report it."""
    stages = [reading.charge_stage for reading in readings if reading is not None]
    found = next((stage for stage in BUSIEST_FIRST if stage in stages), None)
    if found in (ChargeStage.FLOAT, ChargeStage.OFF) and None in readings:
        return StatusValue(None, Quality.STALE)
    if found is not None:
        return StatusValue(found, Quality.OK)
    return StatusValue(
        None, get_field(readings[0], "charge_stage").quality if readings else Quality.ABSENT
    )


def combine_charge_allowed(parts: Sequence[Decoded]) -> StatusValue:
    """Whether any of the batteries accepts charge; unknown where none reports so and one does not
    answer.
    """
    if any(one.value for one in parts):
        return StatusValue(value=True, quality=Quality.OK)
    unknown = next((one for one in parts if one.value is None), ABSENT if not parts else None)
    return (
        StatusValue(None, unknown.quality)
        if unknown
        else StatusValue(value=False, quality=Quality.OK)
    )


def compute_reported_soc_pct(batteries: Sequence[BatteryReading]) -> float | None:
    """The state of charge in % that the BMSs of the connected batteries report themselves, weighed
    by capacity; None unless all of them report it.
    """
    connected = [one for one in select_connected(batteries) if one is not None]
    reported = [(one.state_of_charge_pct, one.full_ah or 1.0) for one in connected]
    if not reported or any(charge_pct is None for charge_pct, _ in reported):
        return None
    total_ah = sum(ah for _, ah in reported)
    return sum((charge_pct or 0.0) * ah for charge_pct, ah in reported) / total_ah


def compute_full_ah(batteries: Sequence[BatteryReading], count: int) -> float | None:
    """The capacity that the BMSs of all batteries report; None unless all `count` of them do, and
    all are connected: that of those that answer is not that of the battery.
    """
    connected = [one for one in select_connected(batteries) if one is not None]
    if not connected or len(connected) < max(count, len(batteries)):
        return None
    known = [one.full_ah for one in connected]
    return None if None in known else sum(ah or 0.0 for ah in known)
