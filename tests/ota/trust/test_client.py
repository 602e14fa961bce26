"""Asking the mirrors: what is offered, what is not and why, and what stays on the disk."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ota.errors import LinkError, SpaceError, TrustError
from ota.trust.assignment import Answer
from tests.ota.trust.world import NOW, OTA, OWN, UNIT, World
from tests.stand_ins.tuf_repositories import MemoryMirror


def test_the_assigned_release_is_offered_with_the_bytes_that_were_signed() -> None:
    world = World()
    offer = world.ask()
    assert offer is not None
    assert (offer.manifest.release, offer.source, offer.wave) == ("new", "web", "all")
    assert offer.manifest_sha256 in " ".join(world.fleet.tree)


def test_a_release_that_runs_is_not_offered_again() -> None:
    world = World()
    client = world.make_client()
    offer = client.ask()
    assert offer is not None
    client.commit(offer.manifest)
    assert client.ask() is None
    assert client.answer is not None
    assert client.answer.reason_code == "runs-already"


def test_an_idle_poll_fetches_two_timestamps_and_nothing_else() -> None:
    world = World()
    world.ask()
    world.fleet.renew(world.clock + timedelta(hours=1))
    world.mirror.asked.clear()
    client = world.make_client()
    client.ask()
    found = [path for path in world.mirror.asked if path in world.fleet.tree]
    assert found == ["director/metadata/timestamp.json", "image/metadata/timestamp.json"]
    assert client.received_bytes < 1500


def test_an_idle_poll_of_the_same_timestamps_writes_nothing() -> None:
    world = World()
    world.ask()
    world.files.calls.clear()
    world.ask()
    assert world.files.calls == []


def test_the_units_own_entry_wins_over_that_of_its_group() -> None:
    world = World()
    world.fleet.release("other", 9)
    world.fleet.assign(f"groups/{UNIT.group}", "other")
    world.fleet.publish(world.clock)
    assert world.refuse() == "accepted new"


def test_a_unit_without_an_entry_follows_its_group_and_without_both_nothing_is_assigned() -> None:
    world = World(starts=False)
    for role in world.fleet.director.bins.values():
        role.targets.pop(OWN, None)
    world.fleet.publish(NOW)
    client = world.make_client()
    assert client.ask() is None
    assert client.answer is not None
    assert client.answer.reason_code == "nothing-assigned"
    world.fleet.assign(f"groups/{UNIT.group}", "new")
    world.fleet.publish(NOW)
    assert world.refuse() == "accepted new"


@pytest.mark.parametrize(
    ("custom", "code"),
    [
        ({"from": timedelta(hours=1)}, "assigned-later"),
        ({"until": timedelta(0)}, "assignment-over"),
    ],
)
def test_outside_of_its_time_nothing_is_offered(custom: dict[str, timedelta], code: str) -> None:
    world = World()
    times: dict[str, Any] = {
        name: (world.clock + span).isoformat() for name, span in custom.items()
    }
    world.fleet.assign(OWN, "new", **times)
    world.fleet.publish(world.clock)
    client = world.make_client()
    assert client.ask() is None
    assert client.answer is not None
    assert client.answer.reason_code == code


def test_a_paused_entry_is_an_answer_with_its_reason_and_no_fault() -> None:
    world = World()
    past = (world.clock - timedelta(minutes=1)).isoformat()
    world.fleet.assign(OWN, "new", paused="3 of 10 units failed", until=past)
    world.fleet.publish(world.clock)
    client = world.make_client()
    assert client.paused == ""
    assert client.ask() is None
    assert client.answer == Answer("paused", "The rollout is paused: 3 of 10 units failed")
    assert client.paused == client.answer.text
    world.fleet.assign(OWN, "new")
    world.fleet.publish(world.clock)
    assert world.refuse() == "accepted new"


def test_the_window_of_a_rollout_is_in_the_offer() -> None:
    world = World()
    world.fleet.assign(OWN, "new", window="22:00-05:00", rollout="december")
    world.fleet.publish(world.clock)
    offer = world.ask()
    assert offer is not None
    assert offer.window == "22:00-05:00"


@pytest.mark.parametrize(
    "custom",
    [{"window": "at night"}, {"window": 7}, {"window": "22:00-05:00" * 3}, {"paused": None}],
)
def test_terms_of_a_rollout_that_cannot_be_understood_are_no_free_way(
    custom: dict[str, Any],
) -> None:
    world = World()
    world.fleet.assign(OWN, "new", **custom)
    world.fleet.publish(world.clock)
    assert world.refuse() == "assignment-invalid"


def test_a_step_back_needs_a_signature_for_this_unit() -> None:
    world = World()
    world.fleet.assign(OWN, "old")
    world.fleet.publish(world.clock)
    assert world.refuse() == "below-ratchet"
    world.fleet.permit_downgrade("old")
    world.fleet.image.put_targets()
    world.fleet.publish(world.clock)
    assert world.refuse() == "below-ratchet"
    world.fleet.assign(OWN, "old", allow_downgrade=True)
    world.fleet.publish(world.clock)
    assert world.refuse() == "accepted old"


def test_a_groups_entry_permits_no_step_back() -> None:
    world = World()
    for role in world.fleet.director.bins.values():
        role.targets.pop(OWN, None)
    world.fleet.assign(f"groups/{UNIT.group}", "old", allow_downgrade=True)
    world.fleet.director.put_targets()
    world.fleet.publish(world.clock)
    assert world.refuse() == "below-ratchet"


def test_the_ratchet_moves_at_commit_only() -> None:
    world = World()
    world.ask()
    world.fleet.assign(OWN, "good")
    world.fleet.publish(world.clock)
    assert world.refuse() == "nothing"  # it still runs good, and may


# --- mirrors -------------------------------------------------------------------------------------


def test_a_dead_mirror_is_passed_over_and_the_next_one_is_asked() -> None:
    world = World()
    dead = MemoryMirror("dead", world.fleet.tree)
    dead.is_dead = True
    offer = world.ask(mirrors=[dead, world.mirror])
    assert offer is not None
    assert offer.source == "web"


def test_where_all_mirrors_fail_each_says_why() -> None:
    world = World()
    dead, bad = MemoryMirror("dead", {}), MemoryMirror("bad", dict(world.fleet.tree))
    dead.is_dead = True
    bad.tree["director/metadata/timestamp.json"] = b"{}"
    with pytest.raises(TrustError, match=r"dead: dead does not answer; bad: timestamp.json") as why:
        world.ask(mirrors=[dead, bad])
    assert why.value.reason_code == "unreadable-timestamp"


def test_without_a_mirror_it_says_which_setting_is_missing() -> None:
    with pytest.raises(LinkError, match=r"\[update\] mirrors"):
        World().ask(mirrors=[])


# --- time ----------------------------------------------------------------------------------------


def test_the_clock_is_never_believed_to_be_before_what_was_signed() -> None:
    world = World()
    world.ask()
    signed = world.clock
    world.clock = datetime(1970, 1, 1, tzinfo=UTC)
    assert world.make_client().find_clock_floor() == signed
    assert world.refuse() == "accepted new"


def test_a_confirmed_clock_is_a_floor_that_only_a_technician_lowers() -> None:
    world = World()
    client = world.make_client()
    wrong = world.clock + timedelta(days=3650)
    client.confirm_clock(wrong)
    client.confirm_clock(NOW)
    assert client.find_clock_floor() == wrong
    assert world.refuse() == "expired-root"
    client.confirm_clock(NOW, technician=True)
    assert world.refuse() == "accepted new"


def test_a_clock_far_ahead_refuses_and_leaves_no_trace() -> None:
    world = World()
    right = world.clock
    world.clock += timedelta(days=3650)
    assert world.refuse() == "expired-root"
    world.clock = right
    assert world.refuse() == "accepted new"


# --- sticks --------------------------------------------------------------------------------------


def make_stick(world: World) -> MemoryMirror:
    """As `fleet usb` does: its timestamps have a lower version than the server's next ones."""
    tree = dict(world.fleet.tree)
    for repository in (world.fleet.image, world.fleet.director):
        repository.put_timestamp(offline=True)
        path = f"{repository.name}/metadata/timestamp.json"
        tree[path] = world.fleet.tree[path]
        repository.put_timestamp()
    return MemoryMirror("stick", tree)


