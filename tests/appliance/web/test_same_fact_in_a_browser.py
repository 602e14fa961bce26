"""One truth for each fact: what two views tell of the same is the same, in a real browser."""

import re
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from appliance.store.store import Store
from tests.appliance.web.test_web import read_until, start
from tests.scenes import filled
from tests.stand_ins.playwright_browser import READY

pytestmark = pytest.mark.browser
SECTIONS = '[camera.demo]\nsource = "rtsp://10.0.0.7/live"\n'


class Views:
    """The page of one unit; texts are as a person reads them, in one line."""

    def __init__(self, tab: Page, address: str) -> None:
        self._tab, self._address = tab, address

    def open(self, path: str) -> None:
        self._tab.goto(f"{self._address}{path}")
        self._tab.wait_for_selector(READY)

    def read(self, selector: str, until: str = r".") -> str:
        """The text of an element, once it matches."""
        pattern = re.compile(until, re.IGNORECASE)
        found = self._tab.locator(selector).filter(has_text=pattern).first
        found.wait_for()
        return re.sub(r"\s+", " ", found.inner_text())

    def read_history(self, row: int) -> str:
        """That of the newest days, once somebody looks there."""
        self._tab.locator("#history-card").scroll_into_view_if_needed()
        return self.read(f"#history-rows tr:nth-child({row})", "Wh")

    def ask(self, path: str) -> str:
        return self._tab.request.get(f"{self._address}{path}").text()

    def ask_json(self, path: str) -> dict[str, object]:
        found: dict[str, object] = self._tab.request.get(f"{self._address}{path}").json()
        return found


@pytest.fixture
def address(tmp_path: Path, power: Store, port: int) -> Iterator[str]:
    """A unit that has been at work for a while."""
    filled.fill(lambda writer: Store(power.path, power.clock, writer))
    add_morning_of_yesterday(power)
    process: subprocess.Popen[str] = start([], tmp_path, port, SECTIONS)
    read_until(process, "the page is on")
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


@pytest.fixture
def views(chromium: Browser, address: str) -> Iterator[Views]:
    context = chromium.new_context(locale="en")
    yield Views(context.new_page(), address)
    context.close()


def find_yesterday(power: Store) -> datetime:
    return power.clock.stamp().utc.replace(hour=10, minute=0, second=0, microsecond=0) - timedelta(
        days=1
    )


def add_morning_of_yesterday(power: Store) -> None:
    """Half an hour of which something is known, in its own steps and in the mean of the hour."""
    hour = find_yesterday(power)
    steps = [(300, hour + timedelta(minutes=30 + 5 * step), 40.0 + 8 * step) for step in range(6)]
    with power.housekeeping() as execute:
        for step_s, at, charge_pct in [*steps, (3600, hour, 60.0)]:
            stored = f"{at:%Y-%m-%dT%H:%M}:00.000Z"
            execute(
                "INSERT INTO power_reading_mean (step_s, at, rows, pv_power_w, load_power_w) "
                "VALUES (?, ?, 5, 120.0, 12.0)",
                (step_s, stored),
            )
            execute(
                "INSERT INTO battery_state_mean (step_s, at, rows, state_of_charge_pct) "
                "VALUES (?, ?, 5, ?)",
                (step_s, stored, charge_pct),
            )


def test_charge_and_level_are_the_same_on_the_overview_in_the_chart_and_in_metrics(
    views: Views,
) -> None:
    views.open("/")
    charge, level = views.read("#charge", "72"), views.read("#level", "FULL")
    assert f"State of charge {charge} %" in str(
        views._tab.get_attribute("#gauge", "aria-label")
    ).replace("\u00a0", " ")
    reading = views.read("#chart-reading", "SOC")
    views.open("/energy")
    for text in (reading, views.read("#past-reading", "SOC")):
        assert f"SOC {charge} %" in text
        assert f"Level {level.lower()}" in text
    metrics = views.ask("/metrics")
    assert "neural_energy_battery_charge_ratio 0.72\n" in metrics
    assert 'neural_energy_level{level="full"} 1.0\n' in metrics


def test_the_sun_of_today_is_the_same_on_the_overview_and_for_the_day_and_in_the_history(
    views: Views,
) -> None:
    views.open("/")
    today = views.read("#sun-today", r"\d")
    views.open("/energy")
    assert views.read("#past-says", "panels").startswith(f"{today} from the panels")
    assert today in views.read_history(1)


def test_a_past_day_has_the_same_sums_and_charges_as_its_row_of_the_history(
    views: Views, power: Store
) -> None:
    day = find_yesterday(power).date()
    views.open(f"/energy?day={day}")
    says = views.read("#past-says", "panels")
    assert says == "60 Wh from the panels, 6 Wh used. SOC from 40 to 80 %."
    row = views.read_history(2)
    assert "60 Wh" in row
    assert "6 Wh" in row
    assert "40 to 80 %" in row


def test_the_newest_step_of_a_chart_is_not_called_what_is_measured_now(views: Views) -> None:
    views.open("/")
    assert views.read("#chart-moment").startswith("Mean since ")


def test_a_camera_is_the_same_on_the_overview_and_on_its_card(views: Views) -> None:
    views.open("/")
    short = views.read("#cameras li", "demo")
    views.open("/cameras")
    card = views.read(".camera", "demo")
    cost = re.search(r"[\d.]+ Wh an hour|energy unknown", short)
    assert cost
    assert cost[0] in card
    mode = re.search(r"mode \w+ since (?:\w+ )*\d\d:\d\d", short)
    assert mode
    assert mode[0] in card


def test_the_last_event_is_the_same_on_the_overview_in_the_list_and_on_its_own_page(
    views: Views,
) -> None:
    views.open("/")
    said = re.search(r"the newest (?:\w+ )?(\d\d:\d\d)", views.read("#events-say", "newest"))
    assert said
    newest = views.read("#events li", "81")
    assert said[1] in newest
    views.open("/events")
    assert views.read("#events li", "81") == newest
    views.open("/events/e1")
    assert said[1] in views.read("main", "81")


def test_versions_are_the_same_wherever_they_stand(views: Views) -> None:
    views.open("/about")
    identity = views.read("#identity", "Program")
    about = views.ask_json("/api/about")
    assert f"Program {about['program']}" in identity
    release = re.search(r"Release (.+?) Program", identity)
    assert release
    views.open("/updates")
    assert release[1] in views.read("#update-facts", "Runs")
