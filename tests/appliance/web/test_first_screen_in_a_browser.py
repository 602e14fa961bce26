"""The first screen in a real browser: is it well, will it last; nothing shifts, every age ticks."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import BusError
from appliance.model import EnergyLevel, EnergyPlanStep, EnergyPolicy
from appliance.store.store import Store
from tests.appliance.web.test_cameras_in_a_browser import CARD
from tests.appliance.web.test_events_in_a_browser import inference
from tests.appliance.web.test_page_in_a_browser import (
    ago,
    open_well,
    report,
    show_eight,
    shows,
)
from tests.scenes import filled
from tests.stand_ins.chromium import Browser

__all__ = ["inference"]  # a fixture
pytestmark = pytest.mark.browser
SIZES = [(390, 844), (800, 480), (1280, 800)]
QUARTER = timedelta(minutes=15)

# JavaScript: the sum of all layout shifts, kept from before the page's first one.
WATCH_SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value;
    }).observe({type: "layout-shift", buffered: true});
"""
PICTURE = "document.getElementById('sight-picture')"
HANG = """
    window.fetch = ((before) => (path, ...more) =>
        path === "/picture.jpg" ? new Promise(() => {}) : before(path, ...more))(window.fetch);
"""
# JavaScript: 30 s pass at once.
LATER = """
    performance.now = ((before) => () => before() + 30000)(performance.now.bind(performance));
"""


@pytest.fixture
def plan(power: Store) -> Iterator[Store]:
    """The store of the planner, with a plan of 34 hours that loses 1 % an hour from 71 % on."""
    store = Store(power.path, power.clock, "plan")
    now = store.clock.stamp()
    store.add(
        *(
            EnergyPlanStep(now, now.utc + n * QUARTER, 0.0, 9.0, 71 - n / 4, EnergyLevel.ECO)
            for n in range(160)
        )
    )
    day = timedelta(days=2)
    store.add(EnergyPolicy(now, now.utc - day, now.utc + day, {}, b"", "sun expected"))
    yield store
    store.close()


def is_on_screen(element: str) -> str:
    """JavaScript: whether all of an element is seen without scrolling."""
    return f"document.getElementById('{element}').getBoundingClientRect().bottom <= innerHeight"


@pytest.mark.parametrize(("width", "height"), SIZES[:2])
def test_whether_it_is_well_and_will_last_is_seen_without_scrolling(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    plan: Store,
    port: int,
    width: int,
    height: int,
) -> None:
    open_well(browser, power, port, width=width, height=height)
    browser.wait_for(shows("lasts", "Lasts until sunrise ("))
    for _ in range(2):
        power.raise_fault("power", BusError("the charge controller does not answer"))
        power.raise_fault("sensors", BusError("the disk is nearly full"))
    browser.wait_for(shows("verdict", "2 faults."))
    browser.wait_for(shows("faults", "The charge controller does not answer."))
    for element in ("verdict", "lasts", "faults", "gauge"):
        assert browser.evaluate(is_on_screen(element)), element
    assert browser.evaluate("scrollY") == 0
    assert browser.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_shifts_while_the_page_loads_and_goes_on(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    inference: Store,
    plan: Store,
    port: int,
    width: int,
    height: int,
) -> None:
    report(power, 71.0)
    power.raise_fault("power", BusError("the charge controller does not answer"))
    browser.resize(width, height)
    script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH_SHIFTS)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for("document.querySelectorAll('.event').length === 6")
    browser.wait_for("document.querySelector('#chart canvas') !== null")
    report(power, 72.0)
    browser.wait_for(shows("charge", "72"))
    browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])
    assert browser.evaluate("window.shifts") <= 0.05


def test_ages_and_the_clock_tick_although_the_unit_is_silent(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    power.publish_status("power", "works")
    stale = replace(filled.battery_state(ago(power.clock.stamp(), 1.0)), state_of_charge_pct=50.0)
    power.add(stale)  # the newest row is an hour old
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("battery-note", "1 h ago."))
    server.kill()
    server.wait()
    browser.wait_for(shows("link", "The unit does not answer."))
    ages = "['unit-time', 'link-age'].map((id) => document.getElementById(id).textContent).join()"
    before = browser.evaluate(ages)
    browser.wait_for(f"{ages} !== {before!r}")
    browser.evaluate(LATER * 2)
    browser.wait_for(shows("battery-note", "1 h 1 min ago."))


def test_a_picture_that_does_not_come_grows_old_and_is_said_to_be_missing(
    browser: Browser, power: Store, tmp_path: Path, port: int
) -> None:
    process, pictures = show_eight(browser, tmp_path, port, power)
    try:
        browser.evaluate(f"{PICTURE}.scrollIntoView()")
        browser.wait_for(shows("sight-picture", "yard-north"))
        browser.evaluate(HANG + LATER)
        browser.wait_for(shows("sight-picture", "No picture for 3"))
        browser.wait_for(f"/, 3\\d\\s+s ago/.test({PICTURE}.innerText)")
    finally:
        pictures.close()
        process.kill()
        process.wait()


def test_a_picture_that_never_answers_is_asked_for_again(
    browser: Browser, power: Store, tmp_path: Path, port: int
) -> None:
    """Each request has a deadline (here it is over at once)."""
    script = browser.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source="AbortSignal.timeout = () => AbortSignal.abort();" + "window.asked = 0;",
    )
    process, pictures = show_eight(browser, tmp_path, port, power)
    browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])
    try:
        browser.evaluate(f"{PICTURE}.scrollIntoView()")
        browser.wait_for(shows("sight-picture", "The picture did not arrive."))
    finally:
        pictures.close()
        process.kill()
        process.wait()


def test_the_gauge_shows_the_thresholds_only_where_they_count(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int, request: Any
) -> None:
    rungs = "[...document.querySelectorAll('#gauge .rung')].map(seen).join()"
    sunrise = "seen(document.getElementById('gauge-sunrise'))"
    report(power, 71.0)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for("document.getElementById('gauge-sunrise') !== null")
    browser.evaluate("window.seen = (mark) => mark.getAttribute('visibility')")
    browser.wait_for(f"{rungs} === 'visible,visible,visible'")
    assert browser.evaluate(sunrise) == "hidden"
    request.getfixturevalue("plan")
    browser.wait_for(f"{rungs} === 'hidden,hidden,hidden'")
    browser.wait_for(f"{sunrise} === 'visible'")


def test_a_camera_with_events_is_not_said_to_have_seen_nothing(
    browser: Browser, power: Store, tmp_path: Path, port: int
) -> None:
    looks = Store(power.path, power.clock, "inference")
    for name in ("gate", "shed"):
        looks.add(replace(filled.event(power.clock.stamp()), camera=name))
    looks.close()
    process, pictures = show_eight(browser, tmp_path, port, power, "cameras")
    try:
        for name, text in (
            ("gate", "Last event"),
            ("shed", "Last event"),
            ("barn", "No motion and"),
        ):
            browser.wait_for(f"{CARD.format(name)}.innerText.includes({text!r})")
    finally:
        pictures.close()
        process.kill()
        process.wait()


def test_no_figure_parts_from_its_unit_and_an_uncertainty_has_its_sign(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    power.raise_fault("power", BusError("it says 71 +- 3 % and 12.8 V, the other 2 devices 40 %"))
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("faults", "It says 71"))
    text = browser.evaluate("document.querySelector('#faults .fault-text').textContent")
    kept = "It says 71\u00a0±\u00a03\u00a0% and 12.8\u00a0V, the other 2 devices 40\u00a0%."
    assert text == kept
