"""The view of energy, in a real browser: days, why at a moment, the coming days, what if."""

import subprocess
from datetime import timedelta

import pytest

from appliance.model_cameras import CameraChange, CameraMode
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import ago, planned, report, shows
from tests.scenes import filled
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=document.title=1>"


def open_view(browser: Browser, port: int, query: str = "") -> None:
    browser.open(f"http://127.0.0.1:{port}/energy{query}")
    browser.wait_for("document.body.classList.contains('answered')")


def add_year(power: Store) -> None:
    """Hourly means of 366 days."""
    now = power.clock.stamp().utc.replace(minute=0, second=0, microsecond=0)
    rows = [
        (f"{now - timedelta(hours=back):%Y-%m-%dT%H}:00:00.000Z", float(back % 24) * 10)
        for back in range(2, 366 * 24)
    ]
    with power.housekeeping() as execute:
        for at, sun_w in rows:
            execute(
                "INSERT INTO power_reading_mean (step_s, at, rows, pv_power_w, load_power_w) "
                "VALUES (3600, ?, 60, ?, 11.0)",
                (at, sun_w),
            )


def test_a_day_of_a_year_ago_has_an_address_of_its_own_and_back_leads_back(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    add_year(power)
    day = (power.clock.stamp().utc - timedelta(days=200)).date()
    open_view(browser, port, f"?day={day}")
    browser.wait_for(shows("past-says", "2.76 kWh from the panels, 264 Wh used"))
    browser.wait_for(shows("past-says", "Means of an hour"))
    browser.wait_for(f"document.getElementById('day-pick').value === '{day}'")
    browser.evaluate("document.getElementById('day-earlier').click()")
    before = day - timedelta(days=1)
    browser.wait_for(f"location.search === '?day={before}'")
    browser.wait_for(f"document.getElementById('day-pick').value === '{before}'")
    browser.evaluate("history.back()")
    browser.wait_for(f"document.getElementById('day-pick').value === '{day}'")
    browser.evaluate("document.getElementById('day-today').click()")
    browser.wait_for("location.search === ''")
    assert browser.evaluate("document.getElementById('day-later').disabled")
    browser.evaluate("document.querySelector('[data-span=months]').click()")
    browser.wait_for("document.getElementById('history-rows').children.length === 12")
    assert browser.problems == []


def test_why_at_a_moment_is_answered_from_the_chart_and_from_the_address(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    now = power.clock.stamp()
    filled.fill(lambda writer: Store(power.path, power.clock, writer))
    Store(power.path, power.clock, "camera").add(
        CameraChange(ago(now, 0.01), "demo", CameraMode.WATCH, HOSTILE)
    )
    report(power, 71.0)
    open_view(browser, port)
    browser.wait_for("document.querySelector('#past canvas') !== null")
    browser.wait_for(shows("past-moment", "Mean since"))
    browser.evaluate("document.getElementById('past-why').click()")
    browser.wait_for("location.search.startsWith('?at=')")
    browser.wait_for("document.activeElement.id === 'why-title'")
    browser.wait_for("document.getElementById('why-says').textContent !== ''")
    at = browser.evaluate("document.getElementById('why-at').value")
    assert len(at) == len("2026-04-15T03:10")
    open_view(browser, port, "?at=2020-01-01T00:00")
    browser.wait_for(shows("why-says", "nothing is known of Wed 01 Jan 2020"))
    assert browser.evaluate("document.title") != "1"
    assert browser.problems == []


def test_the_coming_days_stand_with_their_band(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    Store(power.path, power.clock, "plan").add(*planned(power.clock.stamp(), 15.0, 85.0))
    open_view(browser, port)
    browser.wait_for(shows("ahead-says", "Lowest SOC 50 %"))
    browser.wait_for(shows("ahead-says", "in 1 of 10 cases below 15 %"))
    browser.wait_for("document.getElementById('ahead-days').children.length >= 2")
    browser.wait_for(shows("ahead-band", "8 of 10"))
    key = "new KeyboardEvent('keydown', {key: 'PageDown'})"
    browser.evaluate(f"document.getElementById('ahead').dispatchEvent({key})")
    browser.wait_for(shows("ahead-reading", "50 % (15 to 85 %)"))
    browser.wait_for(shows("ahead-moment", "as planned"))


def test_a_slider_asks_the_unit_what_would_be(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    open_view(browser, port)
    assert not [url for url in browser.requests if "what-if" in url], "nobody has looked there"
    browser.evaluate("document.getElementById('wishes').scrollIntoView()")
    browser.wait_for("document.getElementById('wish-rows').children.length > 8")
    height = browser.evaluate("document.querySelector('.wish-table').offsetHeight")
    browser.evaluate(
        """(() => {
            const slider = document.getElementById("wish-battery_wh");
            slider.value = slider.min;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        })()"""
    )
    browser.wait_for(shows("wish-battery_wh-value", "(now "))
    browser.wait_for("document.querySelector('#wish-rows .worse') !== null")
    browser.wait_for(shows("wish-rows", "(worse)"))
    assert abs(browser.evaluate("document.querySelector('.wish-table').offsetHeight") - height) < 60
    assert browser.problems == []


def test_the_view_left_open_says_when_the_unit_is_gone(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    open_view(browser, port)
    server.kill()
    server.wait()
    browser.evaluate("window.dispatchEvent(new Event('focus'))")
    browser.wait_for(shows("link-text", "The unit does not answer."))
