"""Conversions that several devices share: from decoded registers to the fields of a reading.

Reads and writes: nothing; pure.
Never: makes an unknown value known; a result is never surer or newer than its inputs.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from appliance.model import BatteryReading, PowerReading, Quality, Stamp
from power.protocol.profile import Sample
from power.protocol.register import ABSENT, IMPLAUSIBLE, Decoded

POWER_TOLERANCE = 0.10  # P and V x I are measured one after the other
POWER_SLACK_W = 2.0  # rounding of V and I, and the device's own rounding at dawn
CELLS_TOLERANCE = 0.02  # of the pack's voltage; cells and pack are measured one after the other
CELLS_SLACK_V = 0.1
EMPTY_CELL_V = 3.0  # of an LFP cell under load: with more it is not empty, whatever a BMS reports


class StatusValue(NamedTuple):
    """A value that is no number (a switch, a stage, words) with its quality and age."""

    value: Any
    quality: Quality
    age_s: float = 0.0


FieldValue = Decoded | StatusValue  # the content of one field of a reading


def build_power_reading(
    stamp: Stamp, device: str, fields: Mapping[str, FieldValue]
) -> PowerReading:
    """A reading from one (value, quality) per field; only what is not OK is named in `quality`."""
    return PowerReading(stamp=stamp, device=device, **collect_fields(fields))


def build_battery_reading(
    stamp: Stamp, device: str, fields: Mapping[str, FieldValue]
) -> BatteryReading:
    """The same for a battery; a field that is not named is unknown."""
    return BatteryReading(stamp=stamp, device=device, **collect_fields(fields))


def collect_fields(fields: Mapping[str, FieldValue]) -> dict[str, Any]:
    """The fields of a reading by name: values, qualities other than OK, ages above 0."""
    return {
        **{name: entry.value for name, entry in fields.items()},
        "quality": {
            name: entry.quality for name, entry in fields.items() if entry.quality != Quality.OK
        },
        "ages_s": {name: entry.age_s for name, entry in fields.items() if entry.age_s > 0},
    }


def check_power_w(power_w: Decoded, voltage_v: Decoded, current_a: Decoded) -> Decoded:
    """`power_w`, IMPLAUSIBLE unless it agrees with V x I within 10 % (a torn pair does not)."""
    if power_w.value is None or voltage_v.value is None or current_a.value is None:
        return power_w
    product_w = voltage_v.value * current_a.value
    allowed_w = POWER_TOLERANCE * max(abs(product_w), abs(power_w.value)) + POWER_SLACK_W
    return power_w if abs(power_w.value - product_w) <= allowed_w else IMPLAUSIBLE


def multiply(voltage_v: Decoded, current_a: Decoded) -> Decoded:
    """V x I; where one is unknown, that one with its quality."""
    if voltage_v.value is None or current_a.value is None:
        return voltage_v if voltage_v.value is None else current_a
    age_s = max(voltage_v.age_s, current_a.age_s)
    return Decoded(voltage_v.value * current_a.value, Quality.OK, age_s)


def subtract(plus: Decoded, minus: Decoded) -> Decoded:
    """`plus` - `minus`; where one is unknown, that one with its quality."""
    if plus.value is None or minus.value is None:
        return plus if plus.value is None else minus
    return Decoded(round(plus.value - minus.value, 6), Quality.OK, max(plus.age_s, minus.age_s))


def scale(decoded: Decoded, factor: float) -> Decoded:
    """The value times `factor` (kWh to Wh: 1000)."""
    return decoded if decoded.value is None else decoded._replace(value=decoded.value * factor)


def select_cells(sample: Sample, names: tuple[str, ...], pack_v: Decoded) -> tuple[Decoded, ...]:
    """The voltages of the fitted cells; all IMPLAUSIBLE if their sum is not the pack's voltage.

    Rows of cells that a pack does not have must decode to ABSENT.
    """
    cells = tuple(
        cell for cell in (sample[name] for name in names) if cell.quality != ABSENT.quality
    )
    known = [cell.value for cell in cells if cell.value is not None]
    if pack_v.value is None or len(known) < len(cells):
        return cells
    allowed_v = CELLS_TOLERANCE * pack_v.value + CELLS_SLACK_V
    agrees = abs(sum(known) - pack_v.value) <= allowed_v
    return cells if agrees else (IMPLAUSIBLE,) * len(cells)


def find_lowest_of_all(values: tuple[Decoded, ...]) -> Decoded:
    """The least of the values; unknown if any of them is (it might be the least)."""
    return find_extreme(values, -1)


def find_highest_of_all(values: tuple[Decoded, ...]) -> Decoded:
    """The greatest of the values; unknown if any of them is."""
    return find_extreme(values, 1)


def find_extreme(values: tuple[Decoded, ...], sign: int) -> Decoded:
    """The greatest of `sign` times the values, without the sign."""
    if not values:
        return ABSENT
    unknown = next((one for one in values if one.value is None), None)
    if unknown:
        return unknown
    return max(values, key=lambda one: sign * (one.value or 0.0))


def collect_cells(values: tuple[Decoded, ...], names: tuple[str, ...] = ()) -> StatusValue:
    """All cells by their number; unknown if any of them is. `names`: of registers as `cell_7` or
    `cell_7_voltage`, where the fitted ones need not be the first.
    """
    if not values:
        return StatusValue(None, Quality.ABSENT)
    unknown = next((one for one in values if one.value is None), None)
    if unknown:
        return StatusValue(None, unknown.quality)
    numbers = [name.split("_")[1] for name in names] or [str(n + 1) for n in range(len(values))]
    cells = {number: one.value for number, one in zip(numbers, values, strict=True)}
    return StatusValue(cells, Quality.OK, max(one.age_s for one in values))


def decode_flag(decoded: Decoded, bit: int) -> StatusValue:
    """One bit of a status word, as true or false."""
    if decoded.value is None:
        return StatusValue(None, decoded.quality)
    return StatusValue(bool(int(decoded.value) >> bit & 1), Quality.OK, decoded.age_s)


def name_set_bits(decoded: Decoded, names: Mapping[int, str]) -> StatusValue:
    """The names of the bits that are set, for people; "" where none is."""
    if decoded.value is None:
        return StatusValue(None, decoded.quality)
    bits = int(decoded.value)
    words = ", ".join(name for bit, name in names.items() if bits >> bit & 1)
    return StatusValue(words, Quality.OK, decoded.age_s)


def apply_stopping_alarms(
    switch: StatusValue, alarms: Decoded, stopping: tuple[int, ...]
) -> StatusValue:
    """Whether current may flow: the switch is on, and no alarm that opens it is set."""
    bits = int(alarms.value or 0)
    if any(bits >> bit & 1 for bit in stopping):
        return StatusValue(value=False, quality=Quality.OK, age_s=alarms.age_s)
    return switch


def select_present(sample: Sample, names: tuple[str, ...]) -> tuple[Decoded, ...]:
    """The values that are not absent: a sensor bit may be set for one that reads -200.0 C, which is
    none.
    """
    return tuple(one for one in (sample[name] for name in names) if one.quality != ABSENT.quality)


def select_fitted_cells(
    sample: Sample, names: tuple[str, ...], pack_v: Decoded
) -> tuple[Decoded, ...]:
    """`select_cells` for cells that the BMS counts: one that reads 0 V is a broken wire."""
    absent = [name for name in names if sample[name].quality == ABSENT.quality]
    return select_cells(
        Sample({**sample.values, **dict.fromkeys(absent, IMPLAUSIBLE)}), names, pack_v
    )


def compute_mean_cell_v(voltage_v: Decoded, cells: Decoded) -> float | None:
    """The pack's voltage over its number of cells."""
    if voltage_v.value is None or not cells.value:
        return None
    return voltage_v.value / cells.value


def reject_default_zero(charge: Decoded, cell_v: float | None) -> Decoded:
    """A charge; 0 only where the cells' voltage agrees: 0 is also a device's default for
    unknown.
    """
    if charge.value == 0 and (cell_v is None or cell_v >= EMPTY_CELL_V):
        return IMPLAUSIBLE
    return charge
