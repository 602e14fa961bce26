"""Addresses and keys of channels: each in a file of its own, and out of every sentence.

    address = read_secret(Path("/etc/appliance/mail.address"), "address_file", "mail")
    text = hide("... https://host/TOKEN ...", address)     # "... ***://***/*** ..."

Reads: the file. Writes: nothing.
Never: puts what stands in the file into an error.
"""

import re
from pathlib import Path
from urllib.parse import quote, unquote

from appliance.alarms.channels.errors import ChannelRefusedError
from appliance.parsing.small_file import read_small_file
from appliance.wording.sentence import say

MOST_BYTES = 4096
KEY_BYTES = (16, 24, 32)
LEAST_HIDDEN = 3  # characters of a part; shorter ones stand in any text
SEPARATORS = re.compile(r"[:/@?&=#,;\s]+")
HIDDEN = "***"


def read_secret(path: str | Path | None, key: str, channel: str) -> str:
    """The one line of the file that [channel.NAME] names in `key`. Raises `ChannelRefusedError`."""
    if path is None:
        raise ChannelRefusedError(
            say(
                "[channel.{channel}] names no `{key}`: name the file there",
                channel=channel,
                key=key,
            )
        )
    try:
        data = read_small_file(Path(path), MOST_BYTES)
    except OSError as error:
        raise ChannelRefusedError(
            say(
                "the file {path} cannot be read ({cause}): check `{key}` in "
                "[channel.{channel}], and that the group appliance may read it",
                path=path,
                cause=error.strerror,
                key=key,
                channel=channel,
            )
        ) from None
    line = decode_line(data)
    if line is None:
        raise ChannelRefusedError(
            say(
                "the file {path} must hold one line of text, the `{key}` of [channel.{channel}]",
                path=path,
                key=key,
                channel=channel,
            )
        )
    return line


def decode_line(data: bytes) -> str | None:
    """The line; None where there is none, more than one, or no text."""
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError:
        return None
    found = [line.strip() for line in lines if line.strip()]
    return found[0] if len(found) == 1 and found[0].isprintable() else None


def decode_key(text: str, path: str | Path, channel: str) -> bytes:
    """An AES key as a station gives it. Raises `ChannelRefusedError`."""
    digits = text[2:] if text.lower().startswith("0x") else ""
    try:
        key = bytes.fromhex(digits) if digits else text.encode("ascii")
    except ValueError:
        key = b""
    if len(key) not in KEY_BYTES:
        raise ChannelRefusedError(
            say(
                "{channel}: the key in {path} must be 16, 24 or 32 characters, or 0x and 32, 48 "
                "or 64 hexadecimal digits, as the station has given it",
                channel=channel,
                path=path,
            )
        )
    return key


def hide(text: str, secret: str) -> str:
    """`text` without any part of an address: in many of them the host is a token."""
    for part in sorted(list_parts(secret), key=len, reverse=True):
        text = re.sub(re.escape(part), HIDDEN, text, flags=re.IGNORECASE)
    return text


def list_parts(secret: str) -> set[str]:
    """What must not be read: the whole, and each part as it stands, decoded and encoded."""
    rest = secret.partition("://")[2] or secret
    parts = {rest, *SEPARATORS.split(rest)}
    parts |= {unquote(part) for part in parts}
    parts |= {quote(part, safe="") for part in parts}
    return {part for part in parts if len(part) >= LEAST_HIDDEN}
