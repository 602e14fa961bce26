"""What must hold of a server of the hawkBit kind: where it is, and what it is shown.

In: settings. Out: the places that break a rule, and why. Pure.
Never: opens a token's file; ota/ddi does.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from appliance.sections.network import DdiSettings
from appliance.settings import Settings
from appliance.settings_rules.places import Error
from appliance.strict_json import show
from appliance.wording.sentence import say

TOKENS = ("target_token_file", "gateway_token_file")


def check_ddi(settings: Settings) -> Iterator[Error]:
    """The section, where it names a server."""
    own = settings.ddi
    if not own.url:
        return
    if not is_server(own.url):
        yield (
            ("ddi", "url"),
            say("has {url}: https://HOST or https://HOST:PORT is meant", url=show(own.url)),
        )
        return
    if not settings.update.mirrors:
        yield ("ddi", "url"), say("needs `mirrors` in [update]: releases come from there")
    if not own.tenant.strip() or "/" in own.tenant:
        yield ("ddi", "tenant"), say("must be a name without `/`: it is part of the address")
    yield from check_tokens(own)


def check_tokens(own: DdiSettings) -> Iterator[Error]:
    """One at most, and not in clear over a network."""
    named = [key for key in TOKENS if getattr(own, key) is not None]
    if len(named) > 1:
        yield (
            ("ddi", named[1]),
            say("cannot be used beside {named}: a unit shows one token", named=named[0]),
        )
    if named and urlsplit(own.url).scheme == "http" and not is_here(own.url):
        yield ("ddi", named[0]), say("needs an address with https://: others could read the token")


def is_server(address: str) -> bool:
    """Whether it is the address of a web server, with no question and no password in it."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    return parts.scheme in ("https", "http") and bool(parts.hostname) and port != 0 and is_plain


def is_here(address: str) -> bool:
    """Whether it is this computer itself."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
