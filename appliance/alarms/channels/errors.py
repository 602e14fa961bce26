"""What keeps a channel from sending: for good, or for now.

Reads and writes: nothing.
Never: holds a password in its text.
"""

from appliance.errors import ApplianceError


class ChannelError(ApplianceError):
    """A message was not sent, and may be later: no link, a server that fails."""

    code = "alarm-channel"
    refused = False


class ChannelRefusedError(ChannelError):
    """A message was not sent, and will not be without a change: a wrong password, a setting."""

    refused = True
