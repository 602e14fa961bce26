"""The commands of `unitctl`, one file each: HELP, `add_arguments(parser)`, `run(arguments)`.

Reads: what each command says. Writes: standard output; `export` and `backup` a file.
Never: a command that changes what the unit does; orders go to PID 1 (`systemctl`).
"""

from types import ModuleType

from appliance.commands import backup, doctor, events, export, faults, settings, status

COMMANDS: dict[str, ModuleType] = {
    "status": status,
    "events": events,
    "faults": faults,
    "doctor": doctor,
    "export": export,
    "backup": backup,
    "settings": settings,
}
