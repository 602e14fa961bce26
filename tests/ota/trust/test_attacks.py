"""Every attack, over every kind of mirror: none is accepted, each is refused with its reason."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ota.mirrors.directory import DirectoryMirror
from ota.mirrors.web import WebMirror
from tests.ota.trust import attacks_by_keys, attacks_by_mixing, attacks_by_time
from tests.ota.trust.attack_table import ATTACKS, LIVE
from tests.ota.trust.world import World
from tests.stand_ins.tuf_repositories import MemoryMirror, TufRepository, write_tree

EVERY = ATTACKS | LIVE
TABLES = (attacks_by_keys, attacks_by_mixing, attacks_by_time)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@contextmanager
def serve(directory: Path) -> Iterator[str]:
    """A real web server over a directory."""
    handler = partial(QuietHandler, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("name", EVERY)
def test_an_attack_is_refused_with_its_reason(name: str) -> None:
    attack, code = EVERY[name]
    world = World()
    attack(world)
    assert world.refuse() == code


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused_from_a_stick_and_from_a_web_server(name: str, tmp_path: Path) -> None:
    attack, code = ATTACKS[name]
    world = World()
    attack(world)
    write_tree(world.fleet.tree, tmp_path)
    state = world.files.copy()
    assert world.refuse(mirrors=[DirectoryMirror(f"file://{tmp_path}")]) == code
    world.files = state
    with serve(tmp_path) as address:
        assert world.refuse(mirrors=[WebMirror(address)]) == code


def test_the_honest_tree_is_taken_from_both(tmp_path: Path) -> None:
    world = World()
    write_tree(world.fleet.tree, tmp_path)
    assert world.refuse(mirrors=[DirectoryMirror(f"file://{tmp_path}")]) == "accepted new"
    with serve(tmp_path) as address:
        assert world.refuse(mirrors=[WebMirror(address)]) == "accepted new"


@pytest.mark.parametrize("name", EVERY)
def test_a_malicious_mirror_does_not_keep_the_unit_from_an_honest_one(name: str) -> None:
    """What the thief signed with stolen keys may hold; `new` or nothing is what comes of it."""
    attack, _ = EVERY[name]
    world = World()
    honest = MemoryMirror("honest", dict(world.fleet.tree))
    attack(world)
    assert world.refuse(mirrors=[world.mirror, honest]) != "accepted evil"


@pytest.mark.parametrize("name", EVERY)
def test_an_attack_without_keys_leaves_nothing_behind(name: str) -> None:
    """The honest tree is back: it is taken at once, but where a thief signed, or time went on."""
    attack, _ = EVERY[name]
    world = World()
    honest, clock, versions = dict(world.fleet.tree), world.clock, list_versions(world)
    attack(world)
    world.refuse()
    world.mirror.overrides.clear()
    code = world.refuse(mirrors=[MemoryMirror("honest", honest)])
    if (world.clock, list_versions(world)) == (clock, versions):
        assert code in ("accepted new", "expired-timestamp"), code
    assert code == "accepted new" or code.split("-")[0] in ("expired", "rollback"), code


def list_versions(world: World) -> list[int]:
    fleet = world.fleet
    return [one.timestamp.version for one in (fleet.image, fleet.director)]


def test_a_fast_forward_is_recovered_from_by_new_online_keys() -> None:
    world = World()
    for repository in (world.fleet.image, world.fleet.director):
        repository.timestamp.version = repository.snapshot.version = 2**31
        repository.targets.version = 2**31
        repository.publish(world.clock)
    world.ask()
    for repository in (world.fleet.image, world.fleet.director):
        repository.timestamp.version = repository.snapshot.version = 100
        repository.targets.version = 100
        repository.publish(world.clock)
    assert world.refuse() == "rollback-timestamp"
    for repository in (world.fleet.image, world.fleet.director):
        repository.rotate("timestamp", "snapshot")
        repository.publish(world.clock)
    assert world.refuse() == "accepted new"


@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_new_keys_of_either_online_role_recover(role: str) -> None:
    world = World()
    image = world.fleet.image
    image.timestamp.version = image.snapshot.version = image.targets.version = 2**31
    image.publish(world.clock)
    world.ask()
    image.timestamp.version = image.snapshot.version = image.targets.version = 100
    image.rotate(role)
    image.publish(world.clock)
    assert world.refuse() == "accepted new"


@pytest.mark.parametrize("name", ["director", "image"])
def test_a_stolen_clock_is_recovered_from_by_new_online_keys(name: str) -> None:
    """The thief signs the latest time that passes: the end of the root itself."""
    world = World()
    stolen: TufRepository = getattr(world.fleet, name)
    ahead = stolen.root.expires
    stolen.timestamp.expires = ahead
    stolen.timestamp.version += 1
    stolen.timestamp.unrecognized_fields["issued"] = ahead.isoformat()
    stolen.put("timestamp.json", stolen.sign("timestamp", stolen.timestamp))
    world.refuse()
    assert world.refuse().startswith("expired-")
    stolen.root.expires = ahead.replace(year=ahead.year + 1)
    stolen.rotate("timestamp", "snapshot")
    stolen.publish(world.clock)
    codes = [world.refuse() for _ in range(2)]  # the director's answer comes before the image's
    assert codes[-1] == "accepted new"


@pytest.mark.parametrize("name", ["director", "image"])
@pytest.mark.parametrize("version", [2**53 + 1, 10**30])
def test_a_version_that_no_floor_can_hold_does_not_lose_the_floors(name: str, version: int) -> None:
    world = World()
    stolen: TufRepository = getattr(world.fleet, name)
    stolen.timestamp.version = version
    stolen.put("timestamp.json", stolen.sign("timestamp", stolen.timestamp))
    assert world.refuse() == "boundless-timestamp"
    stolen.timestamp.version = 100
    stolen.put_timestamp()
    assert world.refuse() == "accepted new"


def test_keys_that_are_exchanged_in_order_are_followed_over_many_roots() -> None:
    world = World()
    image = world.fleet.image
    for _ in range(5):
        old = image.signers["root"]
        image.signers["root"] = [*old[1:], *type(image)("x", {}, world.clock).signers["root"][:1]]
        image.trust_keys("root")
        image.put_root([*old, image.signers["root"][-1]])
    world.fleet.publish(world.clock)
    assert world.refuse() == "accepted new"


def test_endless_data_with_a_megabyte_of_disk_free_is_refused_as_endless() -> None:
    for name, (attack, code) in LIVE.items():
        world = World()
        world.files.capacity_bytes = world.files.measure_all() + 1_000_000
        attack(world)
        assert world.refuse() == code, name


def test_the_table_counts(record_property: Callable[[str, object], None]) -> None:
    assert all(table.__doc__ for table in TABLES)
    results = {}
    for name, (attack, _) in EVERY.items():
        world = World()
        attack(world)
        results[name] = world.refuse()
    accepted = [name for name, code in results.items() if code.startswith("accepted")]
    record_property("attacks", len(results))
    record_property("accepted", len(accepted))
    assert len(results) >= 60
    assert accepted == []
