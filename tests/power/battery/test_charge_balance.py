"""The balance of the charge: what it finds, and what it must not."""

from dataclasses import replace

import pytest

from appliance.settings import BatterySettings
from power.battery.charge_balance import ChargeBalance, find_unsure_a
from power.battery.charge_range import ChargeRange
from power.battery.charge_witness import WitnessKind, make_witness
from power.battery.stretches import Counts, Entry, judge_stretches
from power.battery.unmeasured_flow import FlowKind, UnmeasuredFlow, make_fault
from power.battery.voltage_curve import derive_facts
from tests.bench.estimator.cases import AGM, R1, change
from tests.bench.estimator.run import run_case

FACTS = derive_facts(BatterySettings())  # LFP, 200 Ah
FULL, HALF, LOW = ChargeRange(94.0, 100.0), ChargeRange(40.0, 60.0), ChargeRange(0.0, 15.0)


def witness(
    bounds: ChargeRange, hours: float, in_ah: float, out_ah: float, *, unsure_a: float = 1.2
) -> Entry:
    counts = Counts(in_ah, out_ah, unsure_a * hours)
    return Entry(make_witness(WitnessKind.RESTED, bounds), hours * 3600, counts)


def judge(*entries: Entry) -> UnmeasuredFlow | None:
    return judge_stretches(entries, FACTS, voltage_v=12.8, is_confirmed=False)


def test_more_that_leaves_than_is_measured_shows_from_full_to_full() -> None:
    found = judge(witness(FULL, 0, 0, 0), witness(FULL, 48, 220, 110))
    assert found is not None
    assert found.kind is FlowKind.LEAVES
    assert found.amps == pytest.approx(-110 / 48, abs=0.4)


def test_what_a_source_gives_that_is_not_measured_shows_from_low_to_full() -> None:
    found = judge(witness(LOW, 0, 0, 0), witness(FULL, 12, 20, 20))
    assert found is not None
    assert found.kind is FlowKind.ENTERS


def test_a_smaller_capacity_explains_a_short_discharge() -> None:
    assert judge(witness(FULL, 0, 0, 0), witness(LOW, 20, 0, 80)) is None


def test_no_capacity_explains_a_short_discharge_and_a_long_charge() -> None:
    found = judge(witness(FULL, 0, 0, 0), witness(LOW, 20, 0, 20), witness(FULL, 30, 180, 20))
    assert found is not None
    assert found.kind is FlowKind.LEAVES


def test_a_battery_that_empties_while_it_is_reported_to_be_charged_has_the_wrong_sign() -> None:
    found = judge(witness(FULL, 0, 0, 0), witness(LOW, 20, 180, 0), witness(FULL, 30, 180, 185))
    assert found is not None
    assert found.kind is FlowKind.REVERSED


def test_a_zero_point_that_is_one_ampere_off_is_no_fault() -> None:
    assert judge(witness(FULL, 0, 0, 0), witness(FULL, 96, 250 + 96, 250)) is None


def test_a_current_that_a_second_meter_bears_out_is_off_by_less() -> None:
    assert find_unsure_a(2.0, 0.1) < find_unsure_a(2.0, None) < find_unsure_a(0.0, None)


def test_the_words_say_what_to_look_at() -> None:
    flow = UnmeasuredFlow(FlowKind.LEAVES, -2.35, 0.3, 48, 12.8, is_confirmed=True)
    text = str(make_fault(flow))
    assert text.startswith("30 W more leave the battery than both the shunt and the controllers")
    assert "connected directly to the battery, before the shunt" in text
    reversed_text = str(make_fault(replace(flow, kind=FlowKind.REVERSED)))
    assert "mounted backwards" in reversed_text


def test_sixty_watts_before_the_shunt_are_found_within_two_days() -> None:
    result = run_case(change(R1, hidden_w=60.0), days=2)
    assert result.balance_h is not None
    assert "before the shunt" in result.balance_texts[-1]


def test_a_wrong_sign_is_found_within_a_day_and_a_half() -> None:
    result = run_case(change(R1, factor=-1.0), days=2)
    assert "the wrong sign" in result.balance_texts[-1]
    assert result.clear_h is not None
    assert result.clear_h < 36


@pytest.mark.parametrize("case", [R1, AGM])
def test_a_sound_battery_contradicts_nothing(case: object) -> None:
    assert run_case(change(case, offset_a=0.8), days=2).balance_h is None  # type: ignore[arg-type]


def test_without_readings_there_is_no_fault() -> None:
    balance = ChargeBalance(BatterySettings())
    balance.follow(None, None)
    assert balance.find_faults() == []
