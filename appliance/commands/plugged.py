"""What other packages plug in as commands, or as actions of one: loaded, and tried out.

    load_plugin(plugin).run(arguments)

Reads: modules of other packages. Writes: nothing.
Never: lets a broken one take the others along: it is replaced by one that says so.
"""

import argparse
from importlib.metadata import EntryPoint
from typing import NoReturn, Protocol, runtime_checkable

from appliance.errors import ApplianceError


@runtime_checkable
class Command(Protocol):
    """What a command's module has."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what may stand after the command."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code."""


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
