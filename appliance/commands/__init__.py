"""The commands of `unitctl`, one file each: HELP, `add_arguments(parser)`, `run(arguments)`.

Reads: as each command states. Writes: standard output; `export` and `backup` a file;
`backup --restore` the database; `events erase` deletes; `cameras pause|mute|off|resume` and
`alarms test|ack` order; `access` who may act on the page.
Never: a command that changes what the unit does, but for `models use`, which chooses the model,
those holds, which only take from a camera, and what is sent of alarms; orders go to PID 1
(`systemctl`). Never lets a broken plug-in take the others along.

A package above this floor adds commands without being imported from here: it names a module as an
entry point in the group `appliance.commands` (docs/decisions/0008).
"""

from collections.abc import Iterable
from importlib.metadata import EntryPoint

from appliance.commands import (
    access,
    alarms,
    backup,
    cameras,
    certificate,
    completion,
    doctor,
    events,
    export,
    faults,
    settings,
    status,
)
from appliance.commands.plugged import Command, load_plugin
from appliance.process.plugins import list_plugins

GROUP = "appliance.commands"


COMMANDS: dict[str, Command] = {
    "status": status,
    "events": events,
    "faults": faults,
    "cameras": cameras,
    "alarms": alarms,
    "doctor": doctor,
    "access": access,
    "certificate": certificate,
    "export": export,
    "backup": backup,
    "settings": settings,
    "completion": completion,
}


def list_commands(found: Iterable[EntryPoint] | None = None) -> dict[str, Command]:
    """All commands by name: our own, and those that other packages plug in."""
    found = list_plugins(GROUP) if found is None else found
    added = {one.name: load_plugin(one) for one in found if one.name not in COMMANDS}
    return {**COMMANDS, **added}
