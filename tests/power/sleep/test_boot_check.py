"""What happens at a boot: who woke the unit, whether it may stay, what the disk keeps of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.model import (
    AFTER_CUT,
    BatteryState,
    ChargeStage,
    EnergyLevel,
    PowerReading,
    Stamp,
)
from appliance.settings import Settings
from power.sleep import boot_record
from power.sleep.boot_check import (
    AFTER_STOP,
    AT_NO_HOUR,
    BY_CLOCK,
    BY_HAND,
    EARLY,
    FIRST,
    LATE,
    Boot,
    BootEnd,
    CheckResult,
    EnergyCheck,
    SleepRecord,
    begin_boot,
    compute_sufficient_pct,
    count_failure,
    record_sent_back,
    run_check,
)
from power.sleep.boot_record import BootsError
from power.sleep.wake_time import compute_needed_w, wake_pct

SETTINGS = Settings()
SUNSET = datetime(2026, 1, 10, 16, 0, tzinfo=UTC)
MORNING = SUNSET + timedelta(hours=14)
NAP = SleepRecord(
    SUNSET,
    EnergyLevel.HIBERNATE,
    wakes=MORNING,
    hoped=MORNING,
    armed="a clock",
    reason="no load may run",
)
ASLEEP = Boot("aaaaaaaa", SUNSET, FIRST, checked=True, well=True, end=BootEnd.ASLEEP, nap=NAP)
SLEEPY = Boot("bbbbbbbb", MORNING, BY_CLOCK, asleep_since=SUNSET, nap=NAP)
BRIGHT_W = compute_needed_w(SETTINGS) + 100


def at(utc: datetime, boot: str = "bbbbbbbb", uptime_s: float = 10.0) -> Stamp:
    return Stamp(utc, boot, uptime_s)


# --- who woke it ---------------------------------------------------------------------------------


def test_the_first_boot_of_all_has_no_past() -> None:
    assert begin_boot(None, at(SUNSET)) == Boot("bbbbbbbb", SUNSET, FIRST)


@pytest.mark.parametrize(
    ("minutes", "cause"),
    [(-300, EARLY), (-3, EARLY), (-1, BY_CLOCK), (5, BY_CLOCK), (29, BY_CLOCK), (31, LATE)],
)
def test_who_woke_the_unit_is_judged_by_the_time(minutes: int, cause: str) -> None:
    boot = begin_boot(ASLEEP, at(MORNING + timedelta(minutes=minutes)))
    assert (boot.cause, boot.asleep_since, boot.failed) == (cause, SUNSET, 0)
    assert (boot.checked, boot.well, boot.end) == (False, False, BootEnd.RUNNING)


def test_a_clock_that_lost_its_time_proves_no_early_wake_and_failed_boots_count() -> None:
    """Each boot begins in 1970: what sleeps for want of energy needs enough for a night."""
    boot = begin_boot(ASLEEP, at(datetime(1970, 1, 1, tzinfo=UTC)))
    assert boot.cause == AT_NO_HOUR
    by_clock = replace(boot, cause=BY_CLOCK)
    assert compute_sufficient_pct(boot, SETTINGS) == compute_sufficient_pct(by_clock, SETTINGS)
    assert record_sent_back(boot, at(datetime(1970, 1, 1, tzinfo=UTC))).failed == 1


def test_an_hour_that_a_wrong_clock_has_planned_excuses_no_failed_boot() -> None:
    far = replace(NAP, hoped=MORNING + timedelta(days=731))
    boot = begin_boot(replace(ASLEEP, nap=far), at(MORNING))
    assert record_sent_back(boot, at(MORNING)).failed == 1


def test_a_unit_that_nothing_was_to_wake_was_woken_by_hand() -> None:
    unarmed = replace(ASLEEP, nap=replace(NAP, wakes=None, armed=""))
    assert begin_boot(unarmed, at(MORNING)).cause == BY_HAND


def test_a_boot_that_ended_without_a_word_before_it_was_well_has_failed() -> None:
    fallen = Boot("aaaaaaaa", SUNSET, FIRST, failed=2, checked=True)
    boot = begin_boot(fallen, at(MORNING))
    assert (boot.cause, boot.failed, boot.asleep_since) == (AFTER_CUT, 3, None)
    assert begin_boot(boot, at(MORNING, "cccccccc")).failed == 4


def test_a_boot_that_was_well_and_lost_its_power_has_not_failed() -> None:
    well = Boot("aaaaaaaa", SUNSET, FIRST, checked=True, well=True)
    boot = begin_boot(well, at(MORNING))
    assert (boot.cause, boot.failed) == (AFTER_CUT, 0)


def test_a_clean_stop_is_no_failure_and_forgives_none() -> None:
    stopped = Boot("aaaaaaaa", SUNSET, FIRST, failed=2, end=BootEnd.STOPPED)
    boot = begin_boot(stopped, at(MORNING))
    assert (boot.cause, boot.failed) == (AFTER_STOP, 2)


def test_a_service_that_is_started_again_goes_on_where_it_was() -> None:
    checked = Boot("bbbbbbbb", MORNING, BY_CLOCK, SUNSET, failed=1, checked=True, well=True)
    assert begin_boot(checked, at(MORNING)) == checked
    assert begin_boot(replace(checked, end=BootEnd.STOPPED), at(MORNING)) == checked


def test_one_boot_fails_only_once() -> None:
    boot = count_failure(count_failure(SLEEPY))
    assert boot.failed == 1
    assert begin_boot(boot, at(MORNING, "cccccccc")).failed == 1


def test_what_was_well_cannot_fail_any_more() -> None:
    assert count_failure(replace(SLEEPY, well=True)).failed == 0


def test_who_is_woken_in_the_dark_and_sent_back_has_not_failed() -> None:
    assert record_sent_back(SLEEPY, at(MORNING - timedelta(hours=2))).failed == 0
    assert record_sent_back(SLEEPY, at(MORNING)).failed == 1
    after_a_cut = replace(SLEEPY, asleep_since=None)
    assert record_sent_back(after_a_cut, at(MORNING - timedelta(hours=2))).failed == 1


# --- the energy check ----------------------------------------------------------------------------


def battery(pct: float | None, sigma_pct: float = 2.0, s: float = 10.0) -> BatteryState:
    sigma = None if pct is None else sigma_pct
    return BatteryState(
        at(MORNING, uptime_s=s),
        pct,
        sigma,
        None,
        2560,
        None,
        charge_blocked=False,
        method="counted",
    )


def reading(s: float, sun_w: float | None, amps: float | None = 0.0) -> PowerReading:
    stamp = at(MORNING, uptime_s=s)
    return PowerReading(stamp, "test", sun_w, 30, 13.0, amps, 20, 5.0, None, None)


def check(
    boot: Boot,
    pct: float | None,
    sun: list[tuple[float, float | None]],
    sigma_pct: float = 2.0,
    settings: Settings = SETTINGS,
) -> tuple[CheckResult, float, str]:
    """The first answer that is not WAIT, when it came, and why; `sun` is (s, W) from 10 s on."""
    state, answer, message, s = EnergyCheck(10.0), CheckResult.WAIT, "", 10.0
    for s, sun_w in sun:
        seen = reading(s, sun_w)
        state, answer, message = run_check(
            state, boot, battery(pct, sigma_pct, s), seen, seen.stamp, settings
        )
        if answer is not CheckResult.WAIT:
            break
    return answer, s, message


def steady(sun_w: float | None, until_s: float = 4000.0) -> list[tuple[float, float | None]]:
    return [(10.0 + 10 * n, sun_w) for n in range(int(until_s / 10))]


def test_sun_above_the_load_for_a_quarter_of_an_hour_and_charge_enough_let_it_stay() -> None:
    answer, s, message = check(SLEEPY, wake_pct(SETTINGS) + 3, steady(BRIGHT_W))
    assert (answer, s) == (CheckResult.STAY, 910.0)
    assert message.startswith(
        "the energy check is passed: 28 % and 106 W of PV power, it takes 27 % and"
    )


def test_without_sun_and_charge_it_goes_back_at_the_second_reading() -> None:
    answer, s, message = check(SLEEPY, 18, steady(0.0))
    assert (answer, s) == (CheckResult.BACK, 30.0)
    assert "the energy check (the clock of the computer): 16 % and 0 W of PV power" in message


def test_sun_alone_does_not_do_where_the_charge_is_out_of_reach() -> None:
    assert check(SLEEPY, 12, steady(BRIGHT_W))[:2] == (CheckResult.BACK, 30.0)


def test_doubt_alone_sends_nobody_back_before_the_hour_is_over() -> None:
    answer, s, _ = check(SLEEPY, wake_pct(SETTINGS) + 3, steady(BRIGHT_W), sigma_pct=9)
    assert (answer, s) == (CheckResult.BACK, 3610.0)


def test_charge_alone_does_not_do_where_the_night_will_take_it() -> None:
    assert check(SLEEPY, wake_pct(SETTINGS) + 10, steady(2.0))[0] is CheckResult.BACK


def test_a_cloud_begins_the_quarter_of_an_hour_anew_but_sends_nobody_back() -> None:
    sun = [(s, 1.0 if 500 <= s < 600 else w) for s, w in steady(BRIGHT_W)]
    assert check(SLEEPY, wake_pct(SETTINGS) + 3, sun)[:2] == (CheckResult.STAY, 1500.0)


def test_two_readings_far_apart_are_no_quarter_of_an_hour_of_sun() -> None:
    twice: list[tuple[float, float | None]] = [(s, BRIGHT_W) for s in (10.0, 10.0, 2e3, 2e3)]
    answer, _, _ = check(SLEEPY, wake_pct(SETTINGS) + 3, twice)
    assert answer is CheckResult.WAIT


def test_one_reading_looked_at_again_and_again_proves_nothing() -> None:
    state, seen = EnergyCheck(10.0), reading(10.0, 0.0)
    for s in range(10, 60, 10):
        now = at(MORNING, uptime_s=float(s))
        state, answer, _ = run_check(state, SLEEPY, battery(18, s=s), seen, now, SETTINGS)
        assert answer is CheckResult.WAIT


def test_a_silent_charger_is_left_to_the_guard_after_three_minutes() -> None:
    state = EnergyCheck(10.0)
    for s, expected in ((10, CheckResult.WAIT), (189, CheckResult.WAIT), (190, CheckResult.STAY)):
        now = at(MORNING, uptime_s=float(s))
        state, answer, _ = run_check(state, SLEEPY, battery(60, s=s), None, now, SETTINGS)
        assert answer is expected
        _, answer, _ = run_check(
            EnergyCheck(10.0), SLEEPY, battery(None), reading(s, 50.0), now, SETTINGS
        )
        assert answer is expected


def test_an_unknown_sun_ends_the_check_after_an_hour() -> None:
    blind = [(s, None) for s, _ in steady(None)]
    state, answer, s = EnergyCheck(10.0), CheckResult.WAIT, 0.0
    for s, _ in blind:
        seen = reading(s, None, amps=None)
        state, answer, _ = run_check(state, SLEEPY, battery(30, s=s), seen, seen.stamp, SETTINGS)
        if answer is not CheckResult.WAIT:
            break
    assert (answer, s) == (CheckResult.BACK, 3610.0)


def test_where_only_a_battery_is_asked_what_flows_in_is_the_sun() -> None:
    answers = []
    for amps in (5.0, -0.5):
        state, answer = EnergyCheck(10.0), CheckResult.WAIT
        for n in range(100):
            seen = reading(10.0 + 10 * n, None, amps=amps)
            state, answer, _ = run_check(state, SLEEPY, battery(30), seen, seen.stamp, SETTINGS)
            if answer is not CheckResult.WAIT:
                break
        answers.append(answer)
    assert answers == [CheckResult.STAY, CheckResult.BACK]


def test_a_throttled_sun_is_more_than_it_shows() -> None:
    fallen = Boot("bbbbbbbb", MORNING, AFTER_CUT, failed=5)
    for stage, answer in (
        (ChargeStage.FLOAT, CheckResult.STAY),
        (ChargeStage.BULK, CheckResult.BACK),
    ):
        state, found = EnergyCheck(10.0), CheckResult.WAIT
        for n in range(100):
            seen = replace(reading(10.0 + 10 * n, 3.0), charge_stage=stage)
            state, found, _ = run_check(state, fallen, battery(98), seen, seen.stamp, SETTINGS)
            if found is not CheckResult.WAIT:
                break
        assert found is answer


# --- what needs no check -------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [FIRST, AFTER_STOP, AFTER_CUT, EARLY, BY_HAND])
def test_who_presses_the_button_of_a_healthy_unit_waits_for_nothing(cause: str) -> None:
    boot = Boot("bbbbbbbb", MORNING, cause)
    answer, s, _ = check(boot, SETTINGS.energy.sentinel_from_pct + 2.1, steady(0.0))
    assert (answer, s) == (CheckResult.STAY, 10.0)


def test_who_slept_for_want_of_energy_needs_enough_for_a_night_or_the_sun() -> None:
    enough = compute_sufficient_pct(SLEEPY, SETTINGS)
    assert enough == 45
    assert check(SLEEPY, 47.1, steady(0.0))[:2] == (CheckResult.STAY, 10.0)
    assert check(SLEEPY, 40, steady(0.0))[0] is CheckResult.BACK


def test_one_failed_boot_is_enough_to_ask_for_more() -> None:
    boot = Boot("bbbbbbbb", MORNING, AFTER_CUT, failed=1)
    assert check(boot, 40, steady(0.0))[0] is CheckResult.BACK
    assert check(boot, 60, steady(0.0))[:2] == (CheckResult.STAY, 10.0)


def test_after_three_failed_boots_only_the_sun_is_believed() -> None:
    boot = Boot("bbbbbbbb", MORNING, AFTER_CUT, failed=3)
    answer, _, message = check(boot, 95, steady(0.0))
    assert answer is CheckResult.BACK
    assert message.endswith("3 boots in a row failed")
    assert check(boot, 95, steady(BRIGHT_W))[:2] == (CheckResult.STAY, 910.0)


# --- the file ------------------------------------------------------------------------------------


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "boots.json"
    for boot in (ASLEEP, SLEEPY, Boot("a", SUNSET, FIRST, failed=7, counted=True)):
        boot_record.write(path, boot)
        assert boot_record.read(path) == boot
    assert [entry.name for entry in tmp_path.iterdir()] == ["boots.json"]


def test_a_person_can_read_the_file(tmp_path: Path) -> None:
    boot_record.write(tmp_path / "boots.json", ASLEEP)
    stored = json.loads((tmp_path / "boots.json").read_text())
    assert stored["end"] == "ASLEEP"
    assert stored["nap"]["level"] == "HIBERNATE"
    assert stored["nap"]["wakes"] == "2026-01-11T06:00:00.000Z"


def test_no_file_is_no_past(tmp_path: Path) -> None:
    assert boot_record.read(tmp_path / "boots.json") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"boot_id": "a"}',
        '{"boot_id": "a", "began": "yesterday", "cause": "x"}',
        '{"boot_id": "a", "began": "2026-01-11T06:00:00Z", "cause": "x", "failed": "many"}',
        '{"boot_id": "a", "began": "2026-01-11T06:00:00Z", "cause": "x", "end": "LOST"}',
        '{"boot_id": "a", "began": "2026-01-11T06:00:00", "cause": "x"}',
        '{"boot_id": "a", "began": "2026-01-11T06:00:00Z", "cause": "x", "nap": {"since": 4}}',
        '{"boot_id": "a", "began": "2026-01-11T06:00:00Z", "cause": "x", "failed": -1}',
        '{"boot_id": "a", "began": "0001-01-01T00:00:00+14:00", "cause": "x"}',
        '{"boot_id": "a", "began": "9999-12-31T23:59:59Z", "cause": "x"}',
        "[" * 50_000,
        '{"a":' * 10_000,
        " " * 100_000,
    ],
)
def test_a_damaged_file_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / "boots.json").write_text(text)
    with pytest.raises(BootsError, match=r"cannot be read .* a new one is begun"):
        boot_record.read(tmp_path / "boots.json")


def test_a_field_of_a_later_release_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "boots.json"
    boot_record.write(path, SLEEPY)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"mood": "good"}))
    assert boot_record.read(path) == SLEEPY


def test_a_write_that_fails_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "boots.json"
    boot_record.write(path, SLEEPY)
    (tmp_path / "boots.json.part").symlink_to("/dev/full")
    with pytest.raises(BootsError, match="No space left"):
        boot_record.write(path, ASLEEP)
    assert boot_record.read(path) == SLEEPY