def test_a_stick_is_taken_with_a_technician_only() -> None:
    world = World()
    stick = make_stick(world)
    assert world.refuse(mirrors=[stick]) == "offline-timestamp"
    offer = world.ask(mirrors=[stick], technician=True)
    assert offer is not None
    assert offer.offline


def test_a_stick_is_taken_though_the_server_was_seen_later_and_the_server_after_it() -> None:
    world = World()
    stick = make_stick(world)
    assert world.refuse() == "accepted new"
    assert world.refuse(mirrors=[stick], technician=True) == "accepted new"
    assert world.refuse() == "accepted new"


def test_a_stick_made_before_what_was_seen_is_a_rollback() -> None:
    world = World()
    stick = make_stick(world)
    world.fleet.release("newer", 4)
    world.fleet.publish(world.clock)
    world.ask()
    assert world.refuse(mirrors=[stick], technician=True) == "rollback-snapshot"


# --- what is lost --------------------------------------------------------------------------------


def test_without_a_root_of_trust_it_says_who_must_put_it_where() -> None:
    world = World()
    world.files.remove(OTA / "trust/image-root.json")
    with pytest.raises(TrustError, match=r"image-root\.json cannot be read.*technician") as why:
        world.ask()
    assert why.value.reason_code == "no-root-image"


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\0" * 900])
def test_a_damaged_root_of_trust_is_told_and_asks_nobody(data: bytes) -> None:
    world = World()
    world.files.write(OTA / "trust/director-root.json", data)
    world.mirror.asked.clear()
    assert world.refuse() == "bad-root-director"
    assert world.mirror.asked == []


