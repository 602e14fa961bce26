"""The steps of the set-up in a real browser, with root's real oneshot behind it.

`systemctl` starts the oneshot as PID 1 does, and kills it in mid-step where a test asks for that.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from appliance.access.setup_code import make_code
from appliance.clock import SystemClock
from appliance.model import BatteryAge
from appliance.settings import Settings
from appliance.web.app import create_app
from tests.conftest import ROOT
from tests.provisioning.commissioning.fakes import make_unit
from tests.provisioning.commissioning.replacing.learned import make_worked_unit, measuring, read
from tests.stand_ins.playwright_browser import SIZES, count_violations
from tests.stand_ins.technician import open_access

pytestmark = [pytest.mark.browser, pytest.mark.slow]
START = """#!{python}
import os, pathlib, subprocess, sys, time
if "appliance-provision.service" not in sys.argv:
    sys.exit(0)
here = pathlib.Path({here!r})
if (here / "dies").exists():
    (here / "run/commissioning-order.json").unlink()
    sys.exit(0)
words = [{python!r}, "-m", "provisioning.commissioning.page", "--settings", str(here / "unit.toml")]
child = subprocess.Popen(words, env=dict(os.environ, PYTHONPATH={root!r}), start_new_session=True)
kill, state = here / "kill-in", here / "data/commissioning/state.json"
if kill.exists():
    wanted = '"running": "' + kill.read_text() + '"'
    while child.poll() is None and not (state.exists() and wanted in state.read_text()):
        time.sleep(0.001)
    child.kill()
    kill.unlink()
