"""The mobile link in the status document and in the metrics."""

from dataclasses import replace
from datetime import timedelta

from appliance.model_updates import LinkPhase, LinkState
from appliance.sections.link import LinkSettings
from appliance.settings import Settings
from appliance.status.link import OLD, describe_link
from appliance.web.metric_link import collect_link
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock


def make_state(clock: FakeClock) -> LinkState:
    now = clock.stamp()
    return LinkState(
        now,
        LinkPhase.CONNECTED,
        "connected: Orange RO, LTE, signal 63 %",
        "wwan0",
        "Orange RO",
        "LTE",
        63.0,
        is_metered=True,
        reached=now.utc - timedelta(minutes=2),
        month_bytes=7_000_000,
        budget_bytes=10_000_000,
        resets=2,
    )


def test_a_unit_without_a_link_shows_none(settings: Settings, open_store: OpenStore) -> None:
    assert describe_link(open_store("web"), settings) is None
    assert list(collect_link(open_store("web"), settings)) == []


def test_the_newest_state_is_shown_and_an_old_one_is_not_known(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    settings = replace(settings, link=LinkSettings(enabled=True))
    open_store("sensors").add(make_state(clock))
    found = describe_link(open_store("web"), settings)
    assert found is not None
    assert (found["fresh"], found["phase"], found["signal_pct"]) == (True, "connected", 63.0)
    samples = {
        (one.name, one.labels): one.value for one in collect_link(open_store("web"), settings)
    }
    assert samples[("link_phase", ("connected",))] == 1
    assert samples[("link_signal_ratio", ())] == 0.63
    assert samples[("link_month_bytes", ())] == 7_000_000
    clock.advance(181)
    found = describe_link(open_store("web"), settings)
    assert found is not None
    assert (found["fresh"], found["phase"], found["sentence"]) == (False, "unknown", OLD)
    assert (found["signal_pct"], found["month_bytes"]) == (None, 7_000_000)
