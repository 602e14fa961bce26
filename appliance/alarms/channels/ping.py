"""Tells a dead man's switch by HTTP that the unit lives (healthchecks.io and its like): one GET.

Reads: the address file. Writes: the request.
Never: follows a redirection, or reads an answer to its end.
"""

import urllib3
from urllib3.exceptions import HTTPError

from appliance.alarms.channels.connection_guard import ConnectionGuard
from appliance.alarms.channels.errors import ChannelRefusedError
from appliance.alarms.channels.failures import explain
from appliance.alarms.channels.requests import SendRequest, Sent
from appliance.alarms.channels.secret_files import hide, read_secret
from appliance.model_alarms import AlarmKind
from appliance.wording.sentence import say

CONNECT_S, READ_S = 10.0, 10.0
ABOUT_BYTES = 300  # of the request; TLS comes on top


def send_ping(request: SendRequest, guard: ConnectionGuard) -> Sent:
    """Send it. Raises `ChannelError`."""
    name = request.channel
    if request.alarm not in (AlarmKind.HEARTBEAT.value, AlarmKind.TEST.value):
        raise ChannelRefusedError(
            say(
                "{name}: a `ping` says nothing but that the unit lives: name it in "
                "`heartbeat_to` of [alarms], and another channel for alarms",
                name=name,
            )
        )
    address = read_secret(request.address_file, "address_file", name)
    if not address.startswith(("https://", "http://")):
        raise ChannelRefusedError(
            say("{name}: the address must begin with https://: check the address file", name=name)
        )
    try:
        with guard.watch(allow_local=request.allow_local):
            status = get(address)
    except (HTTPError, OSError, ValueError) as error:
        if guard.blocked:
            raise ChannelRefusedError(
                say("{name}: {blocked}", name=name, blocked=guard.blocked)
            ) from None
        raise explain(name, hide(str(error), address)) from None
    if not 200 <= status < 300:
        raise explain(name, say("the server answers error={status}", status=status))
    return Sent(ABOUT_BYTES)


def get(address: str) -> int:
    """The status of the answer; its body is not read."""
    pool = urllib3.PoolManager(
        cert_reqs="CERT_REQUIRED",
        timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
        retries=False,
    )
    answer = pool.request("GET", address, redirect=False, preload_content=False)
    status = int(answer.status)
    answer.close()
    return status
