"""What the sensors warn of, each under its own fault code.

Reads and writes: nothing.
Never: a reason to stop; the readings are stored all the same.
"""

from appliance.errors import ApplianceError


class DiskError(ApplianceError):
    """The disk of the data directory is nearly full or cannot be looked at."""

    code = "disk"


class TemperatureError(ApplianceError):
    """A part of the computer is too hot."""

    code = "temperature"


class GpuError(ApplianceError):
    """The GPU's driver was there and does not answer any more."""

    code = "gpu"
