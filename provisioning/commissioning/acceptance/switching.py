"""Switches one load off and on for the test, and puts it back in every case.

    with switched(scene, "lamp") as load:
        load.set(runs=False)
    put_right(scene.unit)       # at the next run: what a kill has left

Reads: whether PID 1 has it running. Writes: orders to PID 1, as the power service gives them; a
file with what has to be restored, on the disk before the first order.
Never: leaves a load other than it was, or restores what a reboot has settled: PID 1 switches all
loads off at boot, and the power service decides then.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.parsing.small_file import read_kept_file
from appliance.store.durable_files import replace_file, sync_directory
from appliance.strict_json import InputError, parse_object
from power.act.load_states import SWITCH
from provisioning.commissioning.acceptance.scene import Scene
from provisioning.commissioning.unit import Unit

FILE = "switched-load.json"
MOST_BYTES = 4096
ACTIVE = ("active", "activating", "reloading")


@dataclass(frozen=True, slots=True)
class SwitchedLoad:
    """`name` as in the settings; `ran`: as it was found."""

    unit: Unit
    name: str
    ran: bool

    def set(self, *, runs: bool) -> None:
        """Order it. Raises `HostError`."""
        order(self.unit, self.name, runs=runs)


def is_running(scene: Scene, name: str) -> bool | None:
    """Whether PID 1 has it on; None where that is not known."""
    state = scene.show("ActiveState", f"{SWITCH}{name}").get("ActiveState")
    return None if not state else state in ACTIVE


@contextmanager
def switched(scene: Scene, name: str, *, ran: bool) -> Iterator[SwitchedLoad]:
    """The load, to be switched; afterwards it is as before. Raises `HostError`, `OSError`."""
    path = scene.unit.directory / FILE
    stamp = scene.unit.clock.stamp()
    text = json.dumps({"switch": name, "ran": ran, "boot_id": stamp.boot_id})
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text.encode())
    try:
        yield SwitchedLoad(scene.unit, name, ran)
    finally:
        restore(scene.unit, path, name, runs=ran)


def restore(unit: Unit, path: Path, name: str, *, runs: bool) -> None:
    """Order it, then forget it: in this order, so that a kill between both does no harm."""
    order(unit, name, runs=runs)
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def order(unit: Unit, name: str, *, runs: bool) -> None:
    """By PID 1. Raises `HostError`."""
    host = unit.host
    (host.start if runs else host.stop)(f"{SWITCH}{name}").wait()


def put_right(unit: Unit) -> str | None:
    """Restore what a kill has left switched; the name of the load, None where there is none. It is
    tried again at the next run where PID 1 refuses now (`HostError`).
    """
    path = unit.directory / FILE
    try:
        tree = parse_object(read_kept_file(path, MOST_BYTES), most_bytes=MOST_BYTES)
        name, ran, boot_id = str(tree["switch"]), tree["ran"] is True, tree["boot_id"]
    except FileNotFoundError:
        return None
    except (InputError, KeyError):
        path.unlink(missing_ok=True)  # damaged before the first order was given: it is durable
        return None
    if boot_id != unit.clock.stamp().boot_id or name not in unit.settings().switch:
        path.unlink(missing_ok=True)
        return None
    restore(unit, path, name, runs=ran)
    return name


def is_left(unit: Unit) -> bool:
    """Whether a kill has left something to be put right."""
    with suppress(OSError):
        return (unit.directory / FILE).exists()
    return False
