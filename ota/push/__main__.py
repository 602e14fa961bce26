"""The push service: `python -m ota.push --settings FILE`.

Reads and writes: what ota/push/cycle.py does; the unit's certificate from $CREDENTIALS_DIRECTORY,
where PID 1 hands it over, else from the update directory.
Never: runs without a broker in the settings, or holds a rule.
"""

import os
from pathlib import Path

from appliance.parsing.values import parse_address
from appliance.process.host import Host
from appliance.process.service import Leave, Loop, Service, main
from appliance.process.unit_identity import read_identity
from appliance.sections.network import PUSH_PORT
from ota.push.cycle import EVERY_S, PushCycle
from ota.push.hint import find_group_topic, find_unit_topic
from ota.push.link import Link
from ota.push.secrets import make_tls_context
from ota.push.watch import Watch, find_idleness

CREDENTIALS = "CREDENTIALS_DIRECTORY"


def assemble(service: Service) -> Loop:
    """Wire the service."""
    settings = service.settings
    directory = Path(os.environ.get(CREDENTIALS) or settings.update.dir)
    if reason := find_idleness(settings, directory):
        return Loop(lambda: leave(reason), EVERY_S)
    serial = read_identity(settings)
    topics = (find_unit_topic(serial), find_group_topic(settings.update.group))
    push = PushCycle(service, topics, Host(settings.host.systemctl))
    context = make_tls_context(directory, settings.fleet.ca_file)
    address = parse_address(settings.fleet.push, PUSH_PORT)
    link = Link(address, serial, topics, context, push.take, service.log.info)
    link.start()
    return Loop(Watch(service, push, link).cycle, lambda: push.every_s, finish=link.close)


def leave(reason: str) -> str:
    raise Leave(reason)


if __name__ == "__main__":
    main("push", assemble)
