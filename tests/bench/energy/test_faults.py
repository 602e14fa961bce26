"""The faulty sensors of the energy bench: each kind does what its table says, by time alone.

Reads and writes: nothing.
Never: asks what the unit makes of it; the bench does.
"""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from appliance.model import ChargeStage, PowerReading, Quality
from tests.bench.energy.faults import DAY_S, HOUR_S, RATES, WEEK_S, Faults, Kind
from tests.scenes.readings import charger_reading
from tests.stand_ins.fakes import FakeClock

STEP_S = 600.0
YEAR_S = 52 * WEEK_S
Said = tuple[float, PowerReading, PowerReading | None, float | None]


def true_at(uptime_s: float) -> PowerReading:
    """A true reading in which each value tells its own time."""
    clock = FakeClock()
    clock.advance(uptime_s)
    part = uptime_s / YEAR_S
    reading = charger_reading(
        clock,
        battery_voltage_v=13.0 + part,
        battery_current_a=-2.0 - part,
        pv_power_w=100.0 + part,
        load_power_w=20.0 + part,
        battery_temperature_c=-5.0 + part,
    )
    return replace(reading, lowest_cell_voltage_v=3.2 + part, charge_allowed=True)


def run(
    faults: Faults, weeks: float = 4, step_s: float = STEP_S, from_s: float = 0.0
) -> list[Said]:
    results = []
    for number in range(int(weeks * WEEK_S / step_s)):
        at_s = from_s + number * step_s
        true = true_at(at_s)
        results.append((at_s, true, *faults.apply(true, 50.0, at_s)))
    return results


def test_without_kinds_nothing_is_wrong() -> None:
    for _, true, seen, reported_pct in run(Faults(1, ()), weeks=2):
        assert seen == true
        assert reported_pct == 50


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_strikes_within_a_year(kind: Kind) -> None:
    results = run(Faults(1, [kind]), weeks=52, step_s=3600)
    assert any((seen, reported_pct) != (true, 50.0) for _, true, seen, reported_pct in results)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.TORN, Kind.FROZEN)])
def test_the_faults_of_a_time_do_not_depend_on_how_often_was_asked(kind: Kind) -> None:
    often = {at_s: seen for at_s, _, seen, _ in run(Faults(3, [kind]), step_s=300)}
    for at_s, _, seen, _ in run(Faults(3, [kind]), step_s=1200):
        assert often[at_s] == seen


def test_another_seed_has_other_faults() -> None:
    one, other = ([seen for _, _, seen, _ in run(Faults(seed, [Kind.DROPOUT]))] for seed in (1, 2))
    assert one != other


def test_a_true_silence_stays_a_silence() -> None:
    faults = Faults(1)
    for number in range(5000):
        seen, reported_pct = faults.apply(None, None, number * STEP_S)
        assert seen is None
        assert reported_pct is None


@pytest.mark.parametrize(
    "kind", [Kind.DROPOUT, Kind.ZERO, Kind.FROZEN, Kind.SOC_606, Kind.NO_PROBE]
)
def test_spells_come_as_often_and_last_as_long_as_the_table_says(kind: Kind) -> None:
    rate, lengths_h, at_work, looks = RATES[kind], [], 0, int(YEAR_S / 7200)
    for seed in range(30):
        faults = Faults(seed, [kind])
        spells = {one for week in range(52) for one in faults._spells(kind, week * WEEK_S)}
        lengths_h += [(spell.ends_s - spell.starts_s) / HOUR_S for spell in spells]
        at_work += sum(faults.at_work(kind, number * 7200.0) is not None for number in range(looks))
    mean_h = (rate.shortest_h + rate.longest_h) / 2
    assert rate.shortest_h <= min(lengths_h)
    assert max(lengths_h) <= rate.longest_h
    assert sum(lengths_h) / len(lengths_h) == pytest.approx(mean_h, rel=0.15)
    assert len(lengths_h) / 30 / 52 == pytest.approx(rate.per_week, rel=0.2)
    # Of two spells at once only one counts here.
    share = rate.per_week * mean_h * HOUR_S / WEEK_S
    assert at_work / looks / 30 == pytest.approx(share, rel=0.25)


def test_a_drifting_sensor_is_off_by_two_per_cent_a_day_with_one_sign_for_weeks() -> None:
    faults, signs = Faults(1, [Kind.DRIFT], capacity_ah=200.0), []
    for at_s, true, seen, _ in run(faults, weeks=30, step_s=6 * HOUR_S):
        assert seen is not None
        assert seen.battery_current_a is not None
        assert true.battery_current_a is not None
        off_a = seen.battery_current_a - true.battery_current_a
        assert abs(off_a) * 24 / 200 * 100 == pytest.approx(2.0)
        assert faults.bias_a(at_s) == pytest.approx(off_a)
        assert replace(seen, battery_current_a=true.battery_current_a) == true
        signs.append(off_a > 0)
    changes = [number for number in range(1, len(signs)) if signs[number] != signs[number - 1]]
    assert changes
    assert all(number % (21 * 4) == 0 for number in changes)


def test_a_wandering_error_moves_slowly_and_stays_within_two_per_cent_a_day() -> None:
    faults = Faults(1, [Kind.WANDER], capacity_ah=200.0)
    offs = [faults.bias_a(number * HOUR_S) * 24 / 200 * 100 for number in range(52 * 7 * 24)]
    assert max(offs) < 2
    assert max(offs) > 1.5
    assert min(offs) < -1.5
    assert max(abs(right - left) for left, right in pairwise(offs)) < 0.12
    assert abs(sum(offs) / len(offs)) < 0.25


