"""The list of events on the page, in a real browser: complete, still, filtered, linked."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from appliance.media.thumbnails import embed_thumbnail
from appliance.model import Stamp
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import GREY, report, shows
from tests.scenes import filled
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
COUNT = 27
IDS = "[...document.querySelectorAll('.event')].map((card) => card.hash.slice(7))"


@pytest.fixture
def inference(power: Store, tmp_path: Path) -> Iterator[Store]:
    """The store of the inference service, with events of which several begin at one moment."""
    store = Store(power.path, power.clock, "inference")
    day = tmp_path / "data/snapshots/2026-04-15"
    day.mkdir(parents=True)
    (day / "e1.jpg").write_bytes(embed_thumbnail(GREY, GREY))
    now = store.clock.stamp()
    for number in (*range(1, COUNT, 2), *range(0, COUNT, 2)):
        add_event(store, number, now)
    yield store
    store.close()


def add_event(store: Store, number: int, now: Stamp) -> None:
    """Event `number`: three begin at the same moment, the higher numbers earlier."""
    began = replace(now, utc=now.utc - timedelta(minutes=1 + number // 3))
    camera, label = ("gate", "yard")[number % 2], ("person", "car", "dog")[number % 3]
    store.add(replace(filled.event(began, f"e{number}"), camera=camera, label=label))


def test_show_older_reaches_every_event_once(
    browser: Browser, server: subprocess.Popen[str], inference: Store, port: int
) -> None:
    browser.open(f"http://127.0.0.1:{port}/")
    shown = 6
    while shown < COUNT:
        browser.wait_for(f"{IDS}.length === {shown}")
        browser.evaluate("document.getElementById('events-more').click()")
        shown = min(COUNT, shown + 6)
    browser.wait_for(f"{IDS}.length === {COUNT}")
    browser.wait_for("document.getElementById('events-more').hidden")
    ids = browser.evaluate(IDS)
    assert sorted(ids) == sorted(f"e{number}" for number in range(COUNT))
    assert browser.problems == []
    paths = [urlsplit(url).path for url in browser.requests]
    assert "/thumbnails/2026-04-15/e1.jpg" in paths
    assert not [path for path in paths if path.startswith("/snapshots/")], "none was opened"


def test_the_focus_stays_on_its_event_when_another_one_comes(
    browser: Browser, server: subprocess.Popen[str], inference: Store, port: int
) -> None:
    browser.open(f"http://127.0.0.1:{port}/")
    browser.wait_for(f"{IDS}.length === 6")
    browser.wait_for("!document.body.classList.contains('waiting')")  # the cards can be seen
    first = browser.evaluate(f"{IDS}[0]")
    browser.evaluate("document.querySelector('.event').focus()")
    assert browser.evaluate(f"{IDS}.length") == 6
    now = inference.clock.stamp()
    inference.add(filled.event(now, "new"))
    browser.wait_for(f"{IDS}[0] === 'new'")
    assert browser.evaluate("document.activeElement.hash") == f"#event={first}"
    long = replace(now, utc=now.utc - timedelta(seconds=30))
    inference.add(filled.event(long, "long"))  # it began before the newest and ended after it
    browser.wait_for(f"{IDS}[1] === 'long'")
    assert browser.evaluate("document.activeElement.hash") == f"#event={first}"
    assert browser.evaluate(f"{IDS}.length") == 6, "a page left open does not grow"
    last = browser.evaluate(f"{IDS}[5]")
    browser.evaluate("[...document.querySelectorAll('.event')][5].focus()")
    inference.add(filled.event(inference.clock.stamp(), "newer"))
    browser.wait_for(f"{IDS}[0] === 'newer'")
    assert browser.evaluate("document.activeElement.hash") == f"#event={last}", "nor is this lost"


def test_what_a_second_look_found_stands_with_its_event_and_with_no_other(
    browser: Browser, server: subprocess.Popen[str], inference: Store, power: Store, port: int
) -> None:
    report(power, 71.0)
    now = inference.clock.stamp()
    looked = replace(filled.event(now, "fox"), sub_label="red <b>fox</b>", sub_confidence=0.734)
    inference.add(looked, filled.event(now, "plain"))
    facts = "document.getElementById('event').innerText"
    browser.open(f"http://127.0.0.1:{port}/#event=fox")
    browser.wait_for(f"{facts}.includes('Second look')")
    assert "Second look\nred <b>fox</b>, 73\u00a0%" in browser.evaluate(facts)
    browser.evaluate("location.hash = '#event=plain'")
    browser.wait_for("document.getElementById('event-data').download === 'plain.json'")
    browser.wait_for(f"{facts}.includes('Confidence')")
    assert "Second look" not in browser.evaluate(facts)
    assert browser.problems == []


def test_events_are_filtered_and_each_has_a_link_a_next_one_and_a_file(
    browser: Browser, server: subprocess.Popen[str], inference: Store, power: Store, port: int
) -> None:
    report(power, 71.0)
    browser.open(f"http://127.0.0.1:{port}/#event=e7")
    browser.wait_for(shows("event-title", "Car, yard"))
    browser.wait_for("document.getElementById('event').open")
    assert "CPUExecutionProvider" not in browser.evaluate("document.body.innerText")
    browser.resize(800, 480)
    newer = "document.getElementById('event-newer').getBoundingClientRect().bottom"
    browser.wait_for(f"{newer} > 100 && {newer} < innerHeight")
    browser.resize(390, 844)
    link = browser.evaluate("document.getElementById('event-download').href")
    assert urlsplit(link).path == "/snapshots/2026-04-15/e1.jpg"
    assert browser.evaluate("document.getElementById('event-data').download") == "e7.json"
    browser.evaluate("document.getElementById('event-newer').click()")
    browser.wait_for("location.hash === '#event=e6'")  # of the same moment, stored later
    browser.wait_for(shows("event-title", "Person, gate"))
    browser.evaluate("document.querySelector('#event form button').click()")
    browser.wait_for("!document.getElementById('event').open && location.hash === ''")
    choose = """((id, value) => {{
        const field = document.getElementById(id);
        field.value = value;
        field.dispatchEvent(new Event("change"));
    }})("{}", "{}")"""
    browser.wait_for("document.querySelectorAll('#filter-camera option').length === 3")
    browser.evaluate(choose.format("filter-camera", "gate"))
    browser.evaluate(choose.format("filter-label", "car"))
    browser.wait_for(f"{IDS}.join() === 'e4,e10,e16,e22'")
    browser.evaluate("document.querySelector('.event').click()")
    browser.wait_for(shows("event-title", "Car, gate"))
    browser.wait_for("!document.getElementById('event-newer').hasAttribute('href')")
    press = "new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true})"
    browser.evaluate(f"document.getElementById('event').dispatchEvent({press})")
    browser.wait_for("location.hash === '#event=e10'")
    browser.evaluate("history.back()")
    browser.wait_for("location.hash === '#event=e4'")
    browser.evaluate("history.back()")
    browser.wait_for("!document.getElementById('event').open")
    browser.evaluate(choose.format("filter-day", "2020-01-01"))
    browser.wait_for(shows("events-none", "No event is stored that matches."))
    browser.evaluate("location.hash = '#event=gone'")
    browser.wait_for(shows("event-why", "This event is not stored on the unit"))
    for part in ("event-picture", "event-newer"):
        shown = f"document.getElementById('{part}').getClientRects().length"
        assert browser.evaluate(shown) == 0, "nothing to see, and nowhere to go"
    assert browser.problems == []
