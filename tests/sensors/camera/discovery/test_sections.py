"""A camera becomes a section of the settings: whole or not at all, once, and found again."""

import stat
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from appliance import settings_file
from appliance.errors import CameraError
from appliance.sections.cameras import CameraSettings
from appliance.settings_change.errors import ChangeError
from sensors.camera.discovery.asking import Login
from sensors.camera.discovery.facts import CameraFacts
from sensors.camera.discovery.identity import (
    Known,
    Standing,
    find_known,
    is_same,
    make_ids,
)
from sensors.camera.discovery.sections import (
    Wish,
    find_password_file,
    move_camera,
    put_host,
    write_camera,
)
from tests.appliance.settings_change.rig import Rig, make_rig
from tests.stand_ins.fakes import FakeClock

HERE, THERE = IPv4Address("10.0.0.7"), IPv4Address("10.0.0.9")
FACTS = CameraFacts("ACME", "Dome 3", "1.2", "A1B2C3", "02:00:5e:10:00:07")
ENDPOINT = "urn:uuid:98190dc2-0890-4ef8-ac9a-5940995e6119"
IDS = make_ids(FACTS, ENDPOINT)
PASSWORD = "s3cret-of-gate"
WISH = Wish(
    "gate",
    "rtsp://10.0.0.7/main",
    "rtsp://10.0.0.7/sub",
    "http://10.0.0.7:80/onvif/device_service",
    Login("viewer", PASSWORD),
    IDS,
)


@pytest.fixture
def rig(tmp_path: Path, clock: FakeClock) -> Rig:
    return make_rig(tmp_path, clock)


def read_camera(rig: Rig, name: str = "gate") -> CameraSettings:
    return settings_file.load_settings(rig.path).camera[name]


def test_a_camera_is_written_with_its_password_in_a_file_of_its_own(rig: Rig) -> None:
    entry = write_camera(rig.keeper, WISH, "Ada")
    assert entry is not None
    camera = read_camera(rig)
    assert (camera.source, camera.sub_source, camera.onvif) == (
        WISH.source,
        WISH.sub_source,
        WISH.onvif,
    )
    assert (camera.user, camera.device_ids) == ("viewer", IDS)
    assert camera.password_file == find_password_file(rig.path, "gate")
    assert camera.password_file.read_text() == f"{PASSWORD}\n"
    assert stat.S_IMODE(camera.password_file.stat().st_mode) == 0o640
    assert PASSWORD not in rig.text
    assert PASSWORD not in repr(WISH)
    assert rig.text.startswith("# the barn")
    assert "try-restart appliance-power.service" in rig.list_orders()  # it starts cameras


def test_what_is_so_already_is_not_written_again(rig: Rig) -> None:
    write_camera(rig.keeper, WISH, "Ada")
    before, orders = rig.text, rig.list_orders()
    assert write_camera(rig.keeper, WISH, "Ada") is None
    assert (rig.text, rig.list_orders()) == (before, orders)
    assert len(rig.keeper.history.list_entries()) == 1


def test_zones_and_masks_of_a_camera_that_is_written_again_stay(rig: Rig) -> None:
    write_camera(rig.keeper, WISH, "Ada")
    rig.path.write_text(
        f"{rig.text}\n[camera.gate.zone.yard]\npolygon = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]\n"
    )
    write_camera(rig.keeper, replace(WISH, sub_source="", onvif="", login=Login()), "Ada")
    camera = read_camera(rig)
    assert camera.sub_source == ""
    assert (camera.onvif, camera.user) == (WISH.onvif, "viewer")  # not what it was not asked for
    assert list(camera.zone) == ["yard"]


def test_a_section_that_is_refused_leaves_neither_settings_nor_password(rig: Rig) -> None:
    before = rig.text
    bad = replace(WISH, source="rtsp://127.0.0.1/main")
    with pytest.raises(ChangeError, match="this computer itself"):
        write_camera(rig.keeper, bad, "Ada")
    assert rig.text == before
    assert not find_password_file(rig.path, "gate").exists()


def test_a_new_password_that_cannot_be_put_in_force_leaves_the_old_one(rig: Rig) -> None:
    write_camera(rig.keeper, WISH, "Ada")
    bad = replace(WISH, source="rtsp://0.0.0.0/a", login=Login("viewer", "another"))
    with pytest.raises(ChangeError):
        write_camera(rig.keeper, bad, "Ada")
    assert find_password_file(rig.path, "gate").read_text() == f"{PASSWORD}\n"


