"""The view of decisions, in a real browser."""

import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model_cameras import CameraChange, CameraMode, SwitchOrder
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import report, shows
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=document.title=1>"
ROWS = "document.querySelectorAll('#decisions .decision').length"


def test_thousands_of_decisions_are_read_page_by_page_with_a_filter_in_the_address(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    now = power.clock.stamp()
    stamps = [
        replace(now, utc=now.utc - timedelta(hours=hours), uptime_s=now.uptime_s - hours * 3600)
        for hours in range(5000, 0, -1)
    ]
    Store(power.path, power.clock, "camera").add(
        *(CameraChange(one, "gate", CameraMode.WATCH, HOSTILE) for one in stamps)
    )
    power.add(SwitchOrder(stamps[100], "modem", runs=False, reason="the level is ECO"))
    browser.open(f"http://127.0.0.1:{port}/decisions")
    browser.wait_for(f"{ROWS} === 50")
    browser.wait_for(shows("decisions", "Level full"))
    browser.evaluate("document.getElementById('decisions-older').click()")
    browser.wait_for(f"{ROWS} === 100")
    assert browser.evaluate("document.title") != "1"
    browser.evaluate(
        """(() => {
            const kind = document.getElementById("decision-kind");
            kind.value = "switches";
            kind.dispatchEvent(new Event("change"));
        })()"""
    )
    browser.wait_for(f"{ROWS} === 1")
    browser.wait_for(shows("decisions", "modem switched off"))
    browser.wait_for(shows("decisions", "The level is ECO."))
    assert browser.evaluate("location.search") == "?kind=switches"
    browser.evaluate("history.back()")
    browser.wait_for(f"{ROWS} === 50")
    assert browser.problems == []
