"""What the states of an update act through: passed in, never patched.

Reads and writes: nothing; trust/, payload/, layers/, slots/, health/ and checkin/ stand behind.
Never: holds a rule.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from appliance.model import Stamp
from ota.machine.gate import GateFacts
from ota.manifest import Layer, ReleaseManifest
from ota.offer import Offer
from ota.slots.slots import Slots


class FetchPlan(Protocol):
    """What is to be fetched. `disk_bytes`: what must be free for it."""

    @property
    def missing_bytes(self) -> int: ...

    @property
    def disk_bytes(self) -> int: ...


class Trust(Protocol):
    """ota/trust/client.py. `passed_over`: why not the answer of the first mirror, or stick.

    `paused`: why what is assigned is not taken now. Both are "" where there is nothing to tell.
    """

    @property
    def passed_over(self) -> str: ...

    @property
    def paused(self) -> str: ...

    def ask(self, *, technician: bool = False) -> Offer | None: ...

    def commit(self, manifest: ReleaseManifest) -> None: ...


class Payloads(Protocol):
    """ota/payload: brings content here."""

    def plan(self, manifest: ReleaseManifest) -> FetchPlan: ...

    def fetch(
        self, layer: Layer, *, may_go_on: Callable[[], bool], progress: Callable[[int], None]
    ) -> None: ...

    def verify(self, layer: Layer) -> bool: ...

    def discard(self, layer: Layer) -> None: ...

    def find(self, layer: Layer) -> Path: ...


class OnTrial(Protocol):
    """The pointers of one layer."""

    @property
    def on_trial(self) -> bool: ...


class TreeLayers(Protocol):
    """ota/layers: app, models and settings."""

    def start_trial(self, manifest: ReleaseManifest) -> None: ...

    def examine(self) -> Sequence[OnTrial]: ...

    def commit(self) -> None: ...

    def roll_back(self) -> None: ...

    def collect_garbage(self, keep: Iterable[str]) -> Sequence[str]: ...


class Health(Protocol):
    """ota/health: what works now; and what of it works no more.

    `judge` returns "" where all that worked at `baseline` works since `began`, else what does not.
    """

    def measure(self) -> Mapping[str, Any]: ...

    def judge(self, baseline: Mapping[str, Any], began: Stamp) -> str: ...


class Unit(Protocol):
    """The unit around the update: its clock, its rows, PID 1."""

    def stamp(self) -> Stamp: ...

    def age_s(self, stamp: Stamp) -> float | None: ...

    def read_facts(self) -> GateFacts: ...

    def find_refusal(self, manifest: ReleaseManifest) -> str:
        """Why this release cannot run here (database too new, settings refused); "" if it can."""

    def lost_power(self) -> bool:
        """Whether the last boot ended for want of energy, and not by an order."""

    def has_carrier(self) -> bool:
        """Whether a network is there at all, so that a mirror could answer."""

    def restart_services(self) -> None: ...

    def reboot(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them, for one engine."""

    trust: Trust
    payloads: Payloads
    layers: TreeLayers
    slots: Slots
    health: Health
    unit: Unit
    may_go_on: Callable[[], bool]
