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

import argparse
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from typing import NoReturn, Protocol, runtime_checkable

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
from appliance.errors import ApplianceError
from appliance.process.plugins import list_plugins

GROUP = "appliance.commands"


@runtime_checkable
class Command(Protocol):
    """What a command's module has."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what may stand after the command."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code."""


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


class CommandError(ApplianceError):
    """A command cannot be used because its module cannot."""

    code = "command"


class BrokenCommand:
    """Stands where a plug-in cannot be used: it says why, and the other commands work."""

    def __init__(self, plugin: EntryPoint, error: Exception) -> None:
        self.HELP = f"cannot be used: {plugin.value} is damaged or missing"
        self._text = (
            f"the command {plugin.name!r} cannot be used: its module {plugin.value} does not load "
            f"({type(error).__name__}: {error}); install the unit's software again"
        )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)

    def run(self, arguments: argparse.Namespace) -> NoReturn:  # noqa: ARG002  (as every command)
        raise CommandError(self._text)


def list_commands(found: Iterable[EntryPoint] | None = None) -> dict[str, Command]:
    """All commands by name: our own, and those that other packages plug in."""
    found = list_plugins(GROUP) if found is None else found
    added = {one.name: load_plugin(one) for one in found if one.name not in COMMANDS}
    return {**COMMANDS, **added}


def load_plugin(plugin: EntryPoint) -> Command:
    """The module of a plug-in, tried out; `BrokenCommand` where it fails in any way."""
    try:
        module = plugin.load()
        if not isinstance(module, Command):
            raise TypeError("it lacks HELP, add_arguments or run")
        module.add_arguments(argparse.ArgumentParser())
    except Exception as error:  # noqa: BLE001  (others' code may fail in any way at its import)
        return BrokenCommand(plugin, error)
    return module
