"""The errors that a service expects: each says what happened, where, and what to do.

A service loop records these as a `Fault` and goes on; anything else ends the process and PID 1
restarts it. Nothing here is caught silently.
"""


class ApplianceError(Exception):
    """Something in the world (not in the code) is wrong; the text is shown to a technician.

    `code` is the stable, kebab-case name under which the fault is stored.
    """

    code = "appliance"


class SettingsError(ApplianceError):
    """The settings file cannot be used; nothing may start with it."""

    code = "settings"


class BusError(ApplianceError):
    """A power device did not answer, or not with a frame that can be believed."""

    code = "bus"


class CameraError(ApplianceError):
    """A camera or clip gives no picture."""

    code = "camera"


class ModelError(ApplianceError):
    """A detection model is missing, damaged, or not what its card says."""

    code = "model"


class StoreError(ApplianceError):
    """The unit database cannot be read or written."""

    code = "store"


class HostError(ApplianceError):
    """PID 1 refused, or did not answer."""

    code = "host"


class ListenError(ApplianceError):
    """A port or socket cannot be opened."""

    code = "listen"
