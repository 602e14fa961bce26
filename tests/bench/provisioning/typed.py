"""A technician who presses Enter as long as that is taken, before a simulated unit that is new.

Reads: the questions of all steps, as a terminal gets them. Writes: a run directory of a simulated
unit. Never: types what the unit proposes.
"""

import secrets
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from provisioning.commissioning.engine import Engine
from provisioning.commissioning.steps import STEPS
from provisioning.commissioning.terminal import Terminal, take_asking
from provisioning.commissioning.unit import Unit
from provisioning.commissioning_demo import BEGIN, DAY_S, NEW, fit, wait_for_silence
from provisioning.free_ports import find_free_port
from provisioning.laptop import Laptop, RunRequest

# By the beginning of the question; what is not here is typed as ANYTHING.
TYPED = {
    "Name of this site": "Hut 12",
    "Latitude": "44.43",
    "Longitude": "26.10",
    "Nominal power": "240",
    "Tilt": "35",
    "What is the battery made of": "lfp",
    "Nominal voltage": "12.8",
    "Rated energy": "384",
    "Name of the technician": "ada",
}
ANYTHING = "nobody"
PIN = "836105"


@dataclass
class Technician:
    """`asked`: questions; `accepted`: of these by Enter, or left out; `typed`: the others, by their
    text; `confirmed`: what was doubted and is so.
    """

    accepted: int = 0
    typed: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _entered: str = ""

    @property
    def asked(self) -> int:
        return self.accepted + len(self.typed) + len(self.confirmed)

    def read(self, prompt: str) -> str:
        """Enter; and where the same is asked again, the answer."""
        if prompt.endswith("(yes, no) "):
            self.confirmed.append(prompt)
            return "yes"
        if prompt != self._entered:
            self._entered = prompt
            self.accepted += 1
            return ""
        self._entered = ""
        self.accepted -= 1
        self.typed.append(prompt.rstrip(": "))
        found = (text for begin, text in TYPED.items() if prompt.startswith(begin))
        return next(found, ANYTHING)

    def read_secret(self, text: str) -> str:
        """A secret has no proposal."""
        self.typed.append(text)
        return PIN if text.startswith("PIN") else secrets.token_urlsafe(12)


@dataclass(frozen=True, slots=True)
class TypedWalk:
    """`wall_s`: of the walk, with a technician who thinks no time. `open_steps`: what is left."""

    technician: Technician
    wall_s: float
    steps: int
    open_steps: tuple[str, ...]


def walk_typing() -> TypedWalk:
    """One walk of the unit of `make provision-demo`."""
    with tempfile.TemporaryDirectory(prefix="bench-provisioning-") as place:
        directory = Path(place) / "run"
        request = RunRequest(DAY_S, find_free_port(), directory, start=BEGIN, charge_pct=60.0)
        with Laptop(request) as laptop:
            unit = Unit(laptop.settings.path, laptop.settings.make_clock(), "bench")
            unit.change_settings(NEW, why="as the unit comes to its site")
            wait_for_silence(unit)
            return walk(unit, directory)


def walk(unit: Unit, directory: Path) -> TypedWalk:
    technician = Technician()
    terminal = Terminal(technician.read, technician.said.append, technician.read_secret)
    steps = tuple(fit(step, directory) for step in STEPS)
    began = time.monotonic()
    with Engine(unit, steps, {}) as engine:
        results = [take_asking(engine, step, terminal) for step in steps]
    return TypedWalk(
        technician,
        time.monotonic() - began,
        len(results),
        tuple(
            f"{one.step.name}: {one.outcome.reason}"
            for one in results
            if not one.outcome.status.is_settled
        ),
    )
