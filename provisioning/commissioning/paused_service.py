"""A service stopped for as long as something else needs what it holds, and started again for sure.

    with paused(unit, "appliance-power.service"):
        ...                                 # nothing of it runs; it was active before

Reads and writes: orders to PID 1.
Never: leaves the service stopped: also where this process is killed, a helper that waits for its
end gives the order to start. A service that did not run before is not started.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from appliance.errors import HostError
from appliance.process.host import Host
from appliance.wording.sentence import say
from provisioning.commissioning.unit import Unit

STOPS_IN_S, LOOK_EVERY_S = 30.0, 0.2
RUNNING = ("active", "activating", "reloading", "deactivating")
WAIT_THEN_START = 'read -r word; [ "$word" = started ] || exec "$0" start "$1"'


@contextmanager
def paused(unit: Unit, service: str) -> Iterator[None]:
    """Raises `HostError` where it does not stop."""
    host = unit.host
    if find_state(host, service) not in RUNNING:
        yield
        return
    helper = subprocess.Popen(
        ["/bin/sh", "-c", WAIT_THEN_START, unit.settings().host.systemctl, service],
        stdin=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C is not for it
        text=True,
    )
    try:
        host.stop(service).wait()
        wait_until_stopped(unit, host, service)
        yield
    finally:
        host.start(service).wait()
        helper.communicate("started\n")


def find_state(host: Host, service: str) -> str:
    """Its ActiveState, "" where PID 1 does not say it. Raises `HostError`."""
    order = host.show("ActiveState", service)
    order.wait()
    lines = dict(line.partition("=")[::2] for line in order.output.splitlines())
    return lines.get("ActiveState", "")


def wait_until_stopped(unit: Unit, host: Host, service: str) -> None:
    """Real seconds: a process takes them however fast the unit's time runs."""
    clock, never = unit.clock, Event()
    ends_s = clock.media_s() + STOPS_IN_S
    while (state := find_state(host, service)) in RUNNING:
        if clock.media_s() > ends_s:
            raise HostError(
                say(
                    "{service} is still {state} after {seconds:.0f} s: look at `journalctl -u "
                    "{service}`, then take the step again",
                    service=service,
                    state=state,
                    seconds=STOPS_IN_S,
                )
            )
        clock.wait_media(LOOK_EVERY_S, never)
