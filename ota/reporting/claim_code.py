"""What a technician types, pastes or scans to have a unit enter the fleet: token or claim code.

    nec-claim:1?token=nec1-...&serial=a41f0c53d2be4c1f&server=https%3A%2F%2Ffleet.example.org&...

    code = parse_code(text)              # a bare token is one too: it says nothing else
    code.require_for(serial, server, now)

A claim code is text in a QR code: a phone shows and copies it, a scanner types it, without a link.
With it a slip is told on the unit, before anything is sent.

Reads and writes: nothing; pure.
Never: repeats the token in an error.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from appliance import strict_json
from appliance.strict_json import InputError
from ota.errors import UpdateError

BEGIN = "nec-claim:1?"
MARK = "nec1-"  # a token's, for people and for those who search for leaked ones
LONGEST, LONGEST_TOKEN, LONGEST_SERIAL, LONGEST_SERVER = 600, 80, 64, 200
SHA256_DIGITS = 64
KEYS = {"token", "serial", "server", "until", "authority"}


@dataclass(frozen=True, slots=True)
class ClaimCode:
    """`serial`: of the box; `until`: when it expires; `authority`: SHA-256 of the certificate of
    the fleet's authority (DER), hex. "" and None: it does not say.
    """

    token: str
    serial: str = ""
    server: str = ""
    until: datetime | None = None
    authority: str = ""

    def format(self) -> str:
        """The text of the QR code."""
        given = {
            "token": self.token,
            "serial": self.serial,
            "server": self.server,
            "until": self.until.isoformat(timespec="seconds") if self.until else "",
            "authority": self.authority,
        }
        return BEGIN + urlencode({key: value for key, value in given.items() if value})

    def require_for(self, serial: str, server: str, now: datetime) -> None:
        """That it is for this box and its server, now. `server`: "" where the unit has none yet.
        Raises `UpdateError`.
        """
        if self.serial and self.serial != serial:
            raise UpdateError(
                f"this claim code is for the box with the serial {self.serial}, and this one is "
                f"{serial}: have one made for this box",
                "token-other-serial",
            )
        if self.server and server and self.server.rstrip("/") != server.rstrip("/"):
            raise UpdateError(
                f"this claim code is of the fleet at {self.server}, and this unit is set to "
                f"{server}: change `server` in [fleet], or have a code of that fleet made",
                "token-other-server",
            )
        if self.until and now >= self.until:
            raise UpdateError(
                f"this claim code has expired at {self.until:%Y-%m-%d %H:%MZ}, and it is "
                f"{now:%Y-%m-%d %H:%MZ} by the unit's clock: have a new one made, or set the clock",
                "token-expired",
            )


def parse_code(text: str) -> ClaimCode:
    """Raises `InputError`."""
    given = "".join(text.split())
    if len(given) > LONGEST:
        raise InputError(f"has {len(given)} letters, and a claim code has at most {LONGEST}")
    if not given.startswith(BEGIN):
        return ClaimCode(require_token(given))
    try:
        pairs = parse_qsl(given.removeprefix(BEGIN), strict_parsing=True)
    except ValueError:
        raise InputError("is a claim code that was cut or changed: scan it again") from None
    values = dict(pairs)
    if len(values) != len(pairs) or not values.keys() <= KEYS:
        raise InputError("is a claim code that was cut or changed: scan it again")
    return build_code(values)


def build_code(values: dict[str, str]) -> ClaimCode:
    """Raises `InputError`."""
    until = values.get("until")
    authority = values.get("authority", "")
    if authority and (len(authority) != SHA256_DIGITS or not is_hex(authority)):
        raise InputError("is a claim code that was cut or changed: scan it again")
    return ClaimCode(
        require_token(values.get("token", "")),
        strict_json.require_text(values.get("serial", ""), "serial", LONGEST_SERIAL),
        strict_json.require_text(values.get("server", ""), "server", LONGEST_SERVER),
        None if until is None else strict_json.require_time(until, "until"),
        authority,
    )


def require_token(text: str) -> str:
    """Raises `InputError`."""
    word = text.removeprefix(MARK)
    if word == text or len(text) > LONGEST_TOKEN or not word.replace("-", "").replace("_", ""):
        raise InputError(f"is no token: one begins with {MARK}; look for a slip")
    return text


def is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)
