"""Arbitrary software: wrong bytes, wrong signatures, stolen keys below each threshold."""

from tuf.api.metadata import Delegations, SuccinctRoles, Targets

from tests.ota.trust.attack_table import attack, find_manifest, sign_evil
from tests.ota.trust.world import OWN, World
from tests.stand_ins.tuf_repositories import OFFLINE, make_manifest, make_signers

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


@attack("below-ratchet")
def a_stolen_director_key_that_permits_a_step_back(world: World) -> None:
    world.fleet.assign(OWN, "old", allow_downgrade=True)
    world.fleet.director.publish(world.clock)


@attack("boundless-timestamp")
def a_stolen_timestamp_key_that_signs_a_version_beyond_what_the_floors_hold(world: World) -> None:
    world.fleet.image.timestamp.version = 2**60
    world.fleet.image.put_timestamp()


@attack("boundless-delegated")
def a_stolen_director_key_that_signs_a_version_beyond_what_the_floors_hold(world: World) -> None:
    director = world.fleet.director
    for role in director.bins.values():
        role.version = 10**30
    world.fleet.assign(OWN, "new")
    director.publish(world.clock)


@attack("boundless-delegated")
def a_stolen_director_key_that_delegates_to_names_beyond_what_the_floors_hold(world: World) -> None:
    director = world.fleet.director
    key = director.signers["bin"][0].public_key
    names = SuccinctRoles([key.keyid], 1, 1, "b" * 150)
    director.targets.delegations = Delegations({key.keyid: key}, succinct_roles=names)
    for name in names.get_roles():
        director.bins[name] = Targets(expires=world.clock + OFFLINE)
    world.fleet.assign(OWN, "new")
    director.publish(world.clock)
