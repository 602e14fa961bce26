"""The view of models, in a real browser: what `unitctl models list` says, as a real process."""

import subprocess

import pytest

from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import report, shows
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser


def test_each_model_has_its_cost_licence_labels_and_who_uses_it(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    browser.open(f"http://127.0.0.1:{port}/models")
    browser.wait_for(shows("models-say", "2 models; 1 in use."))
    for text in ("nanodet-g-416-int8", "[inference] model", "J, modelled", "Apache-2.0"):
        browser.wait_for(shows("models", text))
    browser.wait_for(shows("models", "examined before it was shipped"))
    browser.evaluate("document.querySelector('#models details').open = true")
    browser.wait_for(shows("models", "person"))
    assert browser.problems == []
