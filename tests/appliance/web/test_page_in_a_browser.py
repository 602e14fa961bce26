"""The page as a person meets it: the real server process, a real browser, a real database."""

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from appliance.errors import BusError
from appliance.media.frame_socket import FrameServer
from appliance.media.frames import JPEG, Picture
from appliance.model import (
    BatteryState,
    ChargeStage,
    EnergyBudget,
    EnergyLevel,
    EnergyPlanStep,
    PowerReading,
    Sleep,
    Stamp,
    Wake,
)
from appliance.store.store import Store
from appliance.web.views.listed import VIEWS
from tests.appliance.web.test_web import read_until, start
from tests.scenes import eight_cameras, filled
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser

REASON = "1.3 kWh of sun are expected, so everything may run"
GREY = cv2.imencode(".jpg", np.full((6, 8, 3), 90, np.uint8))[1].tobytes()


def report(power: Store, charge_pct: float, blocked: bool = False) -> None:
    """One round of the power service: 231 W of sun at `charge_pct`."""
    now = power.clock.stamp()
    until = now.utc + timedelta(hours=1)
    power.add(
        PowerReading(now, "test", 231.0, 18.2, 13.3, 8.4, -5.0, 9.0, ChargeStage.BULK, 812.0),
        BatteryState(now, charge_pct, 2.0, 1800.0, 2560.0, None, blocked, "counted"),
        EnergyBudget(now, EnergyLevel.FULL, 25.0, until, 380.0, REASON),
    )


def open_well(browser: Browser, power: Store, port: int, *, width: int, height: int) -> None:
    """The page of a unit that is well, in a window of that size."""
    report(power, 71.0)
    browser.resize(width, height)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("verdict", "All well."))


def shows(element: str, text: str) -> str:
    """JavaScript: whether the element is seen and holds `text` (spaces of any kind)."""
    found = f"document.getElementById('{element}')"
    return (
        f"{found}.checkVisibility() && {found}.innerText.replace(/\\s+/g, ' ').includes({text!r})"
    )


def test_the_page_shows_live_what_the_unit_does_and_why_and_asks_nobody_else(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("level", "FULL"))
    browser.wait_for(shows("level-reason", REASON))
    browser.wait_for(shows("charge", "71"))
    browser.wait_for(shows("sun-power", "231"))
    browser.wait_for(shows("battery-does", "Charging with 112 W."))
    browser.wait_for("document.querySelector('#chart canvas') !== null")
    report(power, 72.0, blocked=True)
    browser.wait_for(shows("charge", "72"))
    browser.wait_for(shows("battery-blocked", "is too cold"))
    power.raise_fault("power", BusError("the charge controller does not answer"))
    browser.wait_for(shows("faults", "The charge controller does not answer."))
    asked = [url for url in browser.requests if not url.startswith("data:")]  # a form field's icon
    assert {urlsplit(url).netloc for url in asked} == {f"127.0.0.1:{port}"}
    assert browser.problems == []


def test_a_fault_that_is_raised_again_shows_since_when_it_is_there_now(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    error, now = BusError("the charge controller does not answer"), power.clock.stamp()
    power.raise_fault("power", error, ago(now, 50))
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("faults", f"{ago(now, 50).utc:%-d %b}"))
    power.clear_faults("power")
    power.raise_fault("power", error, ago(now, 74))
    browser.wait_for(shows("faults", f"{ago(now, 74).utc:%-d %b}"))


def ago(now: Stamp, hours: float) -> Stamp:
    """A stamp of `hours` before."""
    return replace(now, utc=now.utc - timedelta(hours=hours), uptime_s=now.uptime_s - hours * 3600)


def sleep_until(power: Store, hours: float) -> None:
    """A night of ten hours that ended `hours` ago, with a waking in between."""
    now, alarm = power.clock.stamp(), "the clock of the computer"
    began, looked, again = ago(now, hours + 10), ago(now, hours + 2), ago(now, hours + 1.9)
    woke = ago(now, hours)
    power.add(
        Sleep(began, EnergyLevel.HIBERNATE, looked.utc, alarm, None, 19.0, 2.0, "no load may run"),
        Wake(looked, began.utc, alarm, 1, 18.0, stays=False, reason="3 W of sun"),
        Sleep(again, EnergyLevel.HIBERNATE, woke.utc, alarm, None, 18.0, 2.0, "3 W of sun"),
        Wake(woke, again.utc, "after a power cut", 2, 17.0, stays=True, reason="enough sun"),
    )


