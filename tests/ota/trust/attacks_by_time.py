"""Old trees, frozen trees, run-up versions, wrong clocks, data without end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tuf.api.metadata import MetaFile

from tests.ota.trust.attack_table import attack, find_manifest, keep, serve
from tests.ota.trust.world import OWN, World

# --- rollback of each role -----------------------------------------------------------------------


@attack("rollback-timestamp")
def replay_of_the_whole_tree(world: World) -> None:
    old = keep(world)
    world.fleet.publish(world.clock)
    world.ask()
    serve(world, old)


@attack("rollback-timestamp")
def stolen_timestamp_key_and_an_old_snapshot(world: World) -> None:
    director = world.fleet.director
    before = director.timestamp.snapshot_meta
    director.publish(world.clock)
    world.ask()
    director.timestamp.snapshot_meta = before
    director.put_timestamp()


@attack("rollback-snapshot")
def stolen_online_keys_and_old_targets(world: World) -> None:
    image = world.fleet.image
    image.publish(world.clock)
    world.ask()
    data = world.fleet.tree["image/metadata/1.targets.json"]
    image.snapshot.meta["targets.json"] = MetaFile.from_data(1, data, ["sha256"])
    image.put_snapshot()
    image.put_timestamp()


@attack("mixed-root")
def an_old_root_under_a_new_name(world: World) -> None:
    tree = world.fleet.tree
    tree["image/metadata/2.root.json"] = tree["image/metadata/1.root.json"]


@attack("mixed-root")
def a_root_that_skips_a_version(world: World) -> None:
    image = world.fleet.image
    image.root.version += 1
    image.put_root()
    world.fleet.tree["image/metadata/2.root.json"] = world.fleet.tree["image/metadata/3.root.json"]


def lose_metadata(world: World) -> dict[str, bytes]:
    """The unit has seen a newer tree, whose metadata then were lost; the older tree is returned."""
    old = keep(world)
    for repository in (world.fleet.image, world.fleet.director):
        repository.put_root()
    world.fleet.publish(world.clock)
    world.ask()
    store = world.make_client().store
    blobs = [store.blobs / name for name in world.files.list_names(store.blobs)]
    for path in (*store.generations.paths, *blobs):
        world.files.remove(path)
    return old


@attack("rollback-root")
def replay_after_a_power_cut_took_all_metadata(world: World) -> None:
    serve(world, lose_metadata(world))


@attack("rollback-snapshot")
def replay_of_all_but_the_root_after_a_power_cut(world: World) -> None:
    old = lose_metadata(world)
    roots = {path: data for path, data in world.fleet.tree.items() if "root.json" in path}
    serve(world, {**old, **roots})


@attack("rollback-timestamp")
def replay_of_the_timestamp_after_a_power_cut(world: World) -> None:
    world.ask()
    old = keep(world)
    world.fleet.renew(world.clock)
    world.ask()
    store = world.make_client().store
    for name in world.files.list_names(store.blobs):
        world.files.remove(store.blobs / name)
    serve(world, old)


@attack("below-ratchet")
def stolen_director_key_and_an_old_release(world: World) -> None:
    world.fleet.assign(OWN, "old")
    world.fleet.director.publish(world.clock)


# --- fast-forward --------------------------------------------------------------------------------


@attack("unsigned-timestamp")
def versions_run_up_without_the_key(world: World) -> None:
    image = world.fleet.image
    image.steal("timestamp")
    image.timestamp.version = 2**31
    image.put_timestamp()


@attack("issued-timestamp")
def stolen_timestamp_key_sets_the_clock_decades_ahead(world: World) -> None:
    world.fleet.director.put_timestamp(issued=datetime(2090, 1, 1, tzinfo=UTC).isoformat())


@attack("issued-timestamp")
def stolen_timestamp_key_signs_a_time_that_is_none(world: World) -> None:
    world.fleet.director.put_timestamp(issued="tomorrow")


# --- indefinite freeze ---------------------------------------------------------------------------


@attack("expired-timestamp")
def freeze(world: World) -> None:
    world.ask()
    world.pass_time(days=8)


@attack("expired-timestamp")
def freeze_and_the_clock_at_1970(world: World) -> None:
    """The floor is what was confirmed, and a clock that runs behind does not bring it back."""
    world.make_client().confirm_clock(world.clock + timedelta(days=8))
    world.clock = datetime(1970, 1, 1, tzinfo=UTC)


@attack("expired-root")
def the_clock_ten_years_ahead(world: World) -> None:
    world.pass_time(days=3650)


@attack("expired-snapshot")
def stolen_timestamp_key_and_a_frozen_snapshot(world: World) -> None:
    world.pass_time(days=40)
    world.fleet.renew(world.clock)


@attack("expired-targets")
def stolen_online_keys_and_frozen_targets(world: World) -> None:
    image = world.fleet.image
    image.targets.expires = world.clock + timedelta(days=1)
    image.publish(world.clock)
    world.pass_time(days=2)


@attack("expired-delegated")
def frozen_bins_of_the_director(world: World) -> None:
    director = world.fleet.director
    for role in director.bins.values():
        role.version, role.expires = role.version + 1, world.clock + timedelta(days=1)
    director.publish(world.clock)
    world.pass_time(days=2)


# --- endless and slow ----------------------------------------------------------------------------


def pour(world: World, path: str, part: bytes = b" " * 65_536) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield part

    world.mirror.overrides[path] = endless


@attack("endless-timestamp", live=True)
def endless_timestamp(world: World) -> None:
    pour(world, "director/metadata/timestamp.json")


@attack("endless-root", live=True)
def endless_root(world: World) -> None:
    pour(world, "image/metadata/2.root.json")


@attack("endless-snapshot", live=True)
def endless_snapshot(world: World) -> None:
    pour(world, f"image/metadata/{world.fleet.image.snapshot.version}.snapshot.json")


@attack("endless-targets", live=True)
def endless_targets(world: World) -> None:
    pour(world, f"director/metadata/{world.fleet.director.targets.version}.targets.json")


@attack("manifest-not-whole", live=True)
def endless_manifest(world: World) -> None:
    pour(world, find_manifest(world))


@attack("endless-timestamp")
def a_timestamp_of_a_megabyte(world: World) -> None:
    path = "director/metadata/timestamp.json"
    world.fleet.tree[path] = world.fleet.tree[path].ljust(2**20)


@attack("slow-timestamp", live=True)
def a_byte_every_ten_seconds(world: World) -> None:
    data = world.fleet.tree["image/metadata/timestamp.json"]

    def drip() -> Iterator[bytes]:
        for byte in data:
            world.seconds += 10
            yield bytes([byte])

    world.mirror.overrides["image/metadata/timestamp.json"] = drip
