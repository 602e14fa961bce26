"""The card of updates in a real browser, on a phone and on a touchscreen."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.model_updates import CheckIn, UpdateState, UpdateStep
from appliance.process.stick_order import (
    ENDED,
    TAKES,
    StickProgress,
    find_directory,
    find_place,
    write_progress,
)
from appliance.store.store import Store
from appliance.wording.sentence import say
from tests.appliance.web.test_page_in_a_browser import report, shows
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
WAITS = "the update waits: 31 % charge, needs 40 %"
HOSTILE = "<img src=x onerror=document.title='caught'> does not answer"
FITS = "document.documentElement.scrollWidth === innerWidth"
LEVEL = "document.getElementById('level').innerText"


@pytest.fixture
def checkin(power: Store) -> Iterator[Store]:
    store = Store(power.path, power.clock, "checkin")
    yield store
    store.close()


def tell(
    checkin: Store, step: UpdateStep, reason: str, waits: str = "", share: float | None = None
) -> None:
    now = checkin.clock.stamp()
    checkin.add(UpdateState(now, step, "2026.12.1", "2026.11.1", reason, waits, share))


@pytest.mark.parametrize(("width", "height"), [(390, 844), (800, 480)])
def test_an_update_that_waits_says_for_what_and_leaves_the_headline_alone(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    checkin: Store,
    port: int,
    width: int,
    height: int,
) -> None:
    report(power, 31.0)
    browser.resize(width, height)
    now = checkin.clock.stamp()
    tell(checkin, UpdateStep.GATE, WAITS, "energy")
    checkin.add(CheckIn(now, "https://mirror.test", WAITS, now.utc + timedelta(hours=4), 900))
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(shows("verdict", "All well."))
    browser.wait_for(shows("update-does", "The update waits: 31 % charge, needs 40 %."))
    assert browser.evaluate(LEVEL) == "FULL"
    browser.open(f"http://127.0.0.1:{port}/updates")
    browser.wait_for(shows("update-does", "The update waits: 31 % charge, needs 40 %."))
    for text in ("Runs 2026.11.1", "Under way 2026.12.1", "Waits for energy", "Asks next"):
        browser.wait_for(shows("update-facts", text))
    browser.wait_for(shows("update-note", "Answer of https://mirror.test."))
    browser.wait_for(shows("update-needs", "It needs more charge"))
    assert browser.evaluate(FITS)
    assert browser.problems == []


def test_a_download_shows_how_far_it_is(
    browser: Browser, server: subprocess.Popen[str], power: Store, checkin: Store, port: int
) -> None:
    report(power, 71.0)
    tell(checkin, UpdateStep.DOWNLOAD, "fetches 8.0 MB of release 2026.12.1", share=45.0)
    browser.open(f"http://127.0.0.1:{port}/updates")
    browser.wait_for(shows("update-facts", "Done 45 %"))
    bar = "document.getElementById('update-bar')"
    assert browser.evaluate(f"{bar}.getAttribute('aria-valuenow')") == "45"
    tell(checkin, UpdateStep.VERIFY, "release 2026.12.1 is here; checks it")
    browser.wait_for(f"{bar}.hidden")


def test_what_needs_a_person_is_marked_and_no_text_of_a_mirror_is_html(
    browser: Browser, server: subprocess.Popen[str], power: Store, checkin: Store, port: int
) -> None:
    report(power, 71.0)
    tell(checkin, UpdateStep.IDLE, HOSTILE, "trust")
    browser.open(f"http://127.0.0.1:{port}/updates")
    browser.wait_for(shows("update-stuck", HOSTILE))
    browser.wait_for(shows("update-facts", "a person: what a mirror gives is not genuine"))
    assert browser.evaluate("document.title") != "caught"


def test_a_hold_of_the_command_can_be_ended_here_as_well(
    browser: Browser, server: subprocess.Popen[str], power: Store, checkin: Store, port: int
) -> None:
    report(power, 71.0)
    tell(checkin, UpdateStep.GATE, "updates are held by anna: harvest", "hold")
    browser.open(f"http://127.0.0.1:{port}/updates")
    browser.wait_for(shows("hold-says", "Updates are held"))
    browser.wait_for("!document.getElementById('order-release').hidden")


def test_the_past_stands_with_its_reasons_and_nobody_acts_without_a_login(
    browser: Browser, server: subprocess.Popen[str], power: Store, checkin: Store, port: int
) -> None:
    report(power, 71.0)
    tell(checkin, UpdateStep.ROLLBACK, HOSTILE)
    now = checkin.clock.stamp()
    checkin.add(CheckIn(now, "", "no mirror answers", now.utc, 0))
    browser.open(f"http://127.0.0.1:{port}/updates")
    browser.wait_for(shows("releases", "2026.12.1: rollback"))
    browser.wait_for(shows("releases", HOSTILE))
    browser.evaluate("document.getElementById('order-hold').click()")
    browser.wait_for(shows("order-says", "PIN"))
    assert browser.evaluate("document.title") != "caught"


def test_what_becomes_of_a_stick_stands_with_its_result_and_no_name_is_html(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    checkin: Store,
    port: int,
    tmp_path: Path,
) -> None:
    report(power, 71.0)
    now = SystemClock().stamp()
    run_dir = settings_file.load_settings(tmp_path / "written.toml").unit.run_dir
    find_directory(run_dir).mkdir(parents=True, exist_ok=True)
    tree = str(find_place(run_dir) / "updates")
    taken = StickProgress("1", HOSTILE, TAKES, say("the updater takes it"), now, now, stick=tree)
    write_progress(run_dir, taken)
    browser.open(f"http://127.0.0.1:{port}/updates")
    browser.wait_for(shows("stick-says", "The updater takes it"))
    browser.wait_for("document.getElementById('order-stick').disabled")
    later = replace(now, uptime_s=now.uptime_s + 1)
    checkin.add(CheckIn(now, f"file://{tree}", WAITS))
    write_progress(run_dir, replace(taken, phase=ENDED, said=HOSTILE, stamp=later))
    browser.wait_for(shows("stick-result", f"From the stick: T{WAITS[1:]}"))
    browser.wait_for("!document.getElementById('order-stick').disabled")
    browser.wait_for(shows("stick-who", HOSTILE))
    assert browser.evaluate("document.title") != "caught"
    browser.evaluate("document.getElementById('order-stick').click()")
    browser.wait_for(shows("stick-asked", "PIN"))
