"""The alarm service of a unit at FULL, with real store and rules and scripted channels."""

import pytest

from appliance.model import EnergyLevel
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def unit(settings: Settings, clock: FakeClock, open_store: OpenStore) -> AlarmUnit:
    found = AlarmUnit(settings, clock, open_store)
    found.set_level(EnergyLevel.FULL)
    return found
