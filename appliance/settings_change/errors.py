"""Why a change of the settings is not made, in words and with the key that is wrong.

Reads and writes: nothing.
Never: repeats a secret.
"""

from enum import Enum

from appliance.errors import ApplianceError


class Refused(Enum):
    """What kind of refusal it is, for whoever answers a browser."""

    WRONG = "wrong"  # the values cannot be used
    CHANGED_MEANWHILE = "changed-meanwhile"
    UNCONFIRMED = "unconfirmed"  # an earlier change waits for its confirmation
    BY_HAND = "by-hand"  # not from the page
    IMPOSSIBLE = "impossible"  # the file cannot be written


class ChangeError(ApplianceError):
    """A change of the settings is refused, and nothing was changed. `key`: its dotted name."""

    code = "settings-change"

    def __init__(self, text: str, kind: Refused = Refused.WRONG, key: str = "") -> None:
        super().__init__(text)
        self.kind, self.key = kind, key
