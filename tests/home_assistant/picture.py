"""`python -m tests.home_assistant.picture FILE`: the unit in a real Home Assistant, as a PNG.

Reads: what show.py shows; needs root and the package chromium. Writes: FILE.
Never: shows an entity that has no value.
"""

import base64
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.home_assistant.dashboard import list_entities
from tests.home_assistant.home import Home, HomeError
from tests.home_assistant.house import UNUSABLE
from tests.home_assistant.show import Show, open_show
from tests.stand_ins.chromium import PROGRAM, Browser
from tests.waiting import wait_until

WIDTH, HEIGHT = 1280, 800
DAY = "10min"
SUN_W = 120.0
PATIENCE_S, LOGIN_S = 300.0, 3600.0
# Its service worker would reload the page once; the login is what its pages store themselves.
BEFORE_EACH_PAGE = """
delete Navigator.prototype.serviceWorker;
localStorage.setItem("hassTokens", {login});
"""
SHOWN = """document.querySelector("home-assistant").shadowRoot
    .querySelector("home-assistant-main") !== null"""


def main() -> None:
    file = Path(sys.argv[1])
    if PROGRAM is None:
        sys.exit("chromium is not installed: apt install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        directory = Path(made)
        with open_show(directory, [f"--day={DAY}"]) as show:
            browser = Browser(directory / "profile", WIDTH, HEIGHT)
            try:
                open_page(browser, show.home, show.dashboard)
                wait_until(lambda: is_worth_showing(show), "a fine noon at the unit", PATIENCE_S)
                shot = browser.call("Page.captureScreenshot", format="png")
            finally:
                browser.close()
    file.write_bytes(base64.b64decode(shot["data"]))
    print(f"{file}: {file.stat().st_size / 1000:.0f} kB")


def is_worth_showing(show: Show) -> bool:
    """Whether the sun shines, and all that the dashboard shows has a value."""
    time.sleep(1.0)
    if show.unit.poll() is not None:
        raise HomeError("the unit has ended")
    states = show.home.read_states()
    shown = [states.get(name, {"state": "unknown"}) for name in list_entities()]
    sun = states.get("sensor.demo_solar_power", {"state": "unknown"})["state"]
    known = not {one["state"] for one in shown} & set(UNUSABLE)
    return known and float(sun) >= SUN_W


def open_page(browser: Browser, home: Home, url: str) -> None:
    """The page at `url`, logged in; it follows the states by itself from then on."""
    still = {"name": "prefers-reduced-motion", "value": "reduce"}
    browser.call("Emulation.setEmulatedMedia", features=[still])
    login = json.dumps(json.dumps(make_login(home)))
    source = BEFORE_EACH_PAGE.format(login=login)
    browser.call("Page.addScriptToEvaluateOnNewDocument", source=source)
    browser.open(url)
    browser.wait_for(SHOWN, within_s=60.0)


def make_login(home: Home) -> dict[str, Any]:
    """What the pages of Home Assistant keep of a login, with a token that lasts."""
    return {
        "access_token": home.token,
        "token_type": "Bearer",
        "refresh_token": "",
        "expires_in": LOGIN_S,
        "expires": (time.time() + LOGIN_S) * 1000,
        "hassUrl": home.url,
        "clientId": f"{home.url}/",
    }


if __name__ == "__main__":
    main()
