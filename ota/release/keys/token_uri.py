"""Where a key on a token is: a PKCS#11 URI (RFC 7512).

    parse_token_uri("pkcs11:token=releases;object=targets?module-path=/usr/lib/softhsm/libsofthsm2.so")

Reads and writes: nothing; pure.
Never: takes a PIN from the URI: it would stand in files and in the list of processes.
"""

from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

from ota.release.errors import ReleaseError

SCHEME = "pkcs11:"
PATH_PARTS, QUERY_PARTS = {"token", "object", "id", "type", "serial"}, {"module-path"}


@dataclass(frozen=True, slots=True)
class TokenUri:
    """`token` and `serial` name the token, `label` and `identifier` the key on it; "" is any.
    `module`: the library of the token's maker.
    """

    token: str
    serial: str
    label: str
    identifier: bytes
    module: str


def parse_token_uri(text: str) -> TokenUri:
    """Raises `ReleaseError`."""
    path, _, query = text.removeprefix(SCHEME).partition("?")
    parts = split_parts(text, path, separator=";", known=PATH_PARTS)
    asked = split_parts(text, query, separator="&", known=QUERY_PARTS)
    if "module-path" not in asked or not {"object", "id"} & parts.keys():
        raise ReleaseError(
            f"{text} does not say which key: give pkcs11:token=NAME;object=LABEL?module-path=FILE, "
            "FILE being the PKCS#11 library of the token"
        )
    return TokenUri(
        token=unquote(parts.get("token", "")),
        serial=unquote(parts.get("serial", "")),
        label=unquote(parts.get("object", "")),
        identifier=unquote_to_bytes(parts.get("id", "")),
        module=unquote(asked["module-path"]),
    )


def split_parts(whole: str, text: str, *, separator: str, known: set[str]) -> dict[str, str]:
    found = dict(one.split("=", 1) for one in text.split(separator) if "=" in one)
    for name in found.keys() - known:
        raise ReleaseError(
            f"{whole.split('?', maxsplit=1)[0]} has {name}, which is not used here; known are "
            f"{', '.join(sorted(PATH_PARTS | QUERY_PARTS))} (a PIN is asked for, or --secret)"
        )
    return found
