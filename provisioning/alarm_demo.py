"""Alarms of `make run ALARMS=demo`: who is told of what, and the mailbox that shows what they get.

    demo = make_demo(directory, web_port, smtp_port=2525, page_port=8081)
    demo.sections                # for the settings file
    demo.command                 # of the mailbox's process

Reads: nothing. Writes: the files of addresses, as a technician does.
Never: sends anything to anybody outside this computer.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from provisioning.board import MAILBOX

# In unit time, of which a day takes some minutes: one visit of an hour is one message.
SECTIONS = """[alarms]
page = "http://localhost:{web_port}"
heartbeat_s = 21600
heartbeat_to = ["owner"]

[alarm.people]
to = ["owner"]
labels = ["person"]
priority = "high"
bundle_s = 3600
acknowledge_s = 7200

[alarm.faults]
on = "fault"
to = ["owner"]
bundle_s = 3600

[alarm.sleep]
on = "asleep"
to = ["owner"]

[alarm.back]
on = "awake"
to = ["owner"]
priority = "low"

[alarm.battery]
on = "battery"
to = ["owner"]
priority = "high"

[recipient.owner]
channels = ["mail"]
next = "neighbour"

[recipient.neighbour]
channels = ["neighbours-mail"]
quiet = "22:00-06:00"

[channel.mail]
address_file = "{directory}/address-owner"
allow_local = true

[channel.neighbours-mail]
address_file = "{directory}/address-neighbour"
allow_local = true

"""
ADDRESS = "mailto://127.0.0.1:{port}?from=unit@demo.example&to={who}@demo.example&mode=insecure\n"


@dataclass(frozen=True, slots=True)
class AlarmDemo:
    """Sections of the settings, and the mailbox: its process and its page."""

    sections: str
    command: list[str]
    page_port: int


def make_demo(directory: Path, web_port: int, *, smtp_port: int, page_port: int) -> AlarmDemo:
    """Write the addresses; a file of them is for its owner alone."""
    for who in ("owner", "neighbour"):
        path = directory / f"address-{who}"
        path.touch(mode=0o600)
        path.write_text(ADDRESS.format(port=smtp_port, who=who))
    words = ["-m", "provisioning.mailbox", "--smtp", str(smtp_port), "--page", str(page_port)]
    return AlarmDemo(
        SECTIONS.format(directory=directory, web_port=web_port),
        [sys.executable, *words, "--dir", str(directory / MAILBOX)],
        page_port,
    )
