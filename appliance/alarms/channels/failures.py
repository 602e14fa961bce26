"""What a library says of a message that was not sent, as a sentence for a technician. Pure.

    raise explain("mail", "Socket Exception: (535, b'5.7.8 authentication failed')")

Reads and writes: nothing.
Never: decides by words of a language that a server may have been set to: codes, and texts of
OpenSSL and of this system.
"""

import re
from dataclasses import dataclass

from appliance.alarms.channels.errors import ChannelError, ChannelRefusedError
from appliance.wording.sentence import say
from appliance.wording.shorten import make_printable, shorten

MOST_TEXT = 160  # characters of what the library said


@dataclass(frozen=True, slots=True)
class Failure:
    """`pattern`: what the library says. `means`: that, and what to do."""

    pattern: str
    means: str
    refused: bool = False


# The first that is found counts.
FAILURES = (
    Failure(
        r"certificate is not yet valid",
        say("the server's certificate is not valid yet: check the unit's clock; it is tried again"),
    ),
    Failure(
        r"certificate has expired",
        say(
            "the server's certificate has expired: its owner must renew it, or the unit's "
            "clock is wrong (`timedatectl`)"
        ),
        refused=True,
    ),
    Failure(
        r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError",
        say(
            "the server's certificate is not one that this computer trusts, or not of that "
            "name: check the host in the address"
        ),
        refused=True,
    ),
    Failure(
        r"SSLError|\[SSL|STARTTLS extension not supported|TLS/SSL",
        say("the server speaks no TLS as it is asked for: check kind and port of the address"),
        refused=True,
    ),
    Failure(
        r"No suitable authentication method|AUTH extension not supported",
        say(
            "the server takes no user and password in this way: check kind and port of the address"
        ),
        refused=True,
    ),
    Failure(
        r"\((53[0458]|454), b",
        say("the server does not accept user and password: check both in the address file"),
        refused=True,
    ),
    Failure(
        r"(\(|\b)55[0-4]\b",
        say("the mail server refuses the message: check sender and recipient in the address"),
        refused=True,
    ),
    Failure(r"\((4\d\d), b", say("the mail server cannot take it now: it is tried again")),
    Failure(
        r"error=(401|403|407)\b",
        say("the server does not accept token or password: check the address file"),
        refused=True,
    ),
    Failure(
        r"error=(404|410)\b",
        say("the server does not know that place: check the address"),
        refused=True,
    ),
    Failure(
        r"error=(408|425|429|5\d\d)\b", say("the server cannot take it now: it is tried again")
    ),
    Failure(
        r"error=3\d\d\b",
        say(
            "the address leads elsewhere: give the one that it leads to, or log in to the "
            "network that asks for it; it is tried again"
        ),
    ),
    Failure(
        r"error=4\d\d\b", say("the server refuses the message: check the address"), refused=True
    ),
    Failure(
        r"Errno -\d|Name or service not known|name resolution|NameResolutionError|getaddrinfo",
        say(
            "the server's name is not found: there is no link, or the name in the address is wrong"
        ),
    ),
    Failure(
        r"timed out|Timeout|Read timed|unreachable|No route|refused\b|reset by peer|"
        r"Connection aborted|unexpectedly closed|RemoteDisconnected|ConnectionError|Broken pipe",
        say(
            "the server is not reached or does not answer: it is tried again when the link is back"
        ),
    ),
    Failure(r"MemoryError", say("the server answers without an end: check the address")),
)
CAUSE = re.compile(r"HTTPS?ConnectionPool\(.*?Caused by ")  # what urllib3 puts before it
BETWEEN = r"error=50[24]\b"
OTHER = say("the message was not sent; it is tried again")


def explain(channel: str, said: str, *, unsure: bool = False) -> ChannelError:
    """The error for what a library said; the caller has taken secrets out of that. `unsure`: it was
    given whole and not answered; what stands between may also have given it on (502, 504).
    """
    known = (one for one in FAILURES if re.search(one.pattern, said))
    failure = next(known, Failure("", OTHER))
    kind = ChannelRefusedError if failure.refused else ChannelError
    text = shorten(make_printable(CAUSE.sub("", said)), MOST_TEXT)
    unsure = unsure or re.search(BETWEEN, said) is not None
    return kind(
        say("{channel}: {means} ({text})", channel=channel, means=failure.means, text=text),
        unsure=unsure,
    )
