"""The view of the cameras, in a real browser: what each does, its picture on demand, and orders."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.media.frame_socket import FrameServer
from appliance.media.frames import JPEG, Answer, Picture, PictureRequest, Refusal
from appliance.model_cameras import CameraCoverage, CameraHold, HoldKind, Watching
from appliance.store.store import Store
from tests.appliance.web.test_events_in_a_browser import enter_pin
from tests.appliance.web.test_page_in_a_browser import GREY, report, show_eight, shows
from tests.appliance.web.test_web import read_until, start
from tests.scenes import eight_cameras, filled
from tests.stand_ins.chromium import Browser
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
SECTIONS = '[camera.demo]\nsource = "rtsp://10.0.0.7/live"\ntimelapse_min = 10\n'
STRANGE = "no <b>picture</b> of demo is analysed now"
# JavaScript: the card of the camera of that name on the page.
CARD = (
    "[...document.querySelectorAll('.camera')]"
    ".find((card) => card.querySelector('h3, strong').innerText === {!r})"
)
DEMO = CARD.format("demo")
LATER = "((real) => { performance.now = () => real() + 25000; })(performance.now.bind(performance))"


def card_shows(name: str, text: str) -> str:
    return f"{CARD.format(name)}.innerText.replace(/\\s+/g, ' ').includes({text!r})"


def order(action: str) -> str:
    return f"{DEMO}.querySelector('[data-action={action}]').click()"


class View:
    """A stand-in for the view of inference: a picture of `demo`, or a refusal."""

    def __init__(self, path: Path, power: Store) -> None:
        self.asked: list[PictureRequest] = []
        self.answer: Answer = Refusal(STRANGE)
        self._clock = power.clock
        self._server = FrameServer(path, self.pull)

    def pull(self, request: PictureRequest) -> Answer:
        self.asked.append(request)
        return self.answer

    def show(self) -> None:
        self.answer = Picture("demo", self._clock.stamp(), 1, 0, 0.0, 8, 6, JPEG, GREY)

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def view(tmp_path: Path, power: Store) -> Iterator[View]:
    found = View(tmp_path / "run/inference.sock", power)
    yield found
    found.close()


@pytest.fixture
def address(view: View, power: Store, tmp_path: Path, port: int) -> Iterator[str]:
    report(power, 71.0)
    camera = Store(power.path, power.clock, "camera")
    camera.add(filled.camera_state(power.clock.stamp()))
    camera.close()
    process = start([], tmp_path, port, SECTIONS)
    read_until(process, "the page is on")
    yield f"http://127.0.0.1:{port}/cameras"
    process.kill()
    process.wait()


def test_each_of_eight_cameras_shows_its_mode_its_cost_and_why_on_a_phone(
    browser: Browser, power: Store, tmp_path: Path, port: int
) -> None:
    process, pictures = show_eight(browser, tmp_path, port, power, "cameras")

    def bars(name: str) -> int:
        count = browser.evaluate(f"{CARD.format(name)}.querySelectorAll('.bars .on').length")
        assert isinstance(count, int)
        return count

    try:
        for name, text in (
            ("gate", "mode active since"),
            ("gate", "5.3 Wh an hour"),
            ("gate", "modelled"),
            ("yard-north", "mode watch since"),
            ("yard-north", "Pictures with movement go to inference: ECO."),
            ("yard-north", "h264 1920x1080"),
            ("yard-north", "(detected by packets), analysed."),
            ("road", "(detected by packets), not analysed."),
            ("shed", "The camera is off: it runs from FULL only."),
            ("shed", "Not connected."),
            (eight_cameras.SILENT, "energy unknown"),
            (eight_cameras.SILENT, "Its service is silent, so nothing is known of it now."),
        ):
            browser.wait_for(card_shows(name, text))
        signs = [bars(name) for name in ("shed", "road", "well", "yard-north", "gate")]
        assert signs == [0, 1, 2, 3, 4], "the sign of a mode needs no colour"
        browser.wait_for(shows("cameras-cost", "Together 18.7 Wh an hour, without 1"))
        assert browser.evaluate("document.documentElement.scrollWidth") == 390
        assert eight_cameras.PASSWORD not in browser.evaluate("document.documentElement.innerHTML")
        assert browser.problems == []
    finally:
        pictures.close()
        process.kill()
        process.wait()


def test_the_overview_has_each_camera_in_short_and_leads_to_the_view(
    browser: Browser, power: Store, tmp_path: Path, port: int
) -> None:
    process, pictures = show_eight(browser, tmp_path, port, power)
    try:
        browser.wait_for(card_shows("gate", "mode active since"))
        browser.wait_for(card_shows("gate", "5.3 Wh an hour"))
        assert "Pictures with movement" not in browser.evaluate(
            f"{CARD.format('yard-north')}.innerText"
        )
        browser.evaluate("document.querySelector('.watchers .more a').click()")
        browser.wait_for("location.pathname === '/cameras'")
    finally:
        pictures.close()
        process.kill()
        process.wait()


def test_a_picture_is_asked_for_at_a_touch_only_and_its_age_ticks(
    browser: Browser, address: str, view: View
) -> None:
    browser.open(address)
    browser.wait_for(card_shows("demo", "mode watch"))
    assert view.asked == [], "nobody has asked for a picture yet"
    touch = f"{DEMO}.querySelector('.still button').click()"
    browser.evaluate(touch)
    browser.wait_for(card_shows("demo", "No <b>picture</b> of demo is analysed now."))
    view.show()
    browser.evaluate(touch)
    canvas = f"{DEMO}.querySelector('canvas')"
    browser.wait_for(f"{canvas}.checkVisibility() && {canvas}.width === 8")
    assert browser.evaluate(f"{canvas}.ariaLabel").startswith("Picture from demo at ")
    browser.wait_for(f"/, [3-9]\\ss ago/.test({DEMO}.innerText)")
    assert [one.camera for one in view.asked] == ["demo", "demo"], "one request for each touch"
    assert browser.problems == []


def test_who_looks_on_is_told_when_no_other_picture_comes(
    browser: Browser, address: str, view: View
) -> None:
    view.show()
    browser.open(address)
    browser.wait_for(card_shows("demo", "mode watch"))
    browser.evaluate(f"{DEMO}.querySelector('.still').scrollIntoView()")
    browser.evaluate(f"{DEMO}.querySelector('.still input').click()")
    browser.wait_for(f"{DEMO}.querySelector('canvas').checkVisibility()")
    browser.evaluate(LATER)
    browser.wait_for(f"/No picture for 2\\d\\ss\\./.test({DEMO}.innerText)")
    wait_until(lambda: len(view.asked) == 2, "the next request", 20)
    view.show()
    browser.evaluate(f"{DEMO}.querySelector('.still button').click()")
    browser.wait_for(f"!/No picture for/.test({DEMO}.innerText)")


def test_when_nothing_was_watched_and_what_is_held_stand_with_the_camera(
    browser: Browser, address: str, power: Store
) -> None:
    camera, now = Store(power.path, power.clock, "camera"), power.clock.stamp()
    until = now.utc + timedelta(hours=2)
    hold = CameraHold(
        now, "demo", HoldKind.PAUSE, holds=True, lasts_s=7200.0, until=until, who="<b>anna</b>",
        via="unitctl", reason="visitors",
    )  # fmt: skip
    camera.add(hold, CameraCoverage(now, "demo", Watching.DEAD, 1800.0, "no route to host"))
    camera.close()
    browser.open(address)
    browser.wait_for(card_shows("demo", "Paused by <b>anna</b> (unitctl) until "))
    browser.wait_for(card_shows("demo", "When nothing was watched"))
    browser.evaluate(f"{DEMO}.querySelector('details summary').click()")
    browser.wait_for(card_shows("demo", "dead, no route to host"))
    link = browser.evaluate(f"{DEMO}.querySelector('a.tool').pathname")
    assert link == "/cameras/demo/zones"
    assert browser.problems == []


def test_a_technician_pauses_a_camera_and_resumes_it_and_others_are_led_to_the_login(
    browser: Browser, address: str, power: Store, tmp_path: Path
) -> None:
    browser.open(address)
    browser.wait_for(card_shows("demo", "mode watch"))
    browser.evaluate(order("pause"))
    browser.wait_for(card_shows("demo", "sudo unitctl access pin set"))
    enter_pin(browser, tmp_path)
    browser.open(address)
    browser.wait_for(card_shows("demo", "mode watch"))
    browser.evaluate(order("pause"))
    browser.wait_for(card_shows("demo", "Paused: connected, nothing is analysed."))
    browser.wait_for(card_shows("demo", "Paused by touchscreen"))
    (hold,) = power.rows(CameraHold)
    assert (hold.camera, hold.lasts_s) == ("demo", 7200.0)
    browser.evaluate(order("resume"))
    browser.wait_for(f"!{card_shows('demo', 'Paused by touchscreen')}")
    assert browser.problems == []


def test_a_time_lapse_is_looked_through(browser: Browser, address: str, tmp_path: Path) -> None:
    day = tmp_path / "data/timelapse/2026-04-15"
    day.mkdir(parents=True)
    for hour in (8, 9, 10):
        (day / f"20260415T{hour:02d}0000Z-demo-beef-0.jpg").write_bytes(GREY)
    browser.open(address)
    lapse = f"{DEMO}.querySelector('.timelapse')"
    browser.wait_for(f"{lapse} !== null")
    browser.evaluate(f"{lapse}.querySelector('summary').click()")
    browser.wait_for(f"{lapse}.querySelector('img').src.endsWith('T100000Z-demo-beef-0.jpg')")
    slider = f"{lapse}.querySelector('input')"
    browser.evaluate(f"{slider}.value = 0; {slider}.dispatchEvent(new Event('input'))")
    browser.wait_for(f"{lapse}.querySelector('img').src.endsWith('T080000Z-demo-beef-0.jpg')")
    browser.wait_for(f"{lapse}.querySelector('img').naturalWidth === 8")
    assert browser.problems == []
