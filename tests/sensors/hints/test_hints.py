"""A camera's own alarms: heard over real SOAP from a small ONVIF camera, written down as hints."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.errors import CameraError
from appliance.log import SentenceLog
from appliance.model_cameras import CameraHint
from appliance.process.service import Leave, Service
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from sensors.hints.__main__ import assemble
from sensors.hints.addresses import find_event_service
from sensors.hints.alarm_receiver import REPEAT_AFTER_S, SOURCE, AlarmReceiver
from sensors.hints.alarms import decode_motion
from sensors.hints.listener import NOT_YET, EventService, Listener
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.onvif_camera import PASSWORD, USER, OnvifCamera
from tests.waiting import wait_until

PAUSE_S = 0.02


@pytest.fixture
def camera() -> Iterator[OnvifCamera]:
    with OnvifCamera().serving() as made:
        yield made


@contextmanager
def ear_on(*cameras: OnvifCamera, password: str = PASSWORD) -> Iterator[AlarmReceiver]:
    names = ("front", "rear")
    services = [
        EventService(name, lambda: "127.0.0.1", camera.port, USER, password)
        for name, camera in zip(names, cameras, strict=False)
    ]
    made = AlarmReceiver(services, SystemClock(), PAUSE_S)
    made.start()
    try:
        yield made
    finally:
        made.close()


def take_received(ear: AlarmReceiver, count: int) -> list[tuple[str, bool]]:
    """The next `count` hints, as (camera, active)."""
    found: list[tuple[str, bool]] = []

    def enough() -> bool:
        found.extend(
            (hint.camera, hint.active) for hint in ear.take_hints() if hint.source == SOURCE
        )
        return len(found) >= count

    wait_until(enough, "the hints")
    return found


@pytest.mark.parametrize(
    ("topic", "items", "expected"),
    [
        ("tns1:VideoSource/MotionAlarm", {"State": "true"}, True),
        ("tns1:VideoSource/MotionAlarm", {"State": "0"}, False),
        ("tns1:RuleEngine/tnsX:CellMotionDetector/Motion", {"IsMotion": "1"}, True),
        ("tns1:RuleEngine/LineDetector/Crossed", {"ObjectId": "7"}, True),
        ("tns1:RuleEngine/CellMotionDetector/Motion", {"State": "true"}, None),
        ("tns1:VideoSource/MotionAlarm", {"State": "perhaps"}, None),
        ("tns1:Device/Trigger/DigitalInput", {"LogicalState": "true"}, None),
        ("", {}, None),
    ],
)
def test_a_notification_reports_motion_by_its_topic_and_its_item(
    topic: str, items: dict[str, str], expected: bool | None
) -> None:
    assert decode_motion(topic, items) is expected


def test_an_alarm_becomes_a_hint_and_its_end_too(camera: OnvifCamera) -> None:
    with ear_on(camera) as ear:
        wait_until(lambda: "PullMessages" in camera.requests, "the first pull")
        camera.set_motion(active=True)
        assert take_received(ear, 1) == [("front", True)]
        camera.set_motion(active=False)
        assert take_received(ear, 1) == [("front", False)]
        assert ear.listeners[0].trouble == ""


def test_alarms_are_received_where_no_file_may_be_written(
    camera: OnvifCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library keeps a cache in the home directory, which no service of the unit has."""
    monkeypatch.setattr("onvif.client._SHARED_SQLITE_CACHE", None)
    monkeypatch.setattr("onvif.client.SqliteCache", refuse_to_write)
    with ear_on(camera) as ear:
        camera.set_motion(active=True)
        wait_until(lambda: ear.listeners[0].trouble != NOT_YET, "an end of the first try")
        assert ear.listeners[0].trouble == ""
        assert take_received(ear, 1) == [("front", True)]


def refuse_to_write() -> None:
    raise OSError(errno.EROFS, "Read-only file system", "/.cache")


def test_a_first_try_that_still_runs_is_no_fault() -> None:
    listener = Listener(EventService("front", lambda: "127.0.0.1", 1, USER, PASSWORD), ignore)
    assert (listener.trouble, listener.fault) == (NOT_YET, "")
    listener.trouble = "refused"
    assert listener.fault == "refused"


def ignore(camera: str, active: bool) -> None:
    """A change that nobody waits for."""


def test_what_is_no_motion_is_no_hint(camera: OnvifCamera) -> None:
    with ear_on(camera) as ear:
        camera.notify("tns1:Device/Trigger/DigitalInput", "LogicalState", "true")
        camera.set_motion(active=True)
        assert take_received(ear, 1) == [("front", True)]


def test_at_the_end_the_subscription_is_given_back(camera: OnvifCamera) -> None:
    with ear_on(camera):
        wait_until(lambda: "PullMessages" in camera.requests, "the first pull")
    assert camera.requests[-1] == "Unsubscribe"


def test_a_wrong_password_is_one_sentence_without_the_password(camera: OnvifCamera) -> None:
    with ear_on(camera, password="wr0ng") as ear:
        wait_until(lambda: camera.refused > 0 and "Author" in ear.listeners[0].trouble, "a no")
        sentence = ear.listeners[0].trouble
    assert "the alarms of the camera front are not received" in sentence
    assert "`password_file`" in sentence
    assert "wr0ng" not in sentence + repr(ear.listeners[0]._service)


