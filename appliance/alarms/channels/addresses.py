"""The form of an address of Apprise, as far as it is known without Apprise. Pure.

    find_scheme("mailtos://USER:PASSWORD@HOST", "mail")     # mailtos

Reads and writes: nothing.
Never: repeats an address.
"""

import re

from appliance.alarms.channels.errors import ChannelRefusedError
from appliance.wording.sentence import say

SCHEME = re.compile(r"([a-z][a-z0-9]*)://", re.IGNORECASE)
LOCAL = ("blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows")


def find_scheme(address: str, channel: str) -> str:
    """Its kind, in small letters. Raises `ChannelRefusedError`."""
    scheme = SCHEME.match(address)
    if scheme is None:
        raise ChannelRefusedError(
            say(
                "{channel}: the address must begin with a kind, such as mailtos:// or ntfys://; "
                "check the address file",
                channel=channel,
            )
        )
    if scheme[1].lower() in LOCAL:
        raise ChannelRefusedError(
            say(
                "{channel}: `{scheme}://` reaches nobody outside this computer: give another "
                "address",
                channel=channel,
                scheme=scheme[1].lower(),
            )
        )
    return scheme[1].lower()