def test_a_bms_counts_with_the_same_error_until_it_is_full() -> None:
    faults = Faults(1, [Kind.DRIFT])
    sign = 1 if faults.bias_a(0.0) > 0 else -1
    for number in range(10 * 24 + 1):
        _, reported_pct = faults.apply(true_at(0.0), 50.0, number * HOUR_S)
    assert reported_pct == pytest.approx(50 + sign * 20)
    _, at_full_pct = faults.apply(true_at(0.0), 100.0, 10 * DAY_S + HOUR_S)
    assert at_full_pct == 100
    _, later_pct = faults.apply(true_at(0.0), 50.0, 10 * DAY_S + 2 * HOUR_S)
    assert later_pct == pytest.approx(50 + sign * 2 / 24)


def test_a_dropout_is_a_silence_of_hours() -> None:
    faults = Faults(1, [Kind.DROPOUT])
    silent = [seen is None for _, _, seen, _ in run(faults)]
    assert any(silent)
    assert not all(silent)
    for _, true, seen, reported_pct in run(faults):
        assert (seen is None) == (reported_pct is None)
        assert seen in (None, true)


def test_a_zero_for_absent_is_none_for_the_battery_and_stays_zero_for_sun_and_loads() -> None:
    seen_currents = set()
    for at_s, _, seen, reported_pct in run(faults := Faults(1, [Kind.ZERO]), weeks=12):
        if faults.at_work(Kind.ZERO, at_s) is None:
            continue
        assert seen is not None
        assert seen.battery_voltage_v is None
        assert seen.lowest_cell_voltage_v is None
        assert seen.charge_stage is None
        assert seen.quality["battery_voltage_v"] is Quality.IMPLAUSIBLE
        assert (seen.pv_power_w, seen.pv_voltage_v, seen.load_power_w, reported_pct) == (0, 0, 0, 0)
        assert (seen.battery_current_a is None) == ("battery_current_a" in seen.quality)
        seen_currents.add(seen.battery_current_a)
    assert seen_currents == {None, 0.0}


def test_frozen_values_are_the_last_before_and_their_stamps_go_on() -> None:
    faults, before, frozen = Faults(1, [Kind.FROZEN]), None, 0
    for at_s, true, seen, _ in run(faults):
        assert seen is not None
        assert seen.stamp == true.stamp
        if faults.at_work(Kind.FROZEN, at_s) is None:
            assert seen == true
            before = true
        elif before is not None:
            assert seen == replace(before, stamp=true.stamp)
            frozen += 1
    assert frozen > 5


def test_a_faulty_bms_reports_606_or_0_per_cent_and_nothing_else_is_wrong() -> None:
    results = run(Faults(1, [Kind.SOC_606]), weeks=8)
    assert {reported_pct for _, _, _, reported_pct in results} == {50.0, 606.0, 0.0}
    assert all(seen == true for _, true, seen, _ in results)
    faults = Faults(1, [Kind.SOC_606])
    assert all(faults.apply(true_at(0), None, at_s)[1] is None for at_s, *_ in results)


def test_a_torn_value_is_one_wild_value_in_one_reading() -> None:
    spoilt, names, wildest = [], set(), 0.0
    for at_s, true, seen, _ in run(Faults(1, [Kind.TORN]), weeks=3, step_s=60.0):
        assert seen is not None
        if seen == true:
            continue
        spoilt.append(at_s)
        for name in ("battery_current_a", "pv_power_w", "load_power_w"):
            was, now = getattr(true, name), getattr(seen, name)
            if was != now:
                names.add(name)
                assert abs(now) > 600
                wildest = max(wildest, now)
        put_back = {name: getattr(true, name) for name in names}
        assert replace(seen, **put_back) == true
    assert 50 < len(spoilt) <= 60
    assert names == {"battery_current_a", "pv_power_w", "load_power_w"}
    assert wildest == 42_949_672.95
    assert sum(right - left < 61 for left, right in pairwise(spoilt)) < 3


def test_an_unknown_value_cannot_be_torn() -> None:
    faults = Faults(1, [Kind.TORN])
    for number in range(3000):
        true = replace(true_at(0), battery_current_a=None, pv_power_w=None, load_power_w=None)
        assert faults.apply(true, 50.0, number * STEP_S)[0] == true


def test_a_missing_probe_reports_nothing_or_25_degrees_for_weeks() -> None:
    seen_c: set[float | None] = set()
    for seed in range(4):
        faults = Faults(seed, [Kind.NO_PROBE])
        for at_s, true, seen, _ in run(faults, weeks=52, step_s=6 * HOUR_S):
            assert seen is not None
            if faults.at_work(Kind.NO_PROBE, at_s) is None:
                assert seen == true
                continue
            seen_c.add(seen.battery_temperature_c)
            absent = seen.quality.get("battery_temperature_c") is Quality.ABSENT
            assert absent == (seen.battery_temperature_c is None)
    assert seen_c == {None, 25.0}


def test_all_kinds_together_leave_most_readings_usable() -> None:
    usable = [
        seen is not None and seen.battery_voltage_v is not None
        for _, _, seen, _ in run(Faults(1), weeks=10)
    ]
    assert 0.8 < sum(usable) / len(usable) < 1


def test_the_true_reading_is_not_touched() -> None:
    true = true_at(0.0)
    copy = replace(true, quality=dict(true.quality))
    for _ in run(faults := Faults(2), weeks=4):
        pass
    faults.apply(true, 50.0, 4 * WEEK_S)
    assert true == copy
    assert true.charge_stage is ChargeStage.BULK
    assert true.stamp.utc == FakeClock().utc + timedelta(0)
