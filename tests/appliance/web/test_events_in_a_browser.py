"""The views of the events, in a real browser: complete, still, filtered, linked, erased."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from appliance import settings_file
from appliance.access.accounts import set_pin
from appliance.access.database import AccessFile
from appliance.access.passwords import hash_secret
from appliance.clock import SystemClock
from appliance.media.thumbnails import embed_thumbnail
from appliance.media.timelapse_video import write_video
from appliance.model import Stamp
from appliance.model_cameras import Event
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import GREY, report, shows
from tests.scenes import filled
from tests.stand_ins.chromium import Browser
from tests.stand_ins.technician import PIN

pytestmark = pytest.mark.browser
COUNT = 60
PAGE = 24
IDS = "[...document.querySelectorAll('.event')].map((card) => card.pathname.split('/')[2])"
FOCUS = "document.activeElement.pathname?.split('/')[2]"
HOSTILE = "<img src=x onerror=alert(1)>"


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


@pytest.fixture
def address(server: subprocess.Popen[str], inference: Store, power: Store, port: int) -> str:
    report(power, 71.0)
    return f"http://127.0.0.1:{port}"


def add_event(store: Store, number: int, now: Stamp) -> None:
    """Event `number`: three begin at the same moment, the higher numbers earlier."""
    began = replace(now, utc=now.utc - timedelta(minutes=1 + number // 3))
    camera, label = ("gate", "yard")[number % 2], ("person", "car", "dog")[number % 3]
    zone = "drive" if number < 6 else ""
    store.add(replace(filled.event(began, f"e{number}"), camera=camera, label=label, zone=zone))


def choose(browser: Browser, element: str, value: str) -> None:
    browser.evaluate(
        f"""((field) => {{
            field.value = "{value}";
            field.dispatchEvent(new Event("change", {{bubbles: true}}));
        }})(document.getElementById("{element}"))"""
    )


def click(browser: Browser, element: str) -> None:
    browser.evaluate(f"document.getElementById('{element}').click()")


def press(browser: Browser, element: str, key: str) -> None:
    pressed = f"new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}})"
    browser.evaluate(f"document.getElementById('{element}').dispatchEvent({pressed})")


def enter_pin(browser: Browser, tmp_path: Path) -> None:
    """Be a technician at the touchscreen."""
    settings = settings_file.load_settings(tmp_path / "written.toml")
    set_pin(AccessFile(settings.access_file, SystemClock()), hash_secret(PIN))
    sent = f"fetch('/pin', {{method: 'POST', body: new URLSearchParams({{pin: '{PIN}'}})}})"
    assert browser.evaluate(f"{sent}.then((answer) => answer.ok)")


def test_the_overview_has_the_newest_six_and_leads_to_all(browser: Browser, address: str) -> None:
    browser.open(f"{address}/")
    browser.wait_for(f"{IDS}.length === 6")
    assert browser.evaluate("document.querySelectorAll('.seen select').length") == 0
    browser.evaluate("document.querySelector('.seen .more a').click()")
    browser.wait_for(f"location.pathname === '/events' && {IDS}.length === {PAGE}")
    assert browser.problems == []


def test_older_pages_reach_every_event_once_and_each_page_has_an_address(
    browser: Browser, address: str
) -> None:
    browser.open(f"{address}/events")
    browser.wait_for(f"{IDS}.length === {PAGE}")
    browser.wait_for(shows("events-say", "60 events"))
    found = browser.evaluate(IDS)
    click(browser, "events-older")
    browser.wait_for(f"location.search.includes('before=') && {IDS}[0] !== '{found[0]}'")
    second = browser.evaluate(IDS)
    assert browser.evaluate(FOCUS) == second[0], "where a keyboard goes on"
    click(browser, "events-older")
    browser.wait_for(f"{IDS}.length === {COUNT - 2 * PAGE}")
    assert not browser.evaluate("document.getElementById('events-older').hasAttribute('href')")
    third = browser.evaluate(IDS)
    assert sorted([*found, *second, *third]) == sorted(f"e{number}" for number in range(COUNT))
    click(browser, "events-newer")
    browser.wait_for(f"{IDS}.join() === {','.join(second)!r}")
    browser.evaluate("history.back()")
    browser.wait_for(f"{IDS}.join() === {','.join(third)!r}")
    click(browser, "events-newest")
    browser.wait_for(f"location.search === '' && {IDS}.join() === {','.join(found)!r}")
    paths = [urlsplit(url).path for url in browser.requests]
    assert "/thumbnails/2026-04-15/e1.jpg" in paths
    assert not [path for path in paths if path.startswith("/snapshots/")], "none was opened"
    assert browser.problems == []


@pytest.mark.parametrize(("view", "size"), [("", 6), ("events", PAGE)])
def test_the_focus_stays_on_its_event_when_another_one_comes(
    browser: Browser, address: str, inference: Store, view: str, size: int
) -> None:
    browser.open(f"{address}/{view}")
    browser.wait_for(f"{IDS}.length === {size}")
    browser.wait_for("!document.body.classList.contains('waiting')")  # the cards can be seen
    first = browser.evaluate(f"{IDS}[0]")
    browser.evaluate("document.querySelector('.event').focus()")
    now = inference.clock.stamp()
    inference.add(filled.event(now, "new"))
    browser.wait_for(f"{IDS}[0] === 'new'")
    assert browser.evaluate(FOCUS) == first
    long = replace(now, utc=now.utc - timedelta(seconds=30))
    inference.add(filled.event(long, "long"))  # it began before the newest and ended after it
    browser.wait_for(f"{IDS}[1] === 'long'")
    assert browser.evaluate(FOCUS) == first
    assert browser.evaluate(f"{IDS}.length") == size, "a page left open does not grow"


def test_filters_are_in_the_address_which_can_be_sent_and_gone_back_to(
    browser: Browser, address: str
) -> None:
    browser.open(f"{address}/events")
    browser.wait_for("document.querySelectorAll('#filter-camera option').length === 3")
    choose(browser, "filter-camera", "gate")
    choose(browser, "filter-label", "car")
    wanted = ",".join(f"e{number}" for number in range(4, COUNT, 6))
    browser.wait_for(f"{IDS}.join() === '{wanted}'")
    assert browser.evaluate("location.search") == "?camera=gate&label=car"
    choose(browser, "filter-zone", "drive")
    browser.wait_for(f"{IDS}.join() === 'e4'")
    browser.evaluate("history.back()")
    browser.wait_for(f"{IDS}.join() === '{wanted}'")
    assert browser.evaluate("document.getElementById('filter-zone').value") == ""
    choose(browser, "filter-to", "2020-01-01")
    browser.wait_for(shows("events-none", "No event is stored that matches."))
    assert "until=2020-01-02" in browser.evaluate("location.search")
    browser.open(f"{address}/events?camera=gate&label=car&zone=drive")
    browser.wait_for(f"{IDS}.join() === 'e4'")
    assert browser.evaluate("document.getElementById('filter-camera').value") == "gate"
    browser.open(f"{address}/events?since=nonsense")
    browser.wait_for(shows("events-trouble", "is no time"))
    assert browser.problems == []


def test_a_touch_of_the_timeline_leads_to_a_day_then_to_an_hour_and_out_again(
    browser: Browser, address: str
) -> None:
    browser.open(f"{address}/events")
    browser.wait_for("document.querySelectorAll('#timeline-strip rect').length === 31")
    press(browser, "timeline-strip", "End")
    browser.wait_for("document.getElementById('timeline-strip').ariaValueText.includes('events')")
    press(browser, "timeline-strip", "Enter")
    browser.wait_for("location.search.includes('since=')")
    browser.wait_for("document.querySelectorAll('#timeline-strip rect').length % 24 < 2")
    browser.wait_for("document.querySelectorAll('#timeline-strip rect').length > 20")
    bars = "[...document.querySelectorAll('#timeline-strip rect')]"
    full = f"{bars}.findIndex((bar) => bar.getAttribute('height') > 4)"
    browser.evaluate(
        f"""(() => {{
            const strip = document.getElementById('timeline-strip').getBoundingClientRect();
            const x = strip.left + strip.width * ({full} + 0.4) / {bars}.length;
            document.elementFromPoint(x, strip.top + 30).dispatchEvent(
                new MouseEvent('click', {{clientX: x, clientY: strip.top + 30, bubbles: true}}));
        }})()"""
    )
    browser.wait_for("new URLSearchParams(location.search).get('since').endsWith('Z')")
    browser.wait_for("document.querySelectorAll('#timeline-strip rect.chosen').length === 1")
    for _ in range(2):
        before = browser.evaluate("location.search")
        click(browser, "timeline-out")
        browser.wait_for(f"location.search !== '{before}'")
    assert browser.evaluate("location.search") == ""
    browser.wait_for("document.querySelectorAll('#timeline-strip rect').length === 31")
    click(browser, "timeline-earlier")
    browser.wait_for(shows("events-none", "No event is stored that matches."))
    assert browser.problems == []


def test_one_event_has_an_address_a_next_one_and_files(browser: Browser, address: str) -> None:
    browser.open(f"{address}/#event=e7")  # a link in an old alarm
    browser.wait_for("location.pathname === '/events/e7'")
    browser.wait_for(shows("event-title", "Car, yard"))
    assert "CPUExecutionProvider" not in browser.evaluate("document.body.innerText")
    assert browser.evaluate("document.querySelector('.views [aria-current]').innerText") == "Events"
    link = browser.evaluate("document.getElementById('event-picture-file').href")
    assert urlsplit(link).path == "/snapshots/2026-04-15/e1.jpg"
    assert browser.evaluate("document.getElementById('event-data').download") == "e7.json"
    click(browser, "event-newer")
    browser.wait_for("location.pathname === '/events/e6'")  # of the same moment, stored later
    browser.wait_for(shows("event-title", "Person, gate"))
    browser.open(f"{address}/events/e4?camera=gate&label=car")
    browser.wait_for(shows("event-title", "Car, gate"))
    assert not browser.evaluate("document.getElementById('event-newer').hasAttribute('href')")
    press(browser, "main", "ArrowRight")
    browser.wait_for("location.pathname === '/events/e10'")
    browser.wait_for(shows("event-title", "Car, gate"))
    click(browser, "event-back")
    browser.wait_for("location.pathname + location.search === '/events?camera=gate&label=car'")
    browser.open(f"{address}/events/gone")
    browser.wait_for(shows("event-why", "This event is not stored on the unit"))
    for part in ("event-picture", "event-newer"):
        shown = f"document.getElementById('{part}').getClientRects().length"
        assert browser.evaluate(shown) == 0, "nothing to see, and nowhere to go"
    assert browser.problems == []


def test_back_from_an_event_the_list_is_where_it_was(browser: Browser, address: str) -> None:
    browser.open(f"{address}/events")
    browser.wait_for(f"{IDS}.length === {PAGE}")
    browser.wait_for("!document.body.classList.contains('waiting')")
    browser.evaluate("document.querySelectorAll('.event')[20].focus()")
    wanted = browser.evaluate(FOCUS)
    browser.evaluate("document.activeElement.click()")
    browser.wait_for(shows("event-title", ", "))
    browser.evaluate("history.back()")
    browser.wait_for(f"{FOCUS} === '{wanted}' && scrollY > 300")


def test_what_a_second_look_found_stands_with_its_event_and_with_no_other(
    browser: Browser, address: str, inference: Store
) -> None:
    now = inference.clock.stamp()
    looked = replace(filled.event(now, "fox"), sub_label="red <b>fox</b>", sub_confidence=0.734)
    inference.add(looked, filled.event(now, "plain"))
    facts = "document.getElementById('event-facts').innerText"
    browser.open(f"{address}/events/fox")
    browser.wait_for(f"{facts}.includes('Second look')")
    assert "Second look\nred <b>fox</b>, 73\u00a0%" in browser.evaluate(facts)
    browser.open(f"{address}/events/plain")
    browser.wait_for(f"{facts}.includes('Confidence')")
    assert "Second look" not in browser.evaluate(facts)
    assert browser.problems == []


def test_an_event_that_is_erased_meanwhile_leaves_nothing_on_the_screen(
    browser: Browser, address: str, inference: Store
) -> None:
    browser.open(f"{address}/events/e3")
    browser.wait_for(shows("event-title", "Person, yard"))
    with inference.housekeeping() as execute:
        execute("DELETE FROM event WHERE event_id = 'e3'", ())
    browser.evaluate("window.dispatchEvent(new Event('focus'))")
    browser.wait_for(shows("event-why", "erased while you looked"))
    assert browser.evaluate("document.querySelectorAll('#event img, #event video').length") == 0
    assert browser.evaluate("document.getElementById('event-facts').innerText") == ""


def test_a_film_is_shown_and_sought(
    browser: Browser, address: str, inference: Store, tmp_path: Path
) -> None:
    day = tmp_path / "data/snapshots/2026-04-15"
    colours = [np.full((64, 96, 3), 8 * number, np.uint8) for number in range(24)]
    for number, pixels in enumerate(colours):
        (tmp_path / f"{number}.jpg").write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
    write_video([tmp_path / f"{number}.jpg" for number in range(24)], day / "e1.mp4", 8)
    event = filled.event(inference.clock.stamp(), "film")
    inference.add(replace(event, clip="snapshots/2026-04-15/e1.mp4"))
    browser.open(f"{address}/events/film")
    film = "document.querySelector('#event-clip video')"
    browser.wait_for(f"{film}.duration > 2.5")
    browser.evaluate(f"{film}.currentTime = 2")
    browser.wait_for(f"{film}.currentTime === 2 && !{film}.seeking && {film}.readyState >= 2")
    saved = "document.getElementById('event-clip-file')"
    assert browser.evaluate(f"[{saved}.pathname, {saved}.download].join()") == (
        "/clips/2026-04-15/e1.mp4,film.mp4"
    )
    assert browser.problems == []
    (day / "e1.mp4").unlink()
    browser.call("Network.setCacheDisabled", cacheDisabled=True)
    browser.open(f"{address}/events/film")
    browser.wait_for(shows("event-clip", "The film has been deleted since"))
    browser.call("Network.setCacheDisabled", cacheDisabled=False)


def test_hostile_words_of_an_event_are_text_everywhere(
    browser: Browser, address: str, inference: Store
) -> None:
    event = filled.event(inference.clock.stamp(), f"{HOSTILE}..x?#&'")
    inference.add(replace(event, camera=HOSTILE, label=HOSTILE, zone=HOSTILE, reason=HOSTILE))
    for path in ("/", "/events"):
        browser.open(f"{address}{path}")
        browser.wait_for(f"document.querySelector('.event strong').innerText === {HOSTILE!r}")
    assert HOSTILE in browser.evaluate("document.getElementById('filter-zone').innerText")
    browser.evaluate("document.querySelector('.event').click()")
    browser.wait_for(shows("event-title", HOSTILE))
    browser.wait_for(shows("event-facts", "..x?#&'"))
    assert browser.evaluate("document.querySelectorAll('img[src=x]').length") == 0
    assert browser.problems == []


def test_who_is_asked_again_at_once_is_heard_once(
    browser: Browser, address: str, inference: Store, tmp_path: Path
) -> None:
    """The event that closes a dialog comes a moment after it is closed."""
    browser.open(f"{address}/events")
    browser.wait_for(f"{IDS}.length === {PAGE}")
    enter_pin(browser, tmp_path)
    browser.open(f"{address}/events?label=car")
    browser.wait_for(f"{IDS}.length === 20")
    click(browser, "choose")
    browser.evaluate("document.querySelector('.choose input').click()")
    browser.wait_for(shows("erase", "Erase 1"))
    no = "document.querySelector('#confirm [value=no]').click()"
    erase = "document.getElementById('erase').click()"
    browser.evaluate(f"{erase}; {no}; {erase}")
    browser.wait_for("document.getElementById('confirm').open")
    click(browser, "confirm-yes")
    browser.wait_for(shows("acts-say", "1 event was erased."))
    assert len(inference.rows(Event)) == COUNT - 1


def test_a_technician_erases_chosen_events_after_he_was_asked(
    browser: Browser, address: str, inference: Store, tmp_path: Path
) -> None:
    browser.open(f"{address}/events")
    browser.wait_for(f"{IDS}.length === {PAGE}")
    click(browser, "erase")
    browser.wait_for("location.pathname !== '/events'")  # nobody is logged in
    enter_pin(browser, tmp_path)
    browser.open(f"{address}/events?label=car")
    browser.wait_for(f"{IDS}.length === 20")
    gone = browser.evaluate(f"{IDS}.slice(0, 2)")
    click(browser, "choose")
    for number in range(2):
        browser.evaluate(f"document.querySelectorAll('.choose input')[{number}].click()")
    browser.wait_for(shows("erase", "Erase 2"))
    assert "id=" in browser.evaluate("document.getElementById('export').href")
    click(browser, "erase")
    browser.wait_for(shows("confirm-title", "Erase 2 events?"))
    browser.evaluate("document.querySelector('#confirm [value=no]').click()")
    browser.wait_for("!document.getElementById('confirm').open")
    assert len(inference.rows(Event)) == COUNT
    click(browser, "erase")
    click(browser, "confirm-yes")
    browser.wait_for(shows("acts-say", "2 events were erased."))
    browser.wait_for(f"{IDS}.length === 18")
    left = {event.event_id for event in inference.rows(Event)}
    assert len(left) == COUNT - 2
    assert left.isdisjoint(gone)
    assert browser.problems == []


def test_a_technician_erases_all_that_a_filter_finds_and_one_event(
    browser: Browser, address: str, inference: Store, tmp_path: Path
) -> None:
    browser.open(f"{address}/events?zone=drive")
    browser.wait_for(f"{IDS}.length === 6")
    enter_pin(browser, tmp_path)
    browser.open(f"{address}/events?zone=drive&camera=gate")
    browser.wait_for(f"{IDS}.length === 3")
    click(browser, "erase")
    browser.wait_for(shows("confirm-title", "Erase 3 events?"))
    click(browser, "confirm-yes")
    browser.wait_for(shows("events-none", "No event is stored that matches."))
    assert len(inference.rows(Event)) == COUNT - 3
    browser.open(f"{address}/events/e1?zone=drive")
    browser.wait_for(shows("event-erase", "Erase"))
    click(browser, "event-erase")
    click(browser, "confirm-yes")
    browser.wait_for(f"location.pathname === '/events' && {IDS}.join() === 'e5,e3'")
    assert browser.problems == []