def test_the_night_that_passed_is_reported_for_a_day(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    sleep_until(power, 25)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("charge", "71"))
    assert browser.evaluate("document.getElementById('night').hidden")
    sleep_until(power, 3)
    for text in ("10 h", "It woke once in between"):
        browser.wait_for(shows("night-was", text))
    browser.wait_for(shows("night-reason", "No load may run."))
    for text in ("after a power cut", "19 % before, 17 % after", "Starts that failed 2"):
        browser.wait_for(shows("night-facts", text))
    browser.wait_for(shows("night-stays", "It stays on: enough sun."))
    assert browser.problems == []


def test_free_sun_stands_beside_the_level(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 100.0)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("charge", "100"))
    assert browser.evaluate("document.getElementById('level-free').hidden")
    free = power.last(EnergyBudget)
    assert free is not None
    power.add(replace(free, stamp=power.clock.stamp(), sun_is_free=True))
    browser.wait_for(shows("level-free", "Surplus available"))


# JavaScript: the red, green and blue of the chart, at fractions of its drawing.
PIXEL = """((x, y) => {{
    const canvas = document.querySelector("#chart canvas");
    const [left, top] = [canvas.width * x, canvas.height * y];
    return [...canvas.getContext("2d").getImageData(left, top, 1, 1).data].slice(0, 3);
}})({x}, {y})"""


def test_the_chart_shades_where_the_charge_is_expected(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    tmp_path: Path,
    port: int,
) -> None:
    """Without a band nothing is shaded, in the legend or in the chart."""
    report(power, 71.0)
    now = power.clock.stamp()
    plan = Store(power.path, power.clock, "plan")
    plan.add(*planned(ago(now, 1), None, None))
    browser.resize(1280, 800)
    for band in (False, True):
        if band:
            plan.add(*planned(now, 15.0, 85.0))
        browser.open(f"http://127.0.0.1:{port}/")
        browser.wait_for("document.querySelector('#chart canvas') !== null")
        assert browser.evaluate(shows("chart-band", "8 of 10")) is band
        inside = browser.evaluate(PIXEL.format(x=0.8, y=0.4))
        if band:
            assert inside[1] > inside[0] > 0, f"no shade of green: {inside}"
        else:
            assert inside == [0, 0, 0], f"not clear: {inside}"
        assert browser.evaluate(PIXEL.format(x=0.8, y=0.155)) == [0, 0, 0], "above the band"
    plan.close()
    browser.evaluate("document.getElementById('chart').focus()")
    key = "new KeyboardEvent('keydown', {key: 'PageDown'})"
    browser.evaluate(f"document.getElementById('chart').dispatchEvent({key})")
    browser.wait_for(shows("chart-reading", "50 % (15 to 85 %)"))
    browser.wait_for(shows("outlook", "Planned: eco until"))
    assert browser.problems == []


def planned(made: Stamp, low_pct: float | None, high_pct: float | None) -> list[EnergyPlanStep]:
    """A plan of 30 hours at ECO and 50 %."""
    starts = [made.utc + timedelta(minutes=15 * step) for step in range(120)]
    level = EnergyLevel.ECO
    return [EnergyPlanStep(made, at, 0.0, 0.0, 50.0, level, low_pct, high_pct) for at in starts]


def test_unknown_is_a_word_and_never_a_zero(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("level", "UNKNOWN"))
    for element in ("charge", "sun-power", "load-power", "battery-voltage", "sun-today"):
        browser.wait_for(shows(element, "unknown"))
    browser.wait_for(shows("verdict", "The power service has not decided anything yet."))
    assert browser.problems == []


def test_when_the_unit_falls_silent_the_page_says_so_and_recovers(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    port: int,
    tmp_path: Path,
) -> None:
    report(power, 71.0)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("charge", "71"))
    server.kill()
    server.wait()
    browser.wait_for(shows("link", "The unit does not answer."))
    browser.wait_for("getComputedStyle(document.querySelector('.figure')).opacity < 0.6")
    again = start([], tmp_path, port)
    try:
        browser.wait_for("document.getElementById('link').hidden")
        browser.wait_for("getComputedStyle(document.querySelector('.figure')).opacity == 1")
    finally:
        again.kill()
        again.wait()