"""
SITE = {
    "Name of this site": "Hut 12",
    "Latitude": "44.43",
    "Longitude": "26.1",
    "Nominal power": "240",
    "Tilt": "35",
    "Nominal voltage": "12.8",
    "Rated energy": "384",
}
LONG_MS = 60_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    unit = make_unit(tmp_path)
    found = unit.settings()
    found.unit.data_dir.mkdir()
    found.unit.run_dir.mkdir()
    program = Path(found.host.systemctl)
    program.write_text(START.format(python=sys.executable, here=str(tmp_path), root=str(ROOT)))
    return found


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    app = create_app(settings, SystemClock())
    make_code(open_access(app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()


def begin(chromium: Browser, address: str) -> tuple[BrowserContext, Page]:
    """As whoever stands before the screen of a new unit."""
    context = chromium.new_context(viewport=SIZES["kiosk"])
    tab = context.new_page()
    tab.goto(f"{address}/")
    tab.get_by_role("button", name="Set up here").click()
    tab.wait_for_url(f"{address}/commissioning")
    return context, tab


def look(tab: Page) -> None:
    tab.get_by_role("button", name="Look at every step").click()
    expect(tab.locator("#commissioning-says")).to_contain_text("Next", timeout=LONG_MS)


def fill_in(tab: Page, answers: Mapping[str, str] = SITE) -> None:
    form = tab.locator("form[data-step=site]")
    for label, value in answers.items():
        form.get_by_label(re.compile(f"^{label}")).fill(value)
    form.get_by_label(re.compile("made of")).select_option("lfp")
    form.get_by_role("button", name="Do this step").click()


def test_a_step_is_answered_in_a_browser_and_done_by_root(
    chromium: Browser, address: str, settings: Settings, tmp_path: Path
) -> None:
    _, tab = begin(chromium, address)
    look(tab)
    assert count_violations(tab) == 0
    fill_in(tab)
    expect(tab.locator(".step[data-step=site].done")).to_be_visible(timeout=LONG_MS)
    found = make_unit(tmp_path).settings()
    assert (found.unit.name, found.battery.capacity_wh) == ("Hut 12", 384)
    record = make_unit(tmp_path).record.find("site")
    assert record is not None
    assert record.who == "setup"


def test_a_battery_that_was_replaced_is_told_about_agreed_to_and_forgotten(
    chromium: Browser, address: str, tmp_path: Path
) -> None:
    unit = make_worked_unit(tmp_path)
    _, tab = begin(chromium, address)
    look(tab)
    tab.get_by_text("A part was replaced").click()
    part = tab.locator("#parts .step[data-step=replaced_battery]")
    expect(part).to_contain_text("Learned anew: its charge, its capacity", timeout=LONG_MS)
    part.get_by_label(re.compile("^Rated energy")).fill("5120")
    part.get_by_role("button").click()
    expect(part.get_by_role("checkbox")).to_be_visible(timeout=LONG_MS)
    assert read(unit, BatteryAge).capacity_ah is not None
    assert count_violations(tab) == 0
    part.get_by_role("checkbox").check()
    with measuring(unit):
        part.get_by_role("button").click()
        expect(part).to_contain_text("Forgotten: its charge", timeout=LONG_MS)
    assert read(unit, BatteryAge).capacity_ah is None
    assert unit.settings().battery.capacity_wh == 5120
    assert tab.locator("#steps .step[data-step=replaced_battery]").count() == 0


def test_a_browser_that_is_closed_and_a_step_that_is_killed_lose_nothing(
    chromium: Browser, address: str, tmp_path: Path
) -> None:
    context, tab = begin(chromium, address)
    look(tab)
    (tmp_path / "kill-in").write_text("site")
    fill_in(tab)
    expect(tab.locator("#commissioning-says")).to_contain_text("At work", timeout=LONG_MS)
    context.close()
    _, again = begin(chromium, address)
    look(again)
    if again.locator(".step[data-step=site].done").count() == 0:
        fill_in(again)
    expect(again.locator(".step[data-step=site].done")).to_be_visible(timeout=LONG_MS)
    assert make_unit(tmp_path).settings().unit.name == "Hut 12"


def test_what_is_wrong_in_an_answer_is_said_and_what_was_typed_stays(
    chromium: Browser, address: str, tmp_path: Path
) -> None:
    _, tab = begin(chromium, address)
    look(tab)
    form = tab.locator("form[data-step=site]")
    form.get_by_label(re.compile("^Latitude")).evaluate("one => one.removeAttribute('max')")
    before = os.stat(tmp_path / "unit.toml").st_mtime_ns
    fill_in(tab, SITE | {"Latitude": "444.3"})
    says = tab.locator("#commissioning-says")
    expect(says).to_contain_text("latitude_deg cannot be 444.3", timeout=LONG_MS, ignore_case=True)
    assert form.get_by_label(re.compile("^Name")).input_value() == "Hut 12"
    assert os.stat(tmp_path / "unit.toml").st_mtime_ns == before


def test_the_place_of_the_technicians_phone_is_put_into_the_fields(
    chromium: Browser, address: str
) -> None:
    context, tab = begin(chromium, address)
    context.grant_permissions(["geolocation"], origin=address)
    context.set_geolocation({"latitude": 46.5123456, "longitude": 25.6, "accuracy": 7.2})
    look(tab)
    form = tab.locator("form[data-step=site]")
    form.get_by_role("button", name="Use the place of this device").click()
    expect(form.get_by_role("status")).to_contain_text("to 8 m", timeout=LONG_MS)
    assert form.get_by_label(re.compile("^Latitude")).input_value() == "46.51235"
    assert form.get_by_label(re.compile("^Longitude")).input_value() == "25.60000"
    assert form.get_by_label(re.compile("^Time zone")).input_value() != ""
    assert count_violations(tab) == 0


def test_a_browser_that_may_not_tell_its_place_says_what_to_do(
    chromium: Browser, address: str
) -> None:
    context, tab = begin(chromium, address)
    context.clear_permissions()
    look(tab)
    form = tab.locator("form[data-step=site]")
    form.get_by_role("button", name="Use the place of this device").click()
    expect(form.get_by_role("status")).to_contain_text("type the coordinates", timeout=LONG_MS)


def test_a_clock_that_differs_from_the_technicians_is_said(chromium: Browser, address: str) -> None:
    context, tab = begin(chromium, address)
    look(tab)
    expect(tab.locator(".step[data-step=clock]")).to_be_visible(timeout=LONG_MS)
    assert tab.locator(".clock-differs").count() == 0
    context.clock.set_system_time("2036-01-01T00:00:00Z")
    tab.reload()
    differs = tab.locator(".step[data-step=clock] .clock-differs")
    expect(differs).to_contain_text("s ahead of the unit's", timeout=LONG_MS)


def test_an_order_whose_oneshot_died_is_said_to_have_no_answer(
    chromium: Browser, address: str, tmp_path: Path
) -> None:
    _, tab = begin(chromium, address)
    look(tab)
    (tmp_path / "dies").touch()
    tab.get_by_role("button", name="Look at every step").click()
    says = tab.locator("#commissioning-says")
    expect(says).to_contain_text("ended without an answer", timeout=LONG_MS)
    (tmp_path / "dies").unlink()
    look(tab)
