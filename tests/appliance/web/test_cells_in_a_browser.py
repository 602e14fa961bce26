"""The cells of a battery and its age on the page, in a real browser."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.model import BatteryReading
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import report, shows
from tests.appliance.web.test_web import read_until, start
from tests.scenes import filled
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
CELLS = {"1": 3.331, "2": 3.33, "3": 3.12, "4": 3.329}


def test_a_cell_that_is_apart_stands_out_among_all_cells(
    browser: Browser, power: Store, port: int, tmp_path: Path
) -> None:
    report(power, 71.0)
    power.add(BatteryReading(power.clock.stamp(), "house", 13.3, 8.4, cell_voltages_v=CELLS))
    server = start([], tmp_path, port, '[bms.house]\nmodel = "jk-pb"\n')
    try:
        read_until(server, "the page is on")
        browser.open(f"http://127.0.0.1:{port}/")
        browser.wait_for(shows("cells", "1 3.331 2 3.330 3 3.120 4 3.329"))
        browser.wait_for(shows("cells", "Cell 3 is 0.21 V below the median of all cells."))
        apart = "document.querySelectorAll('#cells .apart')"
        assert browser.evaluate(f"{apart}.length") == 1
        assert browser.evaluate(f"{apart}[0].innerText.includes('3.120')")
        once = replace(filled.battery_age(power.clock.stamp()), discharged_ah=200.0)
        power.add(replace(once, capacity_ah=None))
        browser.wait_for(shows("battery-health", "1 full cycle"))
        assert not browser.evaluate(shows("battery-health", "cycles")), "one is one"
        assert browser.problems == []
    finally:
        server.kill()
        server.wait()
