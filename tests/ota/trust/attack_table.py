"""The table of attacks: each is a change to a world in which `new` is assigned, and its reason.

An attack may replace what a mirror serves, sign with stolen keys, turn the clock, or cut the power.
"""

from collections.abc import Callable

from tuf.api.metadata import TargetFile

from tests.ota.trust.world import World
from tests.stand_ins.tuf_repositories import make_manifest

Attack = Callable[[World], None]
ATTACKS: dict[str, tuple[Attack, str]] = {}
LIVE: dict[str, tuple[Attack, str]] = {}  # those that only a mirror with a program behind can do
EVIL = make_manifest("new", 99, notes="evil")


def attack(code: str, *, live: bool = False) -> Callable[[Attack], Attack]:
    def enter(function: Attack) -> Attack:
        (LIVE if live else ATTACKS)[function.__name__.replace("_", " ")] = (function, code)
        return function

    return enter


def find_manifest(world: World, name: str = "new") -> str:
    start = f"image/targets/releases/{name}/"
    return next(path for path in world.fleet.tree if path.startswith(start))


def sign_evil(world: World) -> None:
    """The image's targets name the thief's manifest."""
    world.fleet.put_manifest("new", EVIL)
    path = "releases/new/manifest.json"
    world.fleet.image.targets.targets[path] = TargetFile.from_data(path, EVIL, ["sha256"])


def keep(world: World) -> dict[str, bytes]:
    return dict(world.fleet.tree)


def serve(world: World, tree: dict[str, bytes]) -> None:
    world.fleet.tree.clear()
    world.fleet.tree.update(tree)
