"""The guard: told stories, and hypothesis trying to talk it into something."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import BatteryState, EnergyLevel, PowerReading
from appliance.settings import BatterySettings, Chemistry, EnergySettings, Settings
from power.guard import GuardState, Verdict, cell_voltage_v, judge, reserve_wh
from tests.fakes import FakeClock

SETTINGS = Settings()
FLOOR_V = 12.0  # four LFP cells


@dataclass
class Watch:
    """A guard in use: each look is one cycle."""

    clock: FakeClock
    settings: Settings = SETTINGS
    state: GuardState = field(default_factory=GuardState)
    heard_s: float | None = None

    def look(
        self,
        volts: float | None = 13.0,
        amps: float | None = -2.0,
        charge: float | None = 90.0,
        sigma: float = 2.0,
        answers: bool = True,
        cell: float | None = None,
    ) -> Verdict:
        reading = a_reading(self.clock, volts, amps) if answers else None
        reading = replace(reading, lowest_cell_voltage_v=cell) if reading else None
        if answers:
            self.heard_s = self.clock.uptime_s
        age_s = None if self.heard_s is None else self.clock.uptime_s - self.heard_s
        battery = a_state(self.clock, charge, sigma)
        self.state, verdict = judge(
            self.state, reading, age_s, battery, self.settings, self.clock.stamp()
        )
        return verdict


def a_reading(clock: FakeClock, volts: float | None, amps: float | None) -> PowerReading:
    return PowerReading(clock.stamp(), "test", None, None, volts, amps, None, None, None, None)


def a_state(clock: FakeClock, charge: float | None, sigma: float | None) -> BatteryState:
    return BatteryState(clock.stamp(), charge, sigma, None, 2560, None, False, "counted")


@pytest.fixture
def watch(clock: FakeClock) -> Watch:
    return Watch(clock)


def test_a_silent_charger_is_allowed_less_the_longer_it_is_silent(watch: Watch) -> None:
    watch.look()
    seen = []
    for silent_s in (0, 60, 1, 539, 1, 2999, 1):
        watch.clock.advance(silent_s)
        verdict = watch.look(answers=False)
        seen.append((verdict.max_level.name, verdict.may_rise))
    assert seen == [
        ("FULL", True),
        ("FULL", True),
        ("FULL", False),
        ("FULL", False),
        ("ECO", False),
        ("ECO", False),
        ("SENTINEL", False),
    ]
    assert verdict.reason == "the charger has not answered for 60 min"


def test_a_charger_that_never_answered_allows_no_more_than_listening(watch: Watch) -> None:
    assert watch.look(answers=False).max_level == EnergyLevel.SENTINEL


def test_a_low_voltage_powers_off_after_half_a_minute_whatever_the_estimate(watch: Watch) -> None:
    first = watch.look(volts=11.9, charge=95)
    assert (first.max_level, first.may_rise) == (EnergyLevel.FULL, False)
    watch.clock.advance(10)
    assert not watch.look(volts=11.9, charge=95).power_off
    watch.clock.advance(20)
    verdict = watch.look(volts=11.9, charge=95)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.OFF, True)
    assert verdict.reason == "2.98 V per cell is below 3 V for 30 s"


def test_a_short_sag_is_forgiven(watch: Watch) -> None:
    watch.look(volts=11.9)
    watch.clock.advance(10)
    watch.look(volts=12.1)
    watch.clock.advance(25)
    assert watch.look(volts=11.9).max_level == EnergyLevel.FULL


def test_a_confirmed_low_voltage_must_rise_clearly_before_loads_run_again(watch: Watch) -> None:
    for _ in range(4):
        watch.look(volts=11.9)
        watch.clock.advance(10)
    assert watch.look(volts=12.1).max_level == EnergyLevel.HIBERNATE
    assert watch.look(answers=False).max_level == EnergyLevel.HIBERNATE
    assert watch.look(volts=12.3).max_level == EnergyLevel.FULL


def test_zero_for_absent_is_not_a_low_voltage(watch: Watch) -> None:
    for _ in range(10):
        verdict = watch.look(volts=0.0)
        watch.clock.advance(10)
    assert not verdict.power_off


@pytest.mark.parametrize(
    ("charge", "level", "power_off"),
    [
        (23, EnergyLevel.FULL, False),
        (20, EnergyLevel.SENTINEL, False),
        (16, EnergyLevel.HIBERNATE, False),
        (11, EnergyLevel.OFF, True),
        (None, EnergyLevel.SENTINEL, False),
        (float("nan"), EnergyLevel.SENTINEL, False),
    ],
)
def test_the_floors_are_judged_on_the_charge_less_sigma(
    watch: Watch, charge: float | None, level: EnergyLevel, power_off: bool
) -> None:
    verdict = watch.look(charge=charge, sigma=2.0)
    assert (verdict.max_level, verdict.power_off) == (level, power_off)


def test_what_the_cold_hides_is_not_counted_on(clock: FakeClock) -> None:
    """At -20 C the last 30 % cannot be drawn: 38 % on the meter is next to nothing."""
    cold = replace(a_state(clock, 38.0, 2.0), energy_wh=0.08 * 2560)
    reading = a_reading(clock, 12.9, -2.0)
    _, verdict = judge(GuardState(), reading, 0.0, cold, SETTINGS, clock.stamp())
    assert verdict.power_off


def test_doubt_alone_does_not_power_off_a_battery_of_sound_voltage(watch: Watch) -> None:
    doubtful = watch.look(charge=35, sigma=30, volts=13.1)
    assert (doubtful.max_level, doubtful.power_off) == (EnergyLevel.HIBERNATE, False)
    assert watch.look(charge=35, sigma=30, volts=12.6).power_off
    assert watch.look(charge=35, sigma=30, volts=None).power_off
    assert watch.look(charge=15, sigma=10, volts=13.1).power_off


def test_an_empty_unit_that_is_being_charged_waits_instead_of_leaving(watch: Watch) -> None:
    verdict = watch.look(charge=5, amps=4.0)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)
    assert verdict.reason == "there may be only 3 % left to draw, the floor is 10 %, but charging"


def test_the_reserve_is_seven_dark_days_and_never_more_than_a_third() -> None:
    energy, battery = EnergySettings(), BatterySettings()
    assert reserve_wh(battery, energy) == pytest.approx(0.3 * 24 * 7)
    assert reserve_wh(battery, replace(energy, hibernate_power_w=100)) == pytest.approx(768)


def test_loads_stop_before_they_eat_the_reserve(clock: FakeClock) -> None:
    energy = EnergySettings(hibernate_power_w=3.0)  # 504 Wh, 20 % of the pack
    watch = Watch(clock, replace(SETTINGS, energy=energy))
    assert watch.look(charge=21, sigma=2).max_level == EnergyLevel.HIBERNATE


def test_lead_acid_has_a_floor_of_its_own(clock: FakeClock) -> None:
    lead = BatterySettings(chemistry=Chemistry.LEAD_ACID, nominal_voltage_v=12)
    watch = Watch(clock, replace(SETTINGS, battery=lead))
    for _ in range(4):
        verdict = watch.look(volts=11.7)
        watch.clock.advance(10)
    assert not verdict.power_off
    for _ in range(4):
        verdict = watch.look(volts=11.5)
        watch.clock.advance(10)
    assert verdict.power_off


# --- whatever happens ----------------------------------------------------------------------------

anything = st.one_of(st.none(), st.floats())
volts_heard = st.one_of(anything, st.floats(8, 17))
charges = st.one_of(anything, st.sampled_from([0.0, 50.0, 100.0, 606.0]))


@st.composite
def looks(draw: st.DrawFn) -> tuple[float, bool, float | None, float | None, float | None, float]:
    """Seconds since the last look, whether the charger answers, volts, amps, charge, sigma."""
    waited_s = draw(st.sampled_from([1.0, 10.0, 60.0, 700.0, 5000.0]))
    answers = draw(st.booleans())
    sigma = draw(st.floats(allow_nan=True))
    return waited_s, answers, draw(volts_heard), draw(anything), draw(charges), sigma


@given(st.lists(looks(), max_size=30))
def test_no_story_gets_loads_past_a_voltage_that_stays_below_the_floor(
    story: list[tuple[float, bool, float | None, float | None, float | None, float]],
) -> None:
    watch = Watch(FakeClock())
    low_since_s = None
    for waited_s, answers, volts, amps, charge, sigma in story:
        watch.clock.advance(waited_s)
        verdict = watch.look(volts, amps, charge, sigma, answers)
        heard = answers and volts is not None and 8 <= volts <= 17
        if heard and volts is not None:
            if volts >= FLOOR_V:
                low_since_s = None
            elif low_since_s is None:
                low_since_s = watch.clock.uptime_s
        if low_since_s is not None and watch.clock.uptime_s - low_since_s >= 30:
            assert verdict.max_level <= EnergyLevel.HIBERNATE
            charged = amps is not None and amps > 2  # C/100
            if heard and (not charged or watch.clock.uptime_s - low_since_s >= 600):
                assert verdict.power_off


@given(looks(), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_longer_silence_never_allows_more(
    look: tuple[float, bool, float | None, float | None, float | None, float], a: float, b: float
) -> None:
    clock = FakeClock()
    _, answers, volts, amps, charge, sigma = look
    reading = a_reading(clock, volts, amps) if answers else None
    battery = a_state(clock, charge, sigma)

    def allowed(age_s: float | None) -> tuple[EnergyLevel, bool]:
        _, verdict = judge(GuardState(), reading, age_s, battery, SETTINGS, clock.stamp())
        return verdict.max_level, verdict.may_rise

    assert allowed(max(a, b)) <= allowed(min(a, b))
    assert allowed(None) <= allowed(max(a, b))


@given(st.floats(0, 100), st.floats(0, 50), st.one_of(st.none(), st.floats(-50, 50)))
def test_no_load_runs_on_a_charge_that_may_be_below_the_floor(
    charge: float, sigma: float, amps: float | None
) -> None:
    verdict = Watch(FakeClock()).look(charge=charge, sigma=sigma, amps=amps, volts=12.6)
    if charge - sigma < SETTINGS.energy.off_below_pct:
        assert verdict.max_level <= EnergyLevel.HIBERNATE
        assert verdict.power_off or (amps is not None and amps > 2)


def test_a_weak_cell_is_low_though_every_third_poll_brings_only_the_mean(watch: Watch) -> None:
    for poll in range(4):
        verdict = watch.look(12.9, cell=None if poll == 2 else 2.8)
        watch.clock.advance(10)
    assert verdict.power_off
    assert "2.80 V per cell is below 3 V" in verdict.reason
    assert not watch.look(12.9).may_rise


def test_a_weak_cell_that_is_better_is_believed_at_once(watch: Watch) -> None:
    watch.look(12.9, cell=2.8)
    watch.clock.advance(10)
    assert watch.look(12.9, cell=3.2).may_rise


def test_a_bms_that_died_with_a_low_cell_does_not_hold_the_unit_for_ever(watch: Watch) -> None:
    for _ in range(4):
        watch.look(13.2, cell=2.8)
        watch.clock.advance(10)
    assert watch.look(13.2).max_level is EnergyLevel.HIBERNATE
    watch.clock.advance(600)
    assert watch.look(13.2).max_level is EnergyLevel.FULL


def test_a_sound_lowest_cell_does_not_hide_a_low_battery(clock: FakeClock) -> None:
    low = replace(a_reading(clock, 10.4, -2.0), lowest_cell_voltage_v=3.3)
    assert cell_voltage_v(low, SETTINGS.battery) == pytest.approx(2.6)
    weak = replace(a_reading(clock, 13.2, -2.0), lowest_cell_voltage_v=2.8)
    assert cell_voltage_v(weak, SETTINGS.battery) == pytest.approx(2.8)
