"""The two ways in which an installation on a disk ends early; each tells what to do.

Reads and writes: nothing.
Never: leaves open whether the disk was changed.
"""

from appliance.errors import ApplianceError


class RefusedError(ApplianceError):
    """Nothing was changed."""

    code = "disk-refused"


class UnfinishedError(ApplianceError):
    """The disk was erased and cannot be booted."""

    code = "disk-unfinished"
