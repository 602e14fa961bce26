"""The fleet's page as a person meets it: the real server process, a real browser, 10,000 units."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from ota.fleet.database.tables import unit
from tests.ota.fleet.operator.conftest import LargeFleet
from tests.ota.fleet.operator.looking import (
    DRAWN,
    NAMES,
    OPEN,
    ROWS,
    WHICH,
    click,
    count,
    encode,
    open_page,
)
from tests.scenes.fleet_rows import HOSTILE
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser


def test_the_first_view_shows_the_whole_fleet_and_asks_nobody_else(
    browser: Browser, large: LargeFleet
) -> None:
    open_page(browser, large)
    here = count(large, unit.c.revoked_at.is_(None))
    assert browser.evaluate("document.getElementById('fleet-size').textContent") == f"{here} units"
    assert browser.evaluate(DRAWN) == count(large, unit.c.latitude_deg.is_not(None))
    assert browser.evaluate(ROWS) == 50
    assert browser.evaluate(WHICH) == f"1 to 50 of {count(large)}"
    revoked = browser.evaluate("document.querySelector('[data-word=revoked] .many').textContent")
    assert int(revoked) == count(large, unit.c.revoked_at.is_not(None))
    browser.wait_for("document.getElementById('rollouts').textContent.includes('2026.11 to all')")
    asked = {urlsplit(url).netloc for url in browser.requests if not url.startswith("data:")}
    assert asked == {urlsplit(large.address).netloc}
    assert browser.problems == []


def test_a_click_on_a_count_narrows_table_map_and_address_and_one_more_ends_it(
    browser: Browser, large: LargeFleet
) -> None:
    open_page(browser, large)
    everything = browser.evaluate(DRAWN)
    click(browser, "[data-word=silent]")
    browser.wait_for(f"{DRAWN} < 400")
    assert browser.evaluate("location.search") == "?state=silent"
    states = (
        "[...document.querySelectorAll('#units tr')].every((row) => row.dataset.state === 'silent')"
    )
    browser.wait_for(states)
    click(browser, "#groups [data-word=delta]")
    browser.wait_for("location.search === '?state=silent&group=delta'")
    browser.evaluate("history.back()")
    browser.wait_for("location.search === '?state=silent'")
    browser.wait_for("document.querySelector('#groups [aria-pressed=true]') === null")
    click(browser, "[data-word=silent]")
    browser.wait_for(f"{DRAWN} === {everything}")
    assert browser.evaluate("location.search") == ""


def test_an_address_that_was_sent_shows_the_same_units(browser: Browser, large: LargeFleet) -> None:
    question = "?group=hills&sort=charge_pct&descending=true&page=2"
    open_page(browser, large, question)
    with large.engine.connect() as connection:
        wanted = select(unit.c.name).where(unit.c.fleet_group == "hills")
        order = (unit.c.charge_pct.is_(None), unit.c.charge_pct.desc(), unit.c.name)
        names = connection.execute(wanted.order_by(*order).limit(50).offset(50)).scalars().all()
    assert browser.evaluate(NAMES) == names
    sorted_by = "document.querySelector('[aria-sort=descending]').dataset.sort"
    assert browser.evaluate(sorted_by) == "charge_pct"
    assert browser.evaluate("document.getElementById('by-group').value") == "hills"


def test_headings_sort_buttons_turn_pages_and_words_narrow(
    browser: Browser, large: LargeFleet
) -> None:
    open_page(browser, large)
    click(browser, "#later")
    browser.wait_for(f"{WHICH}.startsWith('51 to 100')")
    click(browser, "[data-sort=autonomy_days] button")
    browser.wait_for("location.search === '?sort=autonomy_days'")
    browser.wait_for(f"{WHICH}.startsWith('1 to 50') && document.querySelector('[aria-sort]')")
    click(browser, "[data-sort=autonomy_days] button")
    browser.wait_for("document.querySelector('[aria-sort=descending]')")
    browser.evaluate("document.getElementById('by-text').focus()")
    browser.call("Input.insertText", text="RILA-")
    browser.wait_for(f"{NAMES}.every((name) => name.startsWith('rila-'))")
    assert "text=RILA-" in browser.evaluate("location.search")
    click(browser, "#show-all")
    browser.wait_for(f"{WHICH}.endsWith('of {count(large)}')")


def test_a_wrong_address_is_answered_with_what_may_be_asked(
    browser: Browser, large: LargeFleet
) -> None:
    browser.open(f"{large.address}/?state=lost")
    browser.wait_for("document.getElementById('link-text').textContent.includes('is no state')")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_a_text_in_table_card_and_lists(
    browser: Browser, large: LargeFleet, name: str
) -> None:
    browser.resize(1280, 800)
    browser.open(f"{large.address}/?group={encode(browser, name)}")
    browser.wait_for(f"{ROWS} === 1")
    assert browser.evaluate(NAMES) == [name]
    click(browser, "#units a")
    browser.wait_for(OPEN)
    browser.wait_for(f"document.getElementById('unit-title').textContent === {name!r}")
    card = browser.evaluate("document.getElementById('unit').textContent")
    assert f"Not taken: {name}" in card
    assert "fleet units accept" in card or name != HOSTILE[0]
    assert browser.evaluate(
        "[window.wasRun, document.querySelectorAll('img, main script').length]"
    ) == [
        None,
        0,
    ]
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert browser.problems == []


def test_a_unit_that_is_not_there_is_said_to_be_none(browser: Browser, large: LargeFleet) -> None:
    open_page(browser, large, "#unit=nobody")
    browser.wait_for(OPEN)
    browser.wait_for(
        "document.getElementById('unit-why').textContent.startsWith('There is no unit')"
    )


def test_a_phone_scrolls_the_table_only_and_everything_has_a_name(
    browser: Browser, large: LargeFleet
) -> None:
    open_page(browser, large)
    browser.resize(390, 844)
    browser.wait_for("innerWidth === 390 && document.documentElement.scrollWidth <= 390")
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    used = {"button", "link", "searchbox", "combobox", "image", "table", "region", "dialog"}
    names = [
        (one["role"]["value"], one.get("name", {}).get("value"))
        for one in nodes
        if not one.get("ignored") and one.get("role", {}).get("value") in used
    ]
    assert len(names) > 100
    assert [one for one in names if not one[1] and one[0] != "table"] == []


def test_a_server_that_went_is_said_and_what_was_shown_is_grey(
    browser: Browser, large: LargeFleet
) -> None:
    open_page(browser, large)
    browser.call(
        "Network.emulateNetworkConditions",
        offline=True,
        latency=0,
        downloadThroughput=-1,
        uploadThroughput=-1,
    )
    try:
        browser.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        browser.wait_for(
            "document.getElementById('link-text').textContent.includes('does not answer')"
        )
        assert browser.evaluate("document.body.classList.contains('lost')")
        assert browser.evaluate("document.getElementById('link').checkVisibility()")
        assert browser.evaluate(ROWS) == 50
    finally:
        browser.call(
            "Network.emulateNetworkConditions",
            offline=False,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )
    browser.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    browser.wait_for("document.getElementById('link').hidden")


def test_it_asks_each_half_minute_while_somebody_looks_and_never_while_hidden(
    browser: Browser, large: LargeFleet
) -> None:
    open_page(browser, large)
    browser.evaluate(
        """window.timers = []; window.seen = 'hidden';
        Object.defineProperty(document, 'visibilityState', {get: () => window.seen});
        const real = window.setTimeout;
        window.setTimeout = (act, ms) => { window.timers.push(ms); return real(act, ms); }; 0"""
    )
    click(browser, "[data-word=silent]")
    browser.wait_for(f"{DRAWN} < 400")
    assert not browser.evaluate("window.timers.includes(30000)")
    browser.evaluate("window.seen = 'visible'")
    browser.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    browser.wait_for("window.timers.includes(30000)")


def test_what_has_not_changed_stays_as_it_stands(browser: Browser, large: LargeFleet) -> None:
    open_page(browser, large, "?state=silent")
    browser.evaluate("window.first = document.querySelector('#units tr')")
    browser.evaluate("document.querySelector('#units .ago').textContent = 'long ago'")
    browser.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    browser.wait_for("document.querySelector('#units .ago').textContent !== 'long ago'")
    assert browser.evaluate("window.first === document.querySelector('#units tr')")


def test_a_unit_that_is_doubted_is_told_with_what_to_do(
    browser: Browser, large: LargeFleet
) -> None:
    with large.engine.connect() as connection:
        doubted = select(unit.c.name).where(unit.c.doubt != "", unit.c.name.not_in(HOSTILE))
        name = connection.execute(doubted.order_by(unit.c.name)).scalars().first()
    open_page(browser, large, f"#unit={name}")
    browser.wait_for(OPEN)
    advice = browser.evaluate("document.getElementById('unit-advice').innerText")
    assert "Two boxes have this identity" in advice
    assert f"fleet units accept {name}" in advice
    quoted = browser.evaluate(
        "import(document.querySelector('script[type=module]').src.replace('fleet.js', 'advice.js'))"
        """.then(({ quoted }) => quoted("it's <b>"))"""
    )
    assert quoted == "'it'\\''s <b>'"


def test_what_was_refused_is_listed_with_whose_it_was_and_what_to_do(
    browser: Browser, large: LargeFleet
) -> None:
    open_page(browser, large)
    browser.wait_for(f"document.querySelectorAll('#refused li').length === {len(HOSTILE)}")
    click(browser, "#refused-card summary")
    browser.wait_for("document.getElementById('refused').checkVisibility()")
    text = browser.evaluate("document.getElementById('refused').textContent")
    assert all(f"{name}: cloned, 3 times" in text for name in HOSTILE)
    assert "take the other out of service" in text
