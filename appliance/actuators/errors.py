"""Faults of the actuators, each under its own fault code.

Reads and writes: nothing.
Never: a reason to stop the power service; an actuator that fails is shown, and works again later.
"""

from appliance.errors import ApplianceError


class SwitchError(ApplianceError):
    """A load could not be switched, or does not read back as switched."""

    code = "switch"


class PowerModeError(ApplianceError):
    """A Jetson is not in the power mode that it should be in."""

    code = "power-mode"


class PowerLimitError(ApplianceError):
    """A GPU does not keep to the power limit that it should have."""

    code = "power-limit"
