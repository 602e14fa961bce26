"""What keeps a channel from sending: for good, or for now.

Reads and writes: nothing.
Never: holds a password in its text.
"""

from appliance.errors import ApplianceError


class ChannelError(ApplianceError):
    """A message was not sent, and may be later: no link, a server that fails. `unsure`: it was
    given whole and not answered, so the recipient may have it.
    """

    code = "alarm-channel"
    refused = False

    def __init__(self, text: str, *, unsure: bool = False) -> None:
        super().__init__(text)
        self.unsure = unsure


class ChannelRefusedError(ChannelError):
    """A message was not sent, and will not be without a change: a wrong password, a setting."""

    refused = True
