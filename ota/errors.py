"""What can be wrong with an update: each text says what happened, where, and what to do.

Reads and writes: nothing.
Never: lets a refusal go without the name of its cause: `reason_code` is stored and reported.
"""

from appliance.errors import ApplianceError
from appliance.wording.shorten import make_printable


class UpdateError(ApplianceError):
    """An update cannot go on. `reason_code`: the cause in kebab-case, for reports and tests.

    What of `text` a mirror or a program wrote moves no cursor.
    """

    code = "update"

    def __init__(self, text: str, reason_code: str) -> None:
        super().__init__(make_printable(text))
        self.reason_code = reason_code


class LinkError(UpdateError):
    """A mirror does not answer, or the connection broke: it is tried again later."""


class TrustError(UpdateError):
    """What a mirror gave is not what those signed whom the unit trusts; nothing of it is used."""


class SpaceError(UpdateError):
    """The disk has no room for it, or cannot be written."""


class SlotError(UpdateError):
    """The other operating system slot cannot be installed, armed or committed."""


class DamageError(UpdateError):
    """What of a committed release lies on the disk is no longer what was signed."""

    code = "release-damaged"


class RefusedError(UpdateError):
    """The fleet's server refuses what the unit said; `reason_code` is the server's."""

    code = "report-refused"
