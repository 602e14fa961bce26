"""The view about the unit, in a real browser; the overview keeps a count of services and faults."""

import subprocess

import pytest

from appliance.errors import BusError
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import report, shows
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=document.title=1>"


def test_services_versions_licences_and_the_code_stand_there(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    power.publish_status("power", HOSTILE)
    browser.open(f"http://127.0.0.1:{port}/about")
    browser.wait_for(shows("identity", "Python 3."))
    browser.wait_for(shows("services", HOSTILE))
    browser.wait_for("document.querySelector('.qr').naturalWidth > 100")
    browser.wait_for("document.getElementById('licences').children.length > 20")
    browser.evaluate(
        """(() => {
            const search = document.getElementById("licence-search");
            search.value = "uplot";
            search.dispatchEvent(new Event("input"));
        })()"""
    )
    browser.wait_for(shows("licences-say", "1 library"))
    browser.wait_for(shows("licences", "The MIT License"))
    assert browser.evaluate("document.title") != "1"
    assert browser.problems == []


def test_the_overview_says_in_short_which_services_are_silent(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    power.publish_status("power", "works")
    power.raise_fault("power", BusError("the charge controller does not answer"))
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("services-say", "services are silent: plan, sensors, inference."))
    browser.wait_for(shows("services-say", "1 fault."))
