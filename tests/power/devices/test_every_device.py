"""What holds for every power device that is known: with its simulator, on good and bad lines."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from appliance.errors import BusError
from appliance.model import BatteryReading, PowerReading
from power.devices import BATTERIES, CHARGERS, MODELS
from power.protocol.errors import DamagedReply, RefusedReply
from power.protocol.links import LINK_FACTORIES, FramedLinkFactory
from power.protocol.profile import BatteryProfile, Block, Profile
from power.protocol.register import Decoded
from power.reading.meter import Meter
from provisioning.simulated.devices.models import SIMULATORS
from provisioning.simulated.lines.quirks import LINE_QUIRKS, TORN32
from tests.conftest import ROOT
from tests.scenes.truth import find_tolerance, find_wrong_values, list_true_values
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_meter, make_night, make_sunny_noon, serve_on_line
from tests.stand_ins.side_by_side import check_side_by_side

NAMES = [model.name for model in MODELS]
ON_A_SERIAL_LINE = [model.name for model in MODELS if not model.tcp_only]
POWER = ROOT / "power"


def find_model(name: str) -> Profile:
    return next(model for model in MODELS if model.name == name)


def make_simulated(name: str, quirks: tuple[str, ...] = (), plant: Any = None) -> Any:
    return SIMULATORS[name](plant or make_sunny_noon(), quirks, None, 1.0)


def test_every_model_has_one_name_and_a_simulator() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(NAMES) == set(SIMULATORS)
    assert set(NAMES) == {*CHARGERS, *BATTERIES}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("when", [make_sunny_noon, make_night])
def test_a_reading_is_the_plants_state(name: str, when: Any) -> None:
    plant, profile = when(), find_model(name)
    reading = make_meter(profile, make_simulated(name, plant=plant)).read()
    assert find_wrong_values(profile, plant, reading) == {}
    assert get_essential(profile, reading) is not None


NO_SINGLE_CELLS = {"renogy-lfp", "sunspec-battery", "victron-gx-battery", "victron-shunt"}


@pytest.mark.parametrize("name", sorted(BATTERIES))
def test_a_bms_that_gives_its_cells_gives_all_of_them(name: str) -> None:
    plant = make_sunny_noon()
    reading = make_meter(find_model(name), make_simulated(name, plant=plant)).read()
    if name in NO_SINGLE_CELLS:
        assert reading.cell_voltages_v is None
        return
    assert reading.cell_voltages_v is not None
    assert list(reading.cell_voltages_v) == [str(n + 1) for n in range(plant.pack.cells)]
    volts = reading.cell_voltages_v.values()
    extremes = (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v)
    assert (min(volts), max(volts)) == extremes


def get_essential(profile: Profile, reading: PowerReading | BatteryReading) -> float | None:
    """The value without which a device is of no use: the battery's voltage, or the sun's power."""
    if isinstance(reading, BatteryReading):
        return reading.voltage_v
    pv_only = profile.name == "sunspec-pv"
    return reading.pv_power_w if pv_only else reading.battery_voltage_v


# Quirks that change what is true, not how it is told: a cut load, a BMS whose count is off, a
# smaller pack. A GX whose solar service is gone says 0 W, and by bytes that is a night.
OTHER_WORLDS = ("load-cut", "load-not-used", "soc-drifts", "no-solar", "two-items")


def list_device_quirks() -> Iterator[tuple[str, str]]:
    for name in NAMES:
        for quirk in SIMULATORS[name].QUIRKS:
            if quirk not in OTHER_WORLDS:
                yield name, quirk


@pytest.mark.parametrize(("name", "quirk"), list(list_device_quirks()))
def test_no_quirk_of_a_device_makes_a_wrong_value(name: str, quirk: str) -> None:
    plant, clock, profile = make_sunny_noon(), FakeClock(), find_model(name)
    meter = make_meter(profile, make_simulated(name, (quirk,), plant), clock)
    before: dict[str, Any] = {}
    for step in range(6):
        with contextlib.suppress(BusError):
            found = find_wrong_values(profile, plant, meter.read())
            # Where only the low word of a pair moves, a torn one is a value of the poll before.
            old = {name: truth for name, truth in before.items() if quirk == TORN32}
            assert {
                name: figure
                for name, (figure, _) in found.items()
                if name not in old or abs(figure - old[name]) > find_tolerance(name, old[name])
            } == {}
        before = dict(list_true_values(profile, plant))
        clock.advance(max(10.0, profile.least_interval_s))
        plant.advance(plant.utc + timedelta(minutes=5), 700.0 if step % 2 else 10.0)


@pytest.mark.parametrize(
    "quirks", [("echo", "two-bursts"), tuple(LINE_QUIRKS)], ids=["slow", "all"]
)
def test_a_bad_line_never_makes_a_wrong_value(quirks: tuple[str, ...]) -> None:
    check_side_by_side(partial(check_bad_line, quirks), ON_A_SERIAL_LINE)


def check_bad_line(quirks: tuple[str, ...], name: str) -> None:
    """Three polls of one device over a line with these faults."""
    plant, profile, clock = make_sunny_noon(), find_model(name), FakeClock()
    on_line: dict[str, Any] = {"clock": clock, "quirks": quirks, "seed": 11, "damaged_share": 0.4}
    with serve_on_line(
        profile, make_simulated(name, plant=plant), timeout_s=0.15, **on_line
    ) as meter:
        for _ in range(3):
            check_readings(meter, plant)
            clock.advance(max(10.0, profile.least_interval_s))


def check_readings(meter: Meter, plant: Any) -> None:
    """One poll: a lost one is fine, a wrong value is not."""
    with contextlib.suppress(BusError):
        assert find_wrong_values(meter.profile, plant, meter.read()) == {}


class ZeroLink:
    """A device that answers everything with zeros, as some do for what they do not have."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def read_raw(self, block: Block) -> bytes:
        return bytes(2 * block.count)

    def read(self, block: Block) -> Mapping[str, Decoded]:
        return self._profile.decode(block, self.read_raw(block))

    def read_by_words(self, row: Any) -> Decoded:
        raise AssertionError("nothing was refused")


