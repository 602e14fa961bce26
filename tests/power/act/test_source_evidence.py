"""What is seen of a second source: by its input pin, and by what flows into the battery."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.model import EnergyLevel, PowerReading, Stamp
from appliance.sections.sources import SourceSettings
from appliance.settings import BmsSettings, Settings
from power.act.source_evidence import Evidence, judge_source, measure_balance
from power.act.sources import read_sense

SOURCE = SourceSettings(power_w=500.0)
NOON = Stamp(datetime(2026, 4, 15, 10, 0, tzinfo=UTC), "1", 100.0)


@pytest.fixture
def site(settings: Settings) -> Settings:
    """A unit with a BMS: what flows into its battery is measured."""
    return replace(settings, bms={"pack": BmsSettings(model="jk-pb")})


def read(amps: float | None, *, volts: float = 13.1, sun_w: float = 0.0) -> PowerReading:
    """`amps` flow into the battery."""
    return PowerReading(NOON, "test", sun_w, 30.0, volts, amps, 20.0, 3.0, None, None)


def see(
    site: Settings,
    reading: PowerReading | None,
    *,
    sensed: bool | None = None,
    has_unmeasured_source: bool = False,
) -> Evidence:
    balance = measure_balance(reading, site, EnergyLevel.SENTINEL)
    return judge_source(
        SOURCE,
        reading,
        balance,
        site,
        sensed=sensed,
        has_unmeasured_source=has_unmeasured_source,
    )


def test_a_current_into_the_battery_that_no_panel_gives_is_its_power(site: Settings) -> None:
    seen = see(site, read(30.0))
    assert seen.gives
    assert seen.power_w == pytest.approx(393, abs=10)


def test_a_battery_that_feeds_the_loads_shows_that_it_gives_nothing(site: Settings) -> None:
    assert see(site, read(-0.5)) == Evidence(gives=False, power_w=0.0)


def test_the_current_of_the_panels_is_not_taken_for_its_power(site: Settings) -> None:
    assert see(site, read(30.0, sun_w=410.0)).gives is False


def test_a_battery_that_a_charger_holds_full_is_no_sign_against_it(site: Settings) -> None:
    assert see(site, read(0.2, volts=13.8)).gives is None


def test_a_voltage_that_no_current_explains_is_a_sign_for_it(site: Settings) -> None:
    assert see(site, read(None), has_unmeasured_source=True) == Evidence(gives=True)


def test_without_a_meter_at_the_battery_nothing_is_known(
    settings: Settings, site: Settings
) -> None:
    for unit, reading in ((settings, read(30.0)), (site, read(None)), (site, None)):
        assert see(unit, reading) == Evidence(gives=None)


@pytest.mark.parametrize(("sensed", "amps"), [(True, -0.5), (False, 30.0)])
def test_its_input_pin_counts_more_than_a_current(
    site: Settings, sensed: bool, amps: float
) -> None:
    assert see(site, read(amps), sensed=sensed).gives is sensed


@pytest.mark.parametrize(("shows", "is_on"), [("1\n", True), (" 1 ", True), ("0\n", False)])
def test_an_input_pin_is_on_where_it_shows_the_word_of_the_settings(
    tmp_path: Path, shows: str, is_on: bool
) -> None:
    (tmp_path / "pin").write_text(shows)
    assert read_sense(replace(SOURCE, sense_path=tmp_path / "pin")) is is_on


def test_an_input_pin_that_cannot_be_read_says_nothing_and_is_not_waited_for(
    tmp_path: Path,
) -> None:
    assert read_sense(SOURCE) is None
    assert read_sense(replace(SOURCE, sense_path=tmp_path / "missing")) is None
    assert read_sense(replace(SOURCE, sense_path=tmp_path)) is None
    (tmp_path / "empty").touch()
    assert read_sense(replace(SOURCE, sense_path=tmp_path / "empty")) is None
    os.mkfifo(tmp_path / "pipe")
    assert read_sense(replace(SOURCE, sense_path=tmp_path / "pipe")) is None


def test_a_word_that_is_no_text_is_off_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "pin").write_bytes(bytes(range(256)) * 100)
    assert read_sense(replace(SOURCE, sense_path=tmp_path / "pin")) is False
