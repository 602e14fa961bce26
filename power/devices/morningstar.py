"""What Morningstar's controllers have in common: the charge states of TriStar and ProStar MPPT.

Reads and writes: nothing; pure. Source: the makers' Modbus documents (TriStar 0032, ProStar 0021).
Never: guesses a stage. 9 (slave) and 10 (fixed array voltage) mean no stage.
"""

from appliance.model import ChargeStage, Quality
from power.protocol.conversions import StatusValue
from power.protocol.register import Decoded

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


def decode_charge_stage(state: Decoded) -> StatusValue:
    """The charge state as a `ChargeStage`."""
    if state.value is None:
        return StatusValue(None, state.quality)
    stage = STAGES.get(int(state.value))
    return StatusValue(stage, Quality.OK if stage else Quality.ABSENT)
