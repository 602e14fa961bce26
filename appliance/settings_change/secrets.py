"""Which values of the settings are secret, and how they are shown: never to a browser.

    is_secret("rtsp://admin:1234@10.0.0.5/1")     # True
    hide("rtsp://admin:1234@10.0.0.5/1")          # "rtsp://***@10.0.0.5/1"

Reads and writes: nothing; pure.
Never: shows a part of a password because its address is written in an unusual way.
"""

import re
from typing import Any

from appliance.log import redact

HIDDEN = "***"
# An address with something before an @: a password may hold blanks and quotes, whatever a URL may.
WITH_USER = re.compile(
    r"^(?P<scheme>[a-z][a-z0-9+.-]*://).*@(?P<host>[^@]*)$", re.IGNORECASE | re.DOTALL
)

# The same where somebody forgot what stands before it.
WITHOUT_SCHEME = re.compile(r"[^\s/@]*:[^@]*@(?P<host>[^@\s]+)")


def is_secret(value: Any) -> bool:
    """Whether a value, or a text in a list, holds a password or a token."""
    if isinstance(value, list | tuple):
        return any(is_secret(one) for one in value)
    return isinstance(value, str) and hide(value) != value


def hide(value: Any) -> Any:
    """The value without what is secret in it."""
    if isinstance(value, list | tuple):
        return [hide(one) for one in value]
    if not isinstance(value, str):
        return value
    if (bare := WITHOUT_SCHEME.fullmatch(value)) and "://" not in value:
        return f"{HIDDEN}@{bare['host']}"
    found = WITH_USER.fullmatch(value)
    shown = f"{found['scheme']}{HIDDEN}@{found['host']}" if found else value
    return redact(shown)
