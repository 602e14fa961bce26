"""Updates held over MQTT: parsed strictly, stored with who and why, and nothing else."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

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


def test_no_wrong_clock_ends_a_hold_or_prolongs_it(
    holds: UpdateHolds, open_store: OpenStore, clock: FakeClock
) -> None:
    order = b'{"state": "ON", "for": "3d"}'
    holds.take(holds.order_topic, order, retained=False)
    clock.set_wall_clock(clock.stamp().utc + timedelta(days=365))
    assert find_update_hold(open_store(), clock.stamp().utc), "nothing explains a year"
    clock.reboot()
    assert find_update_hold(open_store(), clock.stamp().utc), "nor after a restart"
    holds.take(holds.order_topic, order, retained=False)
    clock.set_wall_clock(clock.stamp().utc - timedelta(days=366))
    clock.advance(3 * 86_400 - 60)
    assert find_update_hold(open_store(), clock.stamp().utc)
    clock.advance(120)
    assert not find_update_hold(open_store(), clock.stamp().utc)


def test_a_hold_that_was_ordered_before_the_clock_was_set_lasts_as_long_as_it_was_meant(
    holds: UpdateHolds, open_store: OpenStore, clock: FakeClock
) -> None:
    right = clock.stamp().utc
    clock.set_wall_clock(right - timedelta(days=5000))
    holds.take(holds.order_topic, b'{"state": "ON", "for": "3d"}', retained=False)
    clock.set_wall_clock(right)
    clock.synchronized = True
    clock.advance(3 * 86_400 - 1)
    assert holds.build_states(open_store()) == {STATE: "ON"}
    clock.advance(1)
    assert holds.build_states(open_store()) == {STATE: "OFF"}


def test_a_hold_ends_at_the_moment_that_a_person_named(
    holds: UpdateHolds, open_store: OpenStore, clock: FakeClock
) -> None:
    until = clock.stamp().utc + timedelta(hours=5)
    order = f'{{"state": "ON", "until": "{until.isoformat()}"}}'.encode()
    holds.take(holds.order_topic, order, retained=False)
    clock.advance(5 * 3600 - 1)
    assert holds.build_states(open_store()) == {STATE: "ON"}
    clock.advance(1)
    assert holds.build_states(open_store()) == {STATE: "OFF"}


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"INSTALL",
        b"[" * 2000,
        b'{"state": "ON", "x": 1}',
        b"\0",
        b'{"state": "ON", "until": "2000-01-01"}',
        b'{"state": "ON", "until": "2999-01-01T00:00Z"}',
    ],
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
