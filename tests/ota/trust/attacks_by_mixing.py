"""Files that do not belong together, incomplete trees, repositories that disagree."""

import hashlib

from tuf.api.metadata import MetaFile, TargetFile

from tests.ota.trust.attack_table import EVIL, attack, find_manifest, serve, sign_evil
from tests.ota.trust.world import OWN, World
from tests.stand_ins.tuf_repositories import TufFleet, make_manifest

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
