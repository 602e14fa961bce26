"""The mirrors that the settings name.

    mirrors = open_mirrors(settings.update)

Reads: nothing before a mirror is read. Writes: nothing.
Never: opens another kind of address than https, http (a neighbour) and file.
"""

from urllib.parse import urlsplit

from appliance.sections.network import UpdateSettings
from appliance.wording.sentence import say
from ota.errors import LinkError
from ota.mirrors.directory import DirectoryMirror
from ota.mirrors.mirror import Mirror
from ota.mirrors.web import WebMirror


def open_mirrors(settings: UpdateSettings) -> tuple[Mirror, ...]:
    """In order of trial; raises `LinkError` for an address that is none."""
    return tuple(open_mirror(address, settings) for address in settings.mirrors)


def open_mirror(address: str, settings: UpdateSettings) -> Mirror:
    """One mirror, also one that a technician names (a stick)."""
    try:
        parts = urlsplit(address)
        if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
            return DirectoryMirror(address)
        if parts.scheme in ("https", "http") and parts.hostname and parts.port != 0:
            return WebMirror(address, ca_file=settings.ca_file, metered=settings.metered)
    except ValueError:
        pass
    raise LinkError(
        say(
            "{address} is no mirror: https://HOST/PATH, http://HOST/PATH and file:///PATH are; "
            "change [update] mirrors",
            address=address[:80],
        ),
        "no-address",
    )
