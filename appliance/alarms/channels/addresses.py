"""The form of an address of Apprise, as far as it is known without Apprise. Pure.

    find_scheme("mailtos://USER:PASSWORD@HOST", "mail")     # mailtos

Reads and writes: nothing.
Never: repeats an address.
"""

import re

from appliance.alarms.channels.errors import ChannelRefusedError

SCHEME = re.compile(r"([a-z][a-z0-9]*)://", re.IGNORECASE)
LOCAL = ("blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows")


def find_scheme(address: str, channel: str) -> str:
    """Its kind, in small letters. Raises `ChannelRefusedError`."""
    scheme = SCHEME.match(address)
    if scheme is None:
        raise ChannelRefusedError(
            f"{channel}: the address must begin with a kind, such as mailtos:// or ntfys://; check "
            "the address file"
        )
    if scheme[1].lower() in LOCAL:
        raise ChannelRefusedError(
            f"{channel}: `{scheme[1].lower()}://` reaches nobody outside this computer: give "
            "another address"
        )
    return scheme[1].lower()
