"""The view of power devices, in a real browser."""

import subprocess
from pathlib import Path

import pytest

from appliance.errors import BusError
from appliance.model import Quality
from appliance.model_set_points import DeviceState
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import report, shows
from tests.appliance.web.test_web import read_until, start
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=document.title=1>"
DEVICES = '[charger.roof]\nmodel = "epever-tracer"\nport = "/dev/ttyUSB0"\n'


def add_state(power: Store, **more: object) -> None:
    now = power.clock.stamp()
    power.add(DeviceState(now, "charger roof", "epever-tracer", 9, 2, measured_at=now.utc, **more))  # type: ignore[arg-type]


def test_each_value_has_its_unit_and_what_is_wrong_says_what_to_do(
    browser: Browser, power: Store, tmp_path: Path, port: int
) -> None:
    server: subprocess.Popen[str] = start([], tmp_path, port, DEVICES)
    try:
        read_until(server, "the page is on")
        report(power, 71.0)
        add_state(
            power,
            figures={"pv_power_w": 231.0, "battery_current_a": -3.2},
            words={"charge_stage": HOSTILE},
            quality={"battery_temperature_c": Quality.IMPLAUSIBLE},
            ages_s={"pv_power_w": 40.0},
        )
        browser.open(f"http://127.0.0.1:{port}/devices")
        browser.wait_for(shows("devices-say", "1 device; all as they should be."))
        for text in ("231 W 40 s old", "3.2 A", "cannot be right, not used", "2 failed", HOSTILE):
            browser.wait_for(shows("devices", text))
        assert browser.evaluate("document.title") != "1"
        error = BusError("charger roof: no answer; check the cable")
        error.code = "bus-charger-roof"
        power.raise_fault("power", error)
        add_state(power, error="no answer", last_error="no answer", waits=True)
        browser.open(f"http://127.0.0.1:{port}/devices")
        browser.wait_for(shows("devices-say", "1 device; 1 need"))
        browser.wait_for(shows("devices", "Does not answer; it is asked less often."))
        browser.wait_for(shows("devices", "check the cable"))
        assert not browser.evaluate(
            "document.getElementById('devices').innerText.includes('231')"
        ), "an old figure is not shown"
        assert browser.problems == []
    finally:
        server.kill()
        server.wait()