def test_a_camera_that_forgets_its_subscriptions_is_subscribed_to_again(
    camera: OnvifCamera,
) -> None:
    with ear_on(camera) as ear:
        camera.set_motion(active=True)
        take_received(ear, 1)
        camera.forget()
        wait_until(lambda: camera.requests.count("CreatePullPointSubscription") > 1, "a second one")
        assert take_received(ear, 1) == [("front", False)]  # what nobody receives does not move
        camera.set_motion(active=True)
        assert take_received(ear, 1) == [("front", True)]


def test_a_camera_that_is_gone_does_not_touch_the_others(camera: OnvifCamera) -> None:
    gone = OnvifCamera()
    gone._server.server_close()
    with ear_on(gone, camera) as ear:
        camera.set_motion(active=True)
        assert take_received(ear, 1) == [("rear", True)]
        assert "camera front" in ear.listeners[0].trouble


def test_the_address_that_a_camera_gives_is_not_followed_to_another_host(
    camera: OnvifCamera,
) -> None:
    with OnvifCamera().serving() as other:
        camera.claimed_host = f"localhost:{other.port}"
        with ear_on(camera) as ear:
            camera.set_motion(active=True)
            assert take_received(ear, 1) == [("front", True)]
        assert other.requests == []


def test_an_alarm_that_goes_on_is_reported_again_before_its_row_is_old() -> None:
    clock = FakeClock()
    ear = AlarmReceiver([EventService("front", lambda: "127.0.0.1", 9, USER, PASSWORD)], clock)
    ear.listeners[0]._set_active(active=True)
    take: Callable[[], list[bool]] = lambda: [hint.active for hint in ear.take_hints()]  # noqa: E731
    assert take() == [True]
    assert take() == []
    clock.advance(REPEAT_AFTER_S)
    assert take() == [True]
    ear.listeners[0]._set_active(active=False)
    clock.advance(REPEAT_AFTER_S)
    assert take() == [False]


def test_an_event_service_has_the_login_of_its_camera(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("from-a-file\n")
    onvif = "http://10.0.0.9:8000/onvif/device_service"
    by_file = CameraSettings(onvif=onvif, user="viewer", password_file=secret)
    found = find_event_service("front", by_file)
    assert (found.port, found.user, found.password) == (8000, "viewer", "from-a-file")
    assert found.find_ip() == "10.0.0.9"
    by_source = CameraSettings(onvif=onvif, source="rtsp://viewer:in-the-url@10.0.0.9/live")
    assert find_event_service("front", by_source).password == "in-the-url"
    assert "in-the-url" not in repr(find_event_service("front", by_source))


@pytest.mark.parametrize(
    ("onvif", "words"),
    [
        ("http://169.254.169.254/onvif", "link-local"),
        ("http://127.0.0.1/onvif", "this computer itself"),
        ("https://10.0.0.9/onvif", "must be http://"),
        ("file:///etc/passwd", "not opened"),
    ],
)
def test_an_event_service_that_points_inside_or_elsewhere_is_refused(
    onvif: str, words: str
) -> None:
    with pytest.raises(CameraError, match=words):
        find_event_service("front", CameraSettings(onvif=onvif)).find_ip()


def test_without_cameras_that_send_alarms_the_service_leaves(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    service = Service("hints", settings, clock, open_store("hints"), SentenceLog("hints"))
    with pytest.raises(Leave, match="no alarms to receive"):
        assemble(service).cycle()


def test_the_service_writes_hints_and_says_what_is_wrong(
    settings: Settings, camera: OnvifCamera, open_store: OpenStore
) -> None:
    alarm = f"http://{USER}:{PASSWORD}@127.0.0.1:{camera.port}/"
    cameras = {
        "front": CameraSettings(onvif=alarm, allow_local=True),
        "rear": CameraSettings(onvif="https://10.0.0.9/"),
    }
    store = open_store("hints")
    changed = replace(settings, camera=cameras)
    service = Service("hints", changed, SystemClock(), store, SentenceLog("hints"))
    loop = assemble(service)
    camera.set_motion(active=True)

    def written() -> bool:
        service.run_once(loop.cycle)
        return bool(store.rows(CameraHint))

    wait_until(written, "the row")
    [row] = store.rows(CameraHint)
    assert (row.camera, row.source, row.active) == ("front", SOURCE, True)
    [fault] = store.list_open_faults()
    assert (fault.code, "rear" in fault.text) == ("hint", True)
    assert loop.finish
    loop.finish()


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("y"), RecursionError(), IndexError()])
def test_whatever_a_library_raises_over_an_answer_is_one_cameras_trouble(
    camera: OnvifCamera, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    handle = Listener._handle
    failing = iter([True])

    def fail_once(one: Listener, message: object) -> None:
        if next(failing, False):
            raise error
        handle(one, message)

    monkeypatch.setattr(Listener, "_handle", fail_once)
    with ear_on(camera) as ear:
        (listener,) = ear.listeners
        wait_until(lambda: not listener.trouble, "the subscription")
        camera.set_motion(active=True)
        wait_until(lambda: "are not received" in listener.trouble, "the trouble")
        wait_until(lambda: not listener.trouble, "the next subscription")
