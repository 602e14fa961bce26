"""Updates held over MQTT: parsed strictly, stored with who and why, and nothing else."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appliance.log import SentenceLog
from appliance.model_updates import UpdateHold
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Topics
from appliance.mqtt.update_holds import UpdateHolds
from appliance.process.service import Service
from appliance.settings import Settings
from appliance.store.update_holds import find_update_hold
from appliance.strict_json import InputError
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock

STATE = "neural-energy/test/update/hold/state"


@pytest.fixture
def holds(settings: Settings, open_store: OpenStore, clock: FakeClock) -> UpdateHolds:
    site = replace(settings, unit=replace(settings.unit, id="test"))
    service = Service("mqtt", site, clock, open_store("mqtt"), SentenceLog("mqtt"))
    return UpdateHolds(service, Topics(site, "test"), Refusals(service))


def test_a_hold_is_stored_with_who_and_why_and_ends(
    holds: UpdateHolds, open_store: OpenStore, clock: FakeClock
) -> None:
    text = b'{"state": "ON", "for": "3d", "who": "anna", "reason": "guests"}'
    assert holds.take(holds.order_topic, text, retained=False) == {STATE: "ON"}
    [row] = open_store().rows(UpdateHold)
    assert (row.who, row.reason, row.via) == ("anna", "guests", holds.order_topic)
    assert find_update_hold(open_store(), clock.stamp().utc) == "by anna over MQTT: guests"
    clock.advance(3 * 86_400 + 1)
    assert holds.build_states(open_store()) == {STATE: "OFF"}
    assert holds.take(holds.order_topic, b"ON", retained=False) == {STATE: "ON"}
    assert holds.take(holds.order_topic, b"OFF", retained=False) == {STATE: "OFF"}


@pytest.mark.parametrize(
    "payload", [b"", b"INSTALL", b"[" * 2000, b'{"state": "ON", "x": 1}', b"\0"]
)
def test_what_makes_no_sense_is_not_taken(
    holds: UpdateHolds, open_store: OpenStore, payload: bytes
) -> None:
    assert holds.take(holds.order_topic, payload, retained=False) == {}
    assert holds.take(holds.order_topic, b"ON", retained=True) == {}
    assert open_store().rows(UpdateHold) == []


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_whatever_comes_is_an_order_or_a_refusal(holds: UpdateHolds, payload: bytes) -> None:
    with suppress(InputError):
        holds._parse(holds.order_topic, payload)
