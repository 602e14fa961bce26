"""The card of alarms in a real browser, on a phone and on a touchscreen."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from appliance.model_alarms import Alarm, AlarmDelivery, DeliveryState
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import open_well, shows
from tests.scenes import alarms
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=document.title='caught'> does not answer"
FITS = "document.documentElement.scrollWidth === innerWidth"


@pytest.fixture
def alarm(power: Store) -> Iterator[Store]:
    store = Store(power.path, power.clock, "alarm")
    yield store
    store.close()


def tell(store: Store, reason: str, state: DeliveryState) -> None:
    now = store.clock.stamp()
    own, delivery, *_ = alarms.make_rows(now)
    assert isinstance(own, Alarm)
    assert isinstance(delivery, AlarmDelivery)
    sent = now.utc if state is DeliveryState.SENT else None
    store.add(
        replace(own, occurrences=3, acknowledged_by="anna (link)" if sent else ""),
        replace(delivery, state=state, sent=sent, reason=reason),
    )


@pytest.mark.parametrize(("width", "height"), [(390, 844), (800, 480)])
def test_what_waits_and_why_then_what_was_sent_to_whom(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    alarm: Store,
    port: int,
    width: int,
    height: int,
) -> None:
    open_well(browser, power, port, width=width, height=height)
    assert browser.evaluate("document.getElementById('alarms').hidden")
    tell(alarm, HOSTILE, DeliveryState.WAITING)
    browser.wait_for(shows("alarms-waiting", "1 message waits; to owner by mail: <img"))
    browser.wait_for(shows("alarms-recent", "owner by mail: waits, <img"))
    assert browser.evaluate(shows("alarms-recent", "3 times"))
    assert browser.evaluate(FITS)
    tell(alarm, "sent", DeliveryState.SENT)
    browser.wait_for(shows("alarms-recent", "owner by mail: sent"))
    browser.wait_for(shows("alarms-recent", "acknowledged by anna (link)"))
    assert browser.evaluate("document.title") != "caught"
    assert browser.problems == []
