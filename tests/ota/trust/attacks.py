"""Every attack of TUF's and Uptane's lists, as a change to a world in which `new` is assigned.

An attack may replace what a mirror serves, sign with stolen keys, turn the clock, or cut the power.
Each gives the reason code with which it must be refused.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from tuf.api.metadata import MetaFile, TargetFile

from tests.ota.trust.world import OWN, World
from tests.stand_ins.tuf_repositories import (
    TufFleet,
    make_manifest,
    make_signers,
)

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


# --- arbitrary software: wrong bytes, wrong signatures, stolen keys below each threshold ---------


@attack("manifest-differs")
def arbitrary_software(world: World) -> None:
    path = find_manifest(world)
    data = world.fleet.tree[path]
    world.fleet.tree[path] = data.replace(b'"energy_wh": 5.0', b'"energy_wh": 1.0')


@attack("manifest-not-whole")
def extraneous_dependencies(world: World) -> None:
    path = find_manifest(world)
    layer = {"kind": "app", "name": "", "version": "6", "sha256": "a" * 64, "size_bytes": 1}
    world.fleet.tree[path] = make_manifest("new", 3, layers=[{**layer, "payloads": []}])


@attack("manifest-differs")
def wrong_software(world: World) -> None:
    world.fleet.tree[find_manifest(world)] = world.fleet.tree[find_manifest(world, "old")]


@attack("manifest-not-whole")
def a_manifest_that_ends_early_is_held_back(world: World) -> None:
    del world.fleet.tree[find_manifest(world)]


@attack("unsigned-timestamp")
def own_timestamp_key(world: World) -> None:
    world.fleet.image.steal("timestamp")
    sign_evil(world)
    world.fleet.image.publish(world.clock)


@attack("unsigned-snapshot")
def stolen_timestamp_key(world: World) -> None:
    world.fleet.image.steal("snapshot")
    sign_evil(world)
    world.fleet.image.publish(world.clock)


@attack("unsigned-targets")
def stolen_timestamp_and_snapshot_keys(world: World) -> None:
    world.fleet.image.steal("targets")
    sign_evil(world)
    world.fleet.image.publish(world.clock)


@attack("unsigned-targets")
def stolen_online_keys_and_one_offline_key(world: World) -> None:
    world.fleet.image.steal("targets", keep=1)
    sign_evil(world)
    world.fleet.image.publish(world.clock)


@attack("unsigned-targets")
def one_offline_key_signs_twice(world: World) -> None:
    image = world.fleet.image
    sign_evil(world)
    image.targets.version += 1
    image.signers["targets"] = [image.signers["targets"][0]] * 2
    image.put_targets()
    image.put_snapshot()
    image.put_timestamp()


@attack("unsigned-root")
def own_root(world: World) -> None:
    world.fleet.image.steal("root")
    world.fleet.image.rotate("root", "targets", "snapshot", "timestamp")


@attack("unsigned-root")
def one_stolen_root_key(world: World) -> None:
    image = world.fleet.image
    true = image.signers["root"]
    image.steal("root", keep=1)
    image.trust_keys("targets")
    image.put_root([true[0], *make_signers(1)])


@attack("unsigned-root")
def a_new_root_that_the_old_one_did_not_sign(world: World) -> None:
    image = world.fleet.image
    image.signers["root"] = make_signers(3)
    image.trust_keys("root")
    image.put_root()


@attack("unsigned-root")
def a_new_root_that_it_did_not_sign_itself(world: World) -> None:
    image = world.fleet.image
    old, image.signers["root"] = image.signers["root"], make_signers(3)
    image.trust_keys("root")
    image.put_root(old)


@attack("unsigned-delegated")
def a_bin_of_the_director_by_another_key(world: World) -> None:
    world.fleet.director.steal("bin")
    world.fleet.assign(OWN, "old")
    world.fleet.director.publish(world.clock)


@attack("refused-timestamp")
def another_roles_file_as_timestamp(world: World) -> None:
    tree = world.fleet.tree
    tree["image/metadata/timestamp.json"] = tree["image/metadata/1.targets.json"]


@attack("unsigned-timestamp")
def the_directors_timestamp_as_the_images(world: World) -> None:
    tree = world.fleet.tree
    tree["image/metadata/timestamp.json"] = tree["director/metadata/timestamp.json"]


@attack("unreadable-timestamp")
def no_json(world: World) -> None:
    world.fleet.tree["director/metadata/timestamp.json"] = b"<html>Log in to the network</html>"


@attack("unreadable-timestamp")
def json_that_is_nested_without_end(world: World) -> None:
    world.fleet.tree["director/metadata/timestamp.json"] = b"[" * 16_000


@attack("unreadable-root")
def a_root_of_zeros(world: World) -> None:
    world.fleet.tree["image/metadata/2.root.json"] = bytes(4096)


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


# --- mix and match -------------------------------------------------------------------------------


@attack("mixed-snapshot")
def snapshot_of_another_day(world: World) -> None:
    tree = world.fleet.tree
    version = world.fleet.image.snapshot.version
    tree[f"image/metadata/{version}.snapshot.json"] = tree["image/metadata/1.snapshot.json"]


@attack("mixed-snapshot")
def snapshot_of_another_day_without_hashes(world: World) -> None:
    image = world.fleet.image
    image.timestamp.snapshot_meta = MetaFile(image.snapshot.version + 1)
    image.put_timestamp()
    tree, version = world.fleet.tree, image.snapshot.version
    old = tree[f"image/metadata/{version}.snapshot.json"]
    tree[f"image/metadata/{version + 1}.snapshot.json"] = old


@attack("mixed-targets")
def targets_of_another_day(world: World) -> None:
    tree = world.fleet.tree
    version = world.fleet.director.targets.version
    tree[f"director/metadata/{version}.targets.json"] = tree["director/metadata/1.targets.json"]


@attack("endless-delegated")  # the old file has one byte more than was signed
def bins_of_another_day(world: World) -> None:
    tree, director = world.fleet.tree, world.fleet.director
    for name, role in director.bins.items():
        if role.version > 1:
            first = min(p for p in tree if p.endswith(f".{name}.json") and p.startswith("director"))
            path = f"director/metadata/{role.version}.{name}.json"
            if path != first:
                tree[path] = tree[first]


@attack("refused-snapshot")
def stolen_online_keys_hide_a_role(world: World) -> None:
    director = world.fleet.director
    world.ask()
    director.snapshot.meta.pop("bin-0.json")
    director.put_snapshot()
    director.put_timestamp()


# --- incomplete trees ----------------------------------------------------------------------------


def remove(world: World, end: str, start: str = "") -> None:
    for path in [p for p in world.fleet.tree if p.endswith(end) and p.startswith(start)]:
        del world.fleet.tree[path]


@attack("missing-timestamp")
def no_timestamp(world: World) -> None:
    remove(world, "timestamp.json")


@attack("missing-snapshot")
def no_snapshot(world: World) -> None:
    remove(world, ".snapshot.json")


@attack("missing-targets")
def no_targets(world: World) -> None:
    remove(world, ".targets.json")


@attack("missing-delegated")
def no_bins(world: World) -> None:
    for name in world.fleet.director.bins:
        remove(world, f".{name}.json")


@attack("missing-timestamp")
def uptane_image_repository_alone(world: World) -> None:
    remove(world, ".json", "director/metadata/")


@attack("missing-timestamp")
def uptane_director_alone(world: World) -> None:
    remove(world, ".json", "image/metadata/")


@attack("missing-snapshot")
def uptane_partial_bundle(world: World) -> None:
    world.fleet.image.publish(world.clock)
    remove(world, ".snapshot.json", "image/")


# --- director and image repository ---------------------------------------------------------------


@attack("release-unknown")
def stolen_director_key_and_a_release_of_its_own(world: World) -> None:
    world.fleet.put_manifest("evil", EVIL)
    world.fleet.assign(OWN, "evil", data=EVIL)
    world.fleet.director.publish(world.clock)


@attack("release-differs")
def stolen_director_key_and_other_bytes(world: World) -> None:
    world.fleet.put_manifest("new", EVIL)
    world.fleet.assign(OWN, "new", data=EVIL)
    world.fleet.director.publish(world.clock)


@attack("release-differs")
def stolen_image_keys_without_the_director(world: World) -> None:
    sign_evil(world)
    world.fleet.image.publish(world.clock)


@attack("release-differs")
def uptane_mixed_release(world: World) -> None:
    """The name of one release with the bytes of another genuine one."""
    world.fleet.assign(OWN, "new", data=world.fleet.tree[find_manifest(world, "old")])
    world.fleet.director.publish(world.clock)


@attack("assignment-invalid")
def stolen_director_key_and_a_name_that_leaves_its_directory(world: World) -> None:
    world.fleet.assign(OWN, "../../director/x", data=EVIL)
    world.fleet.director.publish(world.clock)


@attack("assignment-invalid")
def stolen_director_key_and_an_entry_without_its_fields(world: World) -> None:
    world.fleet.director.add_target(TargetFile(1, {"sha256": "a" * 64}, OWN, {"custom": [1]}))
    world.fleet.director.publish(world.clock)


@attack("wrong-machine")
def stolen_director_key_and_a_release_of_another_machine(world: World) -> None:
    world.fleet.release("jetson", 9, machines=["jetson-orin"])
    world.fleet.assign(OWN, "jetson")
    world.fleet.publish(world.clock)


@attack("wrong-release")
def a_manifest_signed_under_another_releases_name(world: World) -> None:
    data = make_manifest("good", 9)
    world.fleet.put_manifest("mask", data)
    path = "releases/mask/manifest.json"
    world.fleet.image.add_target(TargetFile.from_data(path, data, ["sha256"]))
    world.fleet.assign(OWN, "mask")
    world.fleet.publish(world.clock)


@attack("manifest-invalid")
def a_signed_manifest_that_is_none(world: World) -> None:
    data = b'{"format": 1}'
    world.fleet.put_manifest("torn", data)
    path = "releases/torn/manifest.json"
    world.fleet.image.add_target(TargetFile.from_data(path, data, ["sha256"]))
    world.fleet.assign(OWN, "torn")
    world.fleet.publish(world.clock)


@attack("manifest-too-large")
def a_signed_manifest_of_gigabytes(world: World) -> None:
    path = "releases/huge/manifest.json"
    target = TargetFile(2**34, {"sha256": "a" * 64}, path)
    world.fleet.image.add_target(target)
    world.fleet.assign(OWN, "huge")
    world.fleet.publish(world.clock)


@attack("release-differs")
def hashes_that_are_weak(world: World) -> None:
    path, data = "releases/weak/manifest.json", make_manifest("weak", 9)
    weak = TargetFile(len(data), {"md5": hashlib.md5(data).hexdigest()}, path)
    world.fleet.image.add_target(weak)
    world.fleet.assign(OWN, "weak")
    world.fleet.publish(world.clock)


@attack("assignment-invalid")
def stolen_director_key_and_a_time_beyond_all_calendars(world: World) -> None:
    world.fleet.assign(OWN, "new", until="9999-12-31T23:59:59-12:00")
    world.fleet.director.publish(world.clock)


@attack("manifest-invalid")
def a_signed_manifest_built_at_the_end_of_time(world: World) -> None:
    world.fleet.release("late", 9, issued="9999-12-31T23:59:59-12:00")
    world.fleet.assign(OWN, "late")
    world.fleet.publish(world.clock)


@attack("nothing")
def the_entry_of_another_unit(world: World) -> None:
    """The director's answer to `u2`: its path is part of what is signed, so it is not for `u1`."""
    director = world.fleet.director
    for role in director.bins.values():
        role.targets.pop(OWN, None)
    world.fleet.assign("units/u2", "new")
    director.publish(world.clock)


@attack("offline-timestamp")
def a_sticks_tree_on_a_server(world: World) -> None:
    for repository in (world.fleet.image, world.fleet.director):
        repository.put_timestamp(offline=True)


@attack("unsigned-root")
def another_fleets_tree(world: World) -> None:
    other = TufFleet(world.clock)
    other.release("new", 3)
    other.assign(OWN, "new")
    other.publish(world.clock)
    for repository in (other.image, other.director):
        repository.put_root()
    serve(world, other.tree)
