"""An unmodified gooseBit paces the releases of a unit: its own check-in, from poll to commit."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from appliance.log import SentenceLog
from appliance.model import EnergyLevel
from appliance.model_updates import UpdateStep
from appliance.settings import Settings
from appliance.settings_file import load_settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from ota.checkin.parts import Parts
from ota.checkin.unit import find_data_schema
from ota.disk import Disk
from ota.machine.journal import JOURNAL, Journal
from ota.manifest import LayerKind, format_layer
from tests.integrations.goosebit_server import TENANT, GooseBit, run_goosebit
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.real_unit import make_layer, read_out
from tests.stand_ins.tuf_repositories import TufFleet, write_tree

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
UNIT, BOARD, TOKEN = "hill 7", "unit-x86-64", "0123456789abcdef"
HASTE_S = 250.0


class HastyClock(FakeClock):
    """Each wait is a long one: a trial of ten minutes is looked at a few times. `meanwhile`: what
    the other services of the unit do.
    """

    def __init__(self) -> None:
        super().__init__(NOW)
        self.synchronized = True
        self.meanwhile: Callable[[], object] = list

    def wait(self, seconds: float, stop: Event) -> bool:
        is_over = super().wait(max(seconds, HASTE_S), stop)
        self.meanwhile()
        return is_over


@dataclass
class Unit:
    """A unit on this disk, whose mirror is a directory. `breaks_power`: the release on trial does
    not let its guard start.
    """

    directory: Path
    server: str
    clock: HastyClock = field(default_factory=HastyClock)
    charge_pct: float = 80.0
    breaks_power: bool = False
    fleet: TufFleet = field(init=False)

    def __post_init__(self) -> None:
        self.clock.meanwhile = self.run_power
        self.fleet = TufFleet(NOW, bins=1)
        trust = self.directory / "ota/trust"
        trust.mkdir(parents=True)
        for name, data in self.fleet.roots.items():
            (trust / f"{name}-root.json").write_bytes(data)
        (self.directory / "token").write_text(f"{TOKEN}\n")
        (self.directory / "unit.toml").write_text(
            f'[unit]\nname = "{UNIT}"\ndata_dir = "{self.directory}/data"\n'
            f'run_dir = "{self.directory}/run"\n[host]\nsystemctl = "/bin/true"\n'
            f'[update]\ndir = "{self.directory}/ota"\nmirrors = ["file://{self.directory}/tree"]\n'
            f'[ddi]\nurl = "{self.server}"\ntenant = "{TENANT}"\n'
            f'target_token_file = "{self.directory}/token"\n'
        )
        prepare_database(self.settings.database)

    @property
    def settings(self) -> Settings:
        return load_settings(self.directory / "unit.toml")

    def publish(self, release: str, sequence: int) -> None:
        """The release engineer signs it, and assigns it to all units."""
        folder = self.directory / release
        folder.mkdir()
        layer = make_layer(LayerKind.APP, release, folder)
        self.fleet.tree.update(read_out(folder / "out"))
        changes = {
            "layers": [format_layer(layer)],
            "issued": NOW.isoformat(),
            "machines": [],
            "data_schema": find_data_schema(),
        }
        self.fleet.release(release, sequence, **changes)
        self.fleet.assign("groups/all", release)
        self.fleet.publish(self.clock.stamp().utc)
        write_tree(self.fleet.tree, self.directory / "tree")

    def run_power(self) -> None:
        """What the power service stores, unless a release on trial keeps it from starting."""
        if self.breaks_power and UpdateStep.TRIAL in self.list_steps():
            return
        with closing(Store(self.settings.database, self.clock, "power")) as power:
            stamp = self.clock.stamp()
            power.add(filled.budget(stamp, EnergyLevel.FULL))
            power.add(filled.battery_state(stamp, self.charge_pct))
            power.publish_status("power", "guards the battery")

    def check_in(self) -> str:
        """What the timer starts."""
        self.run_power()
        with closing(Store(self.settings.database, self.clock, "checkin")) as store:
            log = SentenceLog("checkin")
            return Parts(self.settings, store, log, Event()).make_cycle(now=True).run()

    def list_steps(self) -> list[UpdateStep]:
        records = Journal(Disk(), self.directory / "ota" / JOURNAL).read()
        return [record.step for record in records]


@pytest.fixture
def goosebit(tmp_path: Path) -> Iterator[GooseBit]:
    directory = tmp_path / "goosebit"
    directory.mkdir()
    settings = {"DEVICE_AUTH__ENABLE": "true", "DEVICE_AUTH__MODE": "lax"}
    with run_goosebit(directory, **settings) as one:
        yield one


@pytest.fixture
def unit(goosebit: GooseBit, tmp_path: Path) -> Unit:
    """One that gooseBit knows, with its token."""
    found = Unit(tmp_path / "unit", goosebit.address)
    found.publish("2026.11.1", 1)
    assert "check the token" in found.check_in()
    goosebit.change(UNIT, auth_token=TOKEN)
    assert "has not deployed release 2026.11.1" in found.check_in()
    return found


@pytest.mark.processes
def test_a_unit_registers_and_takes_a_release_from_poll_to_commit(
    unit: Unit, goosebit: GooseBit
) -> None:
    device = goosebit.find(UNIT)
    assert (device["last_state"], device["hardware"]["model"]) == ("Registered", BOARD)
    assert "has not deployed release 2026.11.1" in unit.check_in()
    goosebit.assign(UNIT, goosebit.add_software("2026.11.1", BOARD))
    assert unit.check_in() == "release 2026.11.1 is committed"
    device, log = goosebit.find(UNIT), goosebit.read_log(UNIT)
    assert (device["last_state"], device["sw_version"]) == ("Finished", "2026.11.1")
    told = [log.find(word) for word in ("is meant for this unit", "fetches", "is committed")]
    assert -1 not in told
    assert told == sorted(told)
    assert unit.check_in() == "nothing to do: release 2026.11.1 runs"


@pytest.mark.processes
def test_too_little_charge_is_in_the_log_and_the_device_goes_on_later(
    unit: Unit, goosebit: GooseBit
) -> None:
    unit.charge_pct = 31.0
    goosebit.assign(UNIT, goosebit.add_software("2026.11.1", BOARD))
    for _ in range(2):
        assert unit.check_in() == "the update waits: 31 % charge, needs 40 %"
    assert goosebit.find(UNIT)["last_state"] == "Running"
    assert goosebit.read_log(UNIT).count("31 % charge, needs 40 %\nreason code: energy") == 1
    unit.charge_pct = 80.0
    assert unit.check_in() == "release 2026.11.1 is committed"
    assert goosebit.find(UNIT)["last_state"] == "Finished"


@pytest.mark.processes
def test_a_release_that_is_taken_back_is_an_error_until_the_operator_forces_it(
    unit: Unit, goosebit: GooseBit
) -> None:
    goosebit.assign(UNIT, goosebit.add_software("2026.11.1", BOARD))
    unit.breaks_power = True
    said = unit.check_in()
    assert "appliance-power.service does not report" in said
    assert UpdateStep.ROLLBACK in unit.list_steps()
    assert goosebit.find(UNIT)["last_state"] == "Error"
    assert "appliance-power.service does not report" in goosebit.read_log(UNIT)
    assert "has not deployed" in unit.check_in()
    assert unit.list_steps().count(UpdateStep.TRIAL) == 1
    goosebit.change(UNIT, force_update=True)
    unit.breaks_power = False
    assert unit.check_in() == "release 2026.11.1 is committed"
    assert goosebit.find(UNIT)["last_state"] == "Finished"


@pytest.mark.processes
def test_what_the_director_does_not_mean_is_refused_and_what_is_unassigned_is_dropped(
    unit: Unit, goosebit: GooseBit
) -> None:
    unit.charge_pct = 31.0
    goosebit.assign(UNIT, goosebit.add_software("2026.11.1", BOARD))
    unit.check_in()
    goosebit.change(UNIT, pinned=True)
    unit.charge_pct = 80.0
    assert "has not deployed" in unit.check_in()
    assert unit.list_steps()[-1] is UpdateStep.IDLE
    goosebit.assign(UNIT, goosebit.add_software("2026.12.9", BOARD))
    unit.check_in()
    assert goosebit.find(UNIT)["last_state"] == "Error"
    assert "reason code: other-release" in goosebit.read_log(UNIT)
