"""Faults of the sensors, each under its own fault code.

Reads and writes: nothing.
Never: a reason to stop: the readings are stored all the same.
"""

from appliance.errors import ApplianceError


class DiskError(ApplianceError):
    """The disk of the data directory is nearly full or cannot be read."""

    code = "disk"
    message_id = "2b65022c5c8941e880050d9a60e997bd"


class TemperatureError(ApplianceError):
    """A part of the computer is too hot."""

    code = "temperature"
    message_id = "71b1ef0ce9014288a103202db3313ca6"


class EncryptionError(ApplianceError):
    """The data partition is not encrypted as its image asks, or a key waits for the technician."""

    code = "encryption"


class ProvisionError(ApplianceError):
    """What was put on the image's first partition could not be taken at the start."""

    code = "provision"


class GpuError(ApplianceError):
    """The GPU's driver was there and no longer answers."""

    code = "gpu"


class HintError(ApplianceError):
    """A camera's own alarms cannot be received; its gates go on."""

    code = "hint"
