"""The simulated generator: its own behaviour, in the plant, and behind a real switch process."""

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.errors import StoreError
from appliance.model_sources import SourcePhase, SourceState
from appliance.sections.loads import SwitchSettings
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from provisioning.command import claim_port
from provisioning.laptop import Laptop, RunRequest
from provisioning.simulated.plant.generator import DEAD, STUCK, Generator
from provisioning.simulated.plant.plant import Plant
from tests.waiting import wait_until

NIGHT = datetime(2026, 4, 15, 22, 0, tzinfo=UTC)
SOURCE = SourceSettings(switch="relay", power_w=200.0, warm_up_s=120.0, tank_kwh=0.2)


def make(*quirks: str, path: Path | None = None) -> Generator:
    return Generator(SOURCE, SwitchSettings(path=path), quirks)


def run(generator: Generator, minutes: int, *, on: bool) -> float:
    for _ in range(minutes):
        generator.advance(60.0, on=on)
    return generator.power_w


def test_it_gives_nothing_until_it_is_warm_and_nothing_once_its_tank_is_empty() -> None:
    generator = make()
    assert run(generator, 2, on=True) == 0.0
    assert run(generator, 1, on=True) == 200.0
    assert run(generator, 90, on=True) == 0.0
    assert generator.fuel_wh == 0.0


def test_switched_off_it_is_cold_again() -> None:
    generator = make()
    run(generator, 10, on=True)
    assert run(generator, 1, on=False) == 0.0
    assert run(generator, 2, on=True) == 0.0


def test_a_dead_one_never_starts_and_a_stuck_one_never_stops() -> None:
    assert run(make(DEAD), 60, on=True) == 0.0
    stuck = make(STUCK)
    assert run(stuck, 10, on=False) == 0.0
    run(stuck, 5, on=True)
    assert run(stuck, 5, on=False) == 200.0


def test_in_the_plant_it_charges_the_battery_and_is_no_load(tmp_path: Path) -> None:
    switch = tmp_path / "relay"
    switch.write_text("0")
    plants = {}
    for word in ("0", "1"):
        switch.write_text(word)
        plant = Plant(Settings(), NIGHT, make(path=switch))
        plant.advance(NIGHT + timedelta(minutes=45), 20.0)
        plants[word] = plant
    assert plants["0"].battery_current_a < 0 < plants["1"].battery_current_a
    assert plants["1"].battery_current_a * plants["1"].battery_voltage_v == pytest.approx(
        180, rel=0.1
    )
    assert plants["1"].load_power_w == pytest.approx(20.0)
    assert plants["1"].pv_power_w == 0.0


def test_the_switch_process_switches_on_at_its_start_and_off_at_its_end(tmp_path: Path) -> None:
    switch, settings = tmp_path / "relay", tmp_path / "unit.toml"
    switch.write_text("0")
    settings.write_text(f'[unit]\ndata_dir = "{tmp_path}"\n[switch.relay]\npath = "{switch}"\n')
    words = ["provisioning.switch_unit", "relay", "--settings", str(settings)]
    process = subprocess.Popen([sys.executable, "-m", *words])
    try:
        wait_until(lambda: switch.read_text() == "1", "the switch going on")
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
    assert switch.read_text() == "0"


def read_state(laptop: Laptop) -> SourceState | None:
    try:
        with closing(laptop.open_store()) as store:
            rows = store.rows(SourceState)
    except StoreError:
        return None
    return rows[0] if rows else None


def test_a_unit_at_night_starts_its_generator_through_real_processes(tmp_path: Path) -> None:
    """A battery near the charge at which no load runs: the guard starts it, its charge is seen, and
    the end of the unit ends it.
    """
    wish = RunRequest(
        *(1440, claim_port(0), tmp_path / "run"),
        start=NIGHT,
        charge_pct=16,
        bms="jk-pb",
        generator=True,
    )
    with Laptop(wish) as laptop:
        switch = laptop.directory / "generator"

        def gives() -> bool:
            state = read_state(laptop)
            return state is not None and state.phase is SourcePhase.GIVING

        wait_until(gives, "a generator that gives power", 90)
        assert switch.read_text() == "1"
        state = read_state(laptop)
        assert state is not None
        assert state.power_w == pytest.approx(150, rel=0.4)
    assert switch.read_text() == "0"
    assert replace(state, starts=1) == state