def show_eight(
    browser: Browser, tmp_path: Path, port: int, power: Store, view: str = ""
) -> tuple[subprocess.Popen[str], FrameServer]:
    """A view of a unit with eight cameras, of which inference looks at one."""
    camera = Store(power.path, power.clock, "camera")
    looks = Store(power.path, power.clock, "inference")
    budget = filled.budget(power.clock.stamp(), EnergyLevel.ECO)
    power.add(replace(budget, reason=eight_cameras.LEVEL))
    eight_cameras.write(camera, looks)
    camera.close()
    looks.close()
    process = start([], tmp_path, port, eight_cameras.format_sections())
    read_until(process, "the page is on")
    picture = Picture("yard-north", power.clock.stamp(), 1, 0, 0.0, 8, 6, JPEG, GREY)
    pictures = FrameServer(tmp_path / "run/inference.sock", lambda _: picture)
    browser.open(f"http://127.0.0.1:{port}/{view}")
    browser.wait_for("document.querySelectorAll('.camera').length === 8")
    return process, pictures


def test_the_picture_shows_of_which_camera_it_is_and_nothing_jumps_when_it_comes(
    browser: Browser, power: Store, tmp_path: Path, port: int
) -> None:
    process, pictures = show_eight(browser, tmp_path, port, power)
    height = "document.getElementById('sight-picture').offsetHeight"
    try:
        before = browser.evaluate(height)
        assert before > 200
        browser.evaluate("document.getElementById('sight-picture').scrollIntoView()")
        browser.wait_for(shows("sight-picture", "yard-north"))
        browser.wait_for(shows("sight-picture", "nothing detected"))
        assert browser.evaluate(height) == before
        asked = [urlsplit(url).path for url in browser.requests]
        assert not [path for path in asked if path.startswith("/camera/")], "one picture for all"
        pictures.close()
        browser.wait_for(shows("sight-picture", "Inference is not running"))
        assert browser.evaluate(height) == before
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (390, "dark"), (1280, "light")])
def test_nothing_is_cut_off_and_every_button_can_be_hit_with_a_thumb(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    port: int,
    width: int,
    scheme: str,
) -> None:
    report(power, 71.0)
    browser.prefer(scheme)
    browser.resize(width, 800)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("charge", "71"))
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert browser.evaluate("document.documentElement.dataset.theme") == scheme
    small = browser.evaluate(
        "[...document.querySelectorAll('button')].filter((b) => b.checkVisibility() && "
        "(b.offsetHeight < 44 || b.offsetWidth < 44)).map((b) => b.outerHTML)"
    )
    assert small == []


def test_a_page_that_nobody_looks_at_asks_for_nothing(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("charge", "71"))
    hide = """new Promise((done) => {
        Object.defineProperty(document, "visibilityState", {get: () => "hidden"});
        document.dispatchEvent(new Event("visibilitychange"));
        let asked = 0;
        const before = window.fetch;
        window.fetch = (...all) => { asked += 1; return before(...all); };
        setTimeout(() => done(asked), 5000);
    })"""
    assert browser.evaluate(hide) == 0


def test_the_colours_are_those_of_the_device_until_a_person_chooses_others_and_stay(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    browser.prefer("dark")
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("level", "FULL"))
    seen = []
    for word in ("Light", "Dark", "Sunlight"):
        browser.evaluate("document.getElementById('theme').click()")
        browser.wait_for(shows("theme-word", word))
        seen.append(browser.evaluate("document.documentElement.dataset.theme"))
    assert seen == ["light", "dark", "sunlight"]
    browser.open(f"http://127.0.0.1:{port}/?again")
    browser.wait_for(shows("level", "FULL"))
    browser.wait_for(shows("theme-word", "Sunlight"))
    browser.evaluate("document.getElementById('theme').click()")
    browser.wait_for(shows("theme-word", "Automatic"))
    assert browser.evaluate("document.documentElement.dataset.theme") == "dark"


def test_every_view_is_reached_from_a_phone_and_from_a_touchscreen(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    links = "[...document.querySelectorAll('nav a')].filter((a) => a.checkVisibility())"
    for width, height in ((390, 844), (800, 480), (1280, 800)):
        browser.resize(width, height)
        browser.open(f"http://127.0.0.1:{port}/?{width}")
        browser.wait_for(shows("level", "FULL"))
        browser.evaluate("document.querySelector('.more button')?.click()")
        seen = browser.evaluate(f"{links}.map((a) => a.getAttribute('href'))")
        assert set(seen) == {view.path for view in VIEWS}, width
