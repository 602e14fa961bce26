"""EPEver Tracer: what it is set to, from registers 9000 on.

Reads: the decoded settings. Writes: nothing; pure. Source: "LS-B series protocol v1.1", table D.
Never: gives a compensation or an equalization that its battery type does not use.
"""

from appliance.model import Stamp
from appliance.model_set_points import SetPoints
from power.protocol.profile import Sample

BATTERY_TYPES = (  # 9000
    "user", "sealed", "gel", "flooded",
    "LFP 4S", "LFP 8S", "LFP 15S", "LFP 16S",
    "Li-NMC", "Li-NMC", "Li-NMC", "Li-NMC", "Li-NMC",
)  # fmt: skip
FIRST_LITHIUM, LITHIUM_CELLS = 4, {4: 4, 5: 8, 6: 15, 7: 16}
NEVER_EQUALIZED = (2, *range(FIRST_LITHIUM, 13))  # gel and lithium
HIGHEST_OF_12_V = 15.5  # 9003: 16.0 for lead-acid, 14.6 to 15 for LFP


def decode_set_points(stamp: Stamp, model: str, sample: Sample) -> SetPoints:
    """All that it is set to; volts are of the whole battery."""
    kind, lasts_min = sample.value("battery_type"), sample.value("equalize_duration")
    is_lithium = None if not kind else kind >= FIRST_LITHIUM
    return SetPoints(
        stamp,
        device=model,
        model=model,
        absorption_v=sample.value("boost_voltage"),
        float_v=sample.value("float_voltage"),
        equalize_v=sample.value("equalize_voltage"),
        equalizes=None if lasts_min is None else lasts_min > 0 and kind not in NEVER_EQUALIZED,
        compensation_v_per_c=compute_compensation(sample, is_lithium=is_lithium),
        lvd_v=sample.value("low_voltage_disconnect"),
        lvr_v=sample.value("low_voltage_reconnect"),
        raises_lvd=False,
        charge_from_c=sample.value("battery_lower_temperature"),
        battery_type=None if kind is None else BATTERY_TYPES[int(kind)],
        is_lithium=is_lithium,
        system_v=find_system_v(sample),
        cells=LITHIUM_CELLS.get(int(kind or 0)),
        recharge_v=sample.value("boost_reconnect_voltage"),
        over_voltage_v=sample.value("over_voltage_disconnect"),
        charge_until_c=sample.value("battery_upper_temperature"),
    )


def find_system_v(sample: Sample) -> float | None:
    """The nominal voltage that it is set to (9067); where it finds it itself, that of its highest
    voltage (9003), which is 16 V or so for each 12 V.
    """
    code, highest_v = sample.value("rated_voltage_code"), sample.value("over_voltage_disconnect")
    if code:
        return 12.0 * code
    return None if highest_v is None else 12.0 * max(1, round(highest_v / HIGHEST_OF_12_V))


def compute_compensation(sample: Sample, *, is_lithium: bool | None) -> float | None:
    """9002, of the whole battery; none with a lithium type."""
    step_mv, system_v = sample.value("temperature_compensation"), find_system_v(sample)
    if is_lithium or step_mv == 0:
        return 0.0
    return None if step_mv is None or system_v is None else -step_mv / 1000 * system_v / 2
