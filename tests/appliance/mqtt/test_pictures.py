"""The last picture of a camera: as it is stored, and gone when it is erased."""

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

from appliance.model_cameras import HoldKind
from appliance.mqtt.pictures import Pictures
from appliance.mqtt.topics import Topics
from appliance.settings import Settings
from appliance.store import camera_holds
from appliance.store.camera_holds import Order
from appliance.store.event_rows import EventFilter, EventKey, delete_events
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.mosquitto import event

TOPIC = "neural-energy/test/picture/demo"


def add(settings: Settings, open_store: OpenStore, clock: FakeClock, number: int) -> bytes:
    data = b"\xff\xd8 picture %d" % number
    settings.snapshots_dir.mkdir(parents=True, exist_ok=True)
    path = settings.snapshots_dir / f"{number}.jpg"
    path.write_bytes(data)
    name = str(path.relative_to(settings.unit.data_dir))
    open_store("inference").add(replace(event(clock, number), snapshot=name))
    return data


def test_the_last_picture_is_the_stored_one_and_an_erased_one_is_taken_back(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    pictures = Pictures(open_store(), settings, Topics(settings, "test"))
    assert pictures.build() == {}
    first = add(settings, open_store, clock, 1)
    assert b64decode(pictures.build()[TOPIC]) == first
    second = add(settings, open_store, clock, 2)
    assert b64decode(pictures.build()[TOPIC]) == second
    for name in ("e1", "e2"):
        delete_events(open_store("inference"), EventFilter(EventKey.EVENT, name), 99, "anna")
    assert pictures.build() == {}


def test_a_muted_camera_shows_nothing_new(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    pictures = Pictures(open_store(), settings, Topics(settings, "test"))
    first = add(settings, open_store, clock, 1)
    pictures.build()
    order = Order(who="anna", via="unitctl", reason="", span=timedelta(hours=1))
    hold = camera_holds.make_hold("demo", HoldKind.MUTE, order, clock.stamp())
    camera_holds.add_holds(open_store("camera"), hold)
    add(settings, open_store, clock, 2)
    assert b64decode(pictures.build()[TOPIC]) == first


def test_no_other_file_is_published_whatever_a_row_says(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    pictures = Pictures(open_store(), settings, Topics(settings, "test"))
    settings.snapshots_dir.mkdir(parents=True, exist_ok=True)
    (settings.snapshots_dir / "link.jpg").symlink_to("/etc/hostname")
    wrong = (
        "../../../etc/hostname",
        "/etc/hostname",
        "snapshots/link.jpg",
        "snapshots/none",
        "a\0b",
    )
    for number, name in enumerate(wrong):
        open_store("inference").add(replace(event(clock, number), snapshot=name))
        assert pictures.build() == {}, name
