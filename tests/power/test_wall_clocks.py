"""Whatever the wall clock says, from 1970 to the end of the year 9999, the unit goes on.

The power service acts and stores, the plan is made or says why there is none, the status document
is built, and no row that was stored before is deleted.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from appliance.clock import LAST_YEAR, bound_wall_clock
from appliance.model import BatteryState, EnergyLevel, PowerReading
from appliance.settings import Settings
from appliance.status import status_document
from appliance.store import decoding
from appliance.store.retention import retain
from appliance.store.store import Store
from power.plan.clear_sky import compute_clear_sky_w
from power.plan.run import PlanError, run_plan
from tests.conftest import OpenStore
from tests.power.test_cycle import FakeMeter, Unit
from tests.stand_ins.fakes import START, FakeClock

STRANGE = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(2198, 12, 31, 23, 59, tzinfo=UTC),
    datetime(2199, 12, 31, 23, 59, tzinfo=UTC),
    datetime(2262, 4, 11, 23, 48, tzinfo=UTC),
    datetime(2326, 7, 1, 12, tzinfo=UTC),
    datetime(9900, 7, 1, 12, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 58, tzinfo=UTC),
]
wall_clocks = st.one_of(
    st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 58), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2024, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)


@dataclass
class WholeUnit:
    """A unit's power service, its plan and its status, on one database and one clock."""

    clock: FakeClock
    settings: Settings
    power: Unit
    plan: Store

    def go_on(self) -> None:
        """All that the unit does by itself, once; the service's own cycle must not fail."""
        self.clock.advance(10)
        self.power.meter.volts = 13.2 + self.clock.uptime_s % 60 / 1000  # it is not frozen
        assert self.power.cycle()
        self.power.pass_time(10)
        assert self.power.budget().level is EnergyLevel.FULL
        with suppress(PlanError):
            run_plan(self.plan, self.settings, compute_clear_sky_w)
        retain(self.power.store)
        document = status_document.build(self.plan, self.settings)
        assert document["energy"]["level"] == "FULL"

    def count_readings(self) -> int:
        (found,) = self.power.store.query("SELECT count(*) FROM power_reading")
        return int(found[0])


@pytest.fixture
def whole_unit(clock: FakeClock, settings: Settings, open_store: OpenStore) -> WholeUnit:
    power, clock.synchronized = open_store("power"), True
    state = BatteryState(
        clock.stamp(), 90.0, 1.0, 2300, 2560, None, charge_blocked=False, method="counted"
    )
    power.add(state)
    clock.advance(60)
    unit = Unit(clock, settings, power, FakeMeter(clock))
    return WholeUnit(clock, settings, unit, open_store("plan"))


@pytest.mark.parametrize("utc", STRANGE, ids=str)
def test_no_wall_clock_stops_the_unit_or_deletes_what_it_has(
    whole_unit: WholeUnit, utc: datetime
) -> None:
    whole_unit.go_on()
    stored = whole_unit.count_readings()
    whole_unit.clock.set_wall_clock(utc)
    whole_unit.go_on()
    whole_unit.clock.set_wall_clock(START + timedelta(hours=1))
    whole_unit.go_on()
    assert whole_unit.count_readings() == 3 * stored


@limits(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wall_clocks)
def test_a_wall_clock_that_jumps_anywhere_stops_nothing(
    whole_unit: WholeUnit, utc: datetime
) -> None:
    """The examples are jumps of one unit."""
    stored = whole_unit.count_readings()
    whole_unit.clock.set_wall_clock(utc)
    whole_unit.go_on()
    assert whole_unit.count_readings() > stored
    last = whole_unit.power.store.last(PowerReading)
    assert last is not None
    assert abs(last.stamp.utc - whole_unit.clock.stamp().utc) <= timedelta(seconds=20)


def test_a_year_that_is_none_of_a_units_is_that_of_a_computer_without_a_clock() -> None:
    assert bound_wall_clock(START, 5.0) == START
    assert bound_wall_clock(datetime(2326, 7, 1, tzinfo=UTC), 90.0) == datetime(
        1970, 1, 1, 0, 1, 30, tzinfo=UTC
    )


def test_what_is_planned_at_the_last_moment_of_the_clock_can_still_be_read() -> None:
    assert decoding.LAST_YEAR > LAST_YEAR