@pytest.mark.parametrize("password", ["two\nlines", "a\x00b", "x" * 5000])
def test_a_password_that_is_no_line_is_refused(rig: Rig, password: str) -> None:
    with pytest.raises(CameraError, match="one line") as caught:
        write_camera(rig.keeper, replace(WISH, login=Login("viewer", password)), "Ada")
    assert password not in str(caught.value)
    assert "[camera" not in rig.text


def test_a_camera_that_moved_gets_its_new_address_everywhere_and_nothing_else(rig: Rig) -> None:
    write_camera(rig.keeper, WISH, "Ada")
    before = read_camera(rig)
    entry = move_camera(rig.keeper, "gate", THERE, "Ada")
    assert entry is not None
    assert "10.0.0.9" in entry.why
    assert read_camera(rig) == replace(
        before,
        source="rtsp://10.0.0.9/main",
        sub_source="rtsp://10.0.0.9/sub",
        onvif="http://10.0.0.9:80/onvif/device_service",
    )
    assert move_camera(rig.keeper, "gate", THERE, "Ada") is None


def test_a_camera_that_is_not_there_cannot_move(rig: Rig) -> None:
    with pytest.raises(CameraError, match=r"no \[camera.gate\]"):
        move_camera(rig.keeper, "gate", THERE, "Ada")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rtsp://u:p@10.0.0.7:8554/a?b=1", "rtsp://u:p@10.0.0.9:8554/a?b=1"),
        ("rtsp://u:p%40@cam.local/a", "rtsp://u:p%40@10.0.0.9/a"),
        ("rtsp://[fe80::1]:554/a", "rtsp://10.0.0.9:554/a"),
        ("rtsp://[fe80::1]/a", "rtsp://10.0.0.9/a"),
        ("http://10.0.0.7", "http://10.0.0.9"),
    ],
)
def test_only_the_host_of_an_address_is_replaced(text: str, expected: str) -> None:
    assert put_host(text, THERE) == expected


# --- which camera it is -------------------------------------------------------------------------


def camera_at(address: IPv4Address, ids: tuple[str, ...] = IDS) -> CameraSettings:
    return CameraSettings(source=f"rtsp://{address}/main", device_ids=ids)


def test_a_camera_under_a_new_address_is_known_as_moved() -> None:
    assert find_known({"gate": camera_at(HERE)}, THERE, IDS) == Known(Standing.MOVED, "gate")
    assert find_known({"gate": camera_at(HERE)}, HERE, IDS) == Known(Standing.KNOWN, "gate")


def test_without_a_login_its_endpoint_tells_it() -> None:
    found = find_known({"gate": camera_at(HERE)}, THERE, make_ids(None, ENDPOINT))
    assert found == Known(Standing.MOVED, "gate")


def test_another_camera_at_a_known_address_is_not_taken_for_the_known_one() -> None:
    other = make_ids(replace(FACTS, mac="02:00:5e:10:00:08"), "urn:uuid:other")
    assert find_known({"gate": camera_at(HERE)}, HERE, other) == Known(Standing.TAKEN, "gate")


def test_two_cameras_that_swapped_their_addresses_are_both_moved() -> None:
    yard = make_ids(replace(FACTS, mac="02:00:5e:10:00:08"), "urn:uuid:other")
    cameras = {"gate": camera_at(HERE), "yard": camera_at(THERE, yard)}
    assert find_known(cameras, THERE, IDS) == Known(Standing.MOVED, "gate")
    assert find_known(cameras, HERE, yard) == Known(Standing.MOVED, "yard")


def test_a_camera_that_was_written_by_hand_is_known_by_its_address() -> None:
    assert find_known({"gate": camera_at(HERE, ())}, HERE, IDS) == Known(Standing.KNOWN, "gate")
    assert find_known({"gate": camera_at(HERE, ())}, THERE, IDS) == Known(Standing.NEW)


def test_an_endpoint_that_is_another_after_each_start_proves_nothing() -> None:
    again = make_ids(replace(FACTS, mac=""), "urn:uuid:of-this-start")
    assert is_same(again, make_ids(replace(FACTS, mac=""), "urn:uuid:of-the-last-one")) is True
    assert is_same(("onvif:a",), ("onvif:b",)) is None


@pytest.mark.parametrize("serial", ["", "0", "00000000", "123456", "1234567890"])
def test_a_serial_number_that_all_cameras_of_a_maker_have_tells_nothing(serial: str) -> None:
    assert make_ids(replace(FACTS, serial=serial, mac="00:00:00:00:00:00")) == ()
