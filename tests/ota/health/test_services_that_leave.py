"""What leaves by itself when it has nothing to do is not missed after an update."""

from dataclasses import replace

import pytest

from appliance.model_cameras import InferencePlan, Tier
from appliance.settings import Settings
from ota.health.checks import services
from ota.health.sight import Sight
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock


@pytest.mark.parametrize("name", ["mqtt", "hints", "camera@former", "checkin", "plan", "web"])
def test_a_last_sentence_before_the_trial_is_no_promise_of_another(
    settings: Settings, open_store: OpenStore, name: str
) -> None:
    """As of a unit that was started less than three minutes before."""
    filled.fill(open_store)
    store = open_store("power")
    store.publish_status(name, "no broker is named in [mqtt]: there is nobody to report to")
    assert f"service {name}" not in services.look(Sight(settings, store))


def test_a_service_that_stays_is_missed(settings: Settings, open_store: OpenStore) -> None:
    store = open_store("power")
    store.publish_status("mqtt", "sends")
    broker = replace(settings, mqtt=replace(settings.mqtt, host="broker.lan"))
    assert services.look(Sight(broker, store))["service mqtt"] == ""


def test_inference_is_missed_only_while_its_budget_pays_for_pictures(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    filled.fill(open_store)
    store = open_store("inference")
    sight = Sight(settings, store)
    assert services.look(sight)["service inference"] == ""
    store.add(InferencePlan(clock.stamp(), 0.0, Tier.NONE, "the energy pays for no picture"))
    assert "service inference" not in services.look(sight)
