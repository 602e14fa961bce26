"""What Morningstar's controllers have in common: the charge states of TriStar and ProStar MPPT.

Reads and writes: nothing; pure. Source: the makers' Modbus documents (TriStar 0032, ProStar 0021).
Never: guesses a stage. 9 (slave) and 10 (fixed array voltage) mean no stage.
"""

from appliance.model import ChargeStage, Quality
from power.protocol.conversions import StatusValue
from power.protocol.register import Decoded

HIGHEST_OF_12_V = 18.0
BATTERIES_BELOW_V = ((1, 18.4), (2, 36.8), (4, float("inf")))
STAGES = {
    0: ChargeStage.OFF,  # start
    1: ChargeStage.OFF,  # night check
    2: ChargeStage.OFF,  # disconnect
    3: ChargeStage.OFF,  # night
    4: ChargeStage.FAULT,
    5: ChargeStage.BULK,  # MPPT
    6: ChargeStage.ABSORPTION,
    7: ChargeStage.FLOAT,
    8: ChargeStage.EQUALIZE,
}


def count_of_12_v(set_v: float | None, battery_v: float | None) -> int | None:
    """How many times a set-point is to be taken: those of a 12 V battery are stored, for 24 and
    48 V as well; one that is higher is of the whole battery.
    """
    if set_v is None or set_v > HIGHEST_OF_12_V:
        return None if set_v is None else 1
    if battery_v is None:
        return None
    return next(count for count, below_v in BATTERIES_BELOW_V if battery_v < below_v)


def decode_charge_stage(state: Decoded) -> StatusValue:
    """The charge state as a `ChargeStage`."""
    if state.value is None:
        return StatusValue(None, state.quality)
    stage = STAGES.get(int(state.value))
    return StatusValue(stage, Quality.OK if stage else Quality.ABSENT)
