"""What a load before the shunt may have taken: in doubt until two full charges prove the count."""

from dataclasses import replace

import pytest

from appliance.settings import BatterySettings
from power.battery.corrections import correct_by_voltage
from power.battery.estimate import COUNT_SIGMA_LIMIT_PCT, Estimate, Moves, RestWindow
from power.battery.estimator import report_state, restore
from power.battery.hidden_load import doubt_count, is_borne_out_by
from power.battery.voltage_curve import UncertainCharge, derive_facts
from tests.bench.estimator.cases import R1, change
from tests.bench.estimator.run import run_case
from tests.power.battery.estimates import LEAD, PACK, after, make_estimate
from tests.stand_ins.fakes import FakeClock

FACTS = derive_facts(PACK)
FULL = UncertainCharge(100.0, 1.0)


def doubted(clock: FakeClock, charge_pct: float = 100.0) -> Estimate:
    """A new unit's, whose battery has been full once."""
    return replace(
        make_estimate(clock, charge_pct, 1.0), is_borne_out=False, full_at=clock.stamp().utc
    )


def test_two_sigma_hold_what_30_watts_take_unseen_in_a_day(clock: FakeClock) -> None:
    drawn = after(doubted(clock), clock, 24, amps=-1.0, volts=13.3)
    state = report_state(drawn, None, PACK, clock.stamp())
    assert state.sigma_pct is not None
    assert 2 * state.sigma_pct > 30 * 24 / 2560 * 100


def test_a_count_that_was_right_from_full_to_full_is_not_doubted_again(clock: FakeClock) -> None:
    proven = replace(doubted(clock), is_borne_out=True)
    drawn = after(proven, clock, 24, amps=-1.0, volts=13.3)
    assert drawn.whole_sigma_pct == drawn.sigma_pct < 4


@pytest.mark.parametrize(("counted_pct", "is_right"), [(94.0, True), (72.0, False), (128.0, False)])
def test_a_count_is_right_where_no_more_is_missing_than_a_sensor_s_drift(
    clock: FakeClock, counted_pct: float, is_right: bool
) -> None:
    counted = replace(doubted(clock, min(100.0, counted_pct)), moves=Moves(0.0, 100.0, 1.0))
    clamped = replace(counted, clamped_pct=max(0.0, counted_pct - 100))
    assert is_borne_out_by(clamped, FULL, 1.0) is is_right


def test_what_voltages_have_moved_does_not_make_a_count_right(clock: FakeClock) -> None:
    moved = replace(doubted(clock), moves=Moves(0.0, 100.0, 1.0, moved_pct=-28.0))
    assert not is_borne_out_by(moved, FULL, 1.0)


@pytest.mark.parametrize(
    ("shown", "before_pct", "days"),
    [(UncertainCharge(3.0, 3.0), 3.0, 2.0), (FULL, 3.0, 2.0), (FULL, 100.0, 0.2)],
)
def test_only_two_full_charges_apart_bear_a_count_out(
    clock: FakeClock, shown: UncertainCharge, before_pct: float, days: float
) -> None:
    counted = replace(doubted(clock, shown.charge_pct), moves=Moves(0.0, before_pct, 1.0))
    assert not is_borne_out_by(counted, shown, days)


def test_a_voltage_corrects_by_both_uncertainties_and_leaves_less_of_both(clock: FakeClock) -> None:
    unsure = replace(doubted(clock, 95.0), sigma_pct=4.0, hidden_sigma_pct=16.0)
    sure = replace(unsure, hidden_sigma_pct=0.0)
    shown, kept = (after(one, clock, 0.3, volts=13.12) for one in (unsure, sure))
    assert shown.charge_pct < kept.charge_pct - 5
    assert shown.hidden_sigma_pct < 16
    assert shown.sigma_pct < 4


def test_a_large_battery_hides_less_in_percent_and_no_doubt_grows_without_end(
    clock: FakeClock,
) -> None:
    large = derive_facts(BatterySettings(nominal_voltage_v=51.2, capacity_wh=15_360.0))
    one_day = doubt_count(doubted(clock), 1.0, large)
    assert one_day.hidden_sigma_pct == pytest.approx(15 * 24 / 153.6)
    years = doubt_count(doubted(clock), 900.0, FACTS)
    assert years.hidden_sigma_pct == COUNT_SIGMA_LIMIT_PCT


def test_after_a_restart_only_a_battery_that_was_never_full_is_doubted(clock: FakeClock) -> None:
    for full_at in (None, clock.stamp().utc):
        estimate = replace(doubted(clock, 60.0), full_at=full_at)
        state = report_state(estimate, None, PACK, clock.stamp())
        restored = restore(state, clock.stamp(), clock_went_on=True)
        assert restored is not None
        assert restored.is_borne_out is (full_at is not None)


def test_thirty_watts_before_the_shunt_stay_within_two_sigma_and_disconnect_nothing() -> None:
    result = run_case(change(R1, hidden_w=30.0), days=5)
    assert result.within == result.readings
    assert result.cuts == 0


def test_lead_acid_shows_by_its_voltage_what_is_missing(clock: FakeClock) -> None:
    lead = derive_facts(LEAD)
    assert doubt_count(doubted(clock), 3.0, lead).hidden_sigma_pct == 0


def test_a_voltage_that_shows_more_charge_is_weighed_against_the_count_alone(
    clock: FakeClock,
) -> None:
    window = RestWindow(since_s=0.0, until_s=3600.0, least_pct=64.0, most_pct=100.0)
    counted = replace(doubted(clock, 60.0), sigma_pct=4.0, rest=window)
    unsure = replace(counted, hidden_sigma_pct=16.0)
    raised, sure = (correct_by_voltage(one, FACTS) for one in (unsure, counted))
    assert raised.charge_pct == sure.charge_pct
    assert raised.hidden_sigma_pct == 16