def test_a_full_disk_refuses_what_the_floors_would_not_cover() -> None:
    world = World()
    world.files.capacity_bytes = world.files.measure_all() + 500
    with pytest.raises(SpaceError) as why:
        world.ask()
    assert why.value.reason_code == "trust-not-written"


def test_lost_floors_stop_updates_until_a_technician_is_there() -> None:
    world = World()
    for turn in "01":
        world.files.write(OTA / f"trust/ratchet.{turn}", b"damaged")
    assert world.refuse() == "ratchet-lost"
    assert world.refuse(technician=True) == "accepted new"
    assert world.refuse() == "accepted new"


@pytest.mark.parametrize(
    "names", [["ratchet.0"], ["ratchet.1"], ["generation.0"], ["generation.1"]]
)
def test_one_damaged_file_loses_nothing_and_is_healed(names: list[str]) -> None:
    world = World()
    world.ask()
    before = world.make_client().store.load()
    for name in names:
        world.files.write(OTA / "trust" / name, b"damaged")
    assert world.make_client().store.load().ratchet == before.ratchet
    assert world.refuse() == "accepted new"
    world.ask()
    assert world.make_client().store.load() == before


def test_lost_metadata_is_no_fresh_start() -> None:
    """Without the ratchet, the old tree would pass for the present one."""
    world = World()
    old = MemoryMirror("old", dict(world.fleet.tree))
    world.fleet.publish(world.clock)
    world.ask()
    for name in world.files.list_names(OTA / "trust/blobs"):
        world.files.remove(OTA / "trust/blobs" / name)
    assert world.refuse(mirrors=[old]) == "rollback-snapshot"
    assert world.refuse() == "accepted new"


def test_a_technicians_new_root_begins_the_repository_anew_and_keeps_the_release_floor() -> None:
    world, other = World(), World(starts=False)
    other.fleet.assign(OWN, "old")
    other.fleet.publish(NOW)
    for name, data in other.fleet.roots.items():
        world.files.write(OTA / f"trust/{name}-root.json", data)
    assert world.refuse(mirrors=[other.mirror]) == "below-ratchet"


def test_the_wave_of_a_stolen_director_key_moves_no_cursor() -> None:
    world = World()
    world.fleet.assign(OWN, "new", wave="\x1b[2J\nIDLE: release new is committed\u202e")
    world.fleet.director.publish(world.clock)
    offer = world.ask()
    assert offer is not None
    assert offer.wave.isprintable()


def test_a_refusal_moves_no_cursor() -> None:
    assert str(LinkError("it leads to \x1b[2J\nhere", "x")).isprintable()
