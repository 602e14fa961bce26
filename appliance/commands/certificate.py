"""`unitctl certificate`: what https shows, to compare it with what a browser shows.

Reads: shown.json in `[web] tls_dir`. Writes: standard output.
Never: prints a private key, or makes a certificate.
"""

import argparse
from dataclasses import asdict
from datetime import UTC, datetime

from appliance.commands.opening import format_local, load_unit_settings
from appliance.commands.printing import BAD, GOOD, PLAIN, Line, Section, show, show_json
from appliance.errors import HostError
from appliance.proxy.shown import ShownCertificate, read_shown
from appliance.settings import Settings

HELP = "show the certificate of https and its fingerprint"
NO_CERTIFICATE = (
    "this unit has no certificate yet: `systemctl start appliance-certificate.service` makes one"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    found = read_shown(settings.web.tls_dir)
    if found is None:
        raise HostError(NO_CERTIFICATE)
    if arguments.json:
        times = {"begins": found.begins.isoformat(), "ends": found.ends.isoformat()}
        show_json(asdict(found) | times)
    else:
        show(list_sections(found, settings, datetime.now(UTC)))
    return 1 if found.trouble else 0


def list_sections(found: ShownCertificate, settings: Settings, now: datetime) -> list[Section]:
    """The certificate, and what people install to trust it."""
    ends = format_local(found.ends.isoformat(), settings, "%Y-%m-%d")
    has_ended = found.ends <= now
    own = [
        Line("made by", "the owner" if found.is_owners else "the unit"),
        Line("SHA-256", found.fingerprint),
        Line("valid until", ends, BAD if has_ended else GOOD),
        Line("for", ", ".join(found.names)),
    ]
    if found.trouble:
        own.append(Line("trouble", found.trouble, BAD))
    authority = [
        Line("SHA-256", found.authority_fingerprint),
        Line("download", "https://UNIT/authority.crt", PLAIN),
    ]
    sections = [Section("certificate of https", own)]
    if not found.is_owners:
        sections.append(Section("the unit's authority, for a phone that shall trust it", authority))
    return sections
