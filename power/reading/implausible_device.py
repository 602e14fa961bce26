"""A device that answers, but of which no value can be true.

Reads and writes: nothing; pure.
Never: takes a device for sound because a value that cannot be checked, such as a temperature, is
within its range.
"""

from appliance.errors import BusError
from appliance.model import BatteryReading, PowerReading, Quality
from appliance.wording.sentence import as_sentence, join_sentences, say
from power.protocol.profile import Block, Profile
from power.protocol.register import Register, decode_raw

# What every charger, every battery measures; their ranges are narrow enough to show nonsense.
MEASURED_BY_CHARGERS = ("pv_power_w", "pv_voltage_v", "battery_voltage_v")
MEASURED_BY_BATTERIES = ("voltage_v", "state_of_charge_pct", "lowest_cell_voltage_v")
MOST_SHOWN, MOST_BYTES = 4, 24


class ImplausibleDevice(BusError):  # noqa: N818  (named for what answers)
    """No value of a device can be true."""

    code = "implausible"

    def __init__(self, profile: Profile, data: bytes | None) -> None:
        super().__init__(
            say(
                "it answers, but no value can be true: {values}; check that `model` (now "
                "{profile}) is this device, that its battery is connected and its sensors are "
                "fitted; until then all its values are unknown",
                values=describe_values(profile, data),
                profile=profile.name,
            )
        )


def is_implausible_throughout(reading: PowerReading | BatteryReading) -> bool:
    """Whether all that such a device measures is out of range or contradicts itself."""
    is_battery = isinstance(reading, BatteryReading)
    names = MEASURED_BY_BATTERIES if is_battery else MEASURED_BY_CHARGERS
    found = {reading.quality.get(name, Quality.OK) for name in names}
    return Quality.IMPLAUSIBLE in found and found <= {Quality.IMPLAUSIBLE, Quality.ABSENT}


def describe_values(profile: Profile, data: bytes | None) -> str:
    """What was read, register by register where they are known, else as bytes."""
    if data is None:
        return say("what it gives changes or is lost")
    block = profile.live[0]
    rows = [row for row in profile.rows(block) if row.unit]
    read = [(row, read_value(row, data, profile, block)) for row in rows]
    shown = [describe_value(row, value) for row, value in read if value is not None]
    if shown:
        return join_sentences(", ", shown[:MOST_SHOWN])
    return say("it gives {data}", data=data[:MOST_BYTES].hex(" "))


def read_value(row: Register, data: bytes, profile: Profile, block: Block) -> float | None:
    """The value as it was read, whatever its range; None where it is absent."""
    first = (row.address - block.address) * profile.step + row.byte
    if not 0 <= first <= len(data) - row.kind.size:
        return None
    raw = decode_raw(row.kind, data[first : first + row.kind.size])
    return None if raw in row.absent else raw / row.scale + row.offset


def describe_value(row: Register, value: float) -> str:
    """One value with the range in which it would be plausible."""
    name = row.name.replace("_", " ")
    return say(
        "{name} {value:g} {unit} (plausible: {low:g} to {high:g})",
        name=as_sentence(name),
        value=value,
        unit=row.unit,
        low=row.low,
        high=row.high,
    )
