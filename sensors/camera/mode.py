"""A camera's mode, chosen from the energy budget and from what people ordered. Pure.

In: the fresh `EnergyBudget` or None, whether gate 0 (packet sizes) is trusted, whether something is
followed; the holds in force, in words. Out: a mode with its reason in one sentence.
Never: does I/O, and never lets a camera run without a budget. A hold only ever takes something.

| budget          |                                  | mode   | costs                             |
| --------------- | -------------------------------- | ------ | --------------------------------- |
| none, OFF,      |                                  | OFF    | nothing: not even a connection    |
| HIBERNATE       |                                  |        |                                   |
| SENTINEL        | packets are trusted              | LISTEN | demuxing; pictures are refused    |
|                 | they are not (constant bit rate) | PROBE  | and small key frames for gate 1   |
| ECO, FULL       | nothing is followed              | WATCH  | decodes motion, when asked        |
|                 | something is                     | ACTIVE | decodes whatever is asked for     |
| any, paused     |                                  | LISTEN | demuxing at most; no pictures     |
| any, off        |                                  | OFF    | nothing                           |
"""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_cameras import CameraMode, HoldKind
from appliance.wording.sentence import say

DECODING_SHARE_OF_BUDGET = 0.1  # of its power, for all cameras together
DESCRIPTIONS = {
    CameraMode.OFF: say("the camera is off"),
    CameraMode.LISTEN: say("only packet sizes are checked, nothing is decoded"),
    CameraMode.PROBE: say("packet sizes do not show movement, so key frames are decoded too"),
    CameraMode.WATCH: say("pictures with movement go to inference"),
    CameraMode.ACTIVE: say("all pictures go to inference on request, since an object is tracked"),
}


@dataclass(frozen=True, slots=True)
class ModeChoice:
    """What the camera does now, and why. `held`: the hold that decided it.

    `decoding_share`: of a processor core, for decoding between key frames that are far apart.
    """

    mode: CameraMode
    reason: str
    held: HoldKind | None = None
    decoding_share: float = 1.0


def choose_mode(
    budget: EnergyBudget | None, *, packets_trusted: bool = True, followed: bool = False
) -> ModeChoice:
    """The camera's mode under `budget`; None (no fresh one) is OFF."""
    if budget is None:
        return ModeChoice(CameraMode.OFF, say("the camera is off: there is no fresh energy budget"))
    mode = find_mode(budget.level, packets_trusted=packets_trusted, followed=followed)
    return ModeChoice(mode, say("{mode}: {reason}", mode=DESCRIPTIONS[mode], reason=budget.reason))


def find_mode(level: EnergyLevel, *, packets_trusted: bool, followed: bool) -> CameraMode:
    """The mode by the table above."""
    if level >= EnergyLevel.ECO:
        return CameraMode.ACTIVE if followed else CameraMode.WATCH
    if level == EnergyLevel.SENTINEL:
        return CameraMode.LISTEN if packets_trusted else CameraMode.PROBE
    return CameraMode.OFF


def apply_holds(choice: ModeChoice, holds: Mapping[HoldKind, str]) -> ModeChoice:
    """What the holds in force leave of a choice; `holds`: each in words."""
    if text := holds.get(HoldKind.OFF):
        return ModeChoice(CameraMode.OFF, text, held=HoldKind.OFF)
    text = holds.get(HoldKind.PAUSE)
    if text is None or choice.mode is CameraMode.OFF:
        return choice
    return ModeChoice(CameraMode.LISTEN, text, held=HoldKind.PAUSE)


def compute_decoding_share(budget: EnergyBudget | None, *, core_w: float, cameras: int) -> float:
    """The share of a core that one of so many cameras may spend between key frames."""
    if budget is None:
        return 0.0
    if budget.sun_is_free:
        return 1.0
    return min(1.0, DECODING_SHARE_OF_BUDGET * budget.power_w / core_w / max(1, cameras))
