"""The page as a person meets it: the real server process, a real browser, a real database."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.errors import BusError
from appliance.model import (
    BatteryState,
    ChargeStage,
    EnergyBudget,
    EnergyLevel,
    PowerReading,
)
from appliance.prepare import prepare
from appliance.store import Store
from tests.chromium import PROGRAM, Browser
from tests.test_web import free_port, read_until, settings_text, start

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="needs Chromium (Debian package chromium)"),
]

REASON = "1.3 kWh of sun are expected, so everything may run"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests here: it takes seconds to start."""
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture
def browser(running: Browser) -> Browser:
    """The browser on an empty page, as a phone in daylight, with nothing heard yet."""
    running.open("about:blank")
    running.resize(390, 844)
    running.prefer("light")
    running.requests.clear()
    running.problems.clear()
    return running


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def power(tmp_path: Path, port: int) -> Iterator[Store]:
    """The database of the unit whose page is opened, as the power service has it."""
    file = tmp_path / "written.toml"
    file.write_text(settings_text(tmp_path, port))
    settings = settings_file.load(file)
    prepare(settings.database)
    store = Store(settings.database, SystemClock(), "power")
    yield store
    store.close()


@pytest.fixture
def server(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = start([], tmp_path, port)
    read_until(process, "the page is on")
    yield process
    process.kill()
    process.wait()


def report(power: Store, charge_pct: float, blocked: bool = False) -> None:
    """One round of the power service: 231 W of sun at `charge_pct`."""
    now = power.clock.stamp()
    until = now.utc + timedelta(hours=1)
    power.add(
        PowerReading(now, "test", 231.0, 18.2, 13.3, 8.4, -5.0, 9.0, ChargeStage.BULK, 812.0),
        BatteryState(now, charge_pct, 2.0, 1800.0, 2560.0, None, blocked, "counted"),
        EnergyBudget(now, EnergyLevel.FULL, 25.0, until, 380.0, REASON),
    )


def says(element: str, text: str) -> str:
    """JavaScript: whether the element is seen and holds `text` (spaces of any kind)."""
    found = f"document.getElementById('{element}')"
    return (
        f"{found}.checkVisibility() && {found}.innerText.replace(/\\s+/g, ' ').includes({text!r})"
    )


def test_the_page_tells_live_what_the_unit_does_and_why_and_asks_nobody_else(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(says("level", "FULL"))
    browser.wait_for(says("level-reason", REASON))
    browser.wait_for(says("charge", "71"))
    browser.wait_for(says("sun-power", "231"))
    browser.wait_for(says("battery-does", "Charging with 112 W"))
    browser.wait_for("document.querySelector('#chart canvas') !== null")
    report(power, 72.0, blocked=True)
    browser.wait_for(says("charge", "72"))
    browser.wait_for(says("battery-blocked", "blocked by cold"))
    power.raise_fault("power", BusError("the charge controller does not answer"))
    browser.wait_for(says("faults", "The charge controller does not answer."))
    assert {urlsplit(url).netloc for url in browser.requests} == {f"127.0.0.1:{port}"}
    assert browser.problems == []


def test_unknown_is_a_word_and_never_a_zero(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(says("level", "UNKNOWN"))
    for element in ("charge", "sun-power", "load-power", "battery-voltage", "sun-today"):
        browser.wait_for(says(element, "unknown"))
    browser.wait_for(says("no-faults", "No faults."))
    assert browser.problems == []


def test_when_the_unit_falls_silent_the_page_says_so_and_recovers(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    port: int,
    tmp_path: Path,
) -> None:
    report(power, 71.0)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(says("charge", "71"))
    server.kill()
    server.wait()
    browser.wait_for(says("link", "The unit does not answer."))
    browser.wait_for("getComputedStyle(document.querySelector('.figure')).opacity < 0.6")
    again = start([], tmp_path, port)
    try:
        browser.wait_for("document.getElementById('link').hidden")
        browser.wait_for("getComputedStyle(document.querySelector('.figure')).opacity == 1")
    finally:
        again.kill()
        again.wait()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (390, "dark"), (1280, "light")])
def test_nothing_is_cut_off_and_every_button_can_be_hit_with_a_thumb(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    port: int,
    width: int,
    scheme: str,
) -> None:
    report(power, 71.0)
    browser.prefer(scheme)
    browser.resize(width, 800)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(says("charge", "71"))
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert browser.evaluate("document.documentElement.dataset.theme") == scheme
    small = browser.evaluate(
        "[...document.querySelectorAll('button')].filter((b) => b.checkVisibility() && "
        "(b.offsetHeight < 44 || b.offsetWidth < 44)).map((b) => b.outerHTML)"
    )
    assert small == []


def test_a_page_that_nobody_looks_at_asks_for_nothing(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int
) -> None:
    report(power, 71.0)
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(says("charge", "71"))
    hide = """new Promise((done) => {
        Object.defineProperty(document, "visibilityState", {get: () => "hidden"});
        document.dispatchEvent(new Event("visibilitychange"));
        let asked = 0;
        const before = window.fetch;
        window.fetch = (...all) => { asked += 1; return before(...all); };
        setTimeout(() => done(asked), 5000);
    })"""
    assert browser.evaluate(hide) == 0
