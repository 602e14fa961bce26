"""What a camera may spend: the rule, and nothing but the rule.

In: the fresh `EnergyBudget`, or None. Out: a mode with its reason in one sentence.
Never: does I/O, and never lets a camera run without a budget.

| budget          | mode   | costs                                  |
| --------------- | ------ | -------------------------------------- |
| none, OFF,      | OFF    | nothing: no demuxing, no decoder       |
| HIBERNATE       |        |                                        |
| SENTINEL        | LISTEN | demuxing; pictures are refused         |
| ECO, FULL       | WATCH  | demuxing; a picture only when asked for|
"""

from dataclasses import dataclass

from appliance.model import CameraMode, EnergyBudget, EnergyLevel

MODES = {
    EnergyLevel.OFF: CameraMode.OFF,
    EnergyLevel.HIBERNATE: CameraMode.OFF,
    EnergyLevel.SENTINEL: CameraMode.LISTEN,
    EnergyLevel.ECO: CameraMode.WATCH,
    EnergyLevel.FULL: CameraMode.WATCH,
}
DOES = {
    CameraMode.OFF: "the camera is off",
    CameraMode.LISTEN: "the camera listens and decodes nothing",
    CameraMode.WATCH: "the camera gives pictures when asked",
}


@dataclass(frozen=True, slots=True)
class ModeChoice:
    """What the camera does now, and why."""

    mode: CameraMode
    reason: str


def choose_mode(budget: EnergyBudget | None) -> ModeChoice:
    """The camera's mode under `budget`; None (no fresh one) is OFF."""
    if budget is None:
        return ModeChoice(CameraMode.OFF, "the camera is off: there is no fresh energy budget")
    mode = MODES[budget.level]
    return ModeChoice(mode, f"{DOES[mode]}: {budget.reason}")
