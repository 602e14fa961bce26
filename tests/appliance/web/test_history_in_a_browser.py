"""The history on the view of energy, in a real browser."""

import subprocess
from datetime import timedelta

import pytest

from appliance.model import EnergyLevel
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import ago, report
from tests.scenes import filled
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
ROWS = "document.getElementById('history-rows').children"
CARD = "document.getElementById('history-card')"


def add_hours(power: Store) -> None:
    """Two hours of yesterday and before, as hourly means; an hour of now as rows."""
    now = power.clock.stamp()
    for days, sun_w in ((1, 100.0), (2, 50.0)):
        hour = (now.utc - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
        at = f"{hour:%Y-%m-%dT%H}:00:00.000Z"
        with power.housekeeping() as execute:
            execute(
                "INSERT INTO power_reading_mean (step_s, at, rows, pv_power_w, load_power_w) "
                "VALUES (3600, ?, 60, ?, 11.0)",
                (at, sun_w),
            )
            execute(
                "INSERT INTO energy_budget_mean (step_s, at, rows, at_full, at_eco) "
                "VALUES (3600, ?, 60, 0.75, 0.25)",
                (at,),
            )
    power.add(filled.budget(ago(now, 0.1), EnergyLevel.ECO))


def test_the_days_stand_with_their_sums_once_somebody_looks_at_them(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    add_hours(power)
    browser.open(f"http://127.0.0.1:{port}/energy")
    browser.wait_for("document.body.classList.contains('answered')")
    browser.wait_for("!document.body.classList.contains('waiting')")
    assert not [url for url in browser.requests if "/api/history" in url]
    before = browser.evaluate(f"{CARD}.offsetHeight")
    browser.evaluate(f"{CARD}.scrollIntoView()")
    browser.wait_for(f"{ROWS}.length === 3")
    browser.wait_for(f"{ROWS}[1].innerText.includes('100\\u00a0Wh')")
    words = "full 0.8\\u00a0h, eco 0.3\\u00a0h"
    label = f"{ROWS}[1].querySelector('.level-bar').getAttribute('aria-label')"
    browser.wait_for(f"{label} === '{words}'")
    browser.wait_for("document.getElementById('history-total').innerText.includes('Together')")
    assert abs(browser.evaluate(f"{CARD}.offsetHeight") - before) < 120, "the table scrolls inside"
    assert browser.evaluate("document.documentElement.scrollWidth") == 390
    browser.evaluate("document.querySelector('[data-span=months]').click()")
    browser.wait_for(f"{ROWS}.length <= 2 && {ROWS}.length > 0")
    assert browser.problems == []
