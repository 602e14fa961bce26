"""`python -m tests.home_assistant.picture FILE`: the unit in a real Home Assistant, as a PNG.

Reads: what the tests beside it read; Chromium. Writes: FILE. Never: shows anything but the house of
the tests.
"""

import base64
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.home_assistant.house import House, open_house
from tests.stand_ins.chromium import Browser

WIDTH, HEIGHT = 1280, 900
LIVES_S = 3600
PATIENCE_S = 240.0
SETTLE_S = 20.0  # pictures of the page's parts come one after the other


def find_device(house: House) -> str:
    return next(str(one["id"]) for one in house.home.read_devices() if not one["via_device_id"])


def log_in(browser: Browser, house: House) -> None:
    """As the page itself remembers a person."""
    url = house.home.url
    tokens = {
        "access_token": house.home.token,
        "token_type": "Bearer",
        "refresh_token": "",
        "expires_in": LIVES_S,
        "expires": (time.time() + LIVES_S) * 1000,
        "hassUrl": url,
        "clientId": f"{url}/",
    }
    browser.open(f"{url}/manifest.json")
    browser.wait_for(f"location.href.startsWith({json.dumps(url)})", PATIENCE_S)
    browser.evaluate(f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))})")


def take_picture(browser: Browser, house: House) -> bytes:
    browser.open(f"{house.home.url}/config/devices/device/{find_device(house)}")
    browser.wait_for("document.querySelector('home-assistant')?.hass?.states", PATIENCE_S)
    time.sleep(SETTLE_S)
    return base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])


def main() -> None:
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as directory:
        here = Path(directory)
        with open_house(here) as house:
            house.unit.see()
            time.sleep(SETTLE_S)
            browser = Browser(here / "browser", WIDTH, HEIGHT)
            try:
                log_in(browser, house)
                Path(sys.argv[1]).write_bytes(take_picture(browser, house))
            finally:
                browser.close()


if __name__ == "__main__":
    main()
