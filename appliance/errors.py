"""The errors that a service expects: each message says what happened, where, and what to do.

A service loop records these as a `Fault` and goes on; anything else ends the process and PID 1
restarts it. Nothing here is caught silently. The power service goes on beside errors of its own in
what the guard does not need (`ProgramError`).
"""

import traceback
from pathlib import Path

from appliance.wording.sentence import say


class ApplianceError(Exception):
    """Something in the world (not in the code) is wrong; the text is shown to a technician.

    `code` is the stable, kebab-case name under which the fault is stored; `message_id` the entry of
    systemd/catalog/appliance.catalog that explains it to a technician, where there is one.
    """

    code = "appliance"
    message_id: str | None = None


class SettingsError(ApplianceError):
    """The settings file cannot be used; nothing may start with it.

    `where`: the setting that is wrong, where it is one; `said`: the same without file and line.
    """

    code = "settings"

    def __init__(self, text: str, where: tuple[str, ...] = (), said: str = "") -> None:
        super().__init__(text)
        self.where, self.said = where, said or text


class BusError(ApplianceError):
    """A power device did not answer, or not with a valid frame."""

    code = "bus"
    message_id = "cc6b36d862a44301ab73309b7348bdd0"


class CameraError(ApplianceError):
    """A camera or clip gives no picture."""

    code = "camera"
    message_id = "590ae65393c246fc93f4f3524bd8fb64"


class StreamError(ApplianceError):
    """A camera's stream is such that pictures of it are missed."""

    code = "camera-stream"


class ModelError(ApplianceError):
    """A detection model is missing, damaged, or not what its model card says."""

    code = "model"
    message_id = "b37fe52adf3f498e8edc616764f30f68"


class StoreError(ApplianceError):
    """The unit database cannot be read or written."""

    code = "store"
    message_id = "33dead58b67e4ddeb61723ce22ae0490"


class HostError(ApplianceError):
    """PID 1 refused, or did not answer."""

    code = "host"


class ListenError(ApplianceError):
    """A port or socket cannot be opened."""

    code = "listen"


def shorten_error(error: Exception) -> str:
    """The first line of an error of a library, at most 200 characters: such texts may be long."""
    return (str(error).strip().splitlines() or ["no message"])[0][:200]


class ProgramError(ApplianceError):
    """A part of the program failed, and the guard went on without it.

    `code`: the part, `part`: in words, `instead`: what holds without it.
    """

    def __init__(self, error: Exception, *, code: str, part: str, instead: str) -> None:
        super().__init__(
            say(
                "{part} failed ({where}): a fault of this program; {instead}; send a "
                "bundle (`unitctl export`) to the maker",
                part=part,
                where=locate_error(error),
                instead=instead,
            )
        )
        self.code = code


def locate_error(error: Exception) -> str:
    """What an unexpected error is, and where in the code: "ZeroDivisionError in checks.py:76"."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
