"""Keeps the certificate of https in order: `python -m appliance.actuators.certificate`.

PID 1 runs it before the proxy starts, once a day, when its clock was set, and when the settings
change (systemd/appliance-certificate.service).

Reads: the settings, the owner's certificate, names and addresses of this computer, the real time.
Writes: `[web] tls_dir`, the fault `certificate`, an order to PID 1 to have the proxy read it.
Never: needs valid settings: the page must tell what is wrong with them, over https, too.
"""

import socket
from datetime import UTC

from appliance.actuators.oneshot import perform
from appliance.actuators.usual_settings import choose_or_usual
from appliance.clock import SystemClock
from appliance.errors import HostError
from appliance.process.host import Host
from appliance.process.service import make_parser
from appliance.proxy.names import list_addresses, list_names
from appliance.proxy.prepared import Unit, prepare
from appliance.proxy.shown import read_shown
from appliance.settings import Settings
from appliance.wording.sentence import say

SOURCE = "certificate"
PROXY = "appliance-proxy.service"


def main() -> None:
    """Exit codes as for every actuator."""
    asked = make_parser(SOURCE, takes_instance=False).parse_args()
    perform(SOURCE, asked.settings, renew, lambda: choose_or_usual(asked.settings))


def renew(settings: Settings) -> str:
    """Returns its sentence; raises `CertificateError`, also where the owner's cannot be used."""
    host, now = socket.gethostname(), SystemClock().stamp().utc.astimezone(UTC)
    names = list_names(host, settings.web.hosts, list_addresses())
    done = prepare(settings.web, Unit(settings.unit.name, names, now))
    if done.is_new:
        reload_proxy(settings)
    if done.trouble is not None:
        raise done.trouble
    shown = read_shown(settings.web.tls_dir)
    if shown is None:
        return "; ".join(done.sentences)
    state = f"the certificate is valid until {shown.ends:%Y-%m-%d}: SHA-256 {shown.fingerprint}"
    return "; ".join([*done.sentences, state])


def reload_proxy(settings: Settings) -> None:
    """Connections that are open go on; raises `HostError`."""
    try:
        Host(settings.host.systemctl).reload(PROXY).wait()
    except HostError as error:
        raise HostError(
            say("the new certificate is not shown yet: {error}", error=error)
        ) from error


if __name__ == "__main__":
    main()
