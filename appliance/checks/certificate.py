"""Check: does https show a certificate that browsers can use?

Reads: shown.json in `[web] tls_dir`, the real time. Writes: nothing.
Never: says of a unit without https that something is wrong.
"""

from datetime import UTC, datetime, timedelta

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.proxy.shown import ShownCertificate, read_shown
from appliance.settings import Settings
from appliance.store.store import Store

NAME = "certificate"
SOON = timedelta(days=14)  # the unit's own is renewed long before
ADVICE = "systemctl start appliance-certificate.service; its journal says what is wrong"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    found = read_shown(settings.web.tls_dir)
    if found is None:
        return Finding(NAME, f"there is none in {settings.web.tls_dir}", ok=None)
    return judge(found, datetime.now(UTC))  # browsers go by the real time


def judge(found: ShownCertificate, now: datetime) -> Finding:
    """What a browser would say at `now`."""
    text = f"valid until {found.ends:%Y-%m-%d}, for {', '.join(found.names)}"
    if found.trouble:
        return Finding(NAME, found.trouble, ADVICE, ok=False)
    return Finding(NAME, text, ADVICE, ok=found.begins <= now < found.ends - SOON)