MODBUS = [model.name for model in MODELS if model.protocol == "Modbus"]


@pytest.mark.parametrize("name", MODBUS)
def test_a_device_that_reports_zero_for_everything_has_no_voltage_and_no_charge(name: str) -> None:
    profile = find_model(name)
    try:
        reading = Meter(profile, ZeroLink(profile), FakeClock()).read()
    except BusError:
        return
    assert get_essential(profile, reading) is None
    if isinstance(profile, BatteryProfile):
        assert reading.state_of_charge_pct is None
        assert reading.lowest_cell_voltage_v is None


@pytest.mark.parametrize("name", MODBUS)
def test_a_reply_with_nothing_in_it_is_no_device(name: str) -> None:
    assert find_model(name).recognise(b"") is None
    assert find_model(name).recognise(bytes(400)) is None


@pytest.mark.parametrize("name", NAMES)
def test_random_replies_never_raise(name: str) -> None:
    profile, random = find_model(name), Random(5)
    wire = LINK_FACTORIES[profile.protocol]
    for block in (*profile.live, *profile.slow, *profile.settings):
        for size in (0, 1, 2, 7, 60, 300):
            received = random.randbytes(size)
            if isinstance(wire, FramedLinkFactory):
                with contextlib.suppress(DamagedReply, RefusedReply):
                    assert (
                        wire.framing.find_reply(received, block, profile.device_id, final=True)
                        is None
                    )
            else:
                profile.decode(block, received)


def test_nothing_in_the_drivers_can_write_to_a_device() -> None:
    writing = re.compile(r"write_(coil|register)|mask_write|readwrite_|0x78\b|0x79\b.*function")
    for path in [*POWER.glob("*.py"), *POWER.glob("devices/*.py"), *POWER.glob("framing/*.py")]:
        code = strip_comments(path)
        assert not writing.search(code), path


def strip_comments(path: Path) -> str:
    lines = path.read_text().splitlines()
    return "\n".join(
        line.split("#")[0] for line in lines if not line.lstrip().startswith(("#", '"'))
    )
