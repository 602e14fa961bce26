"""The page in Romanian, in a real browser: its own texts, figures, and back to English."""

from pathlib import Path

import pytest

from appliance.model import BatteryReading
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import report, shows
from tests.appliance.web.test_web import read_until, start
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
CELLS = {"1": 3.331, "2": 3.33, "3": 3.12, "4": 3.329}


def test_the_page_speaks_romanian_when_it_is_chosen_and_english_again(
    browser: Browser, power: Store, port: int, tmp_path: Path
) -> None:
    report(power, 71.0)
    power.add(BatteryReading(power.clock.stamp(), "house", 13.3, 8.4, cell_voltages_v=CELLS))
    server = start([], tmp_path, port, '[bms.house]\nmodel = "jk-pb"\n')
    try:
        read_until(server, "the page is on")
        browser.open(f"http://127.0.0.1:{port}/?lang=ro")
        browser.wait_for(shows("cells", "Celula 3 este cu 0,21 V sub mediana tuturor celulelor."))
        browser.wait_for(shows("battery-title", "Baterie"))
        assert browser.evaluate("document.documentElement.lang") == "ro"
        browser.open(f"http://127.0.0.1:{port}/")
        browser.wait_for(shows("battery-title", "Baterie"))
        browser.open(f"http://127.0.0.1:{port}/?lang=en")
        browser.wait_for(shows("cells", "Cell 3 is 0.21 V below the median of all cells."))
        assert browser.problems == []
    finally:
        server.kill()
        server.wait()
